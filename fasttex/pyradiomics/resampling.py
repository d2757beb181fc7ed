"""Resample image and mask as PyRadiomics does: a grid that shares the corner of the mask's grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk

from ..errors import InputError, SettingsError
from ..types import FloatArray
from .geometry import IntArray, SizeMismatchError, bounds_in, choice, roi_box

__all__ = ["INTERPOLATORS", "check_within", "interpolator_of", "resample_to"]

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

#: By how many voxels a ROI may reach beyond its image: room for rounding.
_SLACK = 1e-3


def interpolator_of(value: Any) -> int:
    """SimpleITK's number of an interpolator that is given by name or number."""
    known = {name: int(getattr(sitk, name)) for name in INTERPOLATORS if hasattr(sitk, name)}
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        if int(value) not in known.values():
            raise SettingsError(
                f"interpolator is {value}, which is no interpolator of SimpleITK; its names are {', '.join(known)}"
            )
        return int(value)
    return known[choice("interpolator", value, list(known))]


def check_within(image: sitk.Image, mask: sitk.Image, label: int) -> IntArray:
    """The ROI's box in its mask, see `roi_box`, once it is sure that it lies within the image.

    Raises
    ------
    LabelNotFoundError
        The mask does not hold the label.
    InputError
        The ROI reaches beyond the image.
    """
    box = roi_box(mask, label)
    if image.GetDimension() != mask.GetDimension():
        raise SizeMismatchError(f"the image has {image.GetDimension()} axes, the mask {mask.GetDimension()}")
    bounds = bounds_in(image, mask, box)
    size = np.array(image.GetSize())
    if (bounds < -0.5 - _SLACK).any() or (bounds > size - 0.5 + _SLACK).any():
        low, high = np.sort(bounds, axis=0).round(3).tolist()
        raise InputError(
            f"the ROI of label {label} reaches beyond the image: in voxels of the image (x first) it runs from "
            f"{low} to {high}, the image from -0.5 to {(size - 0.5).tolist()}; check that image and mask "
            "belong together, or crop the mask"
        )
    return box


def new_spacing(mask: sitk.Image, box: IntArray, wanted: Any) -> FloatArray:
    """The spacing to resample to, in mm, x first: the mask's where 0 is wanted or the ROI is one slice thin."""
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


def grid_of(
    mask: sitk.Image, box: IntArray, spacing: FloatArray, pad: float
) -> tuple[IntArray, tuple[float, ...]]:
    """Size and origin of the new grid around the ROI: `pad` new voxels wider than its box, within the mask."""
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


def resample_to(
    image: sitk.Image, mask: sitk.Image, settings: dict[str, Any], box: IntArray, spacing: FloatArray
) -> tuple[sitk.Image, sitk.Image]:
    """Image and mask on the new grid; the pixel types stay."""
    pad = settings.get("padDistance", 5)
    if isinstance(pad, bool) or not isinstance(pad, (int, float, np.integer, np.floating)):
        raise SettingsError(f"padDistance is {pad!r}, expected a number of voxels such as 5")
    size, origin = grid_of(mask, box, spacing, pad)
    if (size < 1).any():
        raise SettingsError(f"padDistance is {pad}: nothing is left of a ROI of {box[len(size) :].tolist()} voxels")
    resample = sitk.ResampleImageFilter()
    resample.SetOutputSpacing(spacing.tolist())
    resample.SetOutputDirection(mask.GetDirection())
    resample.SetOutputOrigin(origin)
    resample.SetSize(size.tolist())
    resample.SetOutputPixelType(image.GetPixelID())
    resample.SetInterpolator(interpolator_of(settings.get("interpolator", sitk.sitkBSpline)))
    resampled = resample.Execute(image)
    resample.SetOutputPixelType(mask.GetPixelID())
    resample.SetInterpolator(sitk.sitkNearestNeighbor)
    return resampled, resample.Execute(mask)


def on_grid_of(image: sitk.Image, mask: sitk.Image) -> sitk.Image:
    """A mask, nearest neighbor, on the grid of an image."""
    resample = sitk.ResampleImageFilter()
    resample.SetReferenceImage(image)
    resample.SetOutputPixelType(mask.GetPixelID())
    resample.SetInterpolator(sitk.sitkNearestNeighbor)
    return resample.Execute(mask)
