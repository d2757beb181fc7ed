"""From gray levels to the rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from .backends import put
from .errors import InputError
from .features.chunks import Taker
from .features.compute import compute_features, feature_columns
from .io import RoiFailure
from .measures import Stopwatch
from .preprocess import new_grid, wanted_spacing
from .provenance import failure_flags, flags_of, recipe_record, roi_record
from .settings import AGGREGATIONS, Settings
from .table import FeatureTable, Row
from .types import DiscretizedRoi, FloatArray, Grid

__all__ = ["Engine", "aggregations_of", "join", "tabulate"]

ROIS_PER_THREAD = 8  # that go to the kernels at a time, so that progress can be told in between


@dataclass(frozen=True)
class Engine:
    """Who counts, and with what.

    ``keep`` is asked, with the ``recipe_id`` and the indices of the ROIs, for who takes the matrices of
    these ROIs; it is asked anew where some of them are counted again.
    """

    backend: str
    threads: int
    memory_limit: int
    watch: Stopwatch
    keep: Callable[[str, Sequence[int]], Taker] | None = None

    @property
    def how(self) -> tuple[str, int, int]:
        """Backend, threads and memory limit, in the order in which preprocessing takes them."""
        return self.backend, self.threads, self.memory_limit


def aggregations_of(recipe: Settings, grid: Grid) -> list[str]:
    """Those asked for; else 3D, or 2D where slices are cut from an image that has only one."""
    if recipe.aggregations is not None:
        return [a for a in AGGREGATIONS if a in recipe.aggregations]
    resampled = new_grid(grid, wanted_spacing(grid, recipe), recipe.grid)
    return ["2d_averaged" if resampled.shape["zyx".index(recipe.slice_axis)] == 1 else "3d_averaged"]


def tabulate(
    levels: Sequence[DiscretizedRoi | RoiFailure],
    recipe: Settings,
    aggregations: list[str],
    case: str,
    engine: Engine,
    tick: Callable[[int], None],
    on_error: str,
) -> FeatureTable:
    """Features of ROIs under one recipe: a row each, whatever failed."""
    columns = _columns(recipe.families, tuple(aggregations), recipe.spatial_autocorrelation)
    values = np.full((len(levels), len(columns)), np.nan)
    rois = list(levels)
    sound = [n for n, roi in enumerate(levels) if isinstance(roi, DiscretizedRoi)]
    size = ROIS_PER_THREAD * engine.threads
    for group in (sound[first : first + size] for first in range(0, len(sound), size)):
        try:
            values[group] = _features(levels, group, recipe, aggregations, engine)
        except InputError:
            if on_error == "raise":
                raise
            for n in group:  # one by one, so that only those fail that must
                try:
                    values[n] = _features(levels, [n], recipe, aggregations, engine)[0]
                except InputError as error:
                    rois[n] = RoiFailure(levels[n].name, levels[n].label, error)
        tick(group[-1] + 1)
    tick(len(levels))
    rows = tuple(_row(roi, v, recipe, aggregations, case) for roi, v in zip(rois, values, strict=True))
    record = {
        **recipe_record(recipe),
        "aggregations": aggregations,
        "rois": [roi_record(roi) for roi in rois],
    }
    return FeatureTable(columns, rows, record)


@lru_cache(maxsize=64)
def _columns(
    families: tuple[str, ...] | None, aggregations: tuple[str, ...], spatial_autocorrelation: str
) -> tuple[str, ...]:
    return feature_columns(families, aggregations, spatial_autocorrelation)


def _features(
    levels: Sequence[DiscretizedRoi | RoiFailure],
    group: Sequence[int],
    recipe: Settings,
    aggregations: list[str],
    engine: Engine,
) -> FloatArray:
    """Rows of features of a group of ROIs, all of which have levels."""
    rois = [roi for n in group if isinstance(roi := levels[n], DiscretizedRoi)]
    return compute_features(
        put(rois, engine.backend, engine.threads),
        recipe.families,
        aggregations=aggregations,
        distance=recipe.distance,
        alpha=recipe.alpha,
        slice_axis="zyx".index(recipe.slice_axis),
        convention=recipe.convention,
        spatial_autocorrelation=recipe.spatial_autocorrelation,
        memory_limit=engine.memory_limit,
        watch=engine.watch,
        take=engine.keep(recipe.recipe_id, group) if engine.keep else None,
    ).values


def _row(
    roi: DiscretizedRoi | RoiFailure, values: FloatArray, recipe: Settings, aggregations: list[str], case: str
) -> Row:
    if isinstance(roi, RoiFailure):
        return Row(
            case,
            roi.name,
            roi.label,
            recipe.recipe_id,
            values,
            flags=failure_flags(roi),
            error=str(roi.error),
        )
    low, high = roi.intensity_range
    return Row(
        case,
        roi.name,
        roi.label,
        recipe.recipe_id,
        values,
        voxels=roi.n_voxels,
        n_levels=roi.n_levels,
        intensity_min=low,
        intensity_max=high,
        flags=flags_of(roi, aggregations),
    )


def join(tables: Sequence[FeatureTable], provenance: dict[str, Any], watch: Stopwatch) -> FeatureTable:
    """Rows of all recipes under the columns of all; NaN where a recipe does not compute one."""
    provenance["recipes"] = [table.provenance for table in tables]
    if len(tables) == 1:
        return FeatureTable(tables[0].columns, tables[0].rows, provenance, dict(watch.seconds))
    columns = tuple(dict.fromkeys(name for table in tables for name in table.columns))
    place = {name: n for n, name in enumerate(columns)}
    rows = []
    for table in tables:
        at = [place[name] for name in table.columns]
        for row in table.rows:
            values = np.full(len(columns), np.nan)
            values[at] = row.values
            rows.append(replace(row, values=values))
    return FeatureTable(columns, tuple(rows), provenance, dict(watch.seconds))
