"""Features of gray level dependences, by PyRadiomics' names (IBSI: REK0, there called NGLDM)."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np

from ..conventions import PYRADIOMICS
from ..features.engine import features_of_groups
from ..features.families import FEATURES
from ..types import FloatArray, Ngldm
from .base import RadiomicsTextureBase, mean_rows
from .neighbors import neighborhood_of

__all__ = ["RadiomicsGLDM"]

_PLACE = {feature.name: n for n, feature in enumerate(FEATURES["ngldm"])}


class RadiomicsGLDM(RadiomicsTextureBase):
    """Features of gray level dependences (IBSI: REK0).

    Parameters
    ----------
    inputImage, inputMask : SimpleITK.Image
        Intensities and labels on one grid.
    **kwargs
        ``distances`` (default [1]), in voxels: voxels at one of them are neighbors. ``gldm_a`` (default 0):
        by how many levels a neighbor may differ and still depend. ``force2D``, ``force2Ddimension``:
        neighbors within slices alone. ``binWidth``, ``binCount`` and ``label`` as of all textures.
    """

    FEATURES: ClassVar[dict[str, str]] = {
        "DependenceEntropy": "dependence_count_entropy",
        "DependenceNonUniformity": "dependence_count_non_uniformity",
        "DependenceNonUniformityNormalized": "normalized_dependence_count_non_uniformity",
        "DependenceVariance": "dependence_count_variance",
        "GrayLevelNonUniformity": "gray_level_non_uniformity",
        "GrayLevelVariance": "gray_level_variance",
        "HighGrayLevelEmphasis": "high_gray_level_count_emphasis",
        "LargeDependenceEmphasis": "high_dependence_emphasis",
        "LargeDependenceHighGrayLevelEmphasis": "high_dependence_high_gray_level_emphasis",
        "LargeDependenceLowGrayLevelEmphasis": "high_dependence_low_gray_level_emphasis",
        "LowGrayLevelEmphasis": "low_gray_level_count_emphasis",
        "SmallDependenceEmphasis": "low_dependence_emphasis",
        "SmallDependenceHighGrayLevelEmphasis": "low_dependence_high_gray_level_emphasis",
        "SmallDependenceLowGrayLevelEmphasis": "low_dependence_low_gray_level_emphasis",
    }
    REPLACED: ClassVar[dict[str, str]] = {
        "DependencePercentage": "it is 1 for every ROI",
        "GrayLevelNonUniformityNormalized": "it equals Uniformity of the class firstorder",
    }

    @cached_property
    def _matrix(self) -> Ngldm:
        found = neighborhood_of(self.discretized, self.settings)
        return Ngldm(found.dependences, self.counts.level_values)

    @cached_property
    def P_gldm(self) -> FloatArray:
        """Voxels by level and dependence: shape (1, n_present, n_dependences).

        A voxel's dependence counts the voxel itself; dependences that no voxel has are left out.
        """
        counts = self._matrix.counts[self.counts.present]
        return counts[:, counts.any(axis=0)].astype(np.float64)[None]

    def _calculate(self) -> dict[str, float]:
        means = mean_rows(features_of_groups("ngldm", [[self._matrix]], PYRADIOMICS)[0])
        return {name: float(means[_PLACE[ours]]) for name, ours in self.FEATURES.items()}
