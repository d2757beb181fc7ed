"""Gray level co-occurrence."""

from ...types import Batch, DiscretizedRoi, IntArray
from ..contract import Offsets
from . import _cpp


def glcm(batch: Batch[DiscretizedRoi], offsets: Offsets) -> list[IntArray]:
    """See `Backend.glcm`."""
    return _cpp.glcm(batch.items, offsets, batch.threads)
