"""Check, crop, resample, normalize and re-segment as PyRadiomics does; its filters; its binning.

All functions take and give SimpleITK images, whose axes are x, y, z; settings come as keyword arguments,
and those that a function does not know are ignored, so that one dictionary serves them all.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import ArrayLike, NDArray

from ..errors import EmptyRoiError, GeometryMismatchError, InputError, LabelNotFoundError, SettingsError
from .binning import binImage, getBinEdges
from .filters import (
    getExponentialImage,
    getGradientImage,
    getLBP2DImage,
    getLBP3DImage,
    getLogarithmImage,
    getLoGImage,
    getOriginalImage,
    getSquareImage,
    getSquareRootImage,
    getWaveletImage,
)
from .geometry import (
    ImageTypeError,
    IntArray,
    SizeMismatchError,
    choice,
    grid_difference,
    label_of,
    like,
    mask_array,
    roi_box,
    roi_of,
    voxels,
)
from .resampling import check_within, new_spacing, on_grid_of, resample_to

__all__ = [
    "binImage",
    "checkMask",
    "cropToTumorMask",
    "getBinEdges",
    "getExponentialImage",
    "getGradientImage",
    "getLBP2DImage",
    "getLBP3DImage",
    "getLoGImage",
    "getLogarithmImage",
    "getMask",
    "getOriginalImage",
    "getSquareImage",
    "getSquareRootImage",
    "getWaveletImage",
    "normalizeImage",
    "resampleImage",
    "resegmentMask",
]

_logger = logging.getLogger(__name__)


def getMask(mask: sitk.Image, **kwargs: Any) -> sitk.Image:
    """Make a mask of one 32-bit unsigned label per voxel from what a segmentation tool has written.

    Parameters
    ----------
    mask : SimpleITK.Image
        Labels, or a vector of them per voxel (several segmentations in one file). Fractions are cut off.
    **kwargs
        `label` (1), which must be present; `label_channel` (0), which component of a vector to take.

    Returns
    -------
    SimpleITK.Image
        With pixels of `sitkUInt32`.

    Raises
    ------
    LabelNotFoundError
        The label is not in the mask.
    InputError
        There is no such channel, or the pixels are not numbers.
    """
    label, channel, n = label_of(kwargs), kwargs.get("label_channel", 0), mask.GetNumberOfComponentsPerPixel()
    if n > 1:
        if not isinstance(channel, (int, np.integer)) or not 0 <= channel < n:
            raise InputError(f"label_channel is {channel!r}, but the mask has channels 0 to {n - 1}")
        mask = sitk.VectorIndexSelectionCast(mask, int(channel), sitk.sitkUInt32)
    elif "complex" in mask.GetPixelIDTypeAsString() or mask.GetDimension() not in (2, 3):
        raise ImageTypeError(
            f"the mask has pixels of {mask.GetPixelIDTypeAsString()} in {mask.GetDimension()} axes, "
            "expected real numbers in 2 or 3 axes"
        )
    else:
        mask = sitk.Cast(mask, sitk.sitkUInt32)
    labels = sitk.GetArrayViewFromImage(mask)
    if not (labels == label).any():
        present = [int(value) for value in np.unique(labels) if value]
        raise LabelNotFoundError(f"label {label} is not in the mask, which holds {present or 'no label at all'}")
    return mask


def checkMask(
    imageNode: sitk.Image, maskNode: sitk.Image, **kwargs: Any
) -> tuple[IntArray, sitk.Image | None]:
    """Find the ROI, and make sure that features can be extracted from it.

    Parameters
    ----------
    imageNode, maskNode : SimpleITK.Image
    **kwargs
        `label` (1); `minimumROIDimensions` (2), how many axes the ROI must span by more than one voxel;
        `minimumROISize` (None), a number of voxels the ROI must exceed; `geometryTolerance` (None,
        SimpleITK's own), how far the grids may differ; `correctMask` (False), whether a mask on another
        grid is brought to the image's by nearest neighbor.

    Returns
    -------
    boundingBox : ndarray of int, shape (2 * axes,)
        Lowest and highest index per axis: x, x, y, y, z, z.
    correctedMask : SimpleITK.Image or None
        The mask on the image's grid, where it had to be brought there.

    Raises
    ------
    LabelNotFoundError
        The label is not in the mask.
    GeometryMismatchError
        The grids differ, and `correctMask` is not set. Where the sizes do, it is a RuntimeError as well.
    InputError
        The ROI has one voxel, too few voxels or axes, or reaches beyond the image.
    """
    voxels(imageNode)
    mask_array(maskNode)
    corrected = None
    if (difference := _mismatch(imageNode, maskNode, kwargs)) is not None:
        if not kwargs.get("correctMask", False):
            raise difference
        _logger.warning("the mask is brought to the image's grid: %s", difference)
        check_within(imageNode, maskNode, label_of(kwargs))
        corrected = maskNode = on_grid_of(imageNode, maskNode)
    label = label_of(kwargs)
    box = roi_box(maskNode, label)
    n = maskNode.GetDimension()
    _check_extent(maskNode, label, box, kwargs)
    bounding = np.stack([box[:n], box[:n] + box[n:] - 1], axis=1).ravel()
    return bounding, corrected


def cropToTumorMask(
    imageNode: sitk.Image, maskNode: sitk.Image, boundingBox: ArrayLike, **kwargs: Any
) -> tuple[sitk.Image, sitk.Image]:
    """Cut image and mask to a box, `padDistance` (0) voxels wider on each side where the image allows it.

    Parameters
    ----------
    imageNode, maskNode : SimpleITK.Image
    boundingBox : array_like of int, shape (2 * axes,)
        As `checkMask` gives it: x, x, y, y, z, z, both ends included.
    **kwargs
        `padDistance` (0), in voxels.

    Returns
    -------
    image, mask : SimpleITK.Image
    """
    pad = kwargs.get("padDistance", 0)
    if isinstance(pad, bool) or pad != int(pad):
        raise SettingsError(f"padDistance is {pad!r}, expected a whole number of voxels")
    if imageNode.GetSize() != maskNode.GetSize():
        raise SizeMismatchError(
            f"the image has {imageNode.GetSize()} voxels, the mask {maskNode.GetSize()}: crop needs one grid"
        )
    ends, size = np.asarray(boundingBox), np.array(imageNode.GetSize())
    if ends.shape != (2 * len(size),) or ends.dtype.kind not in "iu":
        raise InputError(f"boundingBox is {boundingBox!r}, expected {2 * len(size)} whole numbers: x, x, y, y, z, z")
    low, high = np.maximum(ends[::2] - int(pad), 0), np.minimum(ends[1::2] + int(pad), size - 1)
    if (high < low).any():
        raise InputError(f"boundingBox {ends.tolist()} with padDistance {pad} holds no voxel of {size.tolist()}")
    part = tuple(slice(int(a), int(b) + 1) for a, b in zip(low, high, strict=True))
    return imageNode[part], maskNode[part]


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
        voxels the result is wider than the ROI on each side; `label` (1).

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
    spacing = new_spacing(maskNode, box, kwargs.get("resampledPixelSpacing"))
    if not np.allclose(spacing, maskNode.GetSpacing()):
        return resample_to(imageNode, maskNode, kwargs, box, spacing)
    if _mismatch(imageNode, maskNode, {}) is not None:
        maskNode = on_grid_of(imageNode, maskNode)
        box = roi_box(maskNode, label_of(kwargs))
    n = maskNode.GetDimension()
    bounding = np.stack([box[:n], box[:n] + box[n:] - 1], axis=1).ravel()
    return cropToTumorMask(imageNode, maskNode, bounding, **kwargs)


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
        if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)) or value < 0:
            raise SettingsError(f"{name} is {value!r}, expected a number of at least 0")
    values = voxels(image)
    if values.min() == values.max():
        raise InputError(f"all voxels of the image are {values.flat[0]}: it cannot be normalized; set normalize to false")
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
            f"re-segmentation leaves {np.count_nonzero(kept)} of {x.size} voxels of label {label}, and two are "
            f"needed: the ends are {thresholds.tolist()}, the ROI's intensities {found}; widen resegmentRange"
        )
    result = np.zeros(inside.shape, dtype=np.int64)
    result[inside] = np.where(kept, label, 0)
    return like(result, maskNode)


def _checkROI(imageNode: sitk.Image, maskNode: sitk.Image, **kwargs: Any) -> IntArray:
    """The ROI's first indices and its extents in the mask, x first, once it lies within the image."""
    return check_within(imageNode, maskNode, label_of(kwargs))


def _correctMask(imageNode: sitk.Image, maskNode: sitk.Image, **kwargs: Any) -> sitk.Image:
    """The mask on the image's grid, once its ROI lies within the image."""
    check_within(imageNode, maskNode, label_of(kwargs))
    return on_grid_of(imageNode, maskNode)


def _mismatch(image: sitk.Image, mask: sitk.Image, settings: dict[str, Any]) -> GeometryMismatchError | None:
    """What to raise where the grids differ."""
    advice = "set correctMask to bring the mask to the image's grid"
    if image.GetDimension() != mask.GetDimension():
        return SizeMismatchError(f"the image has {image.GetDimension()} axes, the mask {mask.GetDimension()}")
    if image.GetSize() != mask.GetSize():
        return SizeMismatchError(f"the image has {image.GetSize()} voxels, the mask {mask.GetSize()}; {advice}")
    if found := grid_difference(image, mask, settings.get("geometryTolerance")):
        return GeometryMismatchError(
            f"image and mask do not lie on the same grid: {found}; raise geometryTolerance, or {advice}"
        )
    return None


def _check_extent(mask: sitk.Image, label: int, box: IntArray, settings: dict[str, Any]) -> None:
    """Refuse a ROI of one voxel, of too few axes or of too few voxels."""
    extent = box[mask.GetDimension() :]
    axes, least = int((extent > 1).sum()), settings.get("minimumROIDimensions", 2)
    if axes == 0:
        raise InputError(f"the ROI of label {label} is a single voxel, from which no feature can be extracted")
    if axes < least:
        raise InputError(
            f"the ROI of label {label} spans {extent.tolist()} voxels (x first), more than one along {axes} axes, "
            f"and minimumROIDimensions asks for {least}"
        )
    if (minimum := settings.get("minimumROISize")) is None:
        return
    voxels = np.count_nonzero(roi_of(mask, label, box))
    if voxels <= minimum:
        raise InputError(f"the ROI of label {label} has {voxels} voxels, and minimumROISize asks for more than {minimum}")


def _thresholds(ends: Any) -> NDArray[Any]:
    """The ends of a range, in ascending order."""
    try:
        found = np.sort(np.array(ends, dtype=np.float64))
    except (TypeError, ValueError):
        found = np.array(np.nan)
    if found.shape not in ((1,), (2,)) or np.isnan(found).any():
        raise SettingsError(f"resegmentRange is {ends!r}, expected one number, the lower end, or two")
    return found
