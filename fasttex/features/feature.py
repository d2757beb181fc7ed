"""What a feature is, and the arithmetic that all families share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ..types import FloatArray, IntArray

__all__ = ["Feature", "divide", "entropy", "evaluate", "expectation"]

S = TypeVar("S")


@dataclass(frozen=True)
class Feature(Generic[S]):
    """One feature: a row of data.

    Attributes
    ----------
    name : str
        IBSI's name in snake_case, US spelling.
    ibsi : str
        IBSI's code.
    compute : callable
        From what the family computes on to float64, one value per matrix.
    unit : str
        ``"mm"``, ``"mm^2"``, ``"mm^3"``, ``"mm^-1"``, ``"intensity"``, ``"intensity^2"``,
        ``"intensity·mm^3"``, or "" where the feature has none.
    """

    name: str
    ibsi: str
    compute: Callable[[S], Any]
    unit: str = ""

    @property
    def definition(self) -> str:
        """One line: what is computed, as in the IBSI manual."""
        return (self.compute.__doc__ or "").partition("\n")[0]


def evaluate(features: Sequence[Feature[S]], subject: S) -> FloatArray:
    """All features of one subject: shape (n_matrices, n_features)."""
    columns = [np.atleast_1d(feature.compute(subject)) for feature in features]
    return np.stack(columns, axis=-1).astype(np.float64, copy=False)


def divide(numerator: ArrayLike, denominator: ArrayLike) -> FloatArray:
    """Divide; NaN, not a warning, where the denominator is 0.

    Examples
    --------
    >>> divide([1, 0], [2, 0])
    array([0.5, nan])
    """
    a, b = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    quotient = np.full(np.broadcast_shapes(a.shape, b.shape), np.nan)
    np.divide(a, b, out=quotient, where=b != 0)
    return quotient


def expectation(p: FloatArray | IntArray, x: FloatArray) -> FloatArray:
    """Σ p·x over the last axis: p of shape (n_matrices, k), x of shape (k,) or like p."""
    return np.asarray((p * x).sum(axis=-1))


def entropy(p: FloatArray) -> FloatArray:
    """−Σ p·log₂ p over the last axis, where 0·log₂ 0 = 0.

    Examples
    --------
    >>> float(entropy(np.array([0.5, 0.5, 0.0])))
    1.0
    """
    return np.asarray(0.0 - (p * np.log2(np.where(p > 0, p, 1.0))).sum(axis=-1))
