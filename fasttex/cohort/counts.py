"""The texture features of a run from the matrices that it has kept, without images."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..conventions import convention
from ..errors import InputError
from ..features.aggregate import Aggregator, aggregations_of
from ..features.columns import column_name, parse_column
from ..features.families import FEATURES, MATRIX_FAMILIES
from ..types import FloatArray
from .cases import Case, Result
from .export import FORMATS, Exported, write_view
from .journal import Journal
from .matrices import Kept
from .view import View

__all__ = ["CountsView", "features_from_counts", "row_features"]


def row_features(kept: Kept, row: int, settings: Mapping[str, Any]) -> dict[str, float]:
    """The texture features of a row, by column."""
    names = settings["aggregations"]
    if names == "auto":
        names = ["2d_averaged" if kept.planar(row) else "3d_averaged"]
    found: dict[str, float] = {}
    for family in (f for f in settings["families"] if f in MATRIX_FAMILIES):
        for planar in (False, True):
            chosen = [a for a in aggregations_of(family, names) if a.planar == planar]
            if not chosen:
                continue
            aggregator = Aggregator(family, chosen, 1, convention(settings["convention"]), threads=1)
            for matrix in kept.matrices(row, family, planar, settings):
                aggregator.add([0], [matrix])
            aggregator.close()
            for aggregation, values in aggregator.rows().items():
                columns = (column_name(family, feature.name, aggregation) for feature in FEATURES[family])
                found |= dict(zip(columns, values[0].tolist(), strict=True))
    return found


class CountsView(View):
    """The tables of a run with texture features alone, made of its matrices."""

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Those of the run that come from matrices."""
        return tuple(c for c in super().columns if parse_column(c).family in MATRIX_FAMILIES)

    def _features(self, case: Case, result: Result) -> tuple[tuple[str, ...], FloatArray]:
        packed = self.journal.counts_of(case.name)
        if packed is None:
            raise InputError("the run has kept no counts; run it with --keep-counts")
        kept = Kept(packed)
        settings = {recipe["recipe_id"]: recipe["settings"] for recipe in self._recipe["recipes"]}
        values = np.full((len(result.rows), len(self.columns)), np.nan)
        for n, row in enumerate(result.rows):
            if not row.error:
                found = row_features(kept, n, settings[row.recipe_id])
                values[n] = [found.get(column, np.nan) for column in self.columns]
        return self.columns, values


def features_from_counts(
    journal: Journal,
    out: str | os.PathLike[str],
    *,
    formats: Collection[str] = FORMATS,
    long: bool = False,
) -> Exported:
    """Compute the texture features of a run anew from its matrices, without images.

    Parameters
    ----------
    journal : Journal
        Of a run with ``keep_counts``; open for reading at least.
    out : path
        The folder for the tables; made if it is not there.
    formats, long
        As in `fasttex.cohort.export.export`.

    Returns
    -------
    Exported
        The files, and what was left out.

    Raises
    ------
    InputError
        The run has kept no counts.
    """
    if not journal.recipe["keep_counts"]:
        raise InputError("the run has kept no counts; run it with --keep-counts")
    return write_view(CountsView(journal, journal.kept()), Path(out), formats, long)
