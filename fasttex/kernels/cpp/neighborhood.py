"""Level differences and dependences within a neighborhood."""

from ...types import Batch, DiscretizedRoi, Neighborhood
from ..contract import Offsets
from . import _cpp


def neighborhood(batch: Batch[DiscretizedRoi], offsets: Offsets, alpha: int) -> list[Neighborhood]:
    """See `Backend.neighborhood`."""
    return [Neighborhood(*counts) for counts in _cpp.neighborhood(batch.items, offsets, alpha, batch.threads)]
