"""Corner patterns of marching cubes."""

from ...types import Batch, DiscretizedRoi, IntArray
from ._builds import extension


def surface(batch: Batch[DiscretizedRoi]) -> list[IntArray]:
    """See `Backend.surface`."""
    return extension.surface(batch.items, batch.threads)
