"""Features of the gray level run length matrix (IBSI: TP0I): j is the length of a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..types import FloatArray, Glrlm
from . import distribution as d
from .distribution import Distribution
from .feature import Feature, evaluate

__all__ = ["FEATURES", "glrlm_features"]

FEATURES: tuple[Feature[Distribution], ...] = (
    Feature("short_runs_emphasis", "22OV", d.small_emphasis),
    Feature("long_runs_emphasis", "W4KF", d.large_emphasis),
    Feature("low_gray_level_run_emphasis", "V3SW", d.low_level_emphasis),
    Feature("high_gray_level_run_emphasis", "G3QZ", d.high_level_emphasis),
    Feature("short_run_low_gray_level_emphasis", "HTZT", d.small_low_level_emphasis),
    Feature("short_run_high_gray_level_emphasis", "GD3A", d.small_high_level_emphasis),
    Feature("long_run_low_gray_level_emphasis", "IVPO", d.large_low_level_emphasis),
    Feature("long_run_high_gray_level_emphasis", "3KUM", d.large_high_level_emphasis),
    Feature("gray_level_non_uniformity", "R5YN", d.level_non_uniformity),
    Feature("normalized_gray_level_non_uniformity", "OVBL", d.normalized_level_non_uniformity),
    Feature("run_length_non_uniformity", "W92Y", d.size_non_uniformity),
    Feature("normalized_run_length_non_uniformity", "IC23", d.normalized_size_non_uniformity),
    Feature("run_percentage", "9ZK5", d.percentage),
    Feature("gray_level_variance", "8CE5", d.level_variance),
    Feature("run_length_variance", "SXLW", d.size_variance),
    Feature("run_entropy", "HJ9O", d.joint_entropy),
)


def glrlm_features(matrices: Sequence[Glrlm]) -> FloatArray:
    """Compute the 16 features of every direction's matrix.

    Parameters
    ----------
    matrices : sequence of Glrlm
        Of one ROI: they share their levels.

    Returns
    -------
    ndarray of float64, shape (n_matrices, 16)
        In the order of `FEATURES`.

    Examples
    --------
    >>> from fasttex.backends import prepare
    >>> from fasttex.matrices.glrlm import glrlm
    >>> features = glrlm_features(glrlm(prepare(np.array([[[1, 1, 2]]]), backend="reference")))
    >>> float(features[0, 0])  # (1 / 1² + 1 / 2²) / 2 along the row
    0.625
    """
    if not matrices:
        return np.empty((0, len(FEATURES)))
    longest = max(matrix.counts.shape[2] for matrix in matrices)
    counts = np.concatenate(
        [np.pad(m.counts, ((0, 0), (0, 0), (0, longest - m.counts.shape[2]))) for m in matrices]
    )
    n_voxels = np.repeat([m.n_voxels for m in matrices], [len(m.counts) for m in matrices])
    return evaluate(FEATURES, Distribution.from_dense(counts, matrices[0].level_values, n_voxels))
