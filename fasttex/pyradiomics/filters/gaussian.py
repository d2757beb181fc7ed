"""Filters by ITK's recursive Gaussian and its gradient."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import numpy as np
import SimpleITK as sitk

from ...errors import SettingsError
from ..geometry import voxels
from .shared import Filtered

__all__ = ["getGradientImage", "getLoGImage", "log_obstacle"]

_logger = logging.getLogger(__name__)


def getLoGImage(inputImage: sitk.Image, inputMask: sitk.Image | None, **kwargs: Any) -> Filtered:
    """Yield the Laplacian of Gaussian at each scale, by ITK's recursive filters, normalized across scales.

    Parameters
    ----------
    inputImage, inputMask : SimpleITK.Image
        The filter is along all axes, whether the features are 2D or not.
    **kwargs
        `sigma`, the scales in mm; none where it is missing.

    Yields
    ------
    image, name, kwargs
        float32, named for example ``log-sigma-3-0-mm-3D``. A scale for which the image is too small is
        left out with a warning in the log; `log_obstacle` says beforehand which ones.

    Raises
    ------
    SettingsError
        `sigma` is no list of numbers.
    """
    voxels(inputImage)
    sigmas = kwargs.get("sigma", ())
    if isinstance(sigmas, str) or not isinstance(sigmas, Iterable):
        raise SettingsError(f"sigma is {sigmas!r}, expected a list of lengths in mm, such as [1.0, 3.0]")
    for sigma in sigmas:
        if obstacle := log_obstacle(inputImage, sigma):
            _logger.warning("LoG is left out: %s", obstacle)
            continue
        laplacian = sitk.LaplacianRecursiveGaussianImageFilter()
        laplacian.SetNormalizeAcrossScale(True)
        laplacian.SetSigma(float(sigma))
        yield laplacian.Execute(inputImage), log_name(sigma), kwargs


def log_name(sigma: Any) -> str:
    """What the Laplacian of Gaussian at a scale is called."""
    return f"log-sigma-{str(sigma).replace('.', '-')}-mm-3D"


def log_obstacle(image: sitk.Image, sigma: Any) -> str:
    """Why the Laplacian of Gaussian at a scale (mm) cannot be taken; empty where it can.

    Every axis needs 4 voxels, and one more than the scale has, rounded up.
    """
    if isinstance(sigma, bool) or not isinstance(sigma, (int, float, np.integer, np.floating)):
        raise SettingsError(f"sigma holds {sigma!r}, expected lengths in mm")
    if not sigma > 0:
        return f"sigma is {sigma} mm, expected more than 0"
    size, spacing = np.array(image.GetSize()), np.array(image.GetSpacing())
    least = np.maximum(np.ceil(sigma / spacing) + 1, 4).astype(np.int64)
    if (size < least).any():
        return (
            f"sigma {sigma} mm needs an image of {least.tolist()} voxels (x first), it has {size.tolist()}; "
            "choose a smaller sigma, a finer spacing or a larger padDistance"
        )
    return ""


def getGradientImage(inputImage: sitk.Image, inputMask: sitk.Image | None, **kwargs: Any) -> Filtered:
    """Yield the gradient's magnitude as ``gradient``, float32.

    Parameters
    ----------
    inputImage, inputMask : SimpleITK.Image
    **kwargs
        `gradientUseSpacing` (True): per mm, instead of per voxel.

    Yields
    ------
    image, name, kwargs
    """
    voxels(inputImage)
    yield sitk.GradientMagnitude(inputImage, bool(kwargs.get("gradientUseSpacing", True))), "gradient", kwargs
