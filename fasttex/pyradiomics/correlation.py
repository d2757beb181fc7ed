"""The maximal correlation coefficient, with the small number that PyRadiomics adds to denominators.

Without it the coefficient is that of `fasttex.features.correlation`. Levels that few voxels have make
denominators so small that it shows in the sixth digit, so the eigenvalue is followed from there.
"""

from __future__ import annotations

import numpy as np

from ..types import FloatArray

__all__ = ["exact_coefficients", "with_small_number"]

_EPS = float(np.spacing(1))
#: Above it the largest eigenvalue, which is about 1, is as near as the second.
_NEAR_ONE = 0.999
#: A change of the denominators that is too small to show.
_NO_CHANGE = 1e-11
_MOST_STEPS = 12
_BLOCK = 2**22


def exact_coefficients(p: FloatArray) -> FloatArray:
    """Compute the root of the second largest eigenvalue of Q_ij = Σ_k p_ik·p_jk / (p_i.·p_.k).

    Q is similar to S·Sᵀ with S_ij = p_ij / √(p_i.·p_.j), so it is the second largest singular value of S.

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
    >>> exact_coefficients(np.array([[[0.5, 0.0], [0.0, 0.5]]]))
    array([1.])
    """
    values = []
    for matrix in p:
        rows, columns = matrix.sum(axis=1), matrix.sum(axis=0)
        s = matrix[rows > 0][:, columns > 0] / np.sqrt(np.outer(rows[rows > 0], columns[columns > 0]))
        singular = np.linalg.svd(s, compute_uv=False)
        values.append(min(float(singular[1]), 1.0) if len(singular) > 1 else 0.0)
    return np.array(values, dtype=np.float64)


def with_small_number(p: FloatArray, exact: FloatArray) -> FloatArray:
    """Follow coefficients to those of Q_ij = Σ_k p_ik·p_jk / (p_i.·p_.k + 2⁻⁵²).

    Parameters
    ----------
    p : ndarray of float64, shape (n, n_levels, n_levels)
        Each of sum 1, symmetric or not.
    exact : ndarray of float64, shape (n,)
        Their coefficients without the small number.

    Returns
    -------
    ndarray of float64, shape (n,)

    Examples
    --------
    >>> rare = 1e-7
    >>> p = np.array([[[0.5, 0.0, 0.0], [0.0, 0.5 - rare, 0.0], [0.0, 0.0, rare]]])
    >>> with_small_number(p, np.array([1.0])) < 1
    array([False])
    """
    found = exact.copy()
    some = max(1, _BLOCK // p[0].size) if len(p) else 1
    for start in range(0, len(p), some):
        block = slice(start, start + some)
        found[block] = _followed(p[block], exact[block])
    return found


def _followed(p: FloatArray, exact: FloatArray) -> FloatArray:
    rows, columns = p.sum(axis=2), p.sum(axis=1)
    rarest = [np.where(m > 0, m, 1.0).min(axis=1) for m in (rows, columns)]
    shows = (_EPS / (rarest[0] * rarest[1]) > _NO_CHANGE) & (exact > 0)
    found = exact.copy()
    if not shows.any():
        return found
    p, rows, columns = p[shows], rows[shows], columns[shows]
    q = (p / (rows[:, :, None] * columns[:, None, :] + _EPS)) @ p.swapaxes(1, 2)
    values, settled = _nearest_eigenvalues(q, exact[shows] ** 2)
    for n in np.flatnonzero(~settled | (exact[shows] ** 2 > _NEAR_ONE)):
        values[n] = np.sort(np.linalg.eigvals(q[n]).real)[-2]
    found[shows] = np.sqrt(values.clip(min=0))
    return found


def _nearest_eigenvalues(q: FloatArray, near: FloatArray) -> tuple[FloatArray, np.ndarray]:
    """Eigenvalues next to given numbers by inverse iteration, and for which matrices it soon settled.

    It does not where another eigenvalue lies about as near; so what settled is the one looked for.
    """
    n = q.shape[1]
    shift = near * (1 + 1e-9) + 1e-13
    inverse = np.linalg.inv(q - shift[:, None, None] * np.eye(n))
    x = np.random.default_rng(0).normal(size=(len(q), n, 1))
    values, settled = near.copy(), np.zeros(len(q), dtype=np.bool_)
    for _ in range(_MOST_STEPS):
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        y = inverse @ x
        new = shift + 1 / (x * y).sum(axis=(1, 2))
        settled = abs(new - values) <= 1e-13
        values, x = new, y
        if settled.all():
            break
    return values, settled & np.isfinite(values)
