"""One image and its ROIs, top to bottom: the way of the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from .backends import get_backend, resolve_threads
from .errors import SettingsError
from .features.engine import features_engine
from .io import RoiFailure, Rois, read_image, read_rois
from .measures import Stopwatch, parse_bytes
from .preprocess import crop_all, normalize, to_levels
from .provenance import image_record, versions, without_paths
from .rows import Engine, aggregations_of, join, tabulate
from .settings import Settings
from .table import FeatureTable
from .types import DiscretizedRoi, Image, Roi

S = TypeVar("S", Roi, DiscretizedRoi)

__all__ = ["discretize", "extract"]

Progress = Callable[[int, int], object]


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
    backend : {"auto", "cpp", "numba", "cuda", "reference"}
        Who counts. All give the same numbers. "auto" never looks for a GPU.
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
    recipes = recipes_of(settings)
    engine = Engine(
        get_backend(backend).NAME, resolve_threads(threads), parse_bytes(memory_limit), Stopwatch()
    )
    reading: dict[str, Any] = {"axes": axes, "memory_limit": engine.memory_limit, "hash_input": hash_inputs}
    with engine.watch.stage("read"):
        picture = read_image(image, spacing_mm=spacing_mm, **reading)
        found = read_rois(rois, picture, threshold=threshold, select=select, names=names, **reading)
    if on_error == "raise":
        _all_sound(found.failures)
    found = found._replace(failures=without_paths(found.failures, rois))
    return extract_read(picture, found, recipes, engine, case=case, on_error=on_error, progress=progress)


def extract_read(
    picture: Image,
    found: Rois,
    recipes: Sequence[Settings],
    engine: Engine,
    *,
    case: str = "",
    on_error: str = "raise",
    progress: Progress | None = None,
) -> FeatureTable:
    """What `extract` does with an image and ROIs once they are read."""
    if on_error == "raise":
        _all_sound(found.failures)
    failures = found.failures
    with engine.watch.stage("crop"):
        as_read = crop_all(picture, found.masks)
    tables = []
    for n, recipe in enumerate(recipes):
        with engine.watch.stage("crop"):
            scaled = normalize(picture, recipe, found.masks)
            cropped = as_read if scaled is picture else crop_all(scaled, found.masks)
        levels = to_levels([*cropped, *failures], recipe, *engine.how, engine.watch)
        if on_error == "raise":
            _all_sound(levels)
        tick = _ticks(progress, n * len(levels), len(recipes) * len(levels))
        tables.append(
            tabulate(levels, recipe, aggregations_of(recipe, picture.grid), case, engine, tick, on_error)
        )
    provenance = {
        "versions": versions(),
        "backend": engine.backend,
        "features_engine": features_engine(),
        "threads": engine.threads,
        "image": image_record(picture),
        "rois": found.record,
    }
    return join(tables, provenance, engine.watch)


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
    (recipe,) = recipes_of(settings)
    limit = parse_bytes(memory_limit)
    picture = read_image(image, spacing_mm=spacing_mm, axes=axes, memory_limit=limit)
    found = read_rois(
        rois, picture, threshold=threshold, select=select, names=names, axes=axes, memory_limit=limit
    )
    _all_sound(found.failures)
    cropped = crop_all(normalize(picture, recipe, found.masks), found.masks)
    return _all_sound(to_levels(cropped, recipe, get_backend(backend).NAME, resolve_threads(threads), limit))


def recipes_of(settings: Settings | Mapping[str, Any] | Sequence[Settings] | None) -> list[Settings]:
    if settings is None:
        return [_default_recipe()]
    if isinstance(settings, (Settings, Mapping)):
        settings = [settings]  # type: ignore[list-item]
    recipes = [s if isinstance(s, Settings) else Settings(**(s or {})) for s in settings]
    if len({r.recipe_id for r in recipes}) < len(recipes) or not recipes:
        raise SettingsError(f"settings holds {len(recipes)} recipes, expected at least one and no two alike")
    return recipes


@cache
def _default_recipe() -> Settings:
    return Settings()


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
