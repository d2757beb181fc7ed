"""Gray levels from intensities."""

from ...types import Batch, Binning, LevelArray
from ._arrays import native
from ._builds import extension


def discretize(batch: Batch[Binning]) -> list[LevelArray]:
    """See `Backend.discretize`."""
    return extension.discretize(
        batch.items, [native(item.intensities) for item in batch.items], batch.threads
    )
