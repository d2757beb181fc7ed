"""Features of the gray level co-occurrence matrix (IBSI: LFYI).

p_ij is the symmetric matrix divided by its sum, p_i. its marginal, equal to p_.j; p_{i−j} and p_{i+j}
are the distributions of |i − j| and of i + j. All but four features follow from these three vectors,
which are summed once for a stack of matrices, as integers and hence exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..types import FloatArray, Glcm, IntArray
from .cooccurrence import Cooccurrence
from .feature import Feature, divide, entropy, evaluate, expectation

__all__ = ["FEATURES", "glcm_features"]

_BLOCK = 2**16
"""Cells that are worked on at a time: what the temporaries of one block take stays near the caches."""


def joint_maximum(c: Cooccurrence) -> FloatArray:
    """Largest p_ij."""
    return np.asarray(c.p.max(axis=-1))


def joint_average(c: Cooccurrence) -> FloatArray:
    """μ = Σ i·p_ij."""
    return c.mean


def joint_variance(c: Cooccurrence) -> FloatArray:
    """Σ (i − μ)²·p_ij."""
    return expectation(c.p_level, (c.level_values - c.mean[:, None]) ** 2)


def joint_entropy(c: Cooccurrence) -> FloatArray:
    """−Σ p_ij·log₂ p_ij."""
    return c.entropies[0]


def difference_average(c: Cooccurrence) -> FloatArray:
    """μ = Σ k·p_{i−j}(k)."""
    k, p = c.difference
    return expectation(p, k)


def difference_variance(c: Cooccurrence) -> FloatArray:
    """Σ (k − μ)²·p_{i−j}(k)."""
    k, p = c.difference
    return expectation(p, (k - expectation(p, k)[:, None]) ** 2)


def difference_entropy(c: Cooccurrence) -> FloatArray:
    """−Σ p_{i−j}(k)·log₂ p_{i−j}(k)."""
    return entropy(c.difference[1])


def sum_average(c: Cooccurrence) -> FloatArray:
    """Σ k·p_{i+j}(k)."""
    k, p = c.sum
    return expectation(p, k)


def cluster_tendency(c: Cooccurrence) -> FloatArray:
    """Σ (i + j − 2μ)²·p_ij."""
    return expectation(c.sum[1], c.sum_deviation**2)


def sum_variance(c: Cooccurrence) -> FloatArray:
    """Σ (k − μ)²·p_{i+j}(k), μ the sum average: the cluster tendency."""
    return cluster_tendency(c)


def sum_entropy(c: Cooccurrence) -> FloatArray:
    """−Σ p_{i+j}(k)·log₂ p_{i+j}(k)."""
    return entropy(c.sum[1])


def angular_second_moment(c: Cooccurrence) -> FloatArray:
    """Σ p_ij²."""
    return expectation(c.p, c.p)


def contrast(c: Cooccurrence) -> FloatArray:
    """Σ (i − j)²·p_ij."""
    k, p = c.difference
    return expectation(p, k**2)


def inverse_difference(c: Cooccurrence) -> FloatArray:
    """Σ p_ij / (1 + |i − j|)."""
    k, p = c.difference
    return expectation(p, 1 / (1 + k))


def normalized_inverse_difference(c: Cooccurrence) -> FloatArray:
    """Σ p_ij / (1 + |i − j| / N_g), N_g the highest level."""
    k, p = c.difference
    return expectation(p, 1 / (1 + k / c.level_values[-1]))


def inverse_difference_moment(c: Cooccurrence) -> FloatArray:
    """Σ p_ij / (1 + (i − j)²)."""
    k, p = c.difference
    return expectation(p, 1 / (1 + k**2))


def normalized_inverse_difference_moment(c: Cooccurrence) -> FloatArray:
    """Σ p_ij / (1 + (i − j)² / N_g²), N_g the highest level."""
    k, p = c.difference
    return expectation(p, 1 / (1 + (k / c.level_values[-1]) ** 2))


def inverse_variance(c: Cooccurrence) -> FloatArray:
    """Σ p_{i−j}(k) / k² over k > 0."""
    k, p = c.difference
    return expectation(p[:, k > 0], 1 / k[k > 0] ** 2)


def _product(c: Cooccurrence, i: FloatArray) -> FloatArray:
    """Σ i·j·p_ij, for levels or their deviations: shape (n_matrices, n_levels)."""
    p = c.p.reshape(c.counts.shape)
    return expectation(np.einsum("aij,aj->ai", p, i), i)


def correlation(c: Cooccurrence) -> FloatArray:
    """Σ (i − μ)(j − μ)·p_ij / σ²; undefined where all pairs have one level."""
    return divide(_product(c, c.level_values - c.mean[:, None]), joint_variance(c))


def autocorrelation(c: Cooccurrence) -> FloatArray:
    """Σ i·j·p_ij."""
    return _product(c, np.broadcast_to(c.level_values.astype(np.float64), c.p_level.shape))


def cluster_shade(c: Cooccurrence) -> FloatArray:
    """Σ (i + j − 2μ)³·p_ij."""
    return expectation(c.sum[1], c.sum_deviation**2 * c.sum_deviation)


def cluster_prominence(c: Cooccurrence) -> FloatArray:
    """Σ (i + j − 2μ)⁴·p_ij."""
    return expectation(c.sum[1], (c.sum_deviation**2) ** 2)


def information_correlation_1(c: Cooccurrence) -> FloatArray:
    """(HXY − HXY1) / HX, where HXY1 = 2·HX as both marginals are one; undefined where HX = 0."""
    hxy, hx = c.entropies
    return divide(hxy - 2 * hx, hx)


def information_correlation_2(c: Cooccurrence) -> FloatArray:
    """√(1 − exp(−2·(HXY2 − HXY))), where HXY2 = 2·HX as both marginals are one."""
    hxy, hx = c.entropies
    return np.asarray(np.sqrt(-np.expm1(-2 * np.maximum(2 * hx - hxy, 0.0))))


FEATURES: tuple[Feature[Cooccurrence], ...] = (
    Feature("joint_maximum", "GYBY", joint_maximum),
    Feature("joint_average", "60VM", joint_average),
    Feature("joint_variance", "UR99", joint_variance),
    Feature("joint_entropy", "TU9B", joint_entropy),
    Feature("difference_average", "TF7R", difference_average),
    Feature("difference_variance", "D3YU", difference_variance),
    Feature("difference_entropy", "NTRS", difference_entropy),
    Feature("sum_average", "ZGXS", sum_average),
    Feature("sum_variance", "OEEB", sum_variance),
    Feature("sum_entropy", "P6QZ", sum_entropy),
    Feature("angular_second_moment", "8ZQL", angular_second_moment),
    Feature("contrast", "ACUI", contrast),
    Feature("dissimilarity", "8S9J", difference_average),
    Feature("inverse_difference", "IB1Z", inverse_difference),
    Feature("normalized_inverse_difference", "NDRX", normalized_inverse_difference),
    Feature("inverse_difference_moment", "WF0Z", inverse_difference_moment),
    Feature("normalized_inverse_difference_moment", "1QCO", normalized_inverse_difference_moment),
    Feature("inverse_variance", "E8JP", inverse_variance),
    Feature("correlation", "NI2N", correlation),
    Feature("autocorrelation", "QWB0", autocorrelation),
    Feature("cluster_tendency", "DG8W", cluster_tendency),
    Feature("cluster_shade", "7NFM", cluster_shade),
    Feature("cluster_prominence", "AE86", cluster_prominence),
    Feature("information_correlation_1", "R8DG", information_correlation_1),
    Feature("information_correlation_2", "JN9H", information_correlation_2),
)


def glcm_features(matrices: Sequence[Glcm]) -> FloatArray:
    """Compute the 25 features of every offset's matrix, made symmetric.

    Parameters
    ----------
    matrices : sequence of Glcm
        Of one ROI: they share their levels.

    Returns
    -------
    ndarray of float64, shape (n_matrices, 25)
        In the order of `FEATURES`; offsets without a pair are left out.

    Examples
    --------
    >>> from fasttex.backends import prepare
    >>> from fasttex.matrices.glcm import glcm
    >>> matrices = glcm(prepare(np.array([[[1, 1, 2]]]), backend="reference"))
    >>> glcm_features(matrices).shape, float(glcm_features(matrices)[0, 0])
    ((1, 25), 0.5)
    """
    rows = [
        evaluate(FEATURES, Cooccurrence(counts, matrix.level_values))
        for matrix in matrices
        for counts in _blocks(matrix.counts)
    ]
    return np.concatenate(rows) if rows else np.empty((0, len(FEATURES)))


def _blocks(counts: IntArray) -> Iterator[IntArray]:
    """Symmetric matrices, without the empty ones, some at a time."""
    some = max(1, _BLOCK // counts[0].size)
    for start in range(0, len(counts), some):
        block = counts[start : start + some]
        block = block[block.any(axis=(1, 2))]
        if len(block):
            yield block + block.swapaxes(1, 2)
