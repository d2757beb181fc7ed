"""Features of intensities, by PyRadiomics' names (IBSI: UHIW)."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np

from ..backends import compiled
from ..features.engine import features_engine
from ..features.feature import entropy
from ..features.intensity_statistics import FEATURES, intensity_statistics
from ..types import FloatArray
from .base import RadiomicsTextureBase

__all__ = ["RadiomicsFirstOrder"]

_PLACE = {feature.name: n for n, feature in enumerate(FEATURES)}


class RadiomicsFirstOrder(RadiomicsTextureBase):
    """Features of the intensities of the ROI (IBSI: UHIW); two are of its gray levels.

    Parameters
    ----------
    inputImage, inputMask : SimpleITK.Image
        Intensities and labels on one grid.
    **kwargs
        ``voxelArrayShift`` (default 0): added to the intensities for Energy, TotalEnergy and
        RootMeanSquared. ``binWidth``, ``binCount`` and ``label`` as of all textures, for Entropy and
        Uniformity.
    """

    FEATURES: ClassVar[dict[str, str]] = {
        "10Percentile": "percentile_10",
        "90Percentile": "percentile_90",
        "Energy": "energy, after voxelArrayShift",
        "Entropy": "entropy of the gray levels",
        "InterquartileRange": "interquartile_range",
        "Kurtosis": "kurtosis, without subtraction of 3",
        "Maximum": "maximum",
        "Mean": "mean",
        "MeanAbsoluteDeviation": "mean_absolute_deviation",
        "Median": "median",
        "Minimum": "minimum",
        "Range": "range",
        "RobustMeanAbsoluteDeviation": "robust_mean_absolute_deviation",
        "RootMeanSquared": "root_mean_square, after voxelArrayShift",
        "Skewness": "skewness",
        "StandardDeviation": "root of the variance",
        "TotalEnergy": "Energy times the volume of a voxel in mm³",
        "Uniformity": "sum of the squared shares of the gray levels",
        "Variance": "variance",
    }
    DISCOURAGED: ClassVar[tuple[str, ...]] = ("StandardDeviation",)

    @property
    def voxelArrayShift(self) -> float:
        """What is added to intensities before they are squared."""
        return self.settings.get("voxelArrayShift", 0) or 0

    @property
    def targetVoxelArray(self) -> FloatArray:
        """Intensities of the ROI: shape (1, n_voxels)."""
        return self.region.intensities[None]

    @property
    def imageArray(self) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
        """Intensities of the whole image, shape (z, y, x) or (y, x)."""
        volume = self.region.volume
        return volume if self.region.ndim == 3 else volume[0]

    @cached_property
    def _statistics(self) -> FloatArray:
        x = self.region.intensities
        if features_engine() == "compiled":
            row: FloatArray = compiled().intensity_statistics([x], False, 1)[0]
            return row
        return intensity_statistics(x, excess_kurtosis=False)

    def _shifted_energy(self) -> float:
        x, shift = self.region.intensities, float(self.voxelArrayShift)
        if features_engine() == "compiled":
            return float(compiled().shifted_energy(x, shift))
        return float(((x + shift) ** 2).sum())

    def _calculate(self) -> dict[str, float]:
        found = {
            name: float(self._statistics[_PLACE[ours.partition(",")[0]]])
            for name, ours in self.FEATURES.items()
            if ours.partition(",")[0] in _PLACE
        }
        if self.voxelArrayShift:
            found["Energy"] = self._shifted_energy()
            found["RootMeanSquared"] = float(np.sqrt(found["Energy"] / self.counts.n_voxels))
        p = self.discretized.probabilities
        self.coefficients["p_i"] = p[None]
        found["TotalEnergy"] = found["Energy"] * self.region.voxel_size
        found["StandardDeviation"] = float(np.sqrt(found["Variance"]))
        found["Entropy"], found["Uniformity"] = float(entropy(p)), float((p**2).sum())
        return found
