"""Area, volume and diameters of masks: PyRadiomics' functions of that name, for segments."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends import compiled
from ..errors import InputError
from ..features.morphology import FEATURES
from ..matrices.cubes import volume_table
from ..matrices.mesh import maximum_diameter_mm
from ..types import BoolArray, DiscretizedRoi
from .diameters import farthest, planar_diameters, row_ends
from .mesh import area_and_volume, edges_of, perimeter_and_area

__all__ = ["calculate_coefficients", "calculate_coefficients2D"]

_DIAMETER = next(n for n, feature in enumerate(FEATURES) if feature.name == "maximum_3d_diameter")
_LONGEST_SIDE = 2**19


def calculate_coefficients(
    mask: Any, pixelSpacing: Any, /
) -> tuple[float, float, tuple[float, float, float, float]]:
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
    return coefficients(inside, (z, y, x))


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


def coefficients(
    inside: BoolArray, spacing_mm: tuple[float, float, float], start: tuple[int, ...] = (0, 0, 0)
) -> tuple[float, float, tuple[float, float, float, float]]:
    """What `calculate_coefficients` gives, of a mask cut from a larger array at `start`."""
    area, volume = area_and_volume(inside, spacing_mm, start)
    core = inside[1:-1, 1:-1, 1:-1]
    closed = min(inside.shape) >= 3 and np.count_nonzero(core) == np.count_nonzero(inside)
    if closed and not core.any():
        return area, volume, (0.0, 0.0, 0.0, 0.0)
    if closed:
        return area, volume, _closed_diameters(inside, np.ascontiguousarray(core), spacing_mm)
    edges = edges_of(inside)
    across_z, across_y, across_x = planar_diameters(edges, spacing_mm)
    largest = farthest(row_ends(edges, 2) * (np.array(spacing_mm) / 2))
    return area, volume, (across_z, across_y, across_x, largest)


def _closed_diameters(
    padded: BoolArray, mask: BoolArray, spacing_mm: tuple[float, float, float]
) -> tuple[float, float, float, float]:
    """Of a mask that is not empty, given with a voxel of outside around it and without."""
    roi = DiscretizedRoi(
        buffer=padded.view(np.uint8),
        pad=(1, 1, 1),
        shape=(mask.shape[0], mask.shape[1], mask.shape[2]),
        n_levels=1,
        level_values=np.ones(1, dtype=np.int64),
        morphological_mask=mask,
        intensities=np.ones(np.count_nonzero(mask)),
        spacing_mm=spacing_mm,
    )
    extension = compiled()
    if extension is None or max(mask.shape) > _LONGEST_SIDE:
        return (*planar_diameters(edges_of(padded), spacing_mm), maximum_diameter_mm(roi))
    # Only the diameter is taken from the row: area and volume are by other tables.
    cases, areas = [np.zeros(256, dtype=np.int64)], [np.zeros(256)]
    largest = extension.morphology([roi], cases, areas, volume_table(), 1)[0][_DIAMETER]
    across_z, across_y, across_x = extension.planar_diameters(mask, *spacing_mm)
    return across_z, across_y, across_x, float(largest)


def coefficients_2d(inside: BoolArray, spacing_mm: tuple[float, float]) -> tuple[float, float, float]:
    """What `calculate_coefficients2D` gives."""
    perimeter, area = perimeter_and_area(inside, spacing_mm)
    ends = row_ends(edges_of(inside), 1)
    return perimeter, area, farthest(ends * (np.array(spacing_mm) / 2))
