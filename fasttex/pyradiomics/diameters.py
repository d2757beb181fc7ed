"""Largest distances between vertices of a mesh: in planes across each axis, and in space.

Of the vertices of a row only the first and the last can be farthest from another. Of the planes that remain
few can hold the largest distance: a plane's diameter lies between its largest width in some directions and
that width divided by the cosine of half the angle between them.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from ..types import BoolArray, FloatArray, IntArray

__all__ = ["farthest", "planar_diameters", "row_ends"]

_DIRECTIONS = 16
_SLACK = 1 + 1e-9


def row_ends(edges: list[BoolArray], along: int) -> IntArray:
    """The first and last vertex of each row along an axis that holds one, of each kind of edge.

    Parameters
    ----------
    edges : list of ndarray of bool
        From `fasttex.pyradiomics.mesh.edges_of`.
    along : int
        Axis of the rows.

    Returns
    -------
    ndarray of int64, shape (n, n_axes)
        In halves of voxels from the first voxel's center.
    """
    points = []
    for axis, changes in enumerate(edges):
        shape = changes.shape
        place = np.flatnonzero(changes)
        below = int(np.prod(shape[along + 1 :], dtype=np.int64))
        row = place // (below * shape[along]) * below + place % below if below else place
        if below > 1:  # places of one row lie apart
            order = np.argsort(row, kind="stable")
            place, row = place[order], row[order]
        new = np.diff(row, prepend=-1) != 0
        ends = place[new | np.append(new[1:], True)[: len(new)]]
        index = np.stack(np.unravel_index(ends, shape), axis=1)
        points.append(2 * index + (np.arange(len(shape)) == axis))
    return np.concatenate(points)


def planar_diameters(edges: list[BoolArray], spacing_mm: tuple[float, ...]) -> tuple[float, float, float]:
    """The largest distance between vertices of one plane, across z, y and x.

    Parameters
    ----------
    edges : list of ndarray of bool
        From `fasttex.pyradiomics.mesh.edges_of`, of a 3D mask.
    spacing_mm : tuple of float
        Along (z, y, x).

    Returns
    -------
    tuple of float
        In mm; 0 where no plane holds two vertices.
    """
    half_mm = np.array(spacing_mm, dtype=np.float64) / 2
    along_x, along_y = row_ends(edges, 2), row_ends(edges, 1)
    found = [_planar(points, axis, half_mm) for axis, points in ((0, along_x), (1, along_x), (2, along_y))]
    return (found[0], found[1], found[2])


def _planar(points: IntArray, axis: int, half_mm: FloatArray) -> float:
    """Of vertices in halves of voxels, the largest distance within a plane across an axis."""
    if not len(points):
        return 0.0
    plane_of = points[:, axis]
    order = np.argsort(plane_of, kind="stable")
    plane_of = plane_of[order]
    first = np.flatnonzero(np.diff(plane_of, prepend=-1))
    places = np.stack([points[order, a] * half_mm[a] for a in range(points.shape[1]) if a != axis], axis=1)
    reach = places @ _directions()
    width = np.maximum.reduceat(reach, first) - np.minimum.reduceat(reach, first)
    widest = width.max(axis=1)
    bound = widest / np.cos(np.pi / (2 * _DIRECTIONS)) * _SLACK
    ends = np.append(first[1:], len(points))
    largest = float(widest.max()) / _SLACK
    best = 0.0
    for plane in np.argsort(bound)[::-1]:
        if bound[plane] < max(best, largest):
            break
        inside = slice(first[plane], ends[plane])
        best = max(best, _farthest_in_plane(places[inside], reach[inside], largest))
    return best


@cache
def _directions() -> FloatArray:
    """Unit vectors over half a turn: shape (2, n)."""
    angles = np.arange(_DIRECTIONS) * np.pi / _DIRECTIONS
    return np.stack([np.cos(angles), np.sin(angles)])


def _farthest_in_plane(places: FloatArray, reach: FloatArray, least: float) -> float:
    """The largest distance, if it is not below `least`; points that are too near all others are left out."""
    farthest_of = np.maximum(reach.max(axis=0) - reach, reach - reach.min(axis=0)).max(axis=1)
    able = farthest_of >= least * np.cos(np.pi / (2 * _DIRECTIONS)) / _SLACK
    return farthest(places[able])


def farthest(points: FloatArray) -> float:
    """The largest distance between two points, tried one pair after the other.

    Parameters
    ----------
    points : ndarray of float64, shape (n, n_axes)

    Returns
    -------
    float
        0 for fewer than two points.

    Examples
    --------
    >>> farthest(np.array([[0.0, 0.0], [3.0, 4.0], [1.0, 1.0]]))
    5.0
    """
    largest = 0.0
    some = max(1, 2**20 // max(1, len(points)))
    for start in range(0, len(points), some):
        apart = points[start : start + some, None] - points[None, start:]
        largest = max(largest, float((apart**2).sum(axis=2).max()))
    return float(np.sqrt(largest))
