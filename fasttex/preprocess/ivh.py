"""The axis of the intensity-volume histogram, and each voxel's intensity on it."""

from __future__ import annotations

import math

import numpy as np

from ..kernels.reference.discretize import raw_level
from ..settings import Settings
from ..types import Binning, FloatArray, IvhValues

__all__ = ["ivh_values"]

_PIECE = 2**15


def ivh_values(x: FloatArray, settings: Settings) -> IvhValues:
    """Put the intensities of one ROI on the axis of its intensity-volume histogram (IBSI: P88C).

    The axis runs over the re-segmentation range, and where that is open over what the ROI has.

    * ``"none"``: intensities as they are. Whole numbers have an axis of step 1; others a continuous one,
      the limit of ever narrower bins. With discretization ``"identity"`` the axis are the gray levels,
      1 to the highest.
    * ``"fbs"``: the centers of bins of `ivh_bin_width` from `bin_origin` (if not given, the lower end of
      the range); intensities beyond them take the nearest bin.
    * ``"fbn"``: the bin numbers 1 to `ivh_bin_number` of the ROI's own range.

    Parameters
    ----------
    x : ndarray of float64, shape (n_voxels,)
        Of the intensity mask, not empty.
    settings : Settings

    Returns
    -------
    IvhValues
        In the image's unit; for ``"fbn"`` in bins.
    """
    low, high = _range(x, settings)
    if settings.ivh_discretization == "fbn":
        return _fbn(x, settings.choices["ivh_bin_number"])
    if settings.ivh_discretization == "fbs":
        origin = settings.choices["bin_origin"]
        return _fbs(x, low if origin == "roi_minimum" else float(origin), high, settings)
    if settings.choices["discretization"] == "identity":
        return IvhValues(x, 1.0, float(x.max()))
    if _all_whole(x):
        return IvhValues(x, float(math.ceil(low)), float(math.floor(high)))
    return IvhValues(x, low, high, 0.0)


def _all_whole(x: FloatArray) -> bool:
    """Piece by piece: the first pieces mostly tell, and nothing as large as `x` is made."""
    pieces = (x[begin : begin + _PIECE] for begin in range(0, len(x), _PIECE))
    return all(bool((piece == np.floor(piece)).all()) for piece in pieces)


def _range(x: FloatArray, settings: Settings) -> tuple[float, float]:
    """The re-segmentation range; an end that is open is the ROI's."""
    low, high = settings.resegment_range or (None, None)
    return float(x.min()) if low is None else low, float(x.max()) if high is None else high


def _fbn(x: FloatArray, n_bins: int) -> IvhValues:
    low, high = float(x.min()), float(x.max())
    if low == high:
        return IvhValues(np.ones(len(x)), 1.0, 1.0)
    bins = np.clip(_bins(x, "fbn", low, high - low, n_bins), 1, n_bins)
    return IvhValues(bins, 1.0, float(n_bins))


def _fbs(x: FloatArray, origin: float, high: float, settings: Settings) -> IvhValues:
    width = float(settings.ivh_bin_width or 0)
    n_bins = math.floor((high - origin) / width) + 1
    if settings.resegment_range is not None and settings.resegment_range[1] is not None:
        n_bins = math.ceil((high - origin) / width)  # the range is closed: its upper end is no bin's lower
    n_bins = max(1, n_bins)
    bins = np.clip(_bins(x, "fbs", origin, width, n_bins), 1, n_bins)
    first = origin + width / 2
    return IvhValues(first + (bins - 1) * width, first, first + (n_bins - 1) * width, width)


def _bins(x: FloatArray, rule: str, origin: float, width: float, n_bins: int) -> FloatArray:
    empty = np.empty((0, 0, 0))
    binning = Binning(empty, empty.astype(np.bool_), rule, n_bins, origin=origin, width=width)
    return np.asarray(raw_level(x, binning), dtype=np.float64)
