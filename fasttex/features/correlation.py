"""The maximal correlation coefficient of co-occurrence matrices, which IBSI does not define."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..backends import compiled
from ..types import FloatArray, Glcm, IntArray
from .engine import features_engine

__all__ = ["lowered_correlation", "maximal_correlation_coefficient"]


def maximal_correlation_coefficient(matrices: Sequence[Glcm], *, threads: int = 1) -> FloatArray:
    """Compute how well one voxel of a pair tells about the other, at best (R. Haralick, 1973).

    It is the root of the second largest eigenvalue of ``Q_ij = Σ_k p_ik·p_jk / (p_i.·p_k.)``, in which p is
    the matrix made symmetric and levels without a pair are left out: 1 where levels fall apart into groups
    that do not meet, 0 where voxels are independent.

    Parameters
    ----------
    matrices : sequence of Glcm
        Of any ROIs.
    threads : int, default 1
        Share the matrices among them; results do not depend on it.

    Returns
    -------
    ndarray of float64, shape (n_matrices,)
        One per offset, matrix by matrix; NaN where an offset has no pair. With pairs of a single level, 1 if
        all offsets of the ROI have that level alone, else 0.

    Examples
    --------
    >>> from fasttex.backends import prepare
    >>> from fasttex.matrices.glcm import glcm
    >>> matrices = glcm(prepare(np.array([[[1, 2, 1, 2]]]), backend="reference"))
    >>> maximal_correlation_coefficient(matrices)[:1].round(12)
    array([1.])
    """
    if features_engine() == "compiled":
        found: FloatArray = compiled().maximal_correlation(matrices, threads)
        return found
    return _both(matrices, 0.0)[:, 0]


def lowered_correlation(matrices: Sequence[Glcm], epsilon: float, *, threads: int = 1) -> FloatArray:
    """Compute the coefficient, and what it falls to where denominators are increased.

    Parameters
    ----------
    matrices : sequence of Glcm
        Of any ROIs.
    epsilon : float
        What ``p_i.·p_k.`` is increased by before it divides, as PyRadiomics does with 2⁻⁵². Taken to first
        order, so it has to be small against the smallest product.
    threads : int, default 1
        Share the matrices among them; results do not depend on it.

    Returns
    -------
    ndarray of float64, shape (n_matrices, 2)
        As of `maximal_correlation_coefficient`, without and with `epsilon`.
    """
    if features_engine() == "compiled":
        found: FloatArray = compiled().lowered_correlation(matrices, threads, epsilon)
        return found
    return _both(matrices, epsilon)


def _both(matrices: Sequence[Glcm], epsilon: float) -> FloatArray:
    values = []
    for matrix in matrices:
        seen = matrix.symmetric.any(axis=(0, 1))
        single = np.count_nonzero(seen) == 1
        values += [_coefficients(counts, single, epsilon) for counts in matrix.symmetric]
    return np.array(values, dtype=np.float64).reshape(-1, 2)


def _coefficients(counts: IntArray, single: bool, epsilon: float) -> tuple[float, float]:
    """Of one symmetric matrix, without and with ε.

    Q is similar to S², where S_ij = p_ij / √(p_i.·p_j.) is symmetric, so that its eigenvalues are real and
    well determined; the largest is 1, with the eigenvector √p_i., and is taken away. What ε does to an
    eigenvalue of Q is its derivative: −σ · Σ x_i·S_ij·x_j, with x_i = v_i / p_i. of the eigenvector v of S.
    """
    present = counts.any(axis=0)
    counts = counts[np.ix_(present, present)]
    if len(counts) == 0:
        return np.nan, np.nan
    if len(counts) == 1:
        return (1.0, 1.0) if single else (0.0, 0.0)
    p = counts.sum(axis=0) / counts.sum()
    s = counts / counts.sum() / np.sqrt(np.outer(p, p))
    eigenvalues, vectors = np.linalg.eigh(s - np.sqrt(np.outer(p, p)))
    farthest = int(abs(eigenvalues).argmax())
    sigma, x = eigenvalues[farthest], vectors[:, farthest] / p
    plain, lowered = (np.clip(sigma**2 - e * sigma * (x @ s @ x), 0.0, 1.0) for e in (0.0, epsilon))
    return float(np.sqrt(plain)), float(np.sqrt(lowered))
