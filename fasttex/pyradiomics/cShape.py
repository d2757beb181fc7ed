"""Area, volume and diameters of masks: PyRadiomics' functions of that name, for segments."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends import compiled
from ..errors import InputError
from ..matrices.mesh import maximum_diameter_mm
from ..types import BoolArray, DiscretizedRoi, Triple
from .diameters import farthest, planar_diameters, row_ends
from .mesh import area_and_volume, edges_of, perimeter_and_area, surface_places

__all__ = ["calculate_coefficients", "calculate_coefficients2D"]

Coefficients = tuple[float, float, tuple[float, float, float, float]]


def calculate_coefficients(mask: Any, pixelSpacing: Any, /) -> Coefficients:
    """Measure the mesh of a mask.

    Parameters
    ----------
    mask : ndarray
        Shape (z, y, x), nonzero inside; with a voxel of outside around it, or the mesh is open.
    pixelSpacing : sequence of float
        In mm, (z, y, x).

    Returns
    -------
    area_mm2, volume_mm3 : float
    diameters_mm : tuple of float
        The largest distance between vertices of equal z, of equal y, of equal x, and of any two.

    Examples
    --------
    >>> area, volume, diameters = calculate_coefficients(np.pad(np.ones((1, 1, 2)), 1), [1, 1, 1])
    >>> round(volume, 6), diameters
    (0.666667, (2.0, 2.0, 1.0, 2.0))
    """
    inside = np.ascontiguousarray(np.asarray(mask) != 0)
    spacing = np.asarray(pixelSpacing, dtype=np.float64)
    _check(inside, spacing, 3)
    z, y, x = spacing.tolist()
    core = inside[1:-1, 1:-1, 1:-1]
    closed = min(inside.shape) >= 3 and np.count_nonzero(core) == np.count_nonzero(inside)
    if closed:
        return coefficients(np.ascontiguousarray(core), (z, y, x))
    return _coefficients_open(inside, (z, y, x))


def calculate_coefficients2D(mask: Any, pixelSpacing: Any, /) -> tuple[float, float, float]:
    """Measure the outline of a 2D mask.

    Parameters
    ----------
    mask : ndarray
        Shape (y, x), nonzero inside; with a pixel of outside around it, or the outline is open.
    pixelSpacing : sequence of float
        In mm, (y, x).

    Returns
    -------
    perimeter_mm, area_mm2, diameter_mm : float

    Examples
    --------
    >>> calculate_coefficients2D(np.pad(np.ones((1, 1)), 1), [1, 1])[1:]
    (0.5, 1.0)
    """
    inside = np.ascontiguousarray(np.asarray(mask) != 0)
    spacing = np.asarray(pixelSpacing, dtype=np.float64)
    _check(inside, spacing, 2)
    y, x = spacing.tolist()
    return coefficients_2d(inside, (y, x))


def _check(inside: BoolArray, spacing: Any, ndim: int) -> None:
    if inside.ndim != ndim or spacing.shape != (ndim,):
        raise InputError(
            f"the mask has {inside.ndim} axes and the spacing shape {spacing.shape}, expected {ndim} axes "
            f"and {ndim} lengths"
        )


def _coefficients_open(inside: BoolArray, spacing_mm: Triple) -> Coefficients:
    area, volume = area_and_volume(surface_places(inside), spacing_mm)
    edges = edges_of(inside)
    across_z, across_y, across_x = planar_diameters(edges, spacing_mm)
    largest = farthest(row_ends(edges, 2) * (np.array(spacing_mm) / 2))
    return area, volume, (across_z, across_y, across_x, largest)


def coefficients(inside: BoolArray, spacing_mm: Triple, start: tuple[int, ...] = (0, 0, 0)) -> Coefficients:
    """What `calculate_coefficients` gives of a mask with a voxel of outside around it.

    Parameters
    ----------
    inside : ndarray of bool
        Shape (z, y, x), C-contiguous, without the voxels around it.
    spacing_mm : tuple of float
        Along (z, y, x).
    start : tuple of int
        Index of the mask's first voxel in the array that it was cut from.
    """
    extension = compiled()
    if extension is not None:
        area, volume = area_and_volume(extension.surface_places(inside), spacing_mm, start)
        return area, volume, extension.mesh_diameters(inside, *spacing_mm)
    padded = np.pad(inside, 1)
    area, volume = area_and_volume(surface_places(padded), spacing_mm, start)
    if not inside.any():
        return area, volume, (0.0, 0.0, 0.0, 0.0)
    planar = planar_diameters(edges_of(padded), spacing_mm)
    roi = DiscretizedRoi.from_levels(inside.view(np.uint8), spacing_mm=spacing_mm)
    return area, volume, (*planar, maximum_diameter_mm(roi))


def coefficients_2d(inside: BoolArray, spacing_mm: tuple[float, float]) -> tuple[float, float, float]:
    """What `calculate_coefficients2D` gives."""
    perimeter, area = perimeter_and_area(inside, spacing_mm)
    ends = row_ends(edges_of(inside), 1)
    return perimeter, area, farthest(ends * (np.array(spacing_mm) / 2))
