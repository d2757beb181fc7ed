"""Connected zones of equal gray level."""

from ...types import Batch, DiscretizedRoi, IntArray
from ..contract import DistanceArray, Offsets
from ._builds import extension


def zones(
    batch: Batch[DiscretizedRoi], offsets: Offsets, distances: list[DistanceArray] | None
) -> list[IntArray]:
    """See `Backend.zones`."""
    return extension.zones(batch.items, offsets, distances, batch.threads)
