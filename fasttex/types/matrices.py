"""What was counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arrays import IntArray, Triple


@dataclass(frozen=True, eq=False)
class Neighborhood:
    """Counts of one pass over the neighborhoods of a ROI: NGTDM and NGLDM at once.

    Attributes
    ----------
    difference_sums : ndarray of int64, shape (n_levels, n_offsets + 1)
        ``[i - 1, c]``: sum of ``|c·i − t|`` over the voxels of level i that have c neighbors inside the
        ROI, of level sum t. Divided by c these are IBSI's grey tone differences. i and t count in
        `level_values`.
    voxels : ndarray of int64, shape (n_levels, n_offsets + 1)
        ``[i - 1, c]``: how many voxels of level i have c neighbors inside the ROI.
    dependences : ndarray of int64, shape (n_levels, n_offsets + 1)
        ``[i - 1, k - 1]``: how many voxels of level i have dependence k: itself and the neighbors whose
        level differs by at most alpha.
    """

    difference_sums: IntArray
    voxels: IntArray
    dependences: IntArray


@dataclass(frozen=True, eq=False)
class Glcm:
    """Gray level co-occurrence matrices of one ROI or slice (IBSI: LFYI).

    Attributes
    ----------
    counts : ndarray of int64, shape (n_offsets, n_levels, n_levels)
        ``[a, i - 1, j - 1]``: how often level i has level j at ``offsets[a]``; each pair in one
        direction only.
    offsets : ndarray of int32, shape (n_offsets, 3)
        In voxels, (z, y, x).
    level_values : ndarray of int64, shape (n_levels,)
        As in `DiscretizedRoi`.
    """

    counts: IntArray
    offsets: NDArray[np.int32]
    level_values: IntArray

    @property
    def n_matrices(self) -> int:
        """How many matrices this holds, each of which has features of its own."""
        return len(self.counts)

    @property
    def symmetric(self) -> IntArray:
        """The counts with each pair counted in both directions, as IBSI's features want them."""
        return self.counts + self.counts.swapaxes(-1, -2)


@dataclass(frozen=True, eq=False)
class Glrlm:
    """Gray level run length matrices of one ROI or slice (IBSI: TP0I).

    Attributes
    ----------
    counts : ndarray of int64, shape (n_offsets, n_levels, longest run)
        ``[a, i - 1, r - 1]``: runs of level i that are r voxels long along ``offsets[a]``.
    offsets, level_values
        As in `Glcm`.
    n_voxels : int
        Voxels of the ROI: ``(counts * r).sum()`` for every offset.
    """

    counts: IntArray
    offsets: NDArray[np.int32]
    level_values: IntArray
    n_voxels: int

    @property
    def n_matrices(self) -> int:
        """How many matrices this holds, each of which has features of its own."""
        return len(self.counts)


@dataclass(frozen=True, eq=False)
class Zones:
    """Zones of equal level of one ROI or slice (IBSI: 9SAK and VMDZ).

    Attributes
    ----------
    rows : ndarray of int64, shape (n_rows, 4)
        (level, size, border distance, count), sorted. Level counts from 1, in `level_values`.
    level_values : ndarray of int64, shape (n_levels,)
        As in `DiscretizedRoi`.
    n_voxels : int
        Voxels of the ROI: sum of size × count.
    """

    rows: IntArray
    level_values: IntArray
    n_voxels: int

    @property
    def n_matrices(self) -> int:
        """How many matrices this holds, each of which has features of its own."""
        return 1


@dataclass(frozen=True, eq=False)
class Ngtdm:
    """Neighborhood gray tone differences of one ROI or slice (IBSI: IPET).

    Attributes
    ----------
    difference_sums, voxels : ndarray of int64, shape (n_levels, n_neighbors + 1)
        As in `Neighborhood`, by level and number of neighbors.
    level_values : ndarray of int64, shape (n_levels,)
        As in `DiscretizedRoi`.
    """

    difference_sums: IntArray
    voxels: IntArray
    level_values: IntArray

    @property
    def n_matrices(self) -> int:
        """How many matrices this holds, each of which has features of its own."""
        return 1


@dataclass(frozen=True, eq=False)
class Ngldm:
    """Neighboring gray level dependences of one ROI or slice (IBSI: REK0).

    Attributes
    ----------
    counts : ndarray of int64, shape (n_levels, n_neighbors + 1)
        ``[i - 1, k - 1]``: voxels of level i with dependence k.
    level_values : ndarray of int64, shape (n_levels,)
        As in `DiscretizedRoi`.
    """

    counts: IntArray
    level_values: IntArray

    @property
    def n_matrices(self) -> int:
        """How many matrices this holds, each of which has features of its own."""
        return 1


@dataclass(frozen=True, eq=False)
class Surface:
    """The marching cubes of one ROI or slice, by corner pattern: what its mesh is made of (IBSI: HCUG).

    Attributes
    ----------
    cases : ndarray of int64, shape (256,)
        How many cubes of 2 × 2 × 2 voxel centers have each pattern; bit ``4·z + 2·y + x`` is set where
        corner (z, y, x) lies inside the morphological mask.
    spacing_mm : tuple of float
        Along (z, y, x).
    """

    cases: IntArray
    spacing_mm: Triple
