"""Level differences and dependences within a neighborhood."""

from ...types import Batch, DiscretizedRoi, Neighborhood
from ..contract import Offsets
from ._builds import extension


def neighborhood(batch: Batch[DiscretizedRoi], offsets: Offsets, alpha: int) -> list[Neighborhood]:
    """See `Backend.neighborhood`."""
    return [
        Neighborhood(*counts) for counts in extension.neighborhood(batch.items, offsets, alpha, batch.threads)
    ]
