"""Gray levels from intensities."""

from ...types import Batch, Binning, LevelArray
from . import _cpp
from ._arrays import native


def discretize(batch: Batch[Binning]) -> list[LevelArray]:
    """See `Backend.discretize`."""
    return _cpp.discretize(batch.items, [native(item.intensities) for item in batch.items], batch.threads)
