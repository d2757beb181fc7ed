"""Undecimated wavelets, by PyWavelets."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ...cores import binding, limits
from ...errors import SettingsError
from ..geometry import like, voxels
from .shared import Filtered, number, plane_axis, require

__all__ = ["getWaveletImage"]


def getWaveletImage(inputImage: sitk.Image, inputMask: sitk.Image | None, **kwargs: Any) -> Filtered:
    """Yield the bands of an undecimated wavelet transform, level by level, and the last approximation.

    Every level applies the same filters, not dilated ones, to the approximation before it. The image is
    periodic; an axis of odd length is first extended by its own first sample.

    Parameters
    ----------
    inputImage, inputMask : SimpleITK.Image
    **kwargs
        `wavelet` (``"coif1"``), a discrete wavelet of PyWavelets; `level` (1), how many levels to yield;
        `start_level` (0), how many to leave out before; `force2D` (False), whether to leave one axis
        unfiltered, `force2Ddimension` (0, which is z).

    Yields
    ------
    image, name, kwargs
        float64, float32 for images of float32. ``wavelet-LLH`` has the low-pass filter along x and y and
        the high-pass filter along z; at the second level the name is ``wavelet2-LLH``.

    Raises
    ------
    MissingLibraryError
        PyWavelets is not installed.
    SettingsError
        A setting is not one of those allowed.
    """
    pywt = require("pywt", "PyWavelets", "Wavelet")
    image = voxels(inputImage)
    levels = number(kwargs, "level", 1, above=0, whole=True)
    skipped = number(kwargs, "start_level", 0, above=-1, whole=True)
    wavelet = _wavelet(pywt, kwargs.get("wavelet", "coif1"))
    axes = list(range(image.ndim))[::-1]  # x first, as in the names
    if kwargs.get("force2D", False):
        axes.remove(plane_axis(kwargs, image.ndim))
    smooth = "L" * len(axes)
    inside = tuple(slice(0, n) for n in image.shape)
    bands = {
        smooth: np.pad(
            image, [(0, n % 2 if a in axes else 0) for a, n in enumerate(image.shape)], mode="wrap"
        )
    }
    for level in range(1 - skipped, levels + 1):
        bands = _transform(pywt, bands[smooth], wavelet, axes)
        prefix = "wavelet" if level == 1 else f"wavelet{level}"
        for band in bands if level > 0 else ():
            if band != smooth:
                yield like(bands[band][inside], inputImage), f"{prefix}-{band}", kwargs
    yield like(bands[smooth][inside], inputImage), f"{prefix}-{smooth}", kwargs


def _wavelet(pywt: Any, name: Any) -> Any:
    """PyWavelets' filters of that name."""
    try:
        return pywt.Wavelet(name)
    except (ValueError, TypeError, AttributeError) as error:
        raise SettingsError(f"wavelet is {name!r}: {error}") from None


def _transform(pywt: Any, image: NDArray[Any], wavelet: Any, axes: Sequence[int]) -> dict[str, NDArray[Any]]:
    """All bands of one level, named by the filters along the axes, L before H."""
    threads = _threads()
    if threads == 1:
        (found,) = pywt.swtn(image, wavelet, level=1, axes=axes)
        return {name.replace("a", "L").replace("d", "H"): band for name, band in found.items()}
    bands = {"": image}
    with ThreadPoolExecutor(threads) as pool:
        for axis in axes:
            # Each band of the axes so far is filtered once for the two that come of it.
            pairs = pool.map(lambda x, axis=axis: pywt.swt(x, wavelet, level=1, axis=axis)[0], bands.values())
            bands = {
                name + letter: band
                for name, pair in zip(tuple(bands), pairs, strict=True)
                for letter, band in zip("LH", pair, strict=True)
            }
    return bands


def _threads() -> int:
    """As many threads as both fasttex and SimpleITK may use here."""
    return min(binding(limits()).threads or 1, int(sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()))
