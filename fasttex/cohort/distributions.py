"""How each feature is distributed over the rows of a run, in memory that does not grow with the run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..types import FloatArray
from .view import View

__all__ = ["BINS", "Distribution", "distributions"]

#: Bars of a histogram.
BINS = 24

_VALUES = 2**24  # that memory holds at a time: 128 MB


@dataclass(frozen=True)
class Distribution:
    """One feature under one recipe.

    Attributes
    ----------
    recipe_id, column : str
    n : int
        Finite values.
    missing : int
        ROIs without one.
    quantiles : tuple of float
        Minimum, lower quartile, median, upper quartile, maximum; empty without values.
    counts : tuple of int
        Of `BINS` bins of one width from `low` to `high`; what lies beyond is in the outer bins.
    low, high : float
        The values' range, but at most three times the quartiles' distance away from the quartiles, so that
        one outlier does not flatten the histogram.
    """

    recipe_id: str
    column: str
    n: int
    missing: int
    quantiles: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    low: float = 0.0
    high: float = 0.0


def distributions(view: View, n_rows: dict[str, int], n_values: int = _VALUES) -> Iterator[Distribution]:
    """Describe all features of a run; rows of cases without result do not count.

    Parameters
    ----------
    view : View
    n_rows : dict of int
        How many rows the results have, by recipe.
    n_values : int
        That memory may hold; as many passes over the journal as that takes.
    """
    for recipe_id, n in n_rows.items():
        step = max(1, n_values // max(1, n))
        for first in range(0, len(view.columns), step):
            columns = view.columns[first : first + step]
            for column, values in zip(columns, _values(view, recipe_id, n, first, step), strict=True):
                yield _describe(recipe_id, column, values)


def _values(view: View, recipe_id: str, n: int, first: int, step: int) -> FloatArray:
    """The values of some columns, shape (n_columns, n_rows)."""
    found = np.empty((len(view.columns[first : first + step]), n))
    at = 0
    for block in view.blocks():
        if not block.has_result:
            continue
        mine = [row["recipe_id"] == recipe_id for row in block.about]
        values = block.values[mine, first : first + step]
        found[:, at : at + len(values)] = values.T
        at += len(values)
    return found


def _describe(recipe_id: str, column: str, values: FloatArray) -> Distribution:
    finite = values[np.isfinite(values)]
    missing = len(values) - len(finite)
    if not len(finite):
        return Distribution(recipe_id, column, 0, missing)
    quantiles = np.quantile(finite, [0, 0.25, 0.5, 0.75, 1])
    lowest, q1, _, q3, highest = quantiles
    reach = 3 * (q3 - q1) if q3 > q1 else highest - lowest
    low, high = max(lowest, q1 - reach), min(highest, q3 + reach)
    counts = _histogram(finite, low, high)
    return Distribution(recipe_id, column, len(finite), missing, tuple(quantiles), counts, low, high)


def _histogram(values: FloatArray, low: float, high: float) -> tuple[int, ...]:
    width = high - low
    if not 0 < width < np.inf:  # one value, or a range that no float holds
        places = np.full(len(values), BINS // 2)
    else:
        places = np.clip((values - low) / width * BINS, 0, BINS - 1).astype(int)
    return tuple(np.bincount(places, minlength=BINS).tolist())
