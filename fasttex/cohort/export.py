"""The tables of a run."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..storage import atomic_files
from ..writing import extra
from .journal import Journal
from .tables import WRITERS
from .view import View

__all__ = ["FORMATS", "Exported", "export", "write_view"]

FORMATS = ("parquet", "csv")


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Attributes
    ----------
    files : tuple of Path
    skipped : str
        Why a format was left out, and what to do; empty if none was.
    """

    files: tuple[Path, ...]
    skipped: str = ""


def export(
    journal: Journal,
    run_dir: str | os.PathLike[str],
    *,
    formats: Collection[str] = FORMATS,
    long: bool = False,
) -> Exported:
    """Write the tables of a run: features, diagnostics and ``provenance.json``.

    Each case is there, in the order of the manifest: with its ROIs, with the reason why it failed, or as
    pending. Memory does not grow with the number of cases. No file names a path, a host or a user.

    Parameters
    ----------
    journal : Journal
        Open for reading at least.
    run_dir : path
        Where the files go.
    formats : collection of {"parquet", "csv"}
        Parquet needs the extra ``table``; without it the others are written.
    long : bool
        Write ``features_long`` as well: a row per ROI, recipe and feature.

    Returns
    -------
    Exported
        The files, and what was left out.

    Raises
    ------
    InputError
        Nothing can be written there, or not in this format.
    """
    return write_view(View(journal, journal.kept()), Path(run_dir), formats, long)


def write_view(view: View, folder: Path, formats: Collection[str], long: bool) -> Exported:
    """Write the tables of a view; see `export`."""
    unknown = set(formats) - set(FORMATS)
    if unknown:
        raise InputError(f"format is {unknown.pop()!r}, expected among: {', '.join(FORMATS)}")
    formats, skipped = list(formats), ""
    if "parquet" in formats:
        try:
            extra("pyarrow.parquet", "Parquet")
        except InputError as error:
            if formats == ["parquet"]:
                raise
            formats.remove("parquet")
            skipped = f"no Parquet files: {error}"
    names = [
        name
        for name in WRITERS
        if name.rpartition(".")[2] in (*formats, "json") and (long or "_long" not in name)
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {folder}: {error.strerror}; give another one") from None
    paths = [folder / name for name in names]
    with view.journal.snapshot(), atomic_files(paths) as files, ExitStack() as stack:
        takers = [
            stack.enter_context(WRITERS[path.name](file, view))
            for path, file in zip(paths, files, strict=True)
        ]
        for block in view.blocks():
            for take in takers:
                take(block)
    return Exported(tuple(paths), skipped)
