"""Gray levels as PyRadiomics makes them: by the edges of bins, in the arithmetic of the image's dtype."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, LevelRangeError, SettingsError
from ..measures import round_up
from ..types import FloatArray, IntArray

__all__ = ["binImage", "digitize", "getBinEdges"]

_MOST_EDGES = 10**8


def getBinEdges(parameterValues: NDArray[Any], **kwargs: Any) -> NDArray[Any]:
    """Make the edges of bins that hold all values.

    Integers are widened to 64 bits first. PyRadiomics computes in the image's own integer dtype, where 8 and
    16 bits can overflow with NumPy 2; its edges then do not hold the values.

    Parameters
    ----------
    parameterValues : ndarray
        Intensities of the ROI, any shape, integers, float32 or float64.
    **kwargs
        ``binWidth`` (default 25): edges are multiples of it, from the last at or below the minimum on.
        ``binCount``: as many bins of equal width from minimum to maximum; it goes before ``binWidth``.

    Returns
    -------
    ndarray, shape (n_bins + 1,)
        Rising. A value belongs to the bin whose lower edge is the last one at or below it.

    Raises
    ------
    InputError
        No values, or NaN or infinite ones.
    SettingsError
        A bin width or count that is no positive number.
    LevelRangeError
        More than 10⁸ bins.

    Examples
    --------
    >>> getBinEdges(np.array([3, 50, 127]), binWidth=25)
    array([  0,  25,  50,  75, 100, 125, 150, 175])
    >>> getBinEdges(np.array([3, 50, 127]), binCount=4)
    array([  3.,  34.,  65.,  96., 128.])
    """
    values = np.asarray(parameterValues)
    if not values.size:
        raise InputError("there are no intensities to discretize: the ROI is empty; check mask and label")
    return edges_between(values.min(), values.max(), **kwargs)


def edges_between(minimum: Any, maximum: Any, **kwargs: Any) -> NDArray[Any]:
    """Make the edges from the smallest and largest value, scalars of the image's dtype."""
    if not (np.isfinite(minimum) and np.isfinite(maximum)):
        raise InputError(
            "the ROI holds NaN or infinite intensities, expected numbers; set them to a number or take these "
            "voxels out of the mask"
        )
    low, high = (int(v) if np.asarray(v).dtype.kind in "biu" else v for v in (minimum, maximum))
    if kwargs.get("binCount") is not None:
        return _counted_edges(low, high, kwargs["binCount"])
    width = _checked_width(kwargs.get("binWidth", 25))
    span = float(high) - float(low)
    if span / float(width) > _MOST_EDGES:
        raise LevelRangeError(
            f"intensities from {low} to {high} need more than {_MOST_EDGES:,} bins of width {width}; "
            f"raise binWidth to at least {round_up(span / _MOST_EDGES)}, or set binCount"
        )
    return np.arange(low - low % width, high + 2 * width, width)


def _checked_width(width: Any) -> Any:
    if not isinstance(width, numbers.Real) or not 0 < float(width) < np.inf:
        raise SettingsError(f"binWidth is {width!r}, expected a number > 0 (the default is 25)")
    return width


def _counted_edges(low: Any, high: Any, count: Any) -> NDArray[Any]:
    if not isinstance(count, numbers.Integral) or count < 1:
        raise SettingsError(f"binCount is {count!r}, expected a whole number >= 1, or None for binWidth")
    n_bins = int(count)
    if n_bins > _MOST_EDGES:
        raise LevelRangeError(f"binCount is {n_bins:,}, expected at most {_MOST_EDGES:,}; set fewer")
    edges = np.histogram_bin_edges(np.array([low, high]), n_bins)
    edges[-1] += 1  # so that the maximum lies below the last edge
    return edges


def binImage(
    parameterMatrix: NDArray[Any], parameterMatrixCoordinates: Any = None, **kwargs: Any
) -> tuple[IntArray, NDArray[Any]]:
    """Assign a gray level to each voxel of the ROI.

    Parameters
    ----------
    parameterMatrix : ndarray
        Intensities, any shape, axes (z, y, x) for a volume.
    parameterMatrixCoordinates : tuple of ndarray of int, or ndarray of bool, optional
        Which voxels are inside, as ``numpy.where`` gives them, or their mask. All, unless given.
    **kwargs
        As in `getBinEdges`.

    Returns
    -------
    levels : ndarray of int64
        Shape of the image: 1 and up inside, 0 outside.
    edges : ndarray
        As of `getBinEdges`.

    Examples
    --------
    >>> image = np.array([[10, 30, 80]])
    >>> binImage(image, np.where(image > 20), binWidth=25)
    (array([[0, 1, 3]]), array([ 25,  50,  75, 100, 125]))
    """
    image = np.asarray(parameterMatrix)
    inside = ... if parameterMatrixCoordinates is None else parameterMatrixCoordinates
    values = image[inside]
    edges = getBinEdges(values, **kwargs)
    levels = np.zeros(image.shape, dtype=np.int64)
    levels[inside] = digitize(values.astype(np.float64).ravel(), edges).reshape(values.shape)
    return levels, edges


def digitize(values: FloatArray, edges: NDArray[Any]) -> IntArray:
    """Find ``numpy.digitize(values, edges)`` for edges that are about equally far apart.

    Values are divided by the mean distance of the edges; those that come so close to an edge that
    rounding or uneven edges could count, are looked up.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        None below the first edge, none at or above the last.
    edges : ndarray, shape (n_bins + 1,)
        Rising.

    Returns
    -------
    ndarray of int64, shape (n,)
        From 1 to ``n_bins``.

    Examples
    --------
    >>> digitize(np.array([0.0, 0.3, 0.9]), np.arange(0.0, 1.2, 0.1))
    array([ 1,  3, 10])
    """
    edges = np.asarray(edges, dtype=np.float64)
    n_bins = len(edges) - 1
    # The last bin may be wider than the others (binCount).
    step = (edges[-2] - edges[0]) / (n_bins - 1) if n_bins > 1 else 0.0
    if not step > 0 or len(values) < n_bins:
        return np.asarray(np.digitize(values, edges), dtype=np.int64)
    uneven = abs((edges[:-1] - edges[0]) / step - np.arange(n_bins)).max()
    largest = max(abs(edges[0]), abs(edges[-1])) / step + n_bins
    doubt = 2 * uneven + 16 * np.finfo(np.float64).eps * largest
    place = (values - edges[0]) / step
    levels: IntArray = place.astype(np.int64) + 1
    near = np.flatnonzero(abs(place - np.rint(place)) <= doubt)
    beyond = np.flatnonzero(levels > n_bins)
    for some in (near, beyond):
        if len(some):
            levels[some] = np.digitize(values[some], edges)
    return levels
