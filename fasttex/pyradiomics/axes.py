"""Variances of where the voxels of a ROI lie, along their principal axes."""

from __future__ import annotations

from ..backends import compiled
from ..features.ellipsoid import VoxelCenters, axis_variances, voxel_centers
from ..types import BoolArray, FloatArray, Triple

__all__ = ["principal_variances"]


def principal_variances(inside: BoolArray, spacing_mm: Triple) -> FloatArray:
    """Variances, over N, of the voxel centers along their principal axes.

    Parameters
    ----------
    inside : ndarray of bool
        Shape (z, y, x), C-contiguous; at least one voxel is inside.
    spacing_mm : tuple of float
        Along (z, y, x).

    Returns
    -------
    ndarray of float64, shape (3,)
        In mm², falling; 0 along axes that the voxels do not extend along.

    Examples
    --------
    >>> import numpy as np
    >>> principal_variances(np.ones((1, 1, 3), dtype=bool), (1.0, 1.0, 3.0)).tolist()
    [6.0, 0.0, 0.0]
    """
    extension = compiled()
    if extension is None:
        return axis_variances(voxel_centers(inside), spacing_mm, 0)
    n, first, second, low, high = extension.voxel_centers(inside)
    z, y, x = (b - a + 1 for a, b in zip(low, high, strict=True))
    return axis_variances(VoxelCenters(n, first, second, (z, y, x)), spacing_mm, 0)
