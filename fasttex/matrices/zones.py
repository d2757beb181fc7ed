"""Zones of equal gray level: size zone (IBSI: 9SAK) and distance zone matrices (IBSI: VMDZ)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..backends import get_backend
from ..types import Batch, DiscretizedRoi, IntArray, Zones
from .batches import padded
from .offsets import touching

__all__ = ["distance_rows", "gldzm", "glszm", "merge_slices", "size_rows", "zones"]

_LEVEL, _SIZE, _DISTANCE, _COUNT = range(4)


def zones(batch: Batch[DiscretizedRoi], *, border_distance: bool = True) -> list[Zones]:
    """Find the connected zones of equal gray level, their sizes and border distances (IBSI: 9SAK, VMDZ).

    Voxels are connected to all 26 neighbors (8 within a slice). Distances are city-block steps to the
    border of the morphological mask; a voxel at the border has distance 1.

    Parameters
    ----------
    batch : Batch
        From `prepare`; levels 1 to ``n_levels`` inside each ROI and 0 outside, axes (z, y, x).
    border_distance : bool, default True
        Whether distances are wanted; the size zone matrix alone needs none. If not, they are 0.

    Returns
    -------
    list of Zones
        One per ROI: ``rows``, int64, shape (n_rows, 4): level, size in voxels, smallest border
        distance in voxels, and how many zones are alike in all three.

    Examples
    --------
    >>> import numpy as np
    >>> from fasttex.backends import prepare
    >>> zones(prepare(np.array([[[1, 1, 2]]]), backend="reference"))[0].rows
    array([[1, 2, 1, 1],
           [2, 1, 1, 1]])
    """
    batch = padded(batch, 1)
    backend = get_backend(batch.backend)
    distances = backend.border_distance(batch) if border_distance else None
    rows = backend.zones(batch, touching(planar=batch.planar), distances)
    return [Zones(r, item.level_values, item.n_voxels) for r, item in zip(rows, batch.items, strict=True)]


def glszm(batch: Batch[DiscretizedRoi]) -> list[IntArray]:
    """Count the zones by gray level and size, as dense matrices (IBSI: 9SAK).

    Parameters
    ----------
    batch : Batch
        As in `zones`, which gives the same counts as rows and needs far less memory.

    Returns
    -------
    list of ndarray of int64
        One per ROI, shape (n_levels, largest size): ``[i - 1, s - 1]``.

    Examples
    --------
    >>> import numpy as np
    >>> from fasttex.backends import prepare
    >>> glszm(prepare(np.array([[[1, 1, 2]]]), backend="reference"))[0]
    array([[0, 1],
           [1, 0]])
    """
    return [
        _dense(size_rows(found), len(found.level_values)) for found in zones(batch, border_distance=False)
    ]


def gldzm(batch: Batch[DiscretizedRoi]) -> list[IntArray]:
    """Count the zones by gray level and border distance, as dense matrices (IBSI: VMDZ).

    Parameters
    ----------
    batch : Batch
        As in `zones`.

    Returns
    -------
    list of ndarray of int64
        One per ROI, shape (n_levels, largest distance): ``[i - 1, d - 1]``.

    Examples
    --------
    >>> import numpy as np
    >>> from fasttex.backends import prepare
    >>> gldzm(prepare(np.array([[[1, 1, 2]]]), backend="reference"))[0]
    array([[1],
           [1]])
    """
    return [_dense(distance_rows(found), len(found.level_values)) for found in zones(batch)]


def size_rows(found: Zones) -> IntArray:
    """Rows (level, size, count) of the size zone matrix, sorted: shape (n_rows, 3)."""
    return _merged(found.rows[:, [_LEVEL, _SIZE, _COUNT]])


def distance_rows(found: Zones) -> IntArray:
    """Rows (level, border distance, count) of the distance zone matrix, sorted: shape (n_rows, 3)."""
    return _merged(found.rows[:, [_LEVEL, _DISTANCE, _COUNT]])


def merge_slices(matrices: Sequence[Zones]) -> Zones:
    """Gather the zones of the slices of one ROI."""
    rows = _merged(np.concatenate([found.rows for found in matrices]))
    return replace(matrices[0], rows=rows, n_voxels=sum(found.n_voxels for found in matrices))


def _merged(rows: IntArray) -> IntArray:
    """Sorted rows, no two alike before the last column, which holds the sum of the counts."""
    rows = rows[np.lexsort(rows[:, -2::-1].T)]
    first = np.ones(len(rows), dtype=np.bool_)
    first[1:] = (rows[1:, :-1] != rows[:-1, :-1]).any(axis=1)
    merged = rows[first]
    merged[:, -1] = np.add.reduceat(rows[:, -1], np.flatnonzero(first)) if len(rows) else 0
    return merged


def _dense(rows: IntArray, n_levels: int) -> IntArray:
    counts = np.zeros((n_levels, int(rows[:, 1].max(initial=0))), dtype=np.int64)
    counts[rows[:, 0] - 1, rows[:, 1] - 1] = rows[:, 2]
    return counts
