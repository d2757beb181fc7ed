"""Corner patterns of marching cubes."""

from ...types import Batch, DiscretizedRoi, IntArray
from . import _cpp


def surface(batch: Batch[DiscretizedRoi]) -> list[IntArray]:
    """See `Backend.surface`."""
    return _cpp.surface(batch.items, batch.threads)
