"""Stacks of co-occurrence matrices, and the distributions that their features are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..types import FloatArray, IntArray
from .feature import entropy, expectation

__all__ = ["Cooccurrence"]


@dataclass(frozen=True, eq=False)
class Cooccurrence:
    """A stack of symmetric matrices, none of them empty.

    Attributes
    ----------
    counts : ndarray of int64, shape (n_matrices, n_levels, n_levels)
        Symmetric.
    level_values : ndarray of int64, shape (n_levels,)
        The gray level of each row and column, rising.
    """

    counts: IntArray
    level_values: IntArray

    @cached_property
    def total(self) -> IntArray:
        """Shape (n_matrices, 1)."""
        return np.asarray(self.counts.sum(axis=(1, 2)))[:, None]

    @cached_property
    def p(self) -> FloatArray:
        """p_ij, flat: shape (n_matrices, n_levels²)."""
        return self.counts.reshape(len(self.counts), -1) / self.total

    @cached_property
    def _by_level(self) -> IntArray:
        return np.asarray(self.counts.sum(axis=1))

    @cached_property
    def p_level(self) -> FloatArray:
        """p_i., shape (n_matrices, n_levels)."""
        return self._by_level / self.total

    @cached_property
    def difference(self) -> tuple[FloatArray, FloatArray]:
        """The values k = |i − j|, shape (n,), and p_{i−j}(k), shape (n_matrices, n)."""
        n = len(self.level_values)
        if not self._consecutive:
            return self._by_value(lambda i, j: abs(i - j))
        folded = _antidiagonal_sums(self.counts[:, :, ::-1])[:, n - 1 :]
        folded[:, 1:] *= 2
        return np.arange(n, dtype=np.float64), folded / self.total

    @cached_property
    def sum(self) -> tuple[FloatArray, FloatArray]:
        """The values k = i + j, shape (n,), and p_{i+j}(k), shape (n_matrices, n)."""
        if not self._consecutive:
            return self._by_value(lambda i, j: i + j)
        k = 2.0 * self.level_values[0] + np.arange(2 * len(self.level_values) - 1)
        return k, _antidiagonal_sums(self.counts) / self.total

    @cached_property
    def mean(self) -> FloatArray:
        """μ = Σ i·p_i., shape (n_matrices,); divided last, so that it is as exact as can be."""
        return expectation(self._by_level, self.level_values.astype(np.float64)) / self.total[:, 0]

    @cached_property
    def sum_deviation(self) -> FloatArray:
        """The values k of `sum` less 2·μ, shape (n_matrices, n)."""
        return self.sum[0] - 2 * self.mean[:, None]

    @cached_property
    def entropies(self) -> tuple[FloatArray, FloatArray]:
        """HXY and HX, each of shape (n_matrices,)."""
        return entropy(self.p), entropy(self.p_level)

    @property
    def _consecutive(self) -> bool:
        return int(self.level_values[-1] - self.level_values[0]) == len(self.level_values) - 1

    def _by_value(self, combine: Callable[[IntArray, IntArray], IntArray]) -> tuple[FloatArray, FloatArray]:
        """Sum the counts whose levels combine to the same value, for levels with gaps between them."""
        a, i, j = np.nonzero(self.counts)
        k, place = np.unique(combine(self.level_values[i], self.level_values[j]), return_inverse=True)
        shape = (len(self.counts), len(k))
        sums = np.bincount(a * len(k) + place, self.counts[a, i, j], shape[0] * shape[1]).reshape(shape)
        return k.astype(np.float64), sums / self.total


def _antidiagonal_sums(counts: IntArray) -> IntArray:
    """Sum the cells of equal i + j: shape (n_matrices, 2·n_levels − 1).

    Rows that are 2·n long, read as rows of 2·n − 1, shift by one from row to row, so that antidiagonals
    become columns.
    """
    m, n, _ = counts.shape
    wide = np.zeros((m, n, 2 * n), dtype=counts.dtype)
    wide[:, :, :n] = counts
    return np.asarray(wide.reshape(m, -1)[:, : n * (2 * n - 1)].reshape(m, n, 2 * n - 1).sum(axis=1))
