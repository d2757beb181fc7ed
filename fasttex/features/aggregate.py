"""From the matrices of one ROI to one row of features per aggregation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..conventions import Convention
from ..types import FloatArray
from .families import DIRECTED, FEATURES, MATRIX_FAMILIES

__all__ = ["DIRECTED_NAMES", "Aggregation", "Aggregator", "aggregations_of"]


@dataclass(frozen=True)
class Aggregation:
    """One way from matrices to features.

    Attributes
    ----------
    name : str
        The column's last word.
    planar : bool
        Whether matrices are counted slice by slice.
    merge_directions, merge_slices : bool
        What is summed before features are computed; over the rest features are averaged.
    """

    name: str
    planar: bool
    merge_directions: bool
    merge_slices: bool


_SIX = {
    "2d_averaged": Aggregation("2d_averaged", True, False, False),
    "2d_slice_merged": Aggregation("2d_slice_merged", True, True, False),
    "2_5d_direction_merged": Aggregation("2_5d_direction_merged", True, False, True),
    "2_5d_merged": Aggregation("2_5d_merged", True, True, True),
    "3d_averaged": Aggregation("3d_averaged", False, False, False),
    "3d_merged": Aggregation("3d_merged", False, True, False),
}
_THREE = {
    "2d": Aggregation("2d", True, False, False),
    "2_5d": Aggregation("2_5d", True, False, True),
    "3d": Aggregation("3d", False, False, False),
}

#: The names of the six aggregations that matrices with directions have.
DIRECTED_NAMES = tuple(_SIX)


def aggregations_of(family: str, names: Iterable[str]) -> list[Aggregation]:
    """List the aggregations of a family that the six `names` ask for, without doubles.

    Examples
    --------
    >>> [a.name for a in aggregations_of("glszm", ["3d_averaged", "3d_merged"])]
    ['3d']
    """
    chosen = [_SIX[name] for name in names]
    if family not in DIRECTED:
        chosen = [_THREE[name.name.rpartition("d_")[0] + "d"] for name in chosen]
    return list(dict.fromkeys(chosen))


class Aggregator:
    """Takes the matrices of one ROI, some slices at a time, for one family; only sums are held."""

    def __init__(self, family: str, aggregations: Sequence[Aggregation], convention: Convention) -> None:
        self._family = MATRIX_FAMILIES[family]
        self._aggregations = aggregations
        self._convention = convention
        self._means = {a: _Mean(len(FEATURES[family])) for a in aggregations}
        self._merged: Any = None

    def add(self, matrices: Sequence[Any]) -> None:
        """Take the matrices of some slices, or of the whole ROI."""
        for aggregation, mean in self._means.items():
            if not aggregation.merge_slices:
                mean.add(self._features(matrices, aggregation))
        if any(a.merge_slices for a in self._aggregations):
            seen = [] if self._merged is None else [self._merged]
            self._merged = self._family.merge_slices([*seen, *matrices])

    def rows(self) -> list[FloatArray]:
        """One row of features per aggregation, in their order; NaN where no matrix held anything."""
        if self._merged is not None:
            for aggregation, mean in self._means.items():
                if aggregation.merge_slices:
                    mean.add(self._features([self._merged], aggregation))
        return [mean.value for mean in self._means.values()]

    def _features(self, matrices: Sequence[Any], aggregation: Aggregation) -> FloatArray:
        if aggregation.merge_directions:
            matrices = [self._family.merge_offsets(matrix) for matrix in matrices]
        return self._family.compute(matrices, self._convention)


@dataclass
class _Mean:
    """The rows of features that are averaged."""

    n_features: int
    rows: list[FloatArray] = field(default_factory=list)

    def add(self, rows: FloatArray) -> None:
        self.rows.append(rows)

    @property
    def value(self) -> FloatArray:
        rows = np.concatenate(self.rows) if self.rows else np.empty((0, self.n_features))
        return rows.mean(axis=0) if len(rows) else np.full(self.n_features, np.nan)
