"""Features of gray level runs, by PyRadiomics' names (IBSI: TP0I)."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from ..conventions import PYRADIOMICS
from ..features.distribution import Distribution
from ..features.engine import features_of_groups
from ..features.families import FEATURES
from ..features.feature import evaluate
from ..matrices.glrlm import merge_offsets
from ..types import FloatArray, Glrlm
from .angles import Angles, lengths_mm
from .base import RadiomicsTextureBase, mean_rows

__all__ = ["RadiomicsGLRLM"]

_PLACE = {feature.name: n for n, feature in enumerate(FEATURES["glrlm"])}


class RadiomicsGLRLM(RadiomicsTextureBase):
    """Features of gray level runs (IBSI: TP0I).

    Each of the 13 angles (4 with ``force2D``) has a matrix; a feature is the mean over the angles. Left out
    are those of which no line meets two voxels of the ROI.

    Parameters
    ----------
    inputImage, inputMask : SimpleITK.Image
        Intensities and labels on one grid.
    **kwargs
        ``weightingNorm`` (default None): "infinity", "euclidean" or "manhattan", by which an angle of length
        d in mm weighs d, and matrices are summed; any other name weighs them alike. ``force2D``,
        ``force2Ddimension``: angles within slices alone. ``binWidth``, ``binCount`` and ``label`` as of all
        textures.
    """

    FEATURES: ClassVar[dict[str, str]] = {
        "GrayLevelNonUniformity": "gray_level_non_uniformity",
        "GrayLevelNonUniformityNormalized": "normalized_gray_level_non_uniformity",
        "GrayLevelVariance": "gray_level_variance",
        "HighGrayLevelRunEmphasis": "high_gray_level_run_emphasis",
        "LongRunEmphasis": "long_runs_emphasis",
        "LongRunHighGrayLevelEmphasis": "long_run_high_gray_level_emphasis",
        "LongRunLowGrayLevelEmphasis": "long_run_low_gray_level_emphasis",
        "LowGrayLevelRunEmphasis": "low_gray_level_run_emphasis",
        "RunEntropy": "run_entropy",
        "RunLengthNonUniformity": "run_length_non_uniformity",
        "RunLengthNonUniformityNormalized": "normalized_run_length_non_uniformity",
        "RunPercentage": "run_percentage",
        "RunVariance": "run_length_variance",
        "ShortRunEmphasis": "short_runs_emphasis",
        "ShortRunHighGrayLevelEmphasis": "short_run_high_gray_level_emphasis",
        "ShortRunLowGrayLevelEmphasis": "short_run_low_gray_level_emphasis",
    }

    @property
    def weightingNorm(self) -> Any:
        """By which length angles are weighted; None to keep them apart."""
        return self.settings.get("weightingNorm")

    @cached_property
    def P_glrlm(self) -> FloatArray:
        """Runs by level, length and angle: shape (1, n_present, n_lengths, n_angles).

        Lengths that no run has are left out.
        """
        counts = self._matrix.counts if self._weights is None else self._weighted(self._weights)
        p = counts[:, self.counts.present].astype(np.float64)
        lengths = p.any(axis=(0, 1))
        return np.ascontiguousarray(np.moveaxis(p[:, :, lengths], 0, -1))[None]

    @cached_property
    def _held(self) -> Glrlm:
        """Counts of the angles that have runs."""
        found = self.counts.glrlm(self.discretized.angles(self.settings, runs=True))
        held = found.counts.any(axis=(1, 2))
        if held.all():
            return found
        return Glrlm(found.counts[held], found.offsets[held], found.level_values, found.n_voxels)

    @cached_property
    def _matrix(self) -> Glrlm:
        """The same; one matrix where angles are summed, and weigh alike."""
        held = self._held
        return held if self.weightingNorm is None or not len(held.counts) else merge_offsets(held)

    @cached_property
    def _weights(self) -> FloatArray | None:
        if self.weightingNorm is None or not len(self._held.counts):
            return None
        angles: Angles = self._held.offsets
        return lengths_mm(angles, self.region.spacing_mm, self.weightingNorm)

    def _weighted(self, weights: FloatArray) -> FloatArray:
        """Counts times the weights of their angles, summed: shape (1, n_levels, n_lengths)."""
        return np.asarray(np.tensordot(weights, self._held.counts.astype(np.float64), 1))[None]

    def _calculate(self) -> dict[str, float]:
        if self._weights is None:
            rows, _ = features_of_groups("glrlm", [[self._matrix]], PYRADIOMICS)
        else:
            rows = _weighted_features(self._weighted(self._weights), self.counts.level_values)
        means = mean_rows(rows)
        return {name: float(means[_PLACE[ours]]) for name, ours in self.FEATURES.items()}


def _weighted_features(p: FloatArray, levels: Any) -> FloatArray:
    """Features of matrices whose entries need not be whole numbers; N_v is Σ length·entry."""
    lengths = np.arange(1, p.shape[2] + 1)
    n_voxels = (p * lengths).sum(axis=(1, 2))
    # The definitions take any numbers.
    distribution = Distribution.from_dense(p, levels, n_voxels)  # type: ignore[arg-type]
    return evaluate(FEATURES["glrlm"], distribution)
