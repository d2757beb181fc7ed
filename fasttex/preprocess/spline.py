"""Cubic B-spline interpolation, axis by axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..types import FloatArray, Shape

__all__ = ["SPLINE_MARGIN", "interpolate_spline"]

# The spline's prefilter decays by √3 − 2, that is 0.268, per voxel: 40 voxels away nothing is left of one.
SPLINE_MARGIN = 40
_EDGE = 12  # copies of the border voxel that stand for the nearest value going on for ever


def interpolate_spline(
    source: NDArray[Any], start: Shape, shape: Shape, positions: Sequence[FloatArray]
) -> FloatArray:
    """Interpolate with the cubic B-spline that goes through every voxel's value.

    Only voxels within `SPLINE_MARGIN` of `positions` are looked at: what that leaves out is below 1e-9 of
    the range of the intensities. Beyond the image's border the nearest voxel's value goes on. An axis
    whose positions are voxels keeps their values. NaN spreads along the three axes.

    Parameters
    ----------
    source : ndarray, shape (z, y, x)
        Old voxels, any real dtype: the whole grid, or at least the margin around `positions`.
    start : tuple of int
        Index (z, y, x) of the first voxel of `source` in the old grid.
    shape : tuple of int
        Of the whole old grid.
    positions : sequence of ndarray of float64
        Along z, y and x, rising, in indices of the old grid; what lies outside takes the border's value.

    Returns
    -------
    ndarray of float64
        Shape: the lengths of `positions`.

    Examples
    --------
    >>> ramp = np.arange(100.0).reshape(1, 1, -1)
    >>> along = [np.zeros(1), np.zeros(1), np.array([50.0, 50.25])]
    >>> interpolate_spline(ramp, (0, 0, 0), (1, 1, 100), along).round(9).tolist()
    [[[50.0, 50.25]]]
    """
    box, local = [], []
    for p, first, n in zip(positions, start, shape, strict=True):
        inside = np.clip(p, 0, n - 1)
        margin = 0 if _on_voxels(inside) else SPLINE_MARGIN
        low = max(first, math.floor(inside[0]) - margin)
        box.append(slice(low - first, max(0, math.floor(inside[-1]) + 1 + margin - first) + 1))
        local.append(inside - low)
    values: FloatArray = source[tuple(box)].astype(np.float64)
    for axis in (2, 1, 0):
        values = _along(values, local[axis], axis)
    return values


def _on_voxels(positions: FloatArray) -> bool:
    return bool((positions == np.floor(positions)).all())


def _along(values: FloatArray, positions: FloatArray, axis: int) -> FloatArray:
    """Interpolate along one axis."""
    from scipy import ndimage

    if _on_voxels(positions):
        return np.take(values, positions.astype(np.int64), axis)
    ends = [(_EDGE, _EDGE) if a == axis else (0, 0) for a in range(3)]
    padded = np.pad(values, ends, mode="edge")
    coefficients = ndimage.spline_filter1d(padded, order=3, axis=axis, output=np.float64, mode="mirror")
    lower = np.floor(positions).astype(np.int64)
    t = (positions - lower).reshape([-1 if a == axis else 1 for a in range(3)])
    weights = ((1 - t) ** 3, 4 - 6 * t**2 + 3 * t**3, 1 + 3 * t + 3 * t**2 - 3 * t**3, t**3)
    total = np.zeros_like(np.take(values, lower, axis))
    for k, weight in enumerate(weights):
        total += weight / 6 * np.take(coefficients, lower + (_EDGE - 1 + k), axis)
    return total
