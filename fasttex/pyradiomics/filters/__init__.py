"""PyRadiomics' image types: generators that give the filtered images of one image, with their names.

All are called as ``(inputImage, inputMask, **kwargs)`` and yield ``(image, name, kwargs)``: the filtered
SimpleITK image on the grid of the one given, the first part of its features' names, and the settings that
are not the filter's own, for the feature classes.
"""

from .gaussian import getGradientImage, getLoGImage
from .patterns import getLBP2DImage, getLBP3DImage
from .pointwise import (
    getExponentialImage,
    getLogarithmImage,
    getOriginalImage,
    getSquareImage,
    getSquareRootImage,
)
from .wavelet import getWaveletImage

__all__ = [
    "getExponentialImage",
    "getGradientImage",
    "getLBP2DImage",
    "getLBP3DImage",
    "getLoGImage",
    "getLogarithmImage",
    "getOriginalImage",
    "getSquareImage",
    "getSquareRootImage",
    "getWaveletImage",
]
