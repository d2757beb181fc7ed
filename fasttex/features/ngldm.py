"""Features of the neighboring gray level dependence matrix (IBSI: REK0): j is the dependence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..types import FloatArray, Ngldm
from . import distribution as d
from .distribution import Distribution
from .feature import Feature, evaluate

__all__ = ["FEATURES", "ngldm_features"]

FEATURES: tuple[Feature[Distribution], ...] = (
    Feature("low_dependence_emphasis", "SODN", d.small_emphasis),
    Feature("high_dependence_emphasis", "IMOQ", d.large_emphasis),
    Feature("low_gray_level_count_emphasis", "TL9H", d.low_level_emphasis),
    Feature("high_gray_level_count_emphasis", "OAE7", d.high_level_emphasis),
    Feature("low_dependence_low_gray_level_emphasis", "EQ3F", d.small_low_level_emphasis),
    Feature("low_dependence_high_gray_level_emphasis", "JA6D", d.small_high_level_emphasis),
    Feature("high_dependence_low_gray_level_emphasis", "NBZI", d.large_low_level_emphasis),
    Feature("high_dependence_high_gray_level_emphasis", "9QMG", d.large_high_level_emphasis),
    Feature("gray_level_non_uniformity", "FP8K", d.level_non_uniformity),
    Feature("normalized_gray_level_non_uniformity", "5SPA", d.normalized_level_non_uniformity),
    Feature("dependence_count_non_uniformity", "Z87G", d.size_non_uniformity),
    Feature("normalized_dependence_count_non_uniformity", "OKJI", d.normalized_size_non_uniformity),
    Feature("dependence_count_percentage", "6XV8", d.percentage),
    Feature("gray_level_variance", "1PFV", d.level_variance),
    Feature("dependence_count_variance", "DNX2", d.size_variance),
    Feature("dependence_count_entropy", "FCBV", d.joint_entropy),
    Feature("dependence_count_energy", "CAS9", d.joint_energy),
)


def ngldm_features(matrices: Sequence[Ngldm]) -> FloatArray:
    """Compute the 17 features of every matrix.

    Parameters
    ----------
    matrices : sequence of Ngldm
        Of one ROI: they share their levels.

    Returns
    -------
    ndarray of float64, shape (n_matrices, 17)
        In the order of `FEATURES`.

    Examples
    --------
    >>> from fasttex.backends import prepare
    >>> from fasttex.matrices.ngldm import ngldm
    >>> features = ngldm_features(ngldm(prepare(np.array([[[1, 1, 2]]]), backend="reference")))
    >>> float(features[0, 1])  # (2² + 2² + 1²) / 3
    3.0
    """
    if not matrices:
        return np.empty((0, len(FEATURES)))
    counts = np.stack([matrix.counts for matrix in matrices])
    n_voxels = counts.sum(axis=(1, 2))  # every voxel has one dependence
    return evaluate(FEATURES, Distribution.from_dense(counts, matrices[0].level_values, n_voxels))
