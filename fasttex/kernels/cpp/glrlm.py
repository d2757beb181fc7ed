"""Gray level runs."""

from ...types import Batch, DiscretizedRoi, IntArray
from ..contract import Offsets
from . import _cpp


def glrlm(batch: Batch[DiscretizedRoi], offsets: Offsets) -> list[IntArray]:
    """See `Backend.glrlm`."""
    return _cpp.glrlm(batch.items, offsets, batch.threads)
