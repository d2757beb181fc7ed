"""Angles: the offsets at which PyRadiomics looks for neighbors, in its own order."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import cycle, islice, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BackendError, SettingsError
from ..types import FloatArray

__all__ = ["NORMS", "angles_of", "checked_distances", "lengths_mm"]

Angles = NDArray[np.int32]

#: Lengths of angles in mm by the names that ``weightingNorm`` knows; any other weighs all angles alike.
NORMS = {
    "infinity": lambda components: components.max(axis=1),
    "euclidean": lambda components: np.sqrt((components**2).sum(axis=1)),
    "manhattan": lambda components: components.sum(axis=1),
}


def checked_distances(distances: Any) -> tuple[int, ...]:
    """Distances in voxels, as whole numbers.

    Raises
    ------
    SettingsError
        Not a list of whole numbers >= 1.
    """
    listed = isinstance(distances, Iterable) and not isinstance(distances, str)
    found = tuple(distances) if listed else ()
    whole = all(isinstance(d, numbers.Real) and float(d).is_integer() and float(d) >= 1 for d in found)
    if not found or not whole:
        raise SettingsError(f"distances is {distances!r}, expected a list of whole numbers >= 1, such as [1]")
    return tuple(int(d) for d in found)


def angles_of(
    size: Sequence[int], distances: Sequence[int], bidirectional: bool = False, across: int | None = None
) -> Angles:
    """List every offset whose largest component is one of the distances, and that fits in a box.

    Parameters
    ----------
    size : sequence of int
        Voxels of the box along each axis, (z, y, x).
    distances : sequence of int
        In voxels.
    bidirectional : bool, default False
        Whether the opposite of each offset is listed as well.
    across : int, optional
        Axis along which no offset goes (``force2Ddimension``).

    Returns
    -------
    ndarray of int32, shape (n, len(size))
        From (d, d, d) down, the last component falling fastest.

    Examples
    --------
    >>> angles_of((1, 5, 5), (1,)).tolist()
    [[0, 1, 1], [0, 1, 0], [0, 1, -1], [0, 0, 1]]
    >>> len(angles_of((9, 9, 9), (2,))), len(angles_of((9, 9, 9), (1,), bidirectional=True))
    (49, 26)
    """
    reach = max(distances)
    sizes = tuple(min(int(n), reach + 1) for n in size)
    return _angles(sizes, tuple(distances), bidirectional, across)


@lru_cache(maxsize=128)
def _angles(size: tuple[int, ...], distances: tuple[int, ...], both: bool, across: int | None) -> Angles:
    reach = max(distances)
    sides = [
        [0] if axis == across else [k for k in range(reach, -reach - 1, -1) if abs(k) < n]
        for axis, n in enumerate(size)
    ]
    lengths = [(angle, max(map(abs, angle))) for angle in product(*sides) if any(angle)]
    every = [angle for angle, length in lengths if length in distances]
    # Distances given twice repeat the list from its start: the first half then holds opposite angles.
    wanted = sum(length == d for _, length in lengths for d in distances)
    chosen = list(islice(cycle(every), wanted if both else wanted // 2))
    found: Angles = np.array(chosen, dtype=np.int32).reshape(-1, len(size))
    found.setflags(write=False)
    return found


def require(angles: Angles, distances: Sequence[int], size: Sequence[int]) -> Angles:
    """The angles themselves, if there is one.

    Raises
    ------
    BackendError
        The image is too small for any; a RuntimeError, as in PyRadiomics.
    """
    if not len(angles):
        raise BackendError(
            f"no two voxels of an image of {tuple(map(int, size))} voxels lie {list(distances)} voxels "
            "apart; ask for smaller distances"
        )
    return angles


def lengths_mm(angles: Angles, spacing_mm: Sequence[float], norm: str) -> FloatArray | None:
    """Lengths of angles in mm by a norm of `NORMS`; None for any other name.

    Examples
    --------
    >>> lengths_mm(np.array([[0, 1, -1]], dtype=np.int32), (3.0, 1.0, 1.0), "manhattan")
    array([2.])
    """
    if norm not in NORMS:
        return None
    return np.asarray(NORMS[norm](abs(angles) * np.asarray(spacing_mm, dtype=np.float64)))
