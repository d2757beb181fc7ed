"""What tables tell of a journal: which columns, which rows, under which names, and how they were made."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .. import __version__
from ..features.compute import feature_columns
from ..settings import AGGREGATIONS
from ..table import ABOUT, FLAGS, KEY
from ..types import FloatArray
from ..writing import shareable
from .cases import Case, Failure, Result, RowData
from .journal import Journal
from .schema import storable

__all__ = ["Block", "View"]


@dataclass(frozen=True, eq=False)
class Block:
    """The rows of one case.

    Attributes
    ----------
    about : list of dict
        Key, kept columns and description of each row.
    values : ndarray of float64, shape (n_rows, n_columns)
    diagnostics : list of dict
        What each step did, by row, as the journal has it; empty for a case without result.
    provenance : dict
        How the case was made, or why it was not.
    """

    about: list[dict[str, Any]]
    values: FloatArray
    diagnostics: list[dict[str, Any]]
    provenance: dict[str, Any]

    @property
    def has_result(self) -> bool:
        """Whether its rows are those of ROIs; else they say why there are none."""
        return "class" not in self.provenance

    @cached_property
    def steps(self) -> list[list[tuple[str, str, Any]]]:
        """The diagnostics without what is not to be shared: by row, step, name and value."""
        return [[*_named(shareable(record.get("steps", [])))] for record in self.diagnostics]

    def without_diagnostics(self) -> Block:
        """The same without what takes most memory."""
        return Block(self.about, self.values, [], self.provenance)


def _named(steps: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str, Any]]:
    """Step, name and value. Numbers and texts stay, all else becomes JSON."""
    for step in steps:
        for name, value in _flat(step):
            if name != "step":
                plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
                yield step["step"], name, value if plain else json.dumps(value)


def _flat(step: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in step.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


@dataclass
class View:
    """What tables tell of a journal. Never more of a case than its name, its ROIs and its kept columns.

    Attributes
    ----------
    journal : Journal
    kept : sequence of str
        Columns of the manifest that are passed on.
    named : callable, optional
        From the name of a case to what tables call it; then error texts do not hold the name either.
    order : sequence of str, optional
        Names of all cases in the order of the rows; the manifest's by default.
    """

    journal: Journal
    kept: Sequence[str] = ()
    named: Callable[[str], str] | None = None
    order: Sequence[str] | None = None

    @property
    def about(self) -> tuple[str, ...]:
        """The columns before the features."""
        return (*KEY, *self.kept, *ABOUT[len(KEY) :])

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Features: what the recipe asks for, whatever failed.

        Where it leaves 2D or 3D to each image, those that images of the run needed, or 3D.
        """
        found = {name for names in self.journal.columns() for name in names}
        columns: dict[str, None] = {}
        for settings in (recipe["settings"] for recipe in self._recipe["recipes"]):
            if settings["aggregations"] != "auto":
                columns |= dict.fromkeys(_columns(settings, settings["aggregations"]))
                continue
            solid, flat = _columns(settings, ["3d_averaged"]), _columns(settings, ["2d_averaged"])
            columns |= dict.fromkeys(name for name in (*solid, *flat) if name in (found or solid))
        return (*columns, *sorted(found - columns.keys()))

    @cached_property
    def _recipe(self) -> dict[str, Any]:
        return self.journal.recipe

    def provenance(self) -> dict[str, Any]:
        """How all of it was made."""
        cases = self.journal.status().cases
        flags = {name: FLAGS[name] for name in sorted(FLAGS)}
        return {"fasttex": __version__, "cases": cases, "flags": flags, **shareable(self._recipe)}

    def blocks(self) -> Iterator[Block]:
        """Cases one by one."""
        places: dict[tuple[str, ...], list[int]] = {}
        for case, result, failure in self.journal.results_in_order(self.order):
            if result is None:
                yield self._without_result(case, failure)
                continue
            columns, found = self._features(case, result)
            if columns not in places:
                place = {name: n for n, name in enumerate(self.columns)}
                places[columns] = [place[name] for name in columns]
            values = np.full((len(result.rows), len(self.columns)), np.nan)
            values[:, places[columns]] = found
            about = [self._about(case, row) for row in result.rows]
            made = {"case": self._name(case), **shareable(result.provenance)}
            yield Block(about, values, result.diagnostics, made)

    def _features(self, case: Case, result: Result) -> tuple[tuple[str, ...], FloatArray]:
        """Columns and values of a case."""
        return result.columns, result.values

    def _without_result(self, case: Case, failure: Failure | None) -> Block:
        """A row per recipe that says why."""
        kind, text = (failure.kind, failure.text) if failure else ("pending", FLAGS["pending"])
        flags = ("failed" if failure else "pending",)
        recipes = [recipe["recipe_id"] for recipe in self._recipe["recipes"]]
        rows = [RowData("", None, recipe, flags=flags, error=text or kind) for recipe in recipes]
        about = [self._about(case, row) for row in rows]
        values = np.full((len(rows), len(self.columns)), np.nan)
        return Block(about, values, [], {"case": self._name(case), "class": kind, "error": about[0]["error"]})

    def _about(self, case: Case, row: RowData) -> dict[str, Any]:
        error = row.error
        if self.named:
            error = re.sub(rf"(?<!\w){re.escape(case.name)}(?!\w)", "<case>", error)
        told = {
            **vars(row),
            **{name: case.kept.get(name, "") for name in self.kept},
            "case": self._name(case),
            "flags": " ".join(row.flags),
            "error": error,
        }
        return {k: storable(told[k]) if isinstance(told[k], str) else told[k] for k in self.about}

    def _name(self, case: Case) -> str:
        return self.named(case.name) if self.named else case.name


def _columns(settings: dict[str, Any], aggregations: Sequence[str]) -> tuple[str, ...]:
    ordered = [a for a in AGGREGATIONS if a in aggregations]
    return feature_columns(settings["families"], ordered, settings["spatial_autocorrelation"])
