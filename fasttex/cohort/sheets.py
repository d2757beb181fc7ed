"""Manifests as tables of text: CSV or Parquet, and what their columns are."""

from __future__ import annotations

import codecs
import csv
import difflib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..table import ABOUT
from ..writing import extra
from .cells import COLUMNS, join_paths


@dataclass(frozen=True)
class Sheet:
    """A manifest as text.

    Attributes
    ----------
    path : Path
        Absolute.
    header : tuple of str
        Names of columns as they are spelled.
    rows : list of (int, list of str)
        Where each begins, and a cell per column. Rows without any text are left out.
    unit : str
        What the numbers of rows count: ``line`` or ``row``.
    form : str
        Format, delimiter and encoding, for people.
    sha256 : str
        Of the file.
    faults : list of (int, str)
        Rows that do not fit the header.
    """

    path: Path
    header: tuple[str, ...]
    rows: list[tuple[int, list[str]]]
    unit: str
    form: str
    sha256: str
    faults: list[tuple[int, str]]


def read_sheet(path: Path) -> Sheet:
    """Read CSV (comma, semicolon or tab; UTF-8 or UTF-16) or Parquet; cells are stripped.

    Raises
    ------
    InputError
        It cannot be read, is no text, holds no row, or its quotes are not closed.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"the manifest {path} cannot be read: {error.strerror}; give a CSV or Parquet file"
        ) from None
    if content.startswith(b"PAR1"):
        records, unit, form = _parquet_records(content, path), "row", "Parquet"
    else:
        text, encoding = _decode(content, path)
        delimiter = max(",;\t", key=lambda each: _fit(text[: 1 << 20], each))
        records, unit = _csv_records(text, delimiter, path), "line"
        form = f"CSV, {delimiter!r}, {encoding.upper()}"
    if len(records) < 2:
        what = "a header but no rows" if records else "nothing in it"
        raise InputError(f"the manifest {path} has {what}; expected a header and a row per file with ROIs")
    header = tuple(records[0][1])
    rows, faults = [], []
    for number, cells in records[1:]:
        if any(cells[len(header) :]):
            faults.append(
                (
                    number,
                    f"{len(cells)} cells, the header has {len(header)}; a delimiter in a cell needs quotes",
                )
            )
        else:
            rows.append((number, (cells + [""] * len(header))[: len(header)]))
    return Sheet(path, header, rows, unit, form, sha256(content).hexdigest(), faults)


def _decode(content: bytes, path: Path) -> tuple[str, str]:
    """The text and its encoding: by the byte order mark, else by where the zero bytes of a header are."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif content[:1] == b"\0" or content[1:2] == b"\0":
        encoding = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
    else:
        encoding = "utf-8"
    advice = "save it anew as CSV in UTF-8 (a workbook too), or as Parquet"
    try:
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"the manifest {path} is no {encoding.upper()} text from line {line} on; {advice}"
        ) from None
    if "\0" in text:
        raise InputError(f"the manifest {path} is no text but a binary file; {advice}")
    return text, encoding


def _reader(text: str, delimiter: str) -> Any:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)


def _fit(text: str, delimiter: str) -> tuple[int, int]:
    """How well a delimiter suits the header: columns that are known, columns."""
    try:
        names: list[str] = next(
            (cells for cells in _reader(text, delimiter) if any(map(str.strip, cells))), []
        )
    except csv.Error:
        return 0, 0
    return sum(name.strip().lower() in COLUMNS for name in names), len(names)


def _csv_records(text: str, delimiter: str, path: Path) -> list[tuple[int, list[str]]]:
    """Lines where records begin, and their cells."""
    reader, records, end = _reader(text, delimiter), [], 0
    try:
        for cells in reader:
            begin, end = end + 1, reader.line_num
            cells = [cell.strip() for cell in cells]
            if any(cells):
                records.append((begin, cells))
    except csv.Error as error:
        raise InputError(
            f"the manifest {path} is no CSV from line {end + 1} on: {error}; close the quotes, and double "
            "those inside a cell"
        ) from None
    return records


def _parquet_records(content: bytes, path: Path) -> list[tuple[int, list[str]]]:
    """Numbers of rows from 1, and their cells; the header has number 0."""
    arrow = extra("pyarrow", "a manifest in Parquet")
    parquet = extra("pyarrow.parquet", "a manifest in Parquet")
    try:
        table = parquet.ParquetFile(io.BytesIO(content)).read()
    except (OSError, ValueError, arrow.ArrowException) as error:
        raise InputError(f"the manifest {path} is no whole Parquet file ({error}); write it anew") from None
    columns = [[_cell(value) for value in column.to_pylist()] for column in table.columns]
    records = [(0, [name.strip() for name in table.column_names])]
    rows = (list(cells) for cells in zip(*columns, strict=True))
    return records + [(number, cells) for number, cells in enumerate(rows, 1) if any(cells)]


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return join_paths(str(each) for each in value)
    return "" if value is None or value != value else str(value).strip()


def find_columns(sheet: Sheet, keep: Iterable[str]) -> tuple[dict[str, int], dict[str, int]]:
    """Where the columns with a meaning stand, and those to keep.

    Raises
    ------
    InputError
        Columns are missing, unknown or there twice: all that is wrong with the header.
    """
    columns: dict[str, int] = {}
    faults = []
    names = [name.lower() for name in sheet.header]
    for n, name in enumerate(names):
        role = COLUMNS.get(name)
        if role in columns:
            faults.append(
                f"columns {sheet.header[columns[role]]!r} and {sheet.header[n]!r} mean the same; delete one"
            )
        elif role:
            columns[role] = n
    missing = [role for role in ("image", "rois") if role not in columns]
    if missing:
        came = ", ".join(repr(name) for name in sheet.header)
        hints = [_hint(role, [name for name in names if name not in COLUMNS]) for role in missing]
        faults.append(
            f"the columns are {came}; needed are image and rois (or mask), and {' and '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing{''.join(hints)}"
        )
    kept = _kept(sheet, keep, faults)
    if faults:
        raise InputError(f"the manifest {sheet.path} cannot be used: {'; '.join(faults)}")
    return columns, kept


def _kept(sheet: Sheet, keep: Iterable[str], faults: list[str]) -> dict[str, int]:
    """Where the columns to keep stand, by their names as the manifest spells them."""
    taken = {*COLUMNS, *ABOUT}
    names = [name.lower() for name in sheet.header]
    kept = {}
    for wanted in keep:
        places = [n for n, name in enumerate(names) if name == wanted.strip().lower()]
        if wanted.strip().lower() in taken:
            faults.append(f"--keep {wanted!r} is a column that tables have already, or a path; leave it out")
        elif len(places) == 1:
            kept[sheet.header[places[0]]] = places[0]
        else:
            known = ", ".join(repr(n) for n in sheet.header if n and n.lower() not in taken)
            count = f"{len(places)} columns have" if places else "no column has"
            faults.append(f"--keep {wanted!r}: {count} that name; to keep are {known or 'none'}")
    return kept


def _hint(role: str, names: list[str]) -> str:
    words = [word for word, meaning in COLUMNS.items() if meaning == role]
    near = [name for word in words for name in difflib.get_close_matches(word, names, 1)]
    return f"; did you mean {role} by {near[0]!r}?" if near else ""
