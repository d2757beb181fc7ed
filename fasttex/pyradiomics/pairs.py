"""Features of co-occurrence matrices that are not symmetric, or whose angles are weighted.

p_ij is a matrix of sum 1; p_i. and p_.j are its marginals of means μ_x and μ_y. Where the matrix is symmetric
the definitions are those of `fasttex.features.glcm`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from ..features.families import FEATURES
from ..features.feature import entropy
from ..types import FloatArray, IntArray

__all__ = ["Pairs", "pair_features"]


class Pairs:
    """A stack of matrices, and what their features have in common.

    Parameters
    ----------
    p : ndarray of float64, shape (n, n_levels, n_levels)
        Each of sum 1.
    levels : ndarray of int64, shape (n_levels,)
        Gray level of each row and column, rising.
    """

    def __init__(self, p: FloatArray, levels: IntArray) -> None:
        self.p = p
        self.i = levels.astype(np.float64)
        self.rows, self.columns = p.sum(axis=2), p.sum(axis=1)
        self.mean_x, self.mean_y = self.rows @ self.i, self.columns @ self.i
        self.highest = float(levels[-1])

    def expect(self, x: FloatArray) -> FloatArray:
        """Σ p_ij·x_ij, for x of shape (n_levels, n_levels) or a stack of them."""
        return np.asarray((self.p * x).sum(axis=(1, 2)))

    def of_difference(self, x: Callable[[FloatArray], FloatArray]) -> FloatArray:
        """Σ p_ij·x(|i − j|)."""
        return self.expect(x(abs(self.i[:, None] - self.i)))

    def power(self, n: int) -> FloatArray:
        """Σ (i + j − μ_x − μ_y)ⁿ·p_ij."""
        middle = (self.mean_x + self.mean_y)[:, None, None]
        return self.expect((self.i[:, None] + self.i - middle) ** n)

    def by_value(self, values: FloatArray) -> FloatArray:
        """Sum p_ij where `values`, of shape (n_levels, n_levels), are equal: shape (n, n_values)."""
        found, place = np.unique(values, return_inverse=True)
        sums = [np.bincount(place.ravel(), p.ravel(), len(found)) for p in self.p]
        return np.array(sums, dtype=np.float64).reshape(-1, len(found))

    @cached_property
    def entropies(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """HXY, HXY1 = −Σ p_ij·log₂(p_i.·p_.j), and HX and HY, whose sum is HXY2."""
        logs = [np.log2(np.where(q > 0, q, 1.0)) for q in (self.rows, self.columns)]
        hxy1 = -self.expect(logs[0][:, :, None] + logs[1][:, None, :])
        flat = self.p.reshape(len(self.p), -1)
        return entropy(flat), hxy1, entropy(self.rows), entropy(self.columns)


def _correlation(m: Pairs) -> FloatArray:
    """Σ (i − μ_x)(j − μ_y)·p_ij / (σ_x·σ_y), or 1 where a marginal has one level."""
    x, y = m.i - m.mean_x[:, None], m.i - m.mean_y[:, None]
    variances = (m.rows * x**2).sum(axis=1) * (m.columns * y**2).sum(axis=1)
    single = (np.count_nonzero(m.rows, axis=1) == 1) | (np.count_nonzero(m.columns, axis=1) == 1)
    found = m.expect(x[:, :, None] * y[:, None, :]) / np.sqrt(np.where(single, 1.0, variances))
    return np.asarray(np.where(single, 1.0, found))


def _information_1(m: Pairs) -> FloatArray:
    """(HXY − HXY1) / max(HX, HY), or 0 where both are 0."""
    hxy, hxy1, hx, hy = m.entropies
    largest = np.maximum(hx, hy)
    return np.asarray(np.where(largest > 0, (hxy - hxy1) / np.where(largest > 0, largest, 1.0), 0.0))


def _information_2(m: Pairs) -> FloatArray:
    """√(1 − exp(−2·(HXY2 − HXY)))."""
    hxy, _, hx, hy = m.entropies
    return np.asarray(np.sqrt(-np.expm1(-2 * np.maximum(hx + hy - hxy, 0.0))))


def _difference_variance(m: Pairs) -> FloatArray:
    """Σ (|i − j| − μ)²·p_ij, μ the difference average."""
    k = abs(m.i[:, None] - m.i)
    return m.expect((k - m.expect(k)[:, None, None]) ** 2)


_DEFINITIONS: dict[str, Callable[[Pairs], FloatArray]] = {
    "joint_maximum": lambda m: m.p.max(axis=(1, 2)),
    "joint_average": lambda m: m.mean_x,
    "joint_variance": lambda m: (m.rows * (m.i - m.mean_x[:, None]) ** 2).sum(axis=1),
    "joint_entropy": lambda m: m.entropies[0],
    "difference_average": lambda m: m.of_difference(lambda k: k),
    "difference_variance": _difference_variance,
    "difference_entropy": lambda m: entropy(m.by_value(abs(m.i[:, None] - m.i))),
    "sum_average": lambda m: m.mean_x + m.mean_y,
    "sum_variance": lambda m: m.power(2),
    "sum_entropy": lambda m: entropy(m.by_value(m.i[:, None] + m.i)),
    "angular_second_moment": lambda m: m.expect(m.p),
    "contrast": lambda m: m.of_difference(lambda k: k**2),
    "dissimilarity": lambda m: m.of_difference(lambda k: k),
    "inverse_difference": lambda m: m.of_difference(lambda k: 1 / (1 + k)),
    "normalized_inverse_difference": lambda m: m.of_difference(lambda k: 1 / (1 + k / m.highest)),
    "inverse_difference_moment": lambda m: m.of_difference(lambda k: 1 / (1 + k**2)),
    "normalized_inverse_difference_moment": lambda m: m.of_difference(
        lambda k: 1 / (1 + (k / m.highest) ** 2)
    ),
    "inverse_variance": lambda m: m.of_difference(lambda k: (k > 0) / np.where(k > 0, k, 1.0) ** 2),
    "correlation": _correlation,
    "autocorrelation": lambda m: m.expect(m.i[:, None] * m.i),
    "cluster_tendency": lambda m: m.power(2),
    "cluster_shade": lambda m: m.power(3),
    "cluster_prominence": lambda m: m.power(4),
    "information_correlation_1": _information_1,
    "information_correlation_2": _information_2,
}


def pair_features(p: FloatArray, levels: IntArray) -> FloatArray:
    """Compute the features of a stack of matrices.

    Parameters
    ----------
    p : ndarray of float64, shape (n, n_levels, n_levels)
        Each of sum 1, symmetric or not.
    levels : ndarray of int64, shape (n_levels,)
        Gray levels, rising; the last is N_g.

    Returns
    -------
    ndarray of float64, shape (n, 25)
        In the order of ``fasttex.features.glcm.FEATURES``.

    Examples
    --------
    >>> float(pair_features(np.array([[[0.5, 0.5], [0.0, 0.0]]]), np.array([1, 2]))[0, 0])
    0.5
    """
    if not len(p):
        return np.empty((0, len(FEATURES["glcm"])))
    stack = Pairs(p, levels)
    return np.stack([_DEFINITIONS[feature.name](stack) for feature in FEATURES["glcm"]], axis=1)
