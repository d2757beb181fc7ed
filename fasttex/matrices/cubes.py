"""The part of a mesh that lies in one marching cube, for each of the 256 patterns of its corners.

Bit ``4·z + 2·y + x`` of a pattern is set where corner (z, y, x) of the cube is inside; vertices lie in the
middle of edges. The table follows from two rules, neither of which knows one axis or direction from another:

- On each face of a cube, segments cut off the corners outside; where the diagonals of a face differ, its
  two voxels inside stay joined. Both cubes at a face draw the same segments, so the mesh is closed.
- Segments link up to polygons. Of all ways to cut a polygon into triangles it takes the one of largest area
  in a cube of equal sides, and the mean of those that are equally large.

So area and volume stay the same when an image is flipped or its axes change places. The IBSI leaves the
table open; with this one the reference values of both its phantoms are reproduced.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np

from ..types import FloatArray, IntArray, Triple

__all__ = ["area_table", "triangle_areas", "triangles", "volume_table"]

Edge = tuple[int, int]  # the corner inside, the corner outside

_WEIGHTS = (4, 2, 1)  # of z, y, x in the number of a corner
_CORNERS = np.array(list(product((0, 1), repeat=3)))
_FACE_AREA = (0.0, 1 / 8, 1 / 2, 7 / 8, 1.0)  # outside, by corners outside; 2/8 where they lie diagonally


class Triangles(NamedTuple):
    """Triangles of all patterns."""

    corners: FloatArray  # (n, 3 vertices, 3 axes), in voxels, right-handed as seen from outside
    share: FloatArray  # (n,): 1 over the ways to cut their polygon that are equally large
    pattern: IntArray  # (n,)


@lru_cache(maxsize=256)
def area_table(spacing_mm: Triple) -> FloatArray:
    """Area of the mesh in a cube of these sides, by pattern: float64, shape (256,), in mm²."""
    corners, share, pattern = triangles()
    areas = triangle_areas(corners * np.array(spacing_mm)) * share
    return np.bincount(pattern, weights=areas, minlength=256).astype(np.float64)


@cache
def volume_table() -> FloatArray:
    """Which part of a cube the mesh encloses, by pattern: float64, shape (256,).

    By the divergence theorem: pyramids from the cube's center to the triangles, and to what is inside of
    its faces.
    """
    corners, share, pattern_of = triangles()
    tetrahedra = np.linalg.det(corners - 0.5) / 6 * share
    table = np.bincount(pattern_of, weights=tetrahedra, minlength=256).astype(np.float64)
    for pattern, face in product(range(256), _faces()):
        inside = [pattern >> corner & 1 for corner in face]
        diagonal = inside[0] == inside[2] != inside[1] == inside[3]
        table[pattern] += (1 - (1 / 4 if diagonal else _FACE_AREA[4 - sum(inside)])) / 6
    return table


@cache
def triangles() -> Triangles:
    """Make the triangles of all patterns."""
    polygons = [(number, polygon) for number in range(256) for polygon in _polygons(number)]
    largest = _largest_cuts([polygon for _, polygon in polygons])
    corners, share, pattern = [], [], []
    for (number, polygon), cuts in zip(polygons, largest, strict=True):
        corners.append(cuts)
        share += [(len(polygon) - 2) / len(cuts)] * len(cuts)
        pattern += [number] * len(cuts)
    return Triangles(np.concatenate(corners), np.array(share), np.array(pattern))


def _largest_cuts(polygons: list[FloatArray]) -> list[FloatArray]:
    """Of each polygon the triangles of all cuts that are the largest; polygons of one length at a time."""
    found: dict[int, FloatArray] = {}
    for length in {len(polygon) for polygon in polygons}:
        alike = [n for n, polygon in enumerate(polygons) if len(polygon) == length]
        cuts = np.array([polygons[n] for n in alike])[:, np.array(_cuts(tuple(range(length))))]
        areas = triangle_areas(cuts).sum(axis=2)
        for n, of_polygon, area in zip(alike, cuts, areas, strict=True):
            found[n] = of_polygon[area > area.max() - 1e-9].reshape(-1, 3, 3)
    return [found[n] for n in range(len(polygons))]


def _polygons(pattern: int) -> Iterator[FloatArray]:
    """The closed polygons of a pattern: vertices in voxels, shape (n, 3)."""
    onward = dict(segment for face in _faces() for segment in _segments(pattern, face))
    while onward:
        start, edge = onward.popitem()
        ring = [start]
        while edge != start:
            ring.append(edge)
            edge = onward.pop(edge)
        yield _CORNERS[np.array(ring)].mean(axis=1)


def _segments(pattern: int, face: list[int]) -> Iterator[tuple[Edge, Edge]]:
    """Cut off each run of corners outside, going round the face: from one edge to another."""
    inside = [pattern >> corner & 1 for corner in face]
    for n in range(4):
        if inside[n] and not inside[(n + 1) % 4]:
            end = next(m for m in range(n + 2, n + 5) if inside[m % 4])
            yield (face[n], face[(n + 1) % 4]), (face[end % 4], face[end - 1 & 3])


@cache
def _faces() -> list[list[int]]:
    """The corners of each face, all going round the same way as seen from outside the cube."""
    faces = []
    for axis, side in product(range(3), (0, 1)):
        u, v = _WEIGHTS[(axis + 1) % 3], _WEIGHTS[(axis + 2) % 3]
        ring = [0, u, u + v, v]
        faces.append([side * _WEIGHTS[axis] + corner for corner in (ring[::-1] if side else ring)])
    return faces


def _cuts(ring: tuple[int, ...]) -> list[list[tuple[int, int, int]]]:
    """All ways to cut a polygon into triangles between its vertices."""
    if len(ring) < 3:
        return [[]]
    return [
        [*left, (ring[0], ring[k], ring[-1]), *right]
        for k in range(1, len(ring) - 1)
        for left in _cuts(ring[: k + 1])
        for right in _cuts(ring[k:])
    ]


def triangle_areas(triangles: FloatArray) -> FloatArray:
    """Areas of triangles of shape (..., 3 vertices, 3 axes)."""
    a, b, c = (triangles[..., n, :] for n in range(3))
    areas: FloatArray = np.linalg.norm(np.cross(b - a, c - a), axis=-1) / 2
    return areas
