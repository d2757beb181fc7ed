"""Resample image and mask as PyRadiomics does: a grid that shares the corner of the mask's grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk

from ..errors import InputError, SettingsError
from ..types import FloatArray
from .geometry import IntArray, choice, label_of, roi_box
from .masks import bounding, check_within, cropToTumorMask, mismatch, on_grid_of

__all__ = ["INTERPOLATORS", "interpolator_of", "resampleImage"]

#: The names of SimpleITK's interpolators.
INTERPOLATORS = (
    "sitkNearestNeighbor",
    "sitkLinear",
    "sitkBSpline",
    "sitkBSpline1",
    "sitkBSpline2",
    "sitkBSpline3",
    "sitkBSpline4",
    "sitkBSpline5",
    "sitkGaussian",
    "sitkLabelGaussian",
    "sitkLabelLinear",
    "sitkHammingWindowedSinc",
    "sitkCosineWindowedSinc",
    "sitkWelchWindowedSinc",
    "sitkLanczosWindowedSinc",
    "sitkBlackmanWindowedSinc",
    "sitkBSplineResampler",
    "sitkBSplineResamplerOrder1",
    "sitkBSplineResamplerOrder2",
    "sitkBSplineResamplerOrder3",
    "sitkBSplineResamplerOrder4",
    "sitkBSplineResamplerOrder5",
)

#: From how many voxels on nothing of a voxel is left in a cubic B-spline's coefficients in float64.
_SPLINE_REACH = 40


def resampleImage(
    imageNode: sitk.Image, maskNode: sitk.Image, **kwargs: Any
) -> tuple[sitk.Image, sitk.Image]:
    """Resample image and mask to another spacing, within a box around the ROI.

    The new grid shares the outer corner of the mask's. The image keeps its pixel type, so that values of
    integer images are cut off toward 0; the mask is interpolated by nearest neighbor.

    Parameters
    ----------
    imageNode, maskNode : SimpleITK.Image
    **kwargs
        `resampledPixelSpacing`, in mm, x first, 0 keeps an axis, as a ROI of one slice does;
        `interpolator` (`sitkBSpline`), a name or number of SimpleITK; `padDistance` (5), how many new
        voxels the result is wider than the ROI on each side; `label` (1). ``shared``, a `Shared`, lets the
        labels of an image share its B-spline coefficients.

    Returns
    -------
    image, mask : SimpleITK.Image
        Where the spacing is the wanted one already, both are just cropped, and `padDistance` is 0 by default.

    Raises
    ------
    LabelNotFoundError
        The label is not in the mask.
    InputError
        An image is missing, or the ROI reaches beyond it.
    SettingsError
        A setting is not one of those allowed.
    """
    if imageNode is None or maskNode is None:
        raise InputError("resampleImage needs both an image and a mask, and one of them is None")
    box = check_within(imageNode, maskNode, label_of(kwargs))
    spacing = _new_spacing(maskNode, box, kwargs.get("resampledPixelSpacing"))
    if not np.allclose(spacing, maskNode.GetSpacing()):
        return _resample(imageNode, maskNode, kwargs, box, spacing)
    if mismatch(imageNode, maskNode, kwargs) is not None:
        maskNode = on_grid_of(imageNode, maskNode)
        box = roi_box(maskNode, label_of(kwargs))
    return cropToTumorMask(imageNode, maskNode, bounding(box), **kwargs)


def interpolator_of(value: Any) -> int:
    """SimpleITK's number of an interpolator that is given by name or number."""
    known = {name: int(getattr(sitk, name)) for name in INTERPOLATORS if hasattr(sitk, name)}
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        if int(value) not in known.values():
            raise SettingsError(
                f"interpolator is {value}, which is no interpolator of SimpleITK; it has {', '.join(known)}"
            )
        return int(value)
    return known[choice("interpolator", value, list(known))]


def _new_spacing(mask: sitk.Image, box: IntArray, wanted: Any) -> FloatArray:
    """The new spacing in mm, x first: the mask's where 0 is wanted or the ROI is one slice thin."""
    n = mask.GetDimension()
    try:
        spacing = np.array(wanted, dtype=np.float64)
    except (TypeError, ValueError):
        spacing = np.array(np.nan)
    if spacing.shape != (n,) or not (np.isfinite(spacing) & (spacing >= 0)).all():
        raise SettingsError(
            f"resampledPixelSpacing is {wanted!r}, expected {n} lengths in mm, x first, 0 for an axis to keep"
        )
    keep = (spacing == 0) | (box[n:] == 1)
    return np.where(keep, mask.GetSpacing(), spacing)


