"""Gray level runs."""

from ...types import Batch, DiscretizedRoi, IntArray
from ..contract import Offsets
from ._builds import extension


def glrlm(batch: Batch[DiscretizedRoi], offsets: Offsets) -> list[IntArray]:
    """See `Backend.glrlm`."""
    return extension.glrlm(batch.items, offsets, batch.threads)
