"""The tables of a run."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection
from pathlib import Path

from ..errors import InputError
from ..writing import extra, write_atomically
from .journal import Journal
from .tables import WRITERS, Writer
from .view import View

__all__ = ["FORMATS", "export", "write_view"]

FORMATS = ("parquet", "csv")


logger = logging.getLogger(__name__)


def export(
    journal: Journal,
    run_dir: str | os.PathLike[str],
    *,
    formats: Collection[str] = FORMATS,
    long: bool = False,
) -> tuple[Path, ...]:
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
        Parquet needs the extra ``table``; without it the others are written, and a warning is logged.
    long : bool
        Write ``features_long`` as well: a row per ROI, recipe and feature.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    InputError
        Nothing can be written there, or not in this format.
    """
    return write_view(View(journal, journal.kept()), Path(run_dir), formats, long)


def write_view(view: View, folder: Path, formats: Collection[str], long: bool) -> tuple[Path, ...]:
    """Write the tables of a view; see `export`."""
    unknown = set(formats) - set(FORMATS)
    if unknown:
        raise InputError(f"format is {unknown.pop()!r}, expected among: {', '.join(FORMATS)}")
    formats = list(formats)
    if "parquet" in formats:
        try:
            extra("pyarrow.parquet", "Parquet")
        except InputError as error:
            if formats == ["parquet"]:
                raise
            formats.remove("parquet")
            logger.warning("no Parquet files: %s", error)
    names = [
        name
        for name in WRITERS
        if name.rpartition(".")[2] in (*formats, "json") and (long or "_long" not in name)
    ]
    with view.journal.snapshot():
        for name in names:
            _write(folder / name, WRITERS[name], view)
    return tuple(folder / name for name in names)


def _write(path: Path, write: Writer, view: View) -> None:
    write_atomically(path, lambda file: write(file, view))
