"""City-block distance to the border of a mask."""

from ...types import Batch, DiscretizedRoi
from ..contract import DistanceArray
from ._builds import extension


def border_distance(batch: Batch[DiscretizedRoi]) -> list[DistanceArray]:
    """See `Backend.border_distance`."""
    return extension.border_distance(batch.items, batch.planar, batch.threads)
