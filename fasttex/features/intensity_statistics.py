"""Features of the intensities in the ROI, before discretization (IBSI: UHIW)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..types import FloatArray
from .feature import Feature, divide, evaluate

__all__ = ["FEATURES", "Sample", "intensity_statistics"]


@dataclass(frozen=True, eq=False)
class Sample:
    """The intensities of one ROI.

    Attributes
    ----------
    x : ndarray of float64, shape (n_voxels,)
        Not empty.
    excess_kurtosis : bool
        Whether 3 is subtracted from the kurtosis, so that a normal distribution has 0.
    """

    x: FloatArray
    excess_kurtosis: bool = True

    @cached_property
    def flat(self) -> bool:
        """Whether all intensities are equal."""
        return bool(self.x.min() == self.x.max())

    @cached_property
    def mean(self) -> float:
        """μ; of a flat ROI its value, to the bit."""
        return float(self.x[0]) if self.flat else float(self.x.mean())

    @cached_property
    def deviations(self) -> FloatArray:
        """The differences x − μ; an offset of any size common to all x costs no digits."""
        d = self.x - self.mean
        return np.asarray(d - d.mean())  # what was lost when the mean was rounded

    @cached_property
    def scaled(self) -> FloatArray:
        """(x − μ) / max |x − μ|, of which no power is too small or too large; not for flat ROIs."""
        return np.asarray(self.deviations / abs(self.deviations).max())

    @cached_property
    def percentiles(self) -> FloatArray:
        """The 10th, 25th, 50th, 75th and 90th, interpolated linearly."""
        return np.percentile(self.x, [10, 25, 50, 75, 90])

    @cached_property
    def variance(self) -> float:
        """Σ (x − μ)² / N."""
        return float((self.deviations**2).mean())


def mean(x: Sample) -> float:
    """μ = Σ x / N."""
    return x.mean


def variance(x: Sample) -> float:
    """σ² = Σ (x − μ)² / N."""
    return x.variance


def skewness(x: Sample) -> float:
    """Σ (x − μ)³ / N / σ³, or 0 where all intensities are equal."""
    if x.flat:
        return 0.0
    squares = x.scaled**2
    return float((squares * x.scaled).mean() / squares.mean() ** 1.5)


def kurtosis(x: Sample) -> float:
    """Σ (x − μ)⁴ / N / σ⁴ − 3, or 0 where all intensities are equal."""
    if x.flat:
        return 0.0
    squares = x.scaled**2
    return float((squares**2).mean() / squares.mean() ** 2) - (3 if x.excess_kurtosis else 0)


def median(x: Sample) -> float:
    """P₅₀, the 50th percentile."""
    return float(x.percentiles[2])


def minimum(x: Sample) -> float:
    """Lowest intensity."""
    return float(x.x.min())


def percentile_10(x: Sample) -> float:
    """P₁₀: 10 % of the intensities are at or below it."""
    return float(x.percentiles[0])


def percentile_90(x: Sample) -> float:
    """P₉₀: 90 % of the intensities are at or below it."""
    return float(x.percentiles[4])


def maximum(x: Sample) -> float:
    """Highest intensity."""
    return float(x.x.max())


def interquartile_range(x: Sample) -> float:
    """P₇₅ − P₂₅."""
    return float(x.percentiles[3] - x.percentiles[1])


def range_(x: Sample) -> float:
    """Maximum − minimum."""
    return maximum(x) - minimum(x)


def mean_absolute_deviation(x: Sample) -> float:
    """Σ |x − μ| / N."""
    return float(abs(x.deviations).mean())


def robust_mean_absolute_deviation(x: Sample) -> float:
    """Mean absolute deviation of the intensities from P₁₀ to P₉₀, both included, from their mean."""
    kept = x.x[(x.x >= x.percentiles[0]) & (x.x <= x.percentiles[4])]
    if not len(kept):  # two voxels: both percentiles lie between them
        return float("nan")
    return mean_absolute_deviation(Sample(kept))


def median_absolute_deviation(x: Sample) -> float:
    """Σ |x − median| / N."""
    return float(abs(x.x - median(x)).mean())


def coefficient_of_variation(x: Sample) -> FloatArray:
    """σ / μ; undefined where μ = 0."""
    return divide(np.sqrt(x.variance), x.mean)


def quartile_coefficient_of_dispersion(x: Sample) -> FloatArray:
    """(P₇₅ − P₂₅) / (P₇₅ + P₂₅); undefined where that sum is 0."""
    return divide(x.percentiles[3] - x.percentiles[1], x.percentiles[3] + x.percentiles[1])


def energy(x: Sample) -> float:
    """Σ x²."""
    return float((x.x**2).sum())


def root_mean_square(x: Sample) -> float:
    """√(Σ x² / N)."""
    return float(np.sqrt((x.x**2).mean()))


FEATURES: tuple[Feature[Sample], ...] = (
    Feature("mean", "Q4LE", mean, "intensity"),
    Feature("variance", "ECT3", variance, "intensity^2"),
    Feature("skewness", "KE2A", skewness),
    Feature("kurtosis", "IPH6", kurtosis),
    Feature("median", "Y12H", median, "intensity"),
    Feature("minimum", "1GSF", minimum, "intensity"),
    Feature("percentile_10", "QG58", percentile_10, "intensity"),
    Feature("percentile_90", "8DWT", percentile_90, "intensity"),
    Feature("maximum", "84IY", maximum, "intensity"),
    Feature("interquartile_range", "SALO", interquartile_range, "intensity"),
    Feature("range", "2OJQ", range_, "intensity"),
    Feature("mean_absolute_deviation", "4FUA", mean_absolute_deviation, "intensity"),
    Feature("robust_mean_absolute_deviation", "1128", robust_mean_absolute_deviation, "intensity"),
    Feature("median_absolute_deviation", "N72L", median_absolute_deviation, "intensity"),
    Feature("coefficient_of_variation", "7TET", coefficient_of_variation),
    Feature("quartile_coefficient_of_dispersion", "9S40", quartile_coefficient_of_dispersion),
    Feature("energy", "N8CA", energy, "intensity^2"),
    Feature("root_mean_square", "5ZWQ", root_mean_square, "intensity"),
)


def intensity_statistics(intensities: FloatArray, *, excess_kurtosis: bool = True) -> FloatArray:
    """Compute the 18 statistics of the intensities of one ROI.

    Parameters
    ----------
    intensities : ndarray of float64, shape (n_voxels,)
        Of the voxels inside; NaN for all where there are none.
    excess_kurtosis : bool, default True
        As in `Sample`.

    Returns
    -------
    ndarray of float64, shape (18,)
        In the order of `FEATURES`.

    Examples
    --------
    >>> intensity_statistics(np.array([1.0, 2.0, 6.0]))[:2]
    array([3.        , 4.66666667])
    """
    if not len(intensities):
        return np.full(len(FEATURES), np.nan)
    row: FloatArray = evaluate(FEATURES, Sample(intensities, excess_kurtosis))[0]
    return row
