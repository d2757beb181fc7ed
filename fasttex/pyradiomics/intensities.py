"""Bring intensities to a common scale, and take voxels out of a mask by their intensity."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..errors import EmptyRoiError, InputError, SettingsError
from .geometry import SizeMismatchError, choice, label_of, like, mask_array, voxels

__all__ = ["normalizeImage", "resegmentMask"]


def normalizeImage(image: sitk.Image, **kwargs: Any) -> sitk.Image:
    """Subtract the mean of the whole image and divide by its sample standard deviation.

    Parameters
    ----------
    image : SimpleITK.Image
    **kwargs
        `removeOutliers` (None), how many standard deviations to clip at; `normalizeScale` (1), what to
        multiply with then.

    Returns
    -------
    SimpleITK.Image
        With pixels of `sitkFloat64`.

    Raises
    ------
    InputError
        All voxels are equal, or they are no real numbers.
    """
    outliers, scale = kwargs.get("removeOutliers"), kwargs.get("normalizeScale", 1)
    for name, value in (("removeOutliers", 0 if outliers is None else outliers), ("normalizeScale", scale)):
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float, np.integer, np.floating))
            or value < 0
        ):
            raise SettingsError(f"{name} is {value!r}, expected a number of at least 0")
    values = voxels(image)
    if values.min() == values.max():
        raise InputError(
            f"all voxels of the image are {values.flat[0]}: it cannot be normalized; set normalize to false"
        )
    normalized = sitk.Normalize(image)
    if outliers is None and scale == 1:
        return normalized
    scaled = sitk.GetArrayFromImage(normalized)
    if outliers is not None:
        np.clip(scaled, -outliers, outliers, out=scaled)
    scaled *= scale
    return like(scaled, image)


def resegmentMask(imageNode: sitk.Image, maskNode: sitk.Image, **kwargs: Any) -> sitk.Image:
    """Keep only those voxels of the ROI with intensities in a range, both ends included.

    Parameters
    ----------
    imageNode, maskNode : SimpleITK.Image
        On the same grid.
    **kwargs
        `resegmentRange`, the lower end, or both; `resegmentMode` (``"absolute"``): ``"relative"`` means
        parts of the ROI's maximum, ``"sigma"`` standard deviations (population) from its mean;
        `label` (1).

    Returns
    -------
    SimpleITK.Image
        The label where it is kept, 0 elsewhere, also where other labels were.

    Raises
    ------
    EmptyRoiError
        Fewer than two voxels are left.
    SettingsError
        Range or mode are not as described.
    """
    thresholds = _thresholds(kwargs.get("resegmentRange"))
    mode = choice("resegmentMode", kwargs.get("resegmentMode", "absolute"), ("absolute", "relative", "sigma"))
    if imageNode.GetSize() != maskNode.GetSize():
        raise SizeMismatchError(f"the image has {imageNode.GetSize()} voxels, the mask {maskNode.GetSize()}")
    label = label_of(kwargs)
    inside = mask_array(maskNode) == label
    x = sitk.GetArrayViewFromImage(imageNode)[inside]
    if x.size and mode == "relative":
        thresholds = thresholds * x.max()
    elif x.size and mode == "sigma":
        thresholds = x.mean() + x.std() * thresholds
    kept = x >= thresholds[0]
    if len(thresholds) == 2:
        kept &= x <= thresholds[1]
    if np.count_nonzero(kept) < 2:
        found = f"run from {x.min()} to {x.max()}" if x.size else "are none"
        raise EmptyRoiError(
            f"re-segmentation leaves {np.count_nonzero(kept)} of {x.size} voxels of label {label}, and two "
            f"are needed: the ends are {thresholds.tolist()}, the intensities {found}; widen resegmentRange"
        )
    result = np.zeros(inside.shape, dtype=np.int64)
    result[inside] = np.where(kept, label, 0)
    return like(result, maskNode)


def _thresholds(ends: Any) -> NDArray[Any]:
    """The ends of a range, in ascending order."""
    try:
        found = np.sort(np.array(ends, dtype=np.float64))
    except (TypeError, ValueError):
        found = np.array(np.nan)
    if found.shape not in ((1,), (2,)) or np.isnan(found).any():
        raise SettingsError(f"resegmentRange is {ends!r}, expected one number, the lower end, or two")
    return found
