"""Local binary patterns in planes and in space."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ...types import FloatArray
from ..geometry import choice, label_of, like, roi_box, roi_of, voxels
from .shared import Filtered, number, plane_axis, require

__all__ = ["getLBP2DImage", "getLBP3DImage"]

_logger = logging.getLogger(__name__)

#: How many voxels are sampled at a time, which bounds the memory.
_AT_ONCE = 1 << 16


def getLBP2DImage(inputImage: sitk.Image, inputMask: sitk.Image | None, **kwargs: Any) -> Filtered:
    """Yield scikit-image's local binary pattern of each plane as ``lbp-2D``, in the image's pixel type.

    Parameters
    ----------
    inputImage, inputMask : SimpleITK.Image
    **kwargs
        `lbp2DRadius` (1) in voxels, `lbp2DSamples` (8), `lbp2DMethod` (``"uniform"``, or ``"default"``,
        ``"ror"``, ``"nri_uniform"``, ``"var"``); `force2Ddimension` (0), the axis across the planes, 0 is z.

    Yields
    ------
    image, name, kwargs

    Raises
    ------
    MissingLibraryError
        scikit-image is not installed.
    SettingsError
        A setting is not one of those allowed.
    """
    pattern = require("skimage.feature", "scikit-image", "LBP2D").local_binary_pattern
    image = voxels(inputImage)
    radius = number(kwargs, "lbp2DRadius", 1, above=0)
    samples = number(kwargs, "lbp2DSamples", 8, above=0, whole=True)
    methods = ("default", "ror", "uniform", "nri_uniform", "var")
    method = choice("lbp2DMethod", kwargs.get("lbp2DMethod", "uniform"), methods)
    found = np.empty(image.shape, dtype=image.dtype)
    image = image.copy()  # scikit-image takes no read-only array
    if image.ndim == 2:
        found[...] = pattern(image, P=samples, R=radius, method=method)
    else:
        if not kwargs.get("force2D", False):
            _logger.warning(
                "LBP2D is taken in planes, but the features are 3D: set force2D to have both in planes"
            )
        axis = plane_axis(kwargs, image.ndim)
        planes, results = np.swapaxes(image, axis, 0), np.swapaxes(found, axis, 0)
        for plane, result in zip(planes, results, strict=True):
            result[...] = pattern(plane, P=samples, R=radius, method=method)
    yield like(found, inputImage), "lbp-2D", kwargs


def getLBP3DImage(inputImage: sitk.Image, inputMask: sitk.Image, **kwargs: Any) -> Filtered:
    """Yield rotation-invariant patterns in space: the parts of a sphere's binary pattern by degree.

    Each voxel of the ROI is compared with points on a sphere around it, interpolated by cubic splines in
    the image's pixel type: 1 where the point is not darker. ``lbp-3D-m1``, ``lbp-3D-m2`` and so on are
    the magnitudes of that pattern's components in spherical harmonics of degree 0, 1 and so on;
    ``lbp-3D-k`` is the excess kurtosis of the interpolated intensities, NaN where they are all equal.

    Parameters
    ----------
    inputImage, inputMask : SimpleITK.Image
        Only the ROI is computed; the results are 0 elsewhere.
    **kwargs
        `lbp3DLevels` (2), the number of degrees; `lbp3DIcosphereRadius` (1), in voxels;
        `lbp3DIcosphereSubdivision` (1), how finely the sphere is sampled: 12 points at 0, 42 at 1, 162 at 2;
        `label` (1).

    Yields
    ------
    image, name, kwargs
        float64. Nothing, with a warning in the log, for an image of two axes.

    Raises
    ------
    MissingLibraryError
        trimesh is not installed, or a SciPy without `scipy.special.sph_harm_y` or `sph_harm`.
    LabelNotFoundError
        The mask does not hold the label.

    References
    ----------
    J. Banerjee, A. Moelker, W. J. Niessen, T. van Walsum: 3D LBP-based rotationally invariant region
    description. ACCV 2012 workshops, LNCS 7728, 26-37.
    """
    image = voxels(inputImage)
    if image.ndim != 3:
        _logger.warning("LBP3D is left out: the image has %d axes, expected 3", image.ndim)
        return
    levels = number(kwargs, "lbp3DLevels", 2, above=0, whole=True)
    points, parts = _sphere(
        number(kwargs, "lbp3DIcosphereRadius", 1, above=0),
        number(kwargs, "lbp3DIcosphereSubdivision", 1, above=-1, whole=True),
        levels,
    )
    label = label_of(kwargs)
    box = roi_box(inputMask, label)
    where = np.argwhere(roi_of(inputMask, label, box)) + box[2::-1]
    found = np.zeros((levels + 1, *image.shape))
    coefficients = require("scipy.ndimage", "SciPy", "LBP3D").spline_filter(image, 3, np.float64, "constant")
    for start in range(0, len(where), _AT_ONCE):
        some = where[start : start + _AT_ONCE]
        index = tuple(some.T)
        found[(slice(None), *index)] = _patterns(image, coefficients, some, points, parts)
    for degree in range(levels):
        yield like(found[degree], inputImage), f"lbp-3D-m{degree + 1}", kwargs
    yield like(found[levels], inputImage), "lbp-3D-k", kwargs


def _patterns(
    image: NDArray[Any],
    coefficients: FloatArray,
    where: NDArray[np.int64],
    points: FloatArray,
    parts: FloatArray,
) -> FloatArray:
    """Magnitude by degree and kurtosis, shape (n_degrees + 1, n_voxels), of voxels `where` (z, y, x)."""
    from scipy.ndimage import map_coordinates

    around = (where[:, None, :] + points).reshape(-1, 3).T
    samples = map_coordinates(
        coefficients, around, output=image.dtype, order=3, mode="constant", prefilter=False
    )
    samples = samples.reshape(len(where), len(points))
    pattern = (samples >= image[tuple(where.T)][:, None]).astype(np.float64)
    result = np.empty((len(parts) + 1, len(where)))
    for degree, part in enumerate(parts):
        component = pattern @ part
        result[degree] = np.sqrt(np.einsum("ij,ij->i", component, component))
    result[-1] = _kurtosis(samples)
    return result


def _sphere(radius: float, subdivisions: int, levels: int) -> tuple[FloatArray, FloatArray]:
    """Points on a sphere, shape (n, 3), and what takes a pattern to its parts by degree, (levels, n, n)."""
    trimesh = require("trimesh", "trimesh", "LBP3D")
    special = require("scipy.special", "SciPy", "LBP3D")
    points = np.array(trimesh.creation.icosphere(radius=radius, subdivisions=subdivisions).vertices)
    # PyRadiomics hands the two angles to SciPy in each other's place, and so must this. Of the polar
    # angle only the cosine counts there, so that its sign may go.
    azimuth = np.arccos(np.clip(points[:, 2] / radius, -1, 1))
    polar = np.abs(np.arctan2(points[:, 1], points[:, 0]))
    parts = np.zeros((levels, len(points), len(points)))
    for degree in range(levels):
        for order in range(-degree, degree + 1):
            if hasattr(special, "sph_harm_y"):
                y = special.sph_harm_y(degree, order, polar, azimuth)
            else:
                y = special.sph_harm(order, degree, azimuth, polar)
            parts[degree] += np.real(np.outer(np.conj(y), y))
    return points, parts


def _kurtosis(x: NDArray[Any]) -> FloatArray:
    """Excess kurtosis (population) of each row; NaN where a row has but one value."""
    mean = x.mean(axis=1, keepdims=True)
    squares = (x - mean) ** 2
    variance = squares.mean(axis=1)
    flat = variance <= (np.finfo(np.float64).resolution * mean[:, 0]) ** 2
    fourth = (squares**2).mean(axis=1)
    found: FloatArray = np.divide(fourth, variance**2, out=np.full(len(x), np.nan), where=~flat) - 3
    return found
