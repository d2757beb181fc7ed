"""Separable interpolation with tables."""

from ...types import Batch, FloatArray, Sampling
from ._arrays import native
from ._builds import extension


def resample(batch: Batch[Sampling]) -> list[FloatArray]:
    """See `Backend.resample`."""
    return extension.resample(batch.items, [native(item.source) for item in batch.items], batch.threads)
