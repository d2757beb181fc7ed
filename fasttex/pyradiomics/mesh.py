"""Meshes as PyRadiomics makes them: which triangles or segments stand for which pattern of corners.

Vertices lie in the middle of edges between a voxel inside and one outside. A pattern and its complement have
the same triangles, turned round. So two cubes at a face may draw it differently where its voxels inside lie
diagonally: such a mesh has gaps, and its signed volume depends on where in the array the mask lies. Volumes
are summed as whole numbers, and multiplied by the spacing in the end.
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..matrices.cubes import triangle_areas
from ..types import BoolArray, FloatArray, IntArray

__all__ = ["area_and_volume", "edges_of", "perimeter_and_area", "surface_places"]


class Triangles(NamedTuple):
    """Triangles of all patterns, in halves of voxels."""

    corners: IntArray  # (n, 3 vertices, 3 axes)
    sign: IntArray  # (n,): -1 where the complement's triangles stand
    pattern: IntArray  # (n,)


@cache
def _data() -> dict[str, Any]:
    text = (files("fasttex") / "data" / "pyradiomics_mesh_cases.json").read_text(encoding="utf-8")
    cases: dict[str, Any] = json.loads(text)
    return cases


@cache
def _triangles() -> Triangles:
    data = _data()
    middle = np.rint(2 * np.array(data["edge_midpoints_zyx"])).astype(np.int64)
    corners, sign, pattern = [], [], []
    for n in range(256):
        for triangle in data["triangles"][str(min(n, 255 - n))]:
            corners.append(middle[triangle])
            sign.append(1 if n < 128 else -1)
            pattern.append(_renumbered(n, data["corner_order_zyx"]))
    return Triangles(np.array(corners), np.array(sign), np.array(pattern))


def _renumbered(pattern: int, corners: list[list[int]]) -> int:
    """A pattern of corners in some order, in the order of `_patterns`."""
    bits = (int("".join(map(str, corner)), 2) for corner in corners)
    return sum((pattern >> k & 1) << bit for k, bit in enumerate(bits))


@lru_cache(maxsize=256)
def _area_table(spacing_mm: tuple[float, ...]) -> FloatArray:
    corners, _, pattern = _triangles()
    areas = triangle_areas(corners * (np.array(spacing_mm) / 2))
    return np.asarray(np.bincount(pattern, areas, 256), dtype=np.float64)


@cache
def _volume_table() -> IntArray:
    """What a cube adds to the volume, by pattern and in units of 1/48 voxel: shape (256, 4).

    At the origin, and by how much it grows with the cube's index along each axis.
    """
    corners, sign, pattern = _triangles()
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    table = np.zeros((256, 4), dtype=np.int64)
    turned = np.cross(a, b) + np.cross(b, c) + np.cross(c, a)
    np.add.at(table[:, 0], pattern, sign * (a * np.cross(b, c)).sum(axis=1))
    np.add.at(table[:, 1:], pattern, 2 * sign[:, None] * turned)
    return table


def area_and_volume(
    places: IntArray, spacing_mm: tuple[float, float, float], start: tuple[int, ...] = (0, 0, 0)
) -> tuple[float, float]:
    """Area and signed volume of a mesh.

    Parameters
    ----------
    places : ndarray of int64, shape (256, 4)
        From `surface_places`.
    spacing_mm : tuple of float
        Along (z, y, x).
    start : tuple of int
        Index of the mask's first voxel in the array that it was cut from.

    Returns
    -------
    area_mm2, volume_mm3 : float

    Examples
    --------
    >>> places = surface_places(np.pad(np.ones((1, 1, 1), bool), 1))
    >>> area, volume = area_and_volume(places, (1.0, 1.0, 1.0))
    >>> round(area, 6), round(volume, 6)  # an octahedron
    (1.732051, 0.166667)
    """
    cases, table = places[:, 0], _volume_table()
    volume = int((places * table).sum()) + int(cases @ (table[:, 1:] @ start))
    z, y, x = spacing_mm
    return float(cases @ _area_table(spacing_mm)), volume / 48 * (z * y * x)


def surface_places(mask: BoolArray) -> IntArray:
    """Count the cubes of a mask by their pattern, and sum up where they lie.

    Parameters
    ----------
    mask : ndarray of bool
        Shape (z, y, x). Cubes of 2 × 2 × 2 voxels of it are looked at, and nothing beyond.

    Returns
    -------
    ndarray of int64, shape (256, 4)
        By pattern: how many, and the sums of the indices z, y and x of their first voxels. Cubes all inside
        or all outside are left out.
    """
    places = np.zeros((256, 4), dtype=np.int64)
    if min(mask.shape) < 2:
        return places
    pattern = _patterns(mask)
    flat = pattern.reshape(-1)
    where = np.flatnonzero((flat + np.uint8(1)) > 1)  # neither 0 nor 255
    found = flat[where]
    places[:, 0] = np.bincount(found, minlength=256)
    for axis, index in enumerate(np.unravel_index(where, pattern.shape)):
        np.add.at(places[:, 1 + axis], found, index)
    return places


def _patterns(mask: BoolArray) -> NDArray[np.uint8]:
    """Bit 4·z + 2·y + x, or 2·y + x, is set where that corner of the cube, or square, is inside."""
    pattern: NDArray[np.uint8] = np.ascontiguousarray(mask).view(np.uint8)
    for axis in range(mask.ndim - 1, -1, -1):
        lower: list[Any] = [slice(None)] * mask.ndim
        upper = list(lower)
        lower[axis], upper[axis] = slice(None, -1), slice(1, None)
        pattern = pattern[tuple(lower)] | (pattern[tuple(upper)] << 2 ** (mask.ndim - 1 - axis))
    return pattern


def perimeter_and_area(mask: BoolArray, spacing_mm: tuple[float, ...]) -> tuple[float, float]:
    """Perimeter and signed area of the outline of a 2D mask.

    Parameters
    ----------
    mask : ndarray of bool
        Shape (y, x). Squares of 2 × 2 pixels of it are looked at, and nothing beyond.
    spacing_mm : tuple of float
        Along (y, x).

    Returns
    -------
    perimeter_mm, area_mm2 : float

    Examples
    --------
    >>> perimeter, area = perimeter_and_area(np.pad(np.ones((1, 1), bool), 1), (1.0, 1.0))
    >>> round(perimeter, 6), area
    (2.828427, 0.5)
    """
    data = _data()["shape2d"]
    pattern = _patterns(mask)
    middle = np.rint(2 * np.array(data["edge_midpoints_yx"])).astype(np.int64)
    perimeter, doubled = 0.0, 0
    spacing = np.array(spacing_mm, dtype=np.float64)
    for n in range(1, 15):
        index = np.argwhere(pattern == _renumbered(n, data["corner_order_yx"]))
        for first, last in data["segments"][str(n)] if len(index) else ():
            a, b = middle[first], middle[last]
            perimeter += len(index) * float(np.linalg.norm((a - b) * spacing / 2))
            p, q = a + 2 * index, b + 2 * index
            doubled += int((p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]).sum())
    return perimeter, doubled / 8 * float(spacing.prod())


def edges_of(mask: BoolArray) -> list[BoolArray]:
    """For each axis, between which neighbors along it the mask changes: the vertices of the mesh.

    Not among them are vertices in the first plane across z and y, and in the last across x, unless they lie
    on an edge along that axis: PyRadiomics looks for each vertex at one corner of a cube. A mask with a voxel
    of outside around it has none there.

    Returns
    -------
    list of ndarray of bool
        Entry [k] of axis a is True where voxels k and k + 1 along a differ; axes (z, y, x) or (y, x).
    """
    found = []
    for axis in range(mask.ndim):
        lower: list[Any] = [slice(None)] * mask.ndim
        upper = list(lower)
        lower[axis], upper[axis] = slice(None, -1), slice(1, None)
        changes: BoolArray = mask[tuple(lower)] ^ mask[tuple(upper)]
        for other in range(mask.ndim):
            if other != axis:
                beside: list[Any] = [slice(None)] * mask.ndim
                beside[other] = slice(-1, None) if other == mask.ndim - 1 else slice(0, 1)
                changes[tuple(beside)] = False
        found.append(changes)
    return found
