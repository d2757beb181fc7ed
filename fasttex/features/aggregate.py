"""From the matrices of a batch to one row of features per ROI and aggregation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..conventions import Convention
from ..types import FloatArray, IntArray
from .engine import features_of_groups
from .families import DIRECTED, FEATURES, MATRIX_FAMILIES

__all__ = ["DIRECTED_NAMES", "Aggregation", "Aggregator", "aggregations_of"]


@dataclass(frozen=True, eq=False)
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
    """Takes the matrices of a batch, some ROIs or slices at a time, for one family; only sums are held.

    Parameters
    ----------
    family : str
        A family with matrices.
    aggregations : sequence of Aggregation
        Of which features are wanted.
    n_rois : int
        ROIs of the batch.
    convention : Convention
        Whose choices to follow.
    threads : int
        Share the matrices among them; results do not depend on it.
    """

    def __init__(
        self,
        family: str,
        aggregations: Sequence[Aggregation],
        n_rois: int,
        convention: Convention,
        threads: int,
    ) -> None:
        self._family = family
        self._convention = convention
        self._threads = threads
        self._means = {a: _Mean(n_rois, len(FEATURES[family])) for a in aggregations}
        self._merges = any(a.merge_slices for a in aggregations)
        self._merged: dict[int, Any] = {}

    def add(self, owners: Sequence[int], matrices: Sequence[Any]) -> None:
        """Take the matrices of some slices or ROIs, those of each ROI side by side; `owners` says whose."""
        groups = _by_owner(owners, matrices)
        for aggregation in self._means:
            if not aggregation.merge_slices:
                self._average(aggregation, groups)
        if self._merges:
            for roi, group in groups.items():
                seen = [self._merged[roi]] if roi in self._merged else []
                self._merged[roi] = MATRIX_FAMILIES[self._family].merge_slices([*seen, *group])

    def close(self, rois: Iterable[int] | None = None) -> None:
        """Compute what waits for the last slice of these ROIs, by default of all, and let go of it."""
        done = {roi: [self._merged.pop(roi)] for roi in rois or list(self._merged) if roi in self._merged}
        for aggregation in self._means if done else ():
            if aggregation.merge_slices:
                self._average(aggregation, done)

    def rows(self) -> dict[str, FloatArray]:
        """By aggregation a row of features per ROI; NaN where no matrix held anything."""
        return {aggregation.name: mean.value for aggregation, mean in self._means.items()}

    def _average(self, aggregation: Aggregation, groups: dict[int, list[Any]]) -> None:
        found = list(groups.values())
        if aggregation.merge_directions:
            merge = MATRIX_FAMILIES[self._family].merge_offsets
            found = [[merge(matrix) for matrix in group] for group in found]
        rows, group = features_of_groups(self._family, found, self._convention, self._threads)
        self._means[aggregation].add(list(groups), rows, group)


def _by_owner(owners: Sequence[int], matrices: Sequence[Any]) -> dict[int, list[Any]]:
    groups: dict[int, list[Any]] = {}
    for owner, matrix in zip(owners, matrices, strict=True):
        groups.setdefault(owner, []).append(matrix)
    return groups


class _Mean:
    """Sums of the rows of each ROI, one after the other, so that it shows in no bit how they came."""

    def __init__(self, n_rois: int, n_features: int) -> None:
        self._sums = np.zeros((n_rois, n_features))
        self._n = np.zeros((n_rois, 1), dtype=np.int64)
        self._features = np.arange(n_features)

    def add(self, rois: list[int], rows: FloatArray, group: IntArray) -> None:
        """Add rows to the sums; ``rois[group[n]]``, rising with n, is whose row n is."""
        if len(rows) == 0:
            return
        k = len(rois)
        at: Any = slice(rois[0], rois[-1] + 1) if rois[-1] - rois[0] == k - 1 else rois
        if len(rows) == k and (k == 1 or (group == np.arange(k)).all()):  # one row each
            self._sums[at] += rows
            self._n[at] += 1
            return
        held = self._sums[at]
        into = np.concatenate([np.arange(k), group])[:, None] * held.shape[1] + self._features
        together = np.concatenate([held, rows])
        sums = np.bincount(into.ravel(), together.ravel(), held.size)  # adds in order
        self._sums[at] = sums.reshape(held.shape)
        self._n[at, 0] += np.bincount(group, minlength=k)

    @property
    def value(self) -> FloatArray:
        if self._n.all():
            mean: FloatArray = self._sums / self._n
            return mean
        return np.divide(self._sums, self._n, out=np.full_like(self._sums, np.nan), where=self._n > 0)
