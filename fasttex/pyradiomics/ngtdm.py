"""Features of neighborhood gray tone differences, by PyRadiomics' names (IBSI: IPET)."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np

from ..conventions import PYRADIOMICS
from ..features.engine import features_of_groups
from ..features.families import FEATURES
from ..matrices.ngtdm import tone_differences
from ..types import FloatArray, Ngtdm
from .base import RadiomicsTextureBase, mean_rows
from .neighbors import neighborhood_of

__all__ = ["RadiomicsNGTDM"]

_PLACE = {feature.name: n for n, feature in enumerate(FEATURES["ngtdm"])}


class RadiomicsNGTDM(RadiomicsTextureBase):
    """Features of neighborhood gray tone differences (IBSI: IPET).

    Voxels without a neighbor in the ROI count, with difference 0.

    Parameters
    ----------
    inputImage, inputMask : SimpleITK.Image
        Intensities and labels on one grid.
    **kwargs
        ``distances`` (default [1]), in voxels: voxels at one of them are neighbors. ``force2D``,
        ``force2Ddimension``: neighbors within slices alone. ``binWidth``, ``binCount`` and ``label`` as of
        all textures.
    """

    FEATURES: ClassVar[dict[str, str]] = {
        "Busyness": "busyness",
        "Coarseness": "coarseness",
        "Complexity": "complexity",
        "Contrast": "contrast",
        "Strength": "strength",
    }

    @cached_property
    def _matrix(self) -> Ngtdm:
        found = neighborhood_of(self.discretized, self.settings)
        return Ngtdm(found.difference_sums, found.voxels, self.counts.level_values)

    @cached_property
    def P_ngtdm(self) -> FloatArray:
        """Voxels, gray tone differences and gray level: shape (1, n_present, 3)."""
        s, n = tone_differences(self._matrix, lone_voxels=True)
        present = self.counts.present
        columns: FloatArray = np.stack([n[present], s[present], self.counts.gray_levels], axis=1).astype(
            np.float64
        )
        return columns[None]

    def _calculate(self) -> dict[str, float]:
        means = mean_rows(features_of_groups("ngtdm", [[self._matrix]], PYRADIOMICS)[0])
        return {name: float(means[_PLACE[ours]]) for name, ours in self.FEATURES.items()}
