"""Features of zones of equal gray level, by PyRadiomics' names (IBSI: 9SAK)."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np

from ..conventions import PYRADIOMICS
from ..features.engine import features_of_groups
from ..features.families import FEATURES
from ..matrices.zones import size_rows
from ..types import FloatArray, Zones
from .base import RadiomicsTextureBase, mean_rows
from .counting import planar_axis

__all__ = ["RadiomicsGLSZM"]

_PLACE = {feature.name: n for n, feature in enumerate(FEATURES["glszm"])}


class RadiomicsGLSZM(RadiomicsTextureBase):
    """Features of zones of equal gray level (IBSI: 9SAK).

    Parameters
    ----------
    inputImage, inputMask : SimpleITK.Image
        Intensities and labels on one grid.
    **kwargs
        ``force2D``, ``force2Ddimension``: zones lie within slices. ``binWidth``, ``binCount`` and ``label``
        as of all textures.
    """

    FEATURES: ClassVar[dict[str, str]] = {
        "GrayLevelNonUniformity": "gray_level_non_uniformity",
        "GrayLevelNonUniformityNormalized": "normalized_gray_level_non_uniformity",
        "GrayLevelVariance": "gray_level_variance",
        "HighGrayLevelZoneEmphasis": "high_gray_level_zone_emphasis",
        "LargeAreaEmphasis": "large_zone_emphasis",
        "LargeAreaHighGrayLevelEmphasis": "large_zone_high_gray_level_emphasis",
        "LargeAreaLowGrayLevelEmphasis": "large_zone_low_gray_level_emphasis",
        "LowGrayLevelZoneEmphasis": "low_gray_level_zone_emphasis",
        "SizeZoneNonUniformity": "zone_size_non_uniformity",
        "SizeZoneNonUniformityNormalized": "normalized_zone_size_non_uniformity",
        "SmallAreaEmphasis": "small_zone_emphasis",
        "SmallAreaHighGrayLevelEmphasis": "small_zone_high_gray_level_emphasis",
        "SmallAreaLowGrayLevelEmphasis": "small_zone_low_gray_level_emphasis",
        "ZoneEntropy": "zone_size_entropy",
        "ZonePercentage": "zone_percentage",
        "ZoneVariance": "zone_size_variance",
    }

    @cached_property
    def _zones(self) -> Zones:
        settings = self.settings
        across = planar_axis(settings.get("force2D", False), settings.get("force2Ddimension", 0))
        self.discretized.angles(settings, runs=True)  # raises where there is none
        return self.counts.zones(across)

    @cached_property
    def P_glszm(self) -> FloatArray:
        """Zones by level and size: shape (1, n_present, n_sizes), without sizes that no zone has."""
        levels, sizes, counts = size_rows(self._zones).T
        found, place = np.unique(sizes, return_inverse=True)
        dense = np.zeros((len(self.counts.level_values), len(found)))
        dense[levels - 1, place] = counts
        return dense[self.counts.present][None]

    def _calculate(self) -> dict[str, float]:
        means = mean_rows(features_of_groups("glszm", [[self._zones]], PYRADIOMICS)[0])
        return {name: float(means[_PLACE[ours]]) for name, ours in self.FEATURES.items()}
