"""Cells of a manifest: how they hold paths, what they may not hold, and CSV made of them."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..storage import write_atomically

#: Columns that a manifest may have, and what each is. The last belongs to PyRadiomics' batch files.
COLUMNS = {
    "case": "case",
    "image": "image",
    "rois": "rois",
    "mask": "rois",
    "label": "label",
    "variant": "variant",
    "roi": "roi",
    "label_channel": "label_channel",
}

# What no cell may hold: control characters, breaks of lines and paragraphs, halves of characters.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# One path of a cell: in quotes, with those inside it doubled, or plain; then a semicolon or the end.
_PATH = re.compile(r'\s*(?:"([^"]*(?:""[^"]*)*)"\s*|([^";][^;]*|))(?:;|$)')
# What a spreadsheet would run, with apostrophes before it that are part of the text.
_FORMULA = re.compile(r"'*[=+\-@]")


def is_printable(text: str) -> bool:
    """Whether text may stand in a cell: no control characters, no breaks of lines."""
    return not _UNPRINTABLE.search(text)


def split_paths(cell: str) -> list[str]:
    r"""Take a cell with paths apart.

    Semicolons separate them. A path that holds one, begins with a quote, or has spaces at its ends
    stands in quotes of its own, with quotes inside it doubled.

    Examples
    --------
    >>> split_paths('liver.nii.gz; "left;right.nii.gz"')
    ['liver.nii.gz', 'left;right.nii.gz']
    """
    paths, end = [], 0
    while end < len(cell):
        found = _PATH.match(cell, end)
        if found is None:
            raise InputError("quotes that do not enclose a path; close them, and double those inside a path")
        quoted, plain = found.groups()
        paths.append(plain.rstrip() if quoted is None else quoted.replace('""', '"'))
        end = found.end()
    return [path for path in paths if path]


def join_paths(paths: Iterable[str]) -> str:
    """The cell that `split_paths` takes apart into these paths."""
    quoted = (
        '"' + p.replace('"', '""') + '"' if ";" in p or p[:1] == '"' or p != p.strip() else p for p in paths
    )
    return ";".join(quoted)


def unescape(cell: str) -> str:
    """A text without the apostrophe that keeps spreadsheets from running it."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell


def _escape(text: str) -> str:
    return "'" + text if _FORMULA.match(text) else text


def manifest_text(rows: Sequence[Mapping[str, Any]], folder: Path | None) -> str:
    """Rows as the CSV of a manifest in `folder`.

    Parameters
    ----------
    rows : sequence of dict
        The same keys in each; ``image`` is a path, ``rois`` or ``mask`` one or a list of them. Those below
        `folder` become relative to it, the others absolute.
    folder : Path, optional
        Absolute. Without one, all paths become absolute.

    Returns
    -------
    str
        What a spreadsheet would run is made harmless: texts get an apostrophe, paths ``./``, before it.

    Raises
    ------
    InputError
        A cell holds a control character or a break of lines.
    """
    text = io.StringIO()
    writer = csv.DictWriter(
        text, list(dict.fromkeys(key for row in rows for key in row)), lineterminator="\n"
    )
    writer.writeheader()
    for number, row in enumerate(rows, 1):
        cells = {key: _written(key, value, folder) for key, value in row.items()}
        if not all(map(is_printable, cells.values())):
            raise InputError(f"row {number} holds a control character or no whole UTF-8; rename the file")
        writer.writerow(cells)
    return text.getvalue()


def _written(key: str, value: Any, folder: Path | None) -> str:
    if COLUMNS.get(key) not in ("image", "rois"):
        return _escape(value) if isinstance(value, str) else "" if value is None else str(value)
    several = value if isinstance(value, (list, tuple)) else [value]
    return join_paths(_relative(Path(path).absolute(), folder) for path in several)


def _relative(path: Path, folder: Path | None) -> str:
    if folder is None or not path.is_relative_to(folder):
        return str(path)
    text = path.relative_to(folder).as_posix()
    return f"./{text}" if text[0] in "=+-@" else text


def write_manifest(rows: Sequence[Mapping[str, Any]], path: str | os.PathLike[str]) -> None:
    """Write a manifest as CSV, with paths relative to its folder; `manifest_text` says how.

    Raises
    ------
    InputError
        Its folder is not there, its name ends in .parquet, or a cell cannot be written.
    """
    target = Path(path).absolute()
    if target.suffix == ".parquet":
        raise InputError(f"{path} ends in .parquet, but manifests are written as CSV; name it .csv")
    text = manifest_text(rows, target.parent)
    write_atomically(target, lambda file: file.write(text.encode()))
