"""PyRadiomics' image operations: check, crop, resample, normalize, re-segment; image types; binning.

All functions take and give SimpleITK images, whose axes are x, y, z; settings come as keyword arguments,
and those that a function does not know are ignored, so that one dictionary serves them all.
"""

from __future__ import annotations

from typing import Any

import SimpleITK as sitk

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
from .geometry import IntArray, label_of
from .intensities import normalizeImage, resegmentMask
from .masks import check_within, checkMask, cropToTumorMask, getMask, on_grid_of
from .resampling import resampleImage

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


def _checkROI(imageNode: sitk.Image, maskNode: sitk.Image, **kwargs: Any) -> IntArray:
    """The ROI's first indices and its extents in the mask, x first, once it lies within the image."""
    return check_within(imageNode, maskNode, label_of(kwargs))


def _correctMask(imageNode: sitk.Image, maskNode: sitk.Image, **kwargs: Any) -> sitk.Image:
    """The mask on the image's grid, once its ROI lies within the image."""
    check_within(imageNode, maskNode, label_of(kwargs))
    return on_grid_of(imageNode, maskNode)
