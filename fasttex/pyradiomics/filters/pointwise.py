"""Filters that change every voxel by its own intensity, scaled so that the largest magnitude stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk

from ...types import FloatArray
from ..geometry import like, voxels
from .shared import Filtered

__all__ = [
    "getExponentialImage",
    "getLogarithmImage",
    "getOriginalImage",
    "getSquareImage",
    "getSquareRootImage",
]


def getOriginalImage(inputImage: sitk.Image, inputMask: sitk.Image | None, **kwargs: Any) -> Filtered:
    """Yield the image itself, named ``original``."""
    yield inputImage, "original", kwargs


def getSquareImage(inputImage: sitk.Image, inputMask: sitk.Image | None, **kwargs: Any) -> Filtered:
    """Yield ``(x / sqrt(m))**2`` as ``square``, float64, where m is the largest magnitude in the image.

    The result has no sign. An image of zeros stays one.
    """
    x, m = _values(inputImage)
    if m:
        x *= 1 / np.sqrt(m)
        np.square(x, out=x)
    yield like(x, inputImage), "square", kwargs


def getSquareRootImage(inputImage: sitk.Image, inputMask: sitk.Image | None, **kwargs: Any) -> Filtered:
    """Yield ``sign(x) * sqrt(m * |x|)`` as ``squareroot``, float64, m the largest magnitude in the image."""
    x, m = _values(inputImage)
    y = np.abs(x)
    y *= m
    np.sqrt(y, out=y)
    yield like(np.copysign(y, x, out=y), inputImage), "squareroot", kwargs


def getLogarithmImage(inputImage: sitk.Image, inputMask: sitk.Image | None, **kwargs: Any) -> Filtered:
    """Yield ``sign(x) * ln(|x| + 1)`` as ``logarithm``, float64, scaled to the image's largest magnitude.

    An image of zeros stays one.
    """
    x, m = _values(inputImage)
    y = np.abs(x)
    y += 1
    np.log(y, out=y)
    np.copysign(y, x, out=y)
    if m:
        y *= m / max(y.max(), -y.min())
    yield like(y, inputImage), "logarithm", kwargs


def getExponentialImage(inputImage: sitk.Image, inputMask: sitk.Image | None, **kwargs: Any) -> Filtered:
    """Yield ``exp(x * ln(m) / m)`` as ``exponential``, float64, where m is the image's largest magnitude.

    An image of zeros becomes one of ones.
    """
    x, m = _values(inputImage)
    if m:
        x *= np.log(m) / m
    yield like(np.exp(x, out=x), inputImage), "exponential", kwargs


def _values(image: sitk.Image) -> tuple[FloatArray, np.float64]:
    """The intensities in float64, and their largest magnitude."""
    x = voxels(image).astype(np.float64)
    return x, np.float64(max(x.max(), -x.min()))
