"""The maximal correlation coefficient, with the small number that PyRadiomics adds to denominators.

Levels that few voxels have make denominators so small that it shows in the sixth digit.
"""

from __future__ import annotations

import numpy as np

from ..features.correlation import lowered_correlation
from ..types import BoolArray, FloatArray, Glcm, IntArray

__all__ = ["coefficients", "coefficients_of_counts"]

_EPS = float(np.spacing(1))
#: Where more than the small number's derivative could matter by this, eigenvalues are computed anew.
_MATTERS = 1e-10
#: Above it the largest eigenvalue, which is about 1, is as near as the second.
_NEAR_ONE = 0.999
#: Eigenvalues of larger matrices take too long.
_MOST_LEVELS = 1024


def coefficients(p: FloatArray) -> FloatArray:
    """Compute the root of the second largest eigenvalue of Q_ij = Σ_k p_ik·p_jk / (p_i.·p_.k + 2⁻⁵²).

    Parameters
    ----------
    p : ndarray of float64, shape (n, n_levels, n_levels)
        Each of sum 1, symmetric or not.

    Returns
    -------
    ndarray of float64, shape (n,)
        0 where the pairs' first or second levels are all one.

    Examples
    --------
    >>> coefficients(np.array([[[0.5, 0.0], [0.0, 0.5]]])).round(12)
    array([1.])
    """
    values = []
    for matrix in p:
        rows, columns = matrix.sum(axis=1), matrix.sum(axis=0)
        if min(np.count_nonzero(rows), np.count_nonzero(columns)) < 2:
            values.append(0.0)
            continue
        weighted = matrix / (rows[:, None] * columns + _EPS)
        # A level without pairs adds but an eigenvalue of 0.
        eigenvalues = np.linalg.eigvals(weighted @ matrix.T).real
        values.append(float(np.sort(eigenvalues)[-2].clip(min=0)))
    return np.sqrt(np.array(values, dtype=np.float64))


def coefficients_of_counts(matrix: Glcm) -> FloatArray:
    """Compute the coefficients of the symmetric matrices of a ROI with several levels.

    Parameters
    ----------
    matrix : Glcm

    Returns
    -------
    ndarray of float64, shape (n,)
        Of the offsets that have pairs; 0 where these all have one level.
    """
    plain, found = lowered_correlation([matrix], _EPS).T
    fall = plain**2 - found**2
    totals = matrix.counts.sum(axis=(1, 2))
    found[~np.isnan(found) & _of_one_level(matrix.counts, totals)] = 0.0
    if len(matrix.level_values) <= _MOST_LEVELS:
        doubtful = _by_next_order(fall, 1 / (2 * totals).clip(min=1)) > _MATTERS
        if doubtful.any():
            by_level = matrix.counts.sum(axis=1) + matrix.counts.sum(axis=2)
            rarest = np.where(by_level > 0, by_level, np.inf).min(axis=1) / (2 * totals).clip(min=1)
            doubtful = _by_next_order(fall, rarest) > _MATTERS
        for a in np.flatnonzero((found**2 > _NEAR_ONE) | doubtful & (found > 0)):
            counts = matrix.counts[a] + matrix.counts[a].T
            found[a] = coefficients((counts / counts.sum())[None])[0]
    return np.asarray(found[~np.isnan(found)])


def _by_next_order(fall: FloatArray, rarest: FloatArray) -> FloatArray:
    """How far a coefficient's square may be from the first order, by the share of its rarest level.

    The next order is that by which the rarest level's denominator changes, and the change's own square.
    """
    return np.maximum(fall * (_EPS / rarest**2), 100 * fall**2)


def _of_one_level(counts: IntArray, totals: IntArray) -> BoolArray:
    """Whether all pairs of an offset have one level."""
    diagonal = np.einsum("aii->ai", counts)
    alone = np.count_nonzero(diagonal, axis=1) == 1
    return np.asarray(alone & (diagonal.sum(axis=1) == totals))
