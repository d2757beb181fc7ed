"""What a worker does with one case: read it, make sure it is not done yet, and compute its rows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..backends import get_backend
from ..errors import FasttexError, InputError
from ..extraction import extract_read
from ..io import RoiFailure, Rois, read_image, read_rois
from ..io.names import default_name
from ..measures import Stopwatch
from ..rows import Engine
from ..table import Row
from ..types import Image, Mask
from .cases import Case, Failure, MaskFile, Recipe, Result, RowData, content_key
from .hashes import hash_of_parts, hash_of_record, parts_of, sha256_of
from .journal import MAX_COUNTS, FileHash, Journal
from .matrices import Counts
from .redact import behind, without_paths
from .schema import Packed, pack_result

__all__ = ["Done", "Work", "begin", "finish"]


@dataclass(frozen=True)
class Work:
    """What all cases of a run have in common.

    Attributes
    ----------
    run_dir : Path
        Whose journal knows what is done.
    recipe : Recipe
    backend : str
    threads : int
    memory_limit : int
        Bytes.
    look_first : bool
        Whether there are results already: then files are hashed before they are read.
    """

    run_dir: Path
    recipe: Recipe
    backend: str = "auto"
    threads: int = 1
    memory_limit: int = 2 * 2**30
    look_first: bool = False


@dataclass(frozen=True, eq=False)
class Prepared:
    """A case that is read; ``picture`` is None where the journal has its result already."""

    key: str
    files: dict[Path, FileHash]
    watch: Stopwatch
    picture: Image | None = None
    found: Rois | None = None
    variants: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Done:
    """What comes back from a worker.

    Attributes
    ----------
    key : str
        The content key; empty where the case could not be read.
    files : dict
        By path, what tells that a file is still the same, and its sha256.
    result : Packed, optional
        None where the journal has it already, or where there is none.
    failure : Failure, optional
        Why there is none.
    private : str
        The failure with paths.
    """

    key: str = ""
    files: dict[Path, FileHash] = field(default_factory=dict)
    result: Packed | None = None
    failure: Failure | None = None
    private: str = ""


def begin(work: Work, case: Case) -> Prepared | Done:
    """Read a case, or say why it cannot be read."""
    watch = Stopwatch()
    try:
        with watch.stage("read"):
            stats = {part: part.stat() for path in case.files for part in parts_of(path)}
            if work.look_first:
                hashes = {part: sha256_of(part) for part in stats}
                key = content_key(
                    case, {path: hash_of_parts(path, hashes) for path in case.files}, work.recipe.key()
                )
                with Journal.open(work.run_dir, write=False) as journal:
                    if journal.find(key):
                        return Prepared(key, {part: (stats[part], hashes[part]) for part in stats}, watch)
            return _read(work, case, stats, watch)
    except (FasttexError, OSError) as error:
        return failed(case, error)


def _read(work: Work, case: Case, stats: dict[Path, os.stat_result], watch: Stopwatch) -> Prepared:
    picture = read_image(case.image, memory_limit=work.memory_limit)
    records = {case.image: picture.record}
    masks: list[tuple[str, Mask]] = []
    failures: list[tuple[str, RoiFailure]] = []
    for file in case.masks:
        found = _rois_of(file, picture, work)
        masks += [(file.variant, mask) for mask in found.masks]
        failures += [(file.variant, failure) for failure in found.failures]
        (records[file.path],) = found.record["sources"]
    _check_names([(mask.name, mask.label, variant) for variant, mask in masks])
    parts = {
        part: (stats[part], record[which])
        for path, record in records.items()
        for part, which in zip(parts_of(path), ("sha256", "sha256_data"), strict=False)
    }
    return Prepared(
        key=content_key(
            case, {path: hash_of_record(record) for path, record in records.items()}, work.recipe.key()
        ),
        files=parts,
        watch=watch,
        picture=picture,
        found=Rois([mask for _, mask in masks], [_shareable(case, failure) for _, failure in failures], {}),
        variants=tuple(variant for variant, _ in [*masks, *failures]),
    )


def _rois_of(file: MaskFile, picture: Image, work: Work) -> Rois:
    """The ROIs of one file; a single one is called as the manifest calls it."""
    recipe = work.recipe
    select = recipe.select if file.label is None else [file.label]
    found = read_rois(file.path, picture, select=select, names=recipe.names, memory_limit=work.memory_limit)
    if file.roi and len(found.masks) + len(found.failures) == 1:
        return found._replace(
            masks=[replace(mask, name=file.roi) for mask in found.masks],
            failures=[_renamed(failure, file.roi) for failure in found.failures],
        )
    of_file = default_name(file.path.name)  # what an empty file's ROI is called, and nobody may know
    failures = [_renamed(f, "mask") if select is None and f.name == of_file else f for f in found.failures]
    return found._replace(failures=failures)


def _renamed(failure: RoiFailure, name: str) -> RoiFailure:
    text = str(failure.error).replace(repr(failure.name), repr(name))
    return failure._replace(name=name, error=type(failure.error)(text))


def _check_names(rois: Sequence[tuple[str, int, str]]) -> None:
    seen = set()
    for name, _, variant in rois:
        if (name, variant) in seen:
            raise InputError(
                f"two ROIs of the case are called {name!r}, in variant {variant!r}: give masks names in the "
                "manifest's column roi, or tell copies apart in its column variant"
            )
        seen.add((name, variant))


def finish(work: Work, case: Case, prepared: Prepared | Done) -> Done:
    """Compute the rows of a case that is read."""
    if isinstance(prepared, Done):
        return prepared
    if prepared.picture is None or prepared.found is None:
        return Done(prepared.key, prepared.files)
    kept = Counts() if work.recipe.keep_counts else None
    engine = Engine(
        get_backend(work.backend).NAME,
        work.threads,
        work.memory_limit,
        prepared.watch,
        kept.taker if kept else None,
    )
    try:
        table = extract_read(prepared.picture, prepared.found, work.recipe.settings, engine, on_error="row")
    except FasttexError as error:
        return failed(case, error)
    n = len(prepared.variants)
    rows = tuple(_row(row, prepared.variants[k % n]) for k, row in enumerate(table.rows))
    counts = None
    if kept:
        with prepared.watch.stage("keep counts"):
            counts = kept.packed([(row.recipe_id, k % n) for k, row in enumerate(rows)])
        if len(counts) > MAX_COUNTS:
            text = f"the counts take {len(counts)} bytes, at most {MAX_COUNTS} can be kept"
            return failed(case, InputError(text))
    shared = table.shareable_provenance()
    recipes = shared.pop("recipes")
    shared.pop("rois")
    return Done(
        prepared.key,
        prepared.files,
        pack_result(
            Result(
                columns=table.columns,
                rows=rows,
                values=table.values,
                diagnostics=[roi for recipe in recipes for roi in recipe["rois"]],
                provenance=shared,
                seconds=dict(prepared.watch.seconds),
                counts=counts,
            )
        ),
    )


def _row(row: Row, variant: str) -> RowData:
    taken = {name: getattr(row, name) for name in RowData.__dataclass_fields__}
    return RowData(**taken | {"variant": variant})


def _shareable(case: Case, failure: RoiFailure) -> RoiFailure:
    return failure._replace(error=type(failure.error)(without_paths(case, str(failure.error), behind(case))))


def failed(case: Case, error: Exception) -> Done:
    """A case that came to nothing, in words for everybody and in words with paths."""
    text = private = str(error) or f"{type(error).__name__} without a message"
    if isinstance(error, FileNotFoundError):
        text = f"{error.filename} is not there; check the path in the manifest"
    elif isinstance(error, PermissionError):
        text = f"{error.filename} may not be read; change its permissions, or run as another user"
    elif isinstance(error, OSError) and error.filename:
        text = f"{error.filename} cannot be read: {error.strerror}"
    return Done(
        failure=Failure(type(error).__name__, without_paths(case, text, behind(case))), private=private
    )
