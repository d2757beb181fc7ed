"""Features of the neighborhood gray tone difference matrix (IBSI: IPET)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..matrices.ngtdm import tone_differences
from ..types import FloatArray, IntArray, Ngtdm
from .feature import Feature, evaluate

__all__ = ["FEATURES", "ToneDifferences", "ngtdm_features"]

_BLOCK = 2**20
"""Pairs of levels that are worked on at a time."""


@dataclass(frozen=True, eq=False)
class ToneDifferences:
    """One matrix, without the levels that are absent (p_i = 0), which no sum counts.

    Attributes
    ----------
    i : ndarray of float64, shape (n_present,)
        Gray levels.
    s : ndarray of float64, shape (n_present,)
        Sums of gray tone differences.
    n : ndarray of int64, shape (n_present,)
        Voxels.
    """

    i: FloatArray
    s: FloatArray
    n: IntArray

    @cached_property
    def n_voxels(self) -> int:
        """N_v,c."""
        return int(self.n.sum())

    @cached_property
    def p(self) -> FloatArray:
        """p_i = n_i / N_v,c."""
        return self.n / self.n_voxels

    def pairs(self, term: Callable[[IntArray, IntArray], FloatArray]) -> float:
        """Sum a term over all pairs of levels, given their places as a column and as a row."""
        return float(sum(term(i, j).sum() for i, j in self._places()))

    def _places(self) -> Iterator[tuple[IntArray, IntArray]]:
        every = np.arange(len(self.i))
        some = max(1, _BLOCK // len(every))
        for start in range(0, len(every), some):
            yield every[start : start + some, None], every[None, :]


def coarseness(m: ToneDifferences) -> float:
    """1 / Σ p_i·s_i, or 10⁶ where that sum is 0."""
    weighted = float((m.p * m.s).sum())
    return 1 / weighted if weighted > 0 else 1e6


def contrast(m: ToneDifferences) -> float:
    """ΣΣ p_i·p_j·(i − j)² / (N_g,p·(N_g,p − 1)) · Σ s_i / N_v,c, or 0 where only one level is present."""
    n_present = len(m.i)
    if n_present == 1:
        return 0.0
    spread = m.pairs(lambda i, j: m.p[i] * m.p[j] * (m.i[i] - m.i[j]) ** 2)
    return spread / (n_present * (n_present - 1)) * float(m.s.sum()) / m.n_voxels


def busyness(m: ToneDifferences) -> float:
    """Σ p_i·s_i / ΣΣ |i·p_i − j·p_j|, or 0 where that double sum is 0."""
    weight = m.i * m.n  # divided by N_v,c only at the end, so that equal weights cancel exactly
    change = m.pairs(lambda i, j: abs(weight[i] - weight[j])) / m.n_voxels
    return float((m.p * m.s).sum()) / change if change > 0 else 0.0


def complexity(m: ToneDifferences) -> float:
    """ΣΣ |i − j|·(p_i·s_i + p_j·s_j) / (p_i + p_j) / N_v,c."""
    ps = m.p * m.s
    return m.pairs(lambda i, j: abs(m.i[i] - m.i[j]) * (ps[i] + ps[j]) / (m.p[i] + m.p[j])) / m.n_voxels


def strength(m: ToneDifferences) -> float:
    """ΣΣ (p_i + p_j)·(i − j)² / Σ s_i, or 0 where that sum is 0."""
    total = float(m.s.sum())
    if total == 0:
        return 0.0
    return m.pairs(lambda i, j: (m.p[i] + m.p[j]) * (m.i[i] - m.i[j]) ** 2) / total


FEATURES: tuple[Feature[ToneDifferences], ...] = (
    Feature("coarseness", "QCDE", coarseness),
    Feature("contrast", "65HE", contrast),
    Feature("busyness", "NQ30", busyness),
    Feature("complexity", "HDEZ", complexity),
    Feature("strength", "1X9X", strength),
)


def ngtdm_features(matrices: Sequence[Ngtdm], *, lone_voxels: bool = False) -> FloatArray:
    """Compute the 5 features of every matrix.

    Parameters
    ----------
    matrices : sequence of Ngtdm
        Of one ROI.
    lone_voxels : bool, default False
        As in `tone_differences`.

    Returns
    -------
    ndarray of float64, shape (n_matrices, 5)
        In the order of `FEATURES`; matrices without a voxel that has a neighbor are left out.

    Examples
    --------
    >>> from fasttex.backends import prepare
    >>> from fasttex.matrices.ngtdm import ngtdm
    >>> features = ngtdm_features(ngtdm(prepare(np.array([[[1, 1, 3]]]), backend="reference")))
    >>> float(features[0, 0])  # 1 / (2/3·1 + 1/3·2)
    0.75
    """
    rows = []
    for matrix in matrices:
        s, n = tone_differences(matrix, lone_voxels=lone_voxels)
        here = n > 0
        if here.any():
            levels = matrix.level_values[here].astype(np.float64)
            rows.append(evaluate(FEATURES, ToneDifferences(levels, s[here], n[here])))
    return np.concatenate(rows) if rows else np.empty((0, len(FEATURES)))
