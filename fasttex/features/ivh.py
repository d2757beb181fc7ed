"""Features of the intensity-volume histogram (IBSI: P88C)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..types import FloatArray, IvhValues
from .feature import Feature, evaluate

__all__ = ["FEATURES", "Ivh", "ivh_features"]


@dataclass(frozen=True, eq=False)
class Ivh:
    """The fraction ν(i) of voxels with at least intensity i, for each intensity i of an axis.

    Attributes
    ----------
    axis : IvhValues
        The intensities of the voxels, and the axis: `low`, `low` + `step`, … `high`. Where `step` is 0,
        every intensity from `low` to `high` belongs to it.
    """

    axis: IvhValues

    @cached_property
    def steps(self) -> FloatArray:
        """Of each voxel, falling: its place on the axis in steps from `low`; for step 0, x − low."""
        above = np.sort(self.axis.values - self.axis.low)[::-1]
        return np.asarray(np.rint(above / self.axis.step) if self.axis.step else above)

    @cached_property
    def length(self) -> float:
        """Of the axis, in what `steps` counts."""
        above = self.axis.high - self.axis.low
        return float(np.rint(above / self.axis.step)) if self.axis.step else above

    def volume_fraction(self, percent: int) -> float:
        """The largest ν(i) with γ(i) = (i − low) / (high − low) of at least this; NaN for low = high."""
        if self.length <= 0:
            return float("nan")
        place = self.length * percent / 100
        if self.axis.step:
            place = -(-int(self.length) * percent // 100)
        return float(np.count_nonzero(self.steps >= place) / len(self.steps))

    def intensity(self, percent: int) -> float:
        """The lowest i with ν(i) of at most this; one step beyond the axis where all of it have more.

        On a continuous axis the limit of ever smaller steps.
        """
        highest_with_more = float(self.steps[len(self.steps) * percent // 100])
        if self.axis.step:
            return float(self.axis.low + (highest_with_more + 1) * self.axis.step)
        return float(self.axis.low + highest_with_more)


def volume_fraction_at_10_percent_intensity(ivh: Ivh) -> float:
    """V₁₀: largest fraction of the volume with at least 10 % of the intensity range."""
    return ivh.volume_fraction(10)


def volume_fraction_at_90_percent_intensity(ivh: Ivh) -> float:
    """V₉₀: largest fraction of the volume with at least 90 % of the intensity range."""
    return ivh.volume_fraction(90)


def intensity_at_10_percent_volume(ivh: Ivh) -> float:
    """I₁₀: lowest intensity that at most 10 % of the volume have."""
    return ivh.intensity(10)


def intensity_at_90_percent_volume(ivh: Ivh) -> float:
    """I₉₀: lowest intensity that at most 90 % of the volume have."""
    return ivh.intensity(90)


def volume_fraction_difference_between_10_and_90_percent_intensity(ivh: Ivh) -> float:
    """V₁₀ − V₉₀."""
    return ivh.volume_fraction(10) - ivh.volume_fraction(90)


def intensity_difference_between_10_and_90_percent_volume(ivh: Ivh) -> float:
    """I₁₀ − I₉₀."""
    return ivh.intensity(10) - ivh.intensity(90)


FEATURES: tuple[Feature[Ivh], ...] = (
    Feature("volume_fraction_at_10_percent_intensity", "BC2M", volume_fraction_at_10_percent_intensity),
    Feature("volume_fraction_at_90_percent_intensity", "BC2M", volume_fraction_at_90_percent_intensity),
    Feature("intensity_at_10_percent_volume", "GBPN", intensity_at_10_percent_volume, "intensity"),
    Feature("intensity_at_90_percent_volume", "GBPN", intensity_at_90_percent_volume, "intensity"),
    Feature(
        "volume_fraction_difference_between_10_and_90_percent_intensity",
        "DDTU",
        volume_fraction_difference_between_10_and_90_percent_intensity,
    ),
    Feature(
        "intensity_difference_between_10_and_90_percent_volume",
        "CNV2",
        intensity_difference_between_10_and_90_percent_volume,
        "intensity",
    ),
)


def ivh_features(axis: IvhValues) -> FloatArray:
    """Compute the 6 features of the intensity-volume histogram of one ROI.

    Parameters
    ----------
    axis : IvhValues
        From `DiscretizedRoi.ivh`.

    Returns
    -------
    ndarray of float64, shape (6,)
        In the order of `FEATURES`; NaN where undefined, and for all where there is no voxel.

    Examples
    --------
    >>> ivh_features(IvhValues(np.array([1.0, 1.0, 2.0, 3.0]), 1, 3))[:2]
    array([0.5 , 0.25])
    """
    if not len(axis.values):
        return np.full(len(FEATURES), np.nan)
    row: FloatArray = evaluate(FEATURES, Ivh(axis))[0]
    return row
