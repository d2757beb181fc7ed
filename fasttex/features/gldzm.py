"""Features of the gray level distance zone matrix (IBSI: VMDZ): j is a zone's border distance in voxels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..matrices.zones import distance_rows
from ..types import FloatArray, Zones
from . import distribution as d
from .distribution import Distribution
from .feature import Feature, evaluate

__all__ = ["FEATURES", "gldzm_features"]

FEATURES: tuple[Feature[Distribution], ...] = (
    Feature("small_distance_emphasis", "0GBI", d.small_emphasis),
    Feature("large_distance_emphasis", "MB4I", d.large_emphasis),
    Feature("low_gray_level_zone_emphasis", "S1RA", d.low_level_emphasis),
    Feature("high_gray_level_zone_emphasis", "K26C", d.high_level_emphasis),
    Feature("small_distance_low_gray_level_emphasis", "RUVG", d.small_low_level_emphasis),
    Feature("small_distance_high_gray_level_emphasis", "DKNJ", d.small_high_level_emphasis),
    Feature("large_distance_low_gray_level_emphasis", "A7WM", d.large_low_level_emphasis),
    Feature("large_distance_high_gray_level_emphasis", "KLTH", d.large_high_level_emphasis),
    Feature("gray_level_non_uniformity", "VFT7", d.level_non_uniformity),
    Feature("normalized_gray_level_non_uniformity", "7HP3", d.normalized_level_non_uniformity),
    Feature("zone_distance_non_uniformity", "V294", d.size_non_uniformity),
    Feature("normalized_zone_distance_non_uniformity", "IATH", d.normalized_size_non_uniformity),
    Feature("zone_percentage", "VIWW", d.percentage),
    Feature("gray_level_variance", "QK93", d.level_variance),
    Feature("zone_distance_variance", "7WT1", d.size_variance),
    Feature("zone_distance_entropy", "GBDU", d.joint_entropy),
)


def gldzm_features(matrices: Sequence[Zones]) -> FloatArray:
    """Compute the 16 features of every matrix.

    Parameters
    ----------
    matrices : sequence of Zones
        Of one ROI: they share their levels.

    Returns
    -------
    ndarray of float64, shape (n_matrices, 16)
        In the order of `FEATURES`.

    Examples
    --------
    >>> from fasttex.backends import prepare
    >>> from fasttex.matrices.zones import zones
    >>> features = gldzm_features(zones(prepare(np.array([[[1, 1, 2]]]), backend="reference")))
    >>> float(features[0, 0])  # every zone is at the border
    1.0
    """
    if not matrices:
        return np.empty((0, len(FEATURES)))
    rows = [distance_rows(found) for found in matrices]
    n_voxels = [found.n_voxels for found in matrices]
    return evaluate(FEATURES, Distribution.from_rows(rows, matrices[0].level_values, n_voxels))
