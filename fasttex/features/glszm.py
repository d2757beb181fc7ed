"""Features of the gray level size zone matrix (IBSI: 9SAK): j is the size of a zone in voxels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..matrices.zones import size_rows
from ..types import FloatArray, Zones
from . import distribution as d
from .distribution import Distribution
from .feature import Feature, evaluate

__all__ = ["FEATURES", "glszm_features"]

FEATURES: tuple[Feature[Distribution], ...] = (
    Feature("small_zone_emphasis", "5QRC", d.small_emphasis),
    Feature("large_zone_emphasis", "48P8", d.large_emphasis),
    Feature("low_gray_level_zone_emphasis", "XMSY", d.low_level_emphasis),
    Feature("high_gray_level_zone_emphasis", "5GN9", d.high_level_emphasis),
    Feature("small_zone_low_gray_level_emphasis", "5RAI", d.small_low_level_emphasis),
    Feature("small_zone_high_gray_level_emphasis", "HW1V", d.small_high_level_emphasis),
    Feature("large_zone_low_gray_level_emphasis", "YH51", d.large_low_level_emphasis),
    Feature("large_zone_high_gray_level_emphasis", "J17V", d.large_high_level_emphasis),
    Feature("gray_level_non_uniformity", "JNSA", d.level_non_uniformity),
    Feature("normalized_gray_level_non_uniformity", "Y1RO", d.normalized_level_non_uniformity),
    Feature("zone_size_non_uniformity", "4JP3", d.size_non_uniformity),
    Feature("normalized_zone_size_non_uniformity", "VB3A", d.normalized_size_non_uniformity),
    Feature("zone_percentage", "P30P", d.percentage),
    Feature("gray_level_variance", "BYLV", d.level_variance),
    Feature("zone_size_variance", "3NSA", d.size_variance),
    Feature("zone_size_entropy", "GU8N", d.joint_entropy),
)


def glszm_features(matrices: Sequence[Zones]) -> FloatArray:
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
    >>> features = glszm_features(zones(prepare(np.array([[[1, 1, 2]]]), backend="reference")))
    >>> float(features[0, 0])  # (1 / 1² + 1 / 2²) / 2
    0.625
    """
    if not matrices:
        return np.empty((0, len(FEATURES)))
    rows = [size_rows(found) for found in matrices]
    n_voxels = [found.n_voxels for found in matrices]
    return evaluate(FEATURES, Distribution.from_rows(rows, matrices[0].level_values, n_voxels))
