"""Make masks usable, check that a ROI is one, and cut image and mask to it."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import ArrayLike

from ..errors import GeometryMismatchError, InputError, LabelNotFoundError, SettingsError
from .geometry import (
    ImageTypeError,
    IntArray,
    SizeMismatchError,
    bounds_in,
    grid_difference,
    label_of,
    mask_array,
    roi_box,
    roi_of,
    voxels,
)

__all__ = [
    "bounding",
    "checkMask",
    "check_within",
    "crop",
    "cropToTumorMask",
    "getMask",
    "labels_for",
    "labels_in",
    "mismatch",
    "on_grid_of",
    "to_32_bits",
]

#: By how many voxels a ROI may reach beyond its image: room for rounding.
_SLACK = 1e-3
#: Pixel types that 32 bits hold, and the highest label that is the same in both.
_HIGHEST = {
    sitk.sitkUInt8: 2**8 - 1,
    sitk.sitkInt8: 2**7 - 1,
    sitk.sitkUInt16: 2**16 - 1,
    sitk.sitkInt16: 2**15 - 1,
    sitk.sitkUInt32: 2**32 - 1,
    sitk.sitkInt32: 2**31 - 1,
}

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
    label, mask = label_of(kwargs), labels_in(mask, kwargs.get("label_channel", 0))
    labels = sitk.GetArrayViewFromImage(mask)
    if not (labels == label).any():
        present = [int(value) for value in np.unique(labels) if value]
        raise LabelNotFoundError(
            f"label {label} is not in the mask, which holds {present or 'no label at all'}"
        )
    return mask


def labels_in(mask: sitk.Image, channel: Any = 0) -> sitk.Image:
    """What `getMask` makes, whatever labels there are."""
    n = mask.GetNumberOfComponentsPerPixel()
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
        mask = to_32_bits(mask)
    return mask


def labels_for(mask: sitk.Image, label: int, channel: Any = 0) -> sitk.Image:
    """What `labels_in` makes, or the mask itself where the label has the same voxels in it."""
    same = mask.GetDimension() in (2, 3) and 0 <= label <= _HIGHEST.get(mask.GetPixelID(), -1)
    return mask if same else labels_in(mask, channel)


def to_32_bits(mask: sitk.Image) -> sitk.Image:
    """Labels as 32-bit unsigned integers; the mask itself where it holds such."""
    return mask if mask.GetPixelID() == sitk.sitkUInt32 else sitk.Cast(mask, sitk.sitkUInt32)


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
    if (difference := mismatch(imageNode, maskNode, kwargs)) is not None:
        if not kwargs.get("correctMask", False):
            raise difference
        _logger.warning("the mask is brought to the image's grid: %s", difference)
        check_within(imageNode, maskNode, label_of(kwargs))
        corrected = maskNode = on_grid_of(imageNode, maskNode)
    label = label_of(kwargs)
    box = roi_box(maskNode, label)
    _check_extent(maskNode, label, box, kwargs)
    return bounding(box), corrected


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
        raise InputError(
            f"boundingBox is {boundingBox!r}, expected {2 * len(size)} whole numbers: x, x, y, y, z, z"
        )
    low, high = np.maximum(ends[::2] - int(pad), 0), np.minimum(ends[1::2] + int(pad), size - 1)
    if (high < low).any():
        raise InputError(
            f"boundingBox {ends.tolist()} with padDistance {pad} holds no voxel of {size.tolist()}"
        )
    cut = np.stack([low, high], axis=1).ravel()
    return crop(imageNode, cut), crop(maskNode, cut)


def crop(image: sitk.Image, box: IntArray) -> sitk.Image:
    """The part of an image within a box x, x, y, y, z, z; the image itself where that is all of it."""
    before, behind = box[::2], np.array(image.GetSize()) - 1 - box[1::2]
    return sitk.Crop(image, before.tolist(), behind.tolist()) if before.any() or behind.any() else image


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
            f"the ROI of label {label} reaches beyond the image: in voxels of the image (x first) it runs "
            f"from {low} to {high}, the image from -0.5 to {(size - 0.5).tolist()}; check that image and "
            "mask belong together, or crop the mask"
        )
    return box


def on_grid_of(image: sitk.Image, mask: sitk.Image) -> sitk.Image:
    """A mask, nearest neighbor, on the grid of an image."""
    resample = sitk.ResampleImageFilter()
    resample.SetReferenceImage(image)
    resample.SetOutputPixelType(mask.GetPixelID())
    resample.SetInterpolator(sitk.sitkNearestNeighbor)
    return resample.Execute(mask)


def mismatch(image: sitk.Image, mask: sitk.Image, settings: dict[str, Any]) -> GeometryMismatchError | None:
    """What to raise where the grids differ."""
    advice = "set correctMask to bring the mask to the image's grid"
    if image.GetDimension() != mask.GetDimension():
        return SizeMismatchError(f"the image has {image.GetDimension()} axes, the mask {mask.GetDimension()}")
    if image.GetSize() != mask.GetSize():
        return SizeMismatchError(
            f"the image has {image.GetSize()} voxels, the mask {mask.GetSize()}; {advice}"
        )
    if found := grid_difference(image, mask, settings.get("geometryTolerance")):
        return GeometryMismatchError(
            f"image and mask do not lie on the same grid: {found}; raise geometryTolerance, or {advice}"
        )
    return None


def bounding(box: IntArray) -> IntArray:
    """A box as `checkMask` gives it, lowest and highest index per axis, from one of starts and extents."""
    start, extent = np.split(box, 2)
    return np.stack([start, start + extent - 1], axis=1).ravel()


def _check_extent(mask: sitk.Image, label: int, box: IntArray, settings: dict[str, Any]) -> None:
    """Refuse a ROI of one voxel, of too few axes or of too few voxels."""
    extent = box[mask.GetDimension() :]
    axes, least = int((extent > 1).sum()), settings.get("minimumROIDimensions", 2)
    if axes == 0:
        raise InputError(
            f"the ROI of label {label} is a single voxel, from which no feature can be extracted"
        )
    if axes < least:
        raise InputError(
            f"the ROI of label {label} spans {extent.tolist()} voxels (x first), more than one along {axes} "
            f"axes, and minimumROIDimensions asks for {least}"
        )
    if (minimum := settings.get("minimumROISize")) is None:
        return
    count = np.count_nonzero(roi_of(mask, label, box))
    if count <= minimum:
        raise InputError(
            f"the ROI of label {label} has {count} voxels, and minimumROISize asks for more than {minimum}"
        )
