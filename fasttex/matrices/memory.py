"""What counts take, before they are counted."""

from __future__ import annotations

from collections.abc import Iterable

from ..types import MAX_LEVELS
from .offsets import directions, neighbors

__all__ = ["CELL", "affordable_levels", "counts_bytes"]

#: Bytes: int64 counts themselves, and what is summed from them.
CELL = 8 * 2


def counts_bytes(
    family: str,
    n_levels: int,
    longest: int,
    n_voxels: int,
    *,
    distance: int = 1,
    planar: bool = False,
    convention: str = "ibsi1",
) -> int:
    """Bytes that the counts of one ROI or slice take at most.

    Parameters
    ----------
    family : str
        A family of texture features.
    n_levels : int
    longest : int
        Longest side of the ROI's box, in voxels.
    n_voxels : int
        Of the box.
    distance, planar, convention
        As in `directions`.
    """
    if family == "glcm":
        return CELL * len(directions(distance, planar=planar, convention=convention)) * n_levels**2
    if family == "glrlm":
        return CELL * (4 if planar else 13) * n_levels * longest
    if family in ("ngtdm", "ngldm"):
        return CELL * 3 * n_levels * (len(neighbors(distance, planar=planar)) + 1)
    if family in ("glszm", "gldzm"):
        return n_voxels * (2 + 4 * 8)  # the distances, and at worst a row of four numbers per voxel
    return 0


def affordable_levels(
    families: Iterable[str], longest: int, memory_limit: int, *, distance: int = 1, convention: str = "ibsi1"
) -> int:
    """The largest number of levels for which no family's counts take more than `memory_limit`."""
    wanted = list(families)

    def fits(n_levels: int) -> bool:
        return all(
            counts_bytes(f, n_levels, longest, 0, distance=distance, convention=convention) <= memory_limit
            for f in wanted
        )

    low, high = 0, MAX_LEVELS
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
