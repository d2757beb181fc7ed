"""One image and its ROIs, top to bottom: the way of the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from .backends import get_backend, put, resolve_threads
from .errors import SettingsError
from .features.compute import compute_features, feature_columns
from .io import RoiFailure, read_image, read_rois
from .measures import Stopwatch, parse_bytes
from .preprocess import crop_all, new_grid, to_levels, wanted_spacing
from .provenance import (
    failure_flags,
    flags_of,
    image_record,
    recipe_record,
    roi_record,
    versions,
    without_paths,
)
from .settings import AGGREGATIONS, Settings
from .table import FeatureTable, Row
from .types import DiscretizedRoi, FloatArray, Grid, Roi

S = TypeVar("S", Roi, DiscretizedRoi)

__all__ = ["discretize", "extract"]

Progress = Callable[[int, int], object]

ROIS_PER_THREAD = 8  # that go to the kernels at a time, so that progress can be told in between


def extract(
    image: Any,
    rois: Any,
    settings: Settings | Mapping[str, Any] | Sequence[Settings] | None = None,
    *,
    case: str = "",
    spacing_mm: Any = None,
    axes: str = "zyx",
    threshold: float | None = None,
    select: Any = None,
    names: Any = None,
    on_error: str = "raise",
    backend: str = "auto",
    threads: int | None = None,
    memory_limit: int | str = "2GB",
    hash_inputs: bool = False,
    progress: Progress | None = None,
) -> FeatureTable:
    """Compute the texture features of every ROI of an image.

    Parameters
    ----------
    image : path, array, SimpleITK image or nibabel image
        3-D; a 2-D image is one slice. Arrays have axes (z, y, x). Never written to.
    rois : path, array, SimpleITK or nibabel image, dict of them by name, or list of them
        A label map, or masks, which may overlap.
    settings : Settings, mapping or list of Settings, optional
        The recipe; with several, the image is read once and rows tell apart by ``recipe_id``.
    case : str
        Identifies the image in the table.
    spacing_mm : float or sequence of float, optional
        Along (z, y, x); needed for arrays (1 mm is assumed, and recorded), overrides what a file says.
    axes : {"zyx", "xyz"}
        Order of the axes of arrays and of `spacing_mm`.
    threshold : float, optional
        Inside is where a mask's value is at least this; for masks that are not 0 and 1.
    select : iterable of int or str, or mapping, optional
        Labels or names to keep; ``{"lung": [10, 11]}`` unites labels. All if not given.
    names : mapping or path, optional
        Label to name, or name to label; or a JSON file with either.
    on_error : {"raise", "row"}
        What a ROI that fails does: raise, or become a row with its reason and no features.
    backend : {"auto", "cpp", "numba", "reference"}
        Who counts. All give the same numbers.
    threads : int, optional
        Shared by the ROIs; all cores if not given. Numbers do not depend on it.
    memory_limit : int or str
        Bytes, or a text such as "2GB": for the image, and for the matrices.
    hash_inputs : bool
        Take the sha256 of arrays too; files' are always taken.
    progress : callable, optional
        Called with (rows done, rows in all).

    Returns
    -------
    FeatureTable
        One row per recipe and ROI, in the order given.

    Raises
    ------
    InputError
        Image or ROIs cannot be used; the message says why, and what to do.
    SettingsError
        Arguments or settings that are not allowed.
    BackendError
        The backend asked for cannot run here.

    Examples
    --------
    >>> import numpy as np, fasttex
    >>> image = np.arange(27).reshape(3, 3, 3)
    >>> table = fasttex.extract(image, image > 3, {"bin_number": 4, "families": ["ngtdm"]})
    >>> table.columns[0], table.rows[0].voxels
    ('ngtdm_coarseness__3d', 23)
    """
    if on_error not in ("raise", "row"):
        raise SettingsError(f"on_error is {on_error!r}, expected 'raise' or 'row'")
    recipes = _recipes(settings)
    engine = _Engine(
        get_backend(backend).NAME, resolve_threads(threads), parse_bytes(memory_limit), Stopwatch()
    )
    reading: dict[str, Any] = {"axes": axes, "memory_limit": engine.memory_limit, "hash_input": hash_inputs}
    with engine.watch.stage("read"):
        picture = read_image(image, spacing_mm=spacing_mm, **reading)
        found = read_rois(rois, picture, threshold=threshold, select=select, names=names, **reading)
    if on_error == "raise":
        _all_sound(found.failures)
    with engine.watch.stage("crop"):
        cropped = [*crop_all(picture, found.masks), *without_paths(found.failures, rois)]
    if on_error == "raise":
        _all_sound(cropped)
    tables = []
    for n, recipe in enumerate(recipes):
        levels = to_levels(cropped, recipe, *engine.how, engine.watch)
        if on_error == "raise":
            _all_sound(levels)
        tick = _ticks(progress, n * len(levels), len(recipes) * len(levels))
        tables.append(_table(levels, recipe, _aggregations(recipe, picture.grid), case, engine, tick))
    provenance = {
        "versions": versions(),
        "backend": engine.backend,
        "features_engine": "numpy",
        "threads": engine.threads,
        "image": image_record(picture),
        "rois": found.record,
    }
    return _joined(tables, provenance, engine.watch)


def discretize(
    image: Any,
    rois: Any,
    settings: Settings | Mapping[str, Any] | None = None,
    *,
    spacing_mm: Any = None,
    axes: str = "zyx",
    threshold: float | None = None,
    select: Any = None,
    names: Any = None,
    backend: str = "auto",
    threads: int | None = None,
    memory_limit: int | str = "2GB",
) -> list[DiscretizedRoi]:
    """Make gray levels of every ROI of an image: `extract` up to where counting begins.

    Parameters
    ----------
    image, rois : path, array, SimpleITK image or nibabel image
        As in `extract`, like all that follow.
    settings : Settings or mapping, optional
        One recipe.
    spacing_mm : float or sequence of float, optional
        For arrays, along (z, y, x).
    axes : {"zyx", "xyz"}
        Order of the axes of arrays.
    threshold : float, optional
        Inside is where a mask's value is at least this.
    select, names : mapping, optional
        Which labels, and what they are called.
    backend : str
        Who assigns the levels.
    threads : int, optional
        All cores if not given.
    memory_limit : int or str
        Bytes, or a text such as "2GB".

    Returns
    -------
    list of DiscretizedRoi
        One per ROI; `prepare` makes a batch of them.

    Raises
    ------
    InputError, SettingsError, BackendError
        As in `extract`; a ROI that fails raises.

    Examples
    --------
    >>> import numpy as np, fasttex
    >>> image = np.array([[[0, 10, 20, 30]]])
    >>> rois = fasttex.discretize(image, image >= 0, {"bin_number": 4})
    >>> rois[0].levels.tolist()
    [[[1, 2, 3, 4]]]
    >>> fasttex.glcm(fasttex.prepare(rois))[0].counts.sum()
    np.int64(3)
    """
    (recipe,) = _recipes(settings)
    limit = parse_bytes(memory_limit)
    picture = read_image(image, spacing_mm=spacing_mm, axes=axes, memory_limit=limit)
    found = read_rois(
        rois, picture, threshold=threshold, select=select, names=names, axes=axes, memory_limit=limit
    )
    cropped = _all_sound([*crop_all(picture, found.masks), *found.failures])
    return _all_sound(to_levels(cropped, recipe, get_backend(backend).NAME, resolve_threads(threads), limit))


@dataclass(frozen=True)
class _Engine:
    """Who counts, and with what."""

    backend: str
    threads: int
    memory_limit: int
    watch: Stopwatch

    @property
    def how(self) -> tuple[str, int, int]:
        return self.backend, self.threads, self.memory_limit


def _recipes(settings: Settings | Mapping[str, Any] | Sequence[Settings] | None) -> list[Settings]:
    if settings is None or isinstance(settings, (Settings, Mapping)):
        settings = [settings]  # type: ignore[list-item]
    recipes = [s if isinstance(s, Settings) else Settings(**(s or {})) for s in settings]
    if len({r.recipe_id for r in recipes}) < len(recipes) or not recipes:
        raise SettingsError(f"settings holds {len(recipes)} recipes, expected at least one and no two alike")
    return recipes


def _all_sound(rois: Sequence[S | RoiFailure]) -> list[S]:
    """The ROIs, if none has failed; else the first failure is raised."""
    for roi in rois:
        if isinstance(roi, RoiFailure):
            raise roi.error
    return [roi for roi in rois if not isinstance(roi, RoiFailure)]


def _ticks(progress: Progress | None, done: int, total: int) -> Callable[[int], None]:
    def tick(rows: int) -> None:
        if progress is not None:
            progress(done + rows, total)

    return tick


def _aggregations(recipe: Settings, grid: Grid) -> list[str]:
    """Those asked for; else 3D, or 2D where slices are cut from an image that has only one."""
    if recipe.aggregations is not None:
        return [a for a in AGGREGATIONS if a in recipe.aggregations]
    resampled = new_grid(grid, wanted_spacing(grid, recipe), recipe.grid)
    return ["2d_averaged" if resampled.shape["zyx".index(recipe.slice_axis)] == 1 else "3d_averaged"]


def _table(
    levels: Sequence[DiscretizedRoi | RoiFailure],
    recipe: Settings,
    aggregations: list[str],
    case: str,
    engine: _Engine,
    tick: Callable[[int], None],
) -> FeatureTable:
    """Features of ROIs under one recipe: a row each, whatever failed."""
    columns = feature_columns(recipe.families, aggregations)
    values = np.full((len(levels), len(columns)), np.nan)
    sound = [(n, roi) for n, roi in enumerate(levels) if isinstance(roi, DiscretizedRoi)]
    size = ROIS_PER_THREAD * engine.threads
    for group in (sound[first : first + size] for first in range(0, len(sound), size)):
        made = compute_features(
            put([roi for _, roi in group], engine.backend, engine.threads),
            recipe.families,
            aggregations=aggregations,
            distance=recipe.distance,
            alpha=recipe.alpha,
            slice_axis="zyx".index(recipe.slice_axis),
            convention=recipe.convention,
            memory_limit=engine.memory_limit,
            watch=engine.watch,
        )
        values[[n for n, _ in group]] = made.values
        tick(group[-1][0] + 1)
    tick(len(levels))
    rows = tuple(_row(roi, v, recipe, aggregations, case) for roi, v in zip(levels, values, strict=True))
    record = {
        **recipe_record(recipe),
        "aggregations": aggregations,
        "rois": [roi_record(roi) for roi in levels],
    }
    return FeatureTable(columns, rows, record)


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
    return Row(
        case,
        roi.name,
        roi.label,
        recipe.recipe_id,
        values,
        voxels=roi.n_voxels,
        n_levels=roi.n_levels,
        intensity_min=float(roi.intensities.min()),
        intensity_max=float(roi.intensities.max()),
        flags=flags_of(roi, aggregations),
    )


def _joined(tables: Sequence[FeatureTable], provenance: dict[str, Any], watch: Stopwatch) -> FeatureTable:
    """Rows of all recipes under the columns of all; NaN where a recipe does not compute one."""
    columns = tuple(dict.fromkeys(name for table in tables for name in table.columns))
    rows = []
    for table in tables:
        at = [columns.index(name) for name in table.columns]
        for row in table.rows:
            values = np.full(len(columns), np.nan)
            values[at] = row.values
            rows.append(replace(row, values=values))
    provenance["recipes"] = [table.provenance for table in tables]
    return FeatureTable(columns, tuple(rows), provenance, dict(watch.seconds))
