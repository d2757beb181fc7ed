"""The sixteen definitions that GLRLM, GLSZM, GLDZM and NGLDM share.

All four count something by gray level i and by a second number j: the length of a run, the size of a
zone, its distance from the border, a dependence. With N_s the sum of the counts and p_ij = count / N_s
their definitions are alike, and are written here once, on rows (i, j, count), as j goes up to millions
where zones are concerned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..types import FloatArray, IntArray
from .feature import divide

__all__ = ["Distribution"]


@dataclass(frozen=True, eq=False)
class Distribution:
    """Counts of several matrices, as rows.

    Attributes
    ----------
    matrix, level, place, count : ndarray of int64, shape (n_rows,)
        Which matrix the row belongs to; indices into `level_values` and `sizes`; how often.
    level_values : ndarray of int64, shape (n_levels,)
        Gray levels i.
    sizes : ndarray of int64, shape (n_sizes,)
        Second numbers j.
    n_voxels : ndarray of int64, shape (n_matrices,)
        N_v: voxels that each matrix was counted from.
    """

    matrix: IntArray
    level: IntArray
    place: IntArray
    count: IntArray
    level_values: IntArray
    sizes: IntArray
    n_voxels: IntArray

    @classmethod
    def from_dense(
        cls, counts: IntArray, level_values: IntArray, n_voxels: Sequence[int] | IntArray
    ) -> Distribution:
        """From counts of shape (n_matrices, n_levels, n_sizes), where j counts from 1."""
        matrix, level, place = np.nonzero(counts)
        sizes = np.arange(1, counts.shape[2] + 1)
        return cls(
            matrix, level, place, counts[matrix, level, place], level_values, sizes, np.asarray(n_voxels)
        )

    @classmethod
    def from_rows(
        cls, rows: Sequence[IntArray], level_values: IntArray, n_voxels: Sequence[int] | IntArray
    ) -> Distribution:
        """From rows (level, j, count) of each matrix, no two alike in the first two."""
        together = np.concatenate(rows)
        matrix = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
        sizes, place = np.unique(together[:, 1], return_inverse=True)
        return cls(
            matrix, together[:, 0] - 1, place, together[:, 2], level_values, sizes, np.asarray(n_voxels)
        )

    @cached_property
    def i(self) -> FloatArray:
        """Gray level of each row."""
        return self.level_values[self.level].astype(np.float64)

    @cached_property
    def j(self) -> FloatArray:
        """Second number of each row."""
        return self.sizes[self.place].astype(np.float64)

    @cached_property
    def total(self) -> FloatArray:
        """N_s, shape (n_matrices,)."""
        return self._sum(self.count)

    @cached_property
    def p(self) -> FloatArray:
        """p_ij of each row."""
        return self.count / self.total[self.matrix]

    @cached_property
    def by_level(self) -> FloatArray:
        """Counts summed over j: shape (n_matrices, n_levels)."""
        return self._marginal(self.level, len(self.level_values))

    @cached_property
    def by_size(self) -> FloatArray:
        """Counts summed over i: shape (n_matrices, n_sizes)."""
        return self._marginal(self.place, len(self.sizes))

    def mean(self, x: FloatArray) -> FloatArray:
        """Σ p_ij·x_ij of each matrix, for x of each row; exact where x holds integers, until the division."""
        return divide(self._sum(self.count * x), self.total)

    def _sum(self, x: FloatArray | IntArray) -> FloatArray:
        return np.asarray(np.bincount(self.matrix, x, len(self.n_voxels)), dtype=np.float64)

    def _marginal(self, index: IntArray, n: int) -> FloatArray:
        m = len(self.n_voxels)
        flat = np.bincount(self.matrix * n + index, self.count, m * n)
        return np.asarray(flat, dtype=np.float64).reshape(m, n)


def small_emphasis(d: Distribution) -> FloatArray:
    """Σ p_ij / j²."""
    return d.mean(1 / d.j**2)


def large_emphasis(d: Distribution) -> FloatArray:
    """Σ p_ij·j²."""
    return d.mean(d.j**2)


def low_level_emphasis(d: Distribution) -> FloatArray:
    """Σ p_ij / i²."""
    return d.mean(1 / d.i**2)


def high_level_emphasis(d: Distribution) -> FloatArray:
    """Σ p_ij·i²."""
    return d.mean(d.i**2)


def small_low_level_emphasis(d: Distribution) -> FloatArray:
    """Σ p_ij / (i²·j²)."""
    return d.mean(1 / (d.i**2 * d.j**2))


def small_high_level_emphasis(d: Distribution) -> FloatArray:
    """Σ p_ij·i² / j²."""
    return d.mean(d.i**2 / d.j**2)


def large_low_level_emphasis(d: Distribution) -> FloatArray:
    """Σ p_ij·j² / i²."""
    return d.mean(d.j**2 / d.i**2)


def large_high_level_emphasis(d: Distribution) -> FloatArray:
    """Σ p_ij·i²·j²."""
    return d.mean(d.i**2 * d.j**2)


def level_non_uniformity(d: Distribution) -> FloatArray:
    """Σ_i (Σ_j count)² / N_s."""
    return divide((d.by_level**2).sum(axis=1), d.total)


def normalized_level_non_uniformity(d: Distribution) -> FloatArray:
    """Σ_i (Σ_j count)² / N_s²."""
    return divide((d.by_level**2).sum(axis=1), d.total**2)


def size_non_uniformity(d: Distribution) -> FloatArray:
    """Σ_j (Σ_i count)² / N_s."""
    return divide((d.by_size**2).sum(axis=1), d.total)


def normalized_size_non_uniformity(d: Distribution) -> FloatArray:
    """Σ_j (Σ_i count)² / N_s²."""
    return divide((d.by_size**2).sum(axis=1), d.total**2)


def percentage(d: Distribution) -> FloatArray:
    """N_s / N_v."""
    return divide(d.total, d.n_voxels)


def level_variance(d: Distribution) -> FloatArray:
    """Σ (i − μ)²·p_ij, μ = Σ i·p_ij."""
    return d.mean((d.i - d.mean(d.i)[d.matrix]) ** 2)


def size_variance(d: Distribution) -> FloatArray:
    """Σ (j − μ)²·p_ij, μ = Σ j·p_ij."""
    return d.mean((d.j - d.mean(d.j)[d.matrix]) ** 2)


def joint_entropy(d: Distribution) -> FloatArray:
    """−Σ p_ij·log₂ p_ij."""
    return 0.0 - d.mean(np.log2(d.p))


def joint_energy(d: Distribution) -> FloatArray:
    """Σ p_ij²."""
    return d.mean(d.p)
