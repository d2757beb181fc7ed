"""Features of gray level co-occurrence, by PyRadiomics' names (IBSI: LFYI)."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from ..conventions import PYRADIOMICS
from ..features.engine import features_of_groups
from ..features.families import FEATURES
from ..types import FloatArray, Glcm, IntArray
from .angles import NORMS, Angles, lengths_mm
from .base import RadiomicsTextureBase, mean_rows
from .correlation import coefficients, coefficients_of_counts
from .pairs import pair_features

__all__ = ["RadiomicsGLCM"]

_PLACE = {feature.name: n for n, feature in enumerate(FEATURES["glcm"])}
#: Counts that are worked on at a time.
_BLOCK = 2**24
#: Bytes per entry that matrices take, if weighted or of pairs in one direction; as much again for features.
_WEIGHTED_CELL = 30


class RadiomicsGLCM(RadiomicsTextureBase):
    """Features of gray level co-occurrence (IBSI: LFYI).

    Each angle has a matrix; a feature is the mean over the angles at which the ROI has pairs, and NaN where
    there is none.

    Parameters
    ----------
    inputImage, inputMask : SimpleITK.Image
        Intensities and labels on one grid.
    **kwargs
        ``distances`` (default [1]), in voxels: every offset whose largest component is one of them is an
        angle. ``symmetricalGLCM`` (default True): pairs count in both directions. ``weightingNorm`` (default
        None): "infinity", "euclidean" or "manhattan", by which an angle of length d in mm weighs exp(−d²),
        and matrices are summed; any other name weighs them alike. ``force2D``, ``force2Ddimension``: angles
        within slices alone. ``binWidth``, ``binCount`` and ``label`` as of all textures.
    """

    FEATURES: ClassVar[dict[str, str]] = {
        "Autocorrelation": "autocorrelation",
        "ClusterProminence": "cluster_prominence",
        "ClusterShade": "cluster_shade",
        "ClusterTendency": "cluster_tendency",
        "Contrast": "contrast",
        "Correlation": "correlation",
        "DifferenceAverage": "difference_average",
        "DifferenceEntropy": "difference_entropy",
        "DifferenceVariance": "difference_variance",
        "Id": "inverse_difference",
        "Idm": "inverse_difference_moment",
        "Idmn": "normalized_inverse_difference_moment",
        "Idn": "normalized_inverse_difference",
        "Imc1": "information_correlation_1",
        "Imc2": "information_correlation_2",
        "InverseVariance": "inverse_variance",
        "JointAverage": "joint_average",
        "JointEnergy": "angular_second_moment",
        "JointEntropy": "joint_entropy",
        "MCC": "maximal_correlation_coefficient",
        "MaximumProbability": "joint_maximum",
        "SumAverage": "sum_average",
        "SumEntropy": "sum_entropy",
        "SumSquares": "joint_variance",
    }
    REPLACED: ClassVar[dict[str, str]] = {
        "Dissimilarity": "it equals DifferenceAverage",
        "Homogeneity1": "it equals Id",
        "Homogeneity2": "it equals Idm",
        "SumVariance": "it equals ClusterTendency",
    }

    @property
    def symmetricalGLCM(self) -> bool:
        """Whether pairs count in both directions."""
        return bool(self.settings.get("symmetricalGLCM", True))

    @property
    def weightingNorm(self) -> Any:
        """By which length angles are weighted; None to keep them apart."""
        return self.settings.get("weightingNorm")

    @cached_property
    def P_glcm(self) -> FloatArray:
        """The matrices, each of sum 1: shape (1, n_present, n_present, n_angles), without empty angles."""
        p = self._probabilities(self._angles)
        return np.ascontiguousarray(np.moveaxis(p, 0, -1))[None]

    @cached_property
    def _angles(self) -> Angles:
        return self.discretized.angles(self.settings)

    def _probabilities(self, angles: Angles) -> FloatArray:
        """Matrices of some angles, less the empty ones: shape (n, n_present, n_present)."""
        counts = self._matrix(angles).counts
        present = self.counts.present
        if len(present) < counts.shape[1]:
            counts = counts[:, present][:, :, present]
        p = (counts + counts.swapaxes(1, 2) if self.symmetricalGLCM else counts).astype(np.float64)
        d = None if self._summed_alike else lengths_mm(angles, self.region.spacing_mm, self.weightingNorm)
        if d is not None:
            p = np.tensordot(np.exp(-(d**2)), p, 1)[None]
        totals = p.sum(axis=(1, 2))
        held = totals > 0
        return np.asarray((p if held.all() else p[held]) / totals[held, None, None])

    @property
    def _summed_alike(self) -> bool:
        """Whether no angle weighs more than another."""
        return self.weightingNorm not in NORMS

    @property
    def _plain(self) -> bool:
        """Whether the matrices hold whole counts, in both directions."""
        return self.symmetricalGLCM and self._summed_alike

    def _blocks(self) -> list[Angles]:
        """The angles, as many at a time as memory should hold; all at once where they are summed."""
        angles = self._angles
        if not len(angles):
            return []
        some = max(1, _BLOCK // len(self.counts.level_values) ** 2)
        if self.weightingNorm is not None or some >= len(angles):
            return [angles]
        return [angles[start : start + some] for start in range(0, len(angles), some)]

    def _calculate(self) -> dict[str, float]:
        rows, names = [np.empty((0, len(_PLACE)))], [name for name in self.FEATURES if name != "MCC"]
        for angles in self._blocks():
            if self._plain:
                found, _ = features_of_groups("glcm", [[self._matrix(angles)]], PYRADIOMICS)
                rows.append(found)
            else:
                rows.append(pair_features(self._probabilities(angles), self.counts.gray_levels))
        every = np.concatenate(rows)
        every[np.isnan(every[:, _PLACE["correlation"]]), _PLACE["correlation"]] = 1.0
        every[
            np.isnan(every[:, _PLACE["information_correlation_1"]]), _PLACE["information_correlation_1"]
        ] = 0.0
        means = mean_rows(every)
        return {name: float(means[_PLACE[self.FEATURES[name]]]) for name in names}

    def _matrix(self, angles: Angles) -> Glcm:
        """Counts of some angles; one matrix where they are summed, and weigh alike."""
        if angles is self._angles:
            return self._whole_matrix
        return self._count(angles)

    @cached_property
    def _whole_matrix(self) -> Glcm:
        return self._count(self._angles)

    def _count(self, angles: Angles) -> Glcm:
        if not self._plain:
            self.counts.afford(f"{len(angles)} co-occurrence matrices", _WEIGHTED_CELL * (len(angles) + 1), 2)
        counts = self.counts.glcm(angles)
        if self.weightingNorm is None or not self._summed_alike:
            return Glcm(counts, angles, self.counts.level_values)
        merged: IntArray = counts.sum(axis=0, keepdims=True)
        return Glcm(merged, np.zeros((1, 3), np.int32), self.counts.level_values)

    def _value(self, name: str) -> float:
        return self._mcc if name == "MCC" else self._values[name]

    @cached_property
    def _mcc(self) -> float:
        """Mean over the angles; 1 for a ROI of one level, whether it has pairs or not."""
        if len(self.counts.gray_levels) == 1:
            return 1.0
        values = [np.empty(0)]
        for angles in self._blocks():
            if self._plain:
                values.append(coefficients_of_counts(self._matrix(angles)))
            else:
                values.append(coefficients(self._probabilities(angles)))
        return float(mean_rows(np.concatenate(values)[:, None])[0])
