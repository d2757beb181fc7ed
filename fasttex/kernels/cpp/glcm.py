"""Gray level co-occurrence."""

from ...types import Batch, DiscretizedRoi, IntArray
from ..contract import Offsets
from ._builds import extension


def glcm(batch: Batch[DiscretizedRoi], offsets: Offsets) -> list[IntArray]:
    """See `Backend.glcm`."""
    return extension.glcm(batch.items, offsets, batch.threads)
