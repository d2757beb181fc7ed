"""Undecimated wavelets by PyWavelets' filters."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ...errors import SettingsError
from ..geometry import like
from ..geometry import voxels
from .shared import Filtered, number, plane_axis, require

__all__ = ["getWaveletImage"]


def getWaveletImage(inputImage: sitk.Image, inputMask: sitk.Image | None, **kwargs: Any) -> Filtered:
    """placeholder"""
    pywt = require("pywt", "PyWavelets", "Wavelet")
    image = voxels(inputImage)
    first = int(number(kwargs, "start_level", 0, above=-np.inf, whole=True))
    levels = int(number(kwargs, "level", 1, above=0, whole=True))
    try:
        wavelet = pywt.Wavelet(kwargs.get("wavelet", "coif1"))
    except (ValueError, TypeError, AttributeError) as error:
        raise SettingsError(f"wavelet is {kwargs.get('wavelet')!r}: {error}") from None
    axes = list(range(image.ndim))[::-1]
    if kwargs.get("force2D", False):
        axes.remove(plane_axis(kwargs, image.ndim))
    approximation = image
    for level in range(-first if first > 0 else 0, levels):
        bands = transform(pywt, approximation, wavelet, axes)
        approximation = bands.pop("L" * len(axes))
        if level < 0: continue
        prefix = "wavelet" if level == 0 else f"wavelet{level + 1}"
        for band, values in bands.items():
            yield like(values, inputImage), f"{prefix}-{band}", kwargs
    yield like(approximation, inputImage), f"{prefix}-{'L' * len(axes)}", kwargs


def transform(pywt, image, wavelet, axes):
    pads = [(0, n % 2) for n in image.shape]
    x = np.pad(image, pads, mode="wrap")
    cut = tuple(slice(0, n) for n in image.shape)
    bands = {"": x}
    for axis in axes:
        nxt = {}
        for name, v in bands.items():
            (a, d), = pywt.swt(v, wavelet, level=1, start_level=0, axis=axis)
            nxt[name + "L"] = a; nxt[name + "H"] = d
        bands = nxt
    return {k: v[cut] for k, v in bands.items()}
