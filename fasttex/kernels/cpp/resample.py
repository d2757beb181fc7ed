"""Separable interpolation with tables."""

from ...types import Batch, FloatArray, Sampling
from . import _cpp
from ._arrays import native


def resample(batch: Batch[Sampling]) -> list[FloatArray]:
    """See `Backend.resample`."""
    return _cpp.resample(batch.items, [native(item.source) for item in batch.items], batch.threads)
