"""Features of the histogram of the gray levels in the ROI (IBSI: ZVCW)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..types import DiscretizedRoi, FloatArray, IntArray
from . import intensity_statistics as statistics
from .feature import Feature, entropy, evaluate
from .intensity_statistics import Sample

__all__ = ["FEATURES", "Histogram", "intensity_histogram"]


@dataclass(frozen=True, eq=False)
class Histogram(Sample):
    """The gray levels of one ROI; rows of `intensity_statistics` apply to them as to intensities.

    Attributes
    ----------
    n_levels : int
        Bins of the histogram: 1 to the highest gray level, those without a voxel too. Only bins that
        hold a voxel take memory.
    """

    n_levels: int = 1

    @cached_property
    def present(self) -> tuple[IntArray, IntArray]:
        """The gray levels that are present, rising, and the number of voxels nᵢ of each."""
        levels, counts = np.unique(self.x, return_counts=True)
        return levels.astype(np.int64), counts.astype(np.int64)

    @cached_property
    def p(self) -> FloatArray:
        """Probability nᵢ / N of each level that is present."""
        return np.asarray(self.present[1] / len(self.x))

    @cached_property
    def gradient(self) -> tuple[IntArray, FloatArray]:
        """Bins, rising, and there the gradient: (nᵢ₊₁ − nᵢ₋₁) / 2, and nᵢ₊₁ − nᵢ between end bins.

        Bins beyond the neighbors of levels that are present have gradient 0: the lowest such bin is
        here, the others are left out. Empty for a histogram of a single bin.
        """
        if self.n_levels == 1:
            return np.empty(0, dtype=np.int64), np.empty(0)
        near = (self.present[0][:, None] + np.arange(-1, 3)).ravel()
        bins = np.unique(np.append(near, 1))
        bins = bins[(bins >= 1) & (bins <= self.n_levels)]
        right, left = np.minimum(bins + 1, self.n_levels), np.maximum(bins - 1, 1)
        return bins, np.asarray((self._count(right) - self._count(left)) / (right - left))

    def _count(self, bins: IntArray) -> IntArray:
        levels, counts = self.present
        at = np.minimum(np.searchsorted(levels, bins), len(levels) - 1)
        return np.where(levels[at] == bins, counts[at], 0)


def mode(h: Histogram) -> float:
    """Most frequent level; of equally frequent ones the nearest to the mean, then the lower."""
    levels, counts = h.present
    frequent = levels[counts == counts.max()]
    return float(frequent[np.argmin(abs(frequent - h.mean))])


def histogram_entropy(h: Histogram) -> FloatArray:
    """−Σ p·log₂ p."""
    return entropy(h.p)


def uniformity(h: Histogram) -> float:
    """Σ p²."""
    return float((h.p**2).sum())


def maximum_histogram_gradient(h: Histogram) -> float:
    """Largest gradient of the histogram; undefined for a single bin."""
    return float(h.gradient[1].max()) if h.n_levels > 1 else float("nan")


def maximum_histogram_gradient_gray_level(h: Histogram) -> float:
    """Gray level of the largest gradient, of equal ones the lowest; undefined for a single bin."""
    return float(h.gradient[0][np.argmax(h.gradient[1])]) if h.n_levels > 1 else float("nan")


def minimum_histogram_gradient(h: Histogram) -> float:
    """Smallest gradient of the histogram; undefined for a single bin."""
    return float(h.gradient[1].min()) if h.n_levels > 1 else float("nan")


def minimum_histogram_gradient_gray_level(h: Histogram) -> float:
    """Gray level of the smallest gradient, of equal ones the lowest; undefined for a single bin."""
    return float(h.gradient[0][np.argmin(h.gradient[1])]) if h.n_levels > 1 else float("nan")


FEATURES: tuple[Feature[Histogram], ...] = (
    Feature("mean", "X6K6", statistics.mean),
    Feature("variance", "CH89", statistics.variance),
    Feature("skewness", "88K1", statistics.skewness),
    Feature("kurtosis", "C3I7", statistics.kurtosis),
    Feature("median", "WIFQ", statistics.median),
    Feature("minimum", "1PR8", statistics.minimum),
    Feature("percentile_10", "GPMT", statistics.percentile_10),
    Feature("percentile_90", "OZ0C", statistics.percentile_90),
    Feature("maximum", "3NCY", statistics.maximum),
    Feature("mode", "AMMC", mode),
    Feature("interquartile_range", "WR0O", statistics.interquartile_range),
    Feature("range", "5Z3W", statistics.range_),
    Feature("mean_absolute_deviation", "D2ZX", statistics.mean_absolute_deviation),
    Feature("robust_mean_absolute_deviation", "WRZB", statistics.robust_mean_absolute_deviation),
    Feature("median_absolute_deviation", "4RNL", statistics.median_absolute_deviation),
    Feature("coefficient_of_variation", "CWYJ", statistics.coefficient_of_variation),
    Feature("quartile_coefficient_of_dispersion", "SLWD", statistics.quartile_coefficient_of_dispersion),
    Feature("entropy", "TLU2", histogram_entropy),
    Feature("uniformity", "BJ5W", uniformity),
    Feature("maximum_histogram_gradient", "12CE", maximum_histogram_gradient),
    Feature("maximum_histogram_gradient_gray_level", "8E6O", maximum_histogram_gradient_gray_level),
    Feature("minimum_histogram_gradient", "VQB3", minimum_histogram_gradient),
    Feature("minimum_histogram_gradient_gray_level", "RHQZ", minimum_histogram_gradient_gray_level),
)


def intensity_histogram(roi: DiscretizedRoi, *, excess_kurtosis: bool = True) -> FloatArray:
    """Compute the 23 features of the histogram of gray levels of one ROI.

    Parameters
    ----------
    roi : DiscretizedRoi
        Compacted levels stand for their `level_values`.
    excess_kurtosis : bool, default True
        As in `Sample`.

    Returns
    -------
    ndarray of float64, shape (23,)
        In the order of `FEATURES`; NaN for all where no voxel has a level.

    Examples
    --------
    >>> roi = DiscretizedRoi.from_levels(np.array([[[1, 1, 4], [0, 1, 4]]]))
    >>> dict(zip([f.name for f in FEATURES], intensity_histogram(roi).tolist()))["mean"]
    2.2
    """
    inside = roi.levels[roi.levels > 0].astype(np.int64)
    if not len(inside):
        return np.full(len(FEATURES), np.nan)
    levels = roi.level_values[inside - 1].astype(np.float64)
    histogram = Histogram(levels, excess_kurtosis, int(roi.level_values[-1]))
    row: FloatArray = evaluate(FEATURES, histogram)[0]
    return row
