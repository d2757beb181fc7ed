"""Where neighbors lie: lists of offsets in a fixed order, axes (z, y, x)."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..conventions import convention as look_up
from ..errors import SettingsError

__all__ = ["directions", "neighbors", "touching"]

Offsets = NDArray[np.int32]


def touching(*, planar: bool = False) -> Offsets:
    """One of each pair of opposite directions in which voxels touch: 13, or 4 within a slice.

    The order is that of the dictionary: (0, 0, 1), (0, 1, -1), (0, 1, 0), (0, 1, 1), (1, -1, -1), …,
    (1, 1, 1); the first four lie within a slice.

    Returns
    -------
    ndarray of int32, shape (13, 3) or (4, 3)
        In voxels, (z, y, x).

    Examples
    --------
    >>> touching(planar=True).tolist()
    [[0, 0, 1], [0, 1, -1], [0, 1, 0], [0, 1, 1]]
    >>> len(touching())
    13
    """
    return _half(neighbors(1, planar=planar))


def directions(distance: int = 1, *, planar: bool = False, convention: str = "ibsi1") -> Offsets:
    """One of each pair of opposite offsets at a distance, as the convention has it.

    Parameters
    ----------
    distance : int, default 1
        In voxels.
    planar : bool, default False
        Only offsets within a slice.
    convention : str, default "ibsi1"
        IBSI multiplies the 13 (4) directions of `touching` by the distance; others take every offset
        whose largest component is the distance, in the order of the dictionary.

    Returns
    -------
    ndarray of int32, shape (n_offsets, 3)
        In voxels, (z, y, x).

    Examples
    --------
    >>> directions(2, planar=True).tolist()
    [[0, 0, 2], [0, 2, -2], [0, 2, 0], [0, 2, 2]]
    """
    _check(distance)
    return _directions(distance, planar, look_up(convention).offsets_at_distance).copy()


def neighbors(distance: int = 1, *, planar: bool = False) -> Offsets:
    """Every offset of which no component exceeds the distance: 26 at 1, or 8 within a slice.

    Returns
    -------
    ndarray of int32, shape (n_offsets, 3)
        In voxels, (z, y, x), in the order of the dictionary.

    Examples
    --------
    >>> len(neighbors(1)), len(neighbors(2)), len(neighbors(1, planar=True))
    (26, 124, 8)
    """
    _check(distance)
    return _neighbors(distance, planar).copy()


@cache
def _directions(distance: int, planar: bool, which: str) -> Offsets:
    if which == "directions":
        return touching(planar=planar) * np.int32(distance)
    every = _half(neighbors(distance, planar=planar))
    far: Offsets = every[abs(every).max(axis=1) == distance]
    return far


@cache
def _neighbors(distance: int, planar: bool) -> Offsets:
    reach = range(-distance, distance + 1)
    every = product((0,) if planar else reach, reach, reach)
    return np.array([offset for offset in every if any(offset)], dtype=np.int32)


def _half(offsets: Offsets) -> Offsets:
    """Those whose first component other than 0 is positive: the second half, in order."""
    return offsets[len(offsets) // 2 :]


def _check(distance: int) -> None:
    if distance < 1:
        raise SettingsError(f"distance is {distance}, expected at least 1 voxel")