def _grid_of(
    mask: sitk.Image, box: IntArray, spacing: FloatArray, pad: Any
) -> tuple[IntArray, tuple[float, ...]]:
    """Size and origin of the new grid: `pad` new voxels wider than the ROI's box, within the mask."""
    n = mask.GetDimension()
    old, shape = np.array(mask.GetSpacing()), np.array(mask.GetSize())
    ratio = old / spacing
    low, high = (box[:n] - 0.5) * ratio, (box[:n] + box[n:] - 0.5) * ratio
    first = np.maximum(np.floor(low - pad), 0)
    last = np.minimum(np.ceil(high + pad), np.ceil(shape * ratio) - 1)
    # Half a voxel of either grid lies between its corner and its first voxel's center.
    start = 0.5 * (spacing - old) / old + first / ratio
    origin: tuple[float, ...] = mask.TransformContinuousIndexToPhysicalPoint(start.tolist())
    return (last - first + 1).astype(np.int64), origin


def _resample(
    image: sitk.Image, mask: sitk.Image, settings: dict[str, Any], box: IntArray, spacing: FloatArray
) -> tuple[sitk.Image, sitk.Image]:
    """Image and mask on the new grid; the pixel types stay."""
    pad = settings.get("padDistance", 5)
    if isinstance(pad, bool) or not isinstance(pad, (int, float, np.integer, np.floating)):
        raise SettingsError(f"padDistance is {pad!r}, expected a number of voxels such as 5")
    size, origin = _grid_of(mask, box, spacing, pad)
    if (size < 1).any():
        raise SettingsError(
            f"padDistance is {pad}: nothing is left of a ROI of {box[len(size) :].tolist()} voxels"
        )
    interpolator = interpolator_of(settings.get("interpolator", sitk.sitkBSpline))
    resample = sitk.ResampleImageFilter()
    resample.SetOutputSpacing(spacing.tolist())
    resample.SetOutputDirection(mask.GetDirection())
    resample.SetOutputOrigin(origin)
    resample.SetSize(size.tolist())
    resample.SetOutputPixelType(image.GetPixelID())
    resample.SetInterpolator(interpolator)
    shared = settings.get("shared")
    if interpolator == sitk.sitkBSpline and shared is not None and shared.many:
        nearby = shared.once("coefficients", image, lambda: _coefficients(image))
        resample.SetInterpolator(sitk.sitkBSplineResamplerOrder3)
    elif interpolator == sitk.sitkBSpline and "float" in image.GetPixelIDTypeAsString():
        nearby = _without_far_end(image, mask, spacing, size, origin)
    else:
        nearby = image
    resampled = resample.Execute(nearby)
    resample.SetOutputPixelType(mask.GetPixelID())
    resample.SetInterpolator(sitk.sitkNearestNeighbor)
    return resampled, resample.Execute(mask)


def _coefficients(image: sitk.Image) -> sitk.Image:
    """Of the cubic B-spline, from which the interpolator makes what it makes of the image, to the bit."""
    return sitk.BSplineDecomposition(sitk.Cast(image, sitk.sitkFloat64), 3)


def _without_far_end(
    image: sitk.Image, mask: sitk.Image, spacing: FloatArray, size: IntArray, origin: tuple[float, ...]
) -> sitk.Image:
    """The image without what lies far behind the new grid, towards the highest indices.

    The cubic B-spline's coefficients depend on all voxels, but by 0.27 less per voxel of distance. What
    remains is rounding: in flat regions the last bit may differ, which is nothing for floats, but turns
    4.0 into 3.9999 and that into 3 in images of integers; so this is for floats only. The voxels before
    the grid stay, for without them the image would have another origin and positions would be rounded
    otherwise.
    """
    n = len(size)
    axes = np.array(mask.GetDirection()).reshape(n, n) * spacing  # a step along each axis of the new grid
    corners = np.stack(np.meshgrid(*[(-0.5, m - 0.5) for m in size], indexing="ij"), axis=-1).reshape(-1, n)
    points = np.array(origin) + corners @ axes.T
    reached = np.max([image.TransformPhysicalPointToContinuousIndex(p.tolist()) for p in points], axis=0)
    end = np.maximum(np.ceil(reached), 0) + _SPLINE_REACH
    return sitk.Crop(image, [0] * n, np.maximum(image.GetSize() - end, 0).astype(int).tolist())
