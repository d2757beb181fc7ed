"""How files are written: whole or not at all, every digit kept, nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import importlib
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from .errors import InputError
from .features.families import describe
from .storage import write_atomically

__all__ = [
    "arrow_schema",
    "csv_cell",
    "csv_line",
    "csv_lines",
    "deliver",
    "extra",
    "finite",
    "shareable",
]

#: What of the provenance stays out of written tables; ITK's warnings name files.
_PRIVATE = {"path", "sha256", "sha256_data", "warnings"}

_PLAIN = {type(None), bool, int, float, str}

#: A spreadsheet runs a text cell that begins with one of these.
_RUNS = ("=", "+", "-", "@", "\t", "\r")


def deliver(text: str, path: str | os.PathLike[str] | None) -> str | None:
    """Write a text, or return it where no path is given."""
    if path is None:
        return text
    write_atomically(Path(path), lambda file: file.write(text.encode()))
    return None


def csv_cell(value: Any) -> Any:
    """Floats with all their digits, NaN as an empty cell, a quote before what spreadsheets would run."""
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    if isinstance(value, str) and value.startswith(_RUNS):
        return f"'{value}"
    return value


def csv_line(values: Iterable[Any]) -> str:
    """One line of CSV, without its end."""
    return csv_lines([values])[0]


def csv_lines(rows: Iterable[Iterable[Any]]) -> list[str]:
    """Lines of CSV, without their ends."""
    lines: list[str] = []
    # The writer quotes a cell for the characters of its line end only, hence both.
    writer = csv.writer(SimpleNamespace(write=lines.append), lineterminator="\r\n")
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return [line[:-2] for line in lines]


def finite(value: Any) -> Any:
    """The same data with None for what JSON cannot say."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(v) for v in value]
    return value


def shareable(value: Any) -> Any:
    """The same record without file names and hashes."""
    if isinstance(value, Mapping):
        kept = {key: v for key, v in value.items() if key not in _PRIVATE}
        return {key: v if type(v) in _PLAIN else shareable(v) for key, v in kept.items()}
    if isinstance(value, (list, tuple)):
        return [v if type(v) in _PLAIN else shareable(v) for v in value]
    return value


def extra(module: str, needed_by: str) -> Any:
    """Import a module of the extra ``table``, or say how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise InputError(
            f"{needed_by} needs {module.split('.')[0]}: python -m pip install 'fasttex[table]'"
        ) from None


def arrow_schema(about: Sequence[str], columns: Sequence[str], provenance: Any) -> Any:
    """Schema of a feature table: IBSI code and unit with each feature, the provenance with the whole."""
    pa = extra("pyarrow", "Parquet")
    fields = [pa.field(name, _ARROW_TYPE.get(name, "string")) for name in about]
    for name in columns:
        feature = describe(name)
        fields.append(pa.field(name, "double", metadata={"ibsi": feature.ibsi, "unit": feature.unit}))
    return pa.schema(fields, metadata={"fasttex": json.dumps(finite(provenance))})


_ARROW_TYPE = {
    "label": "int64",
    "voxels": "int64",
    "n_levels": "int64",
    "intensity_min": "double",
    "intensity_max": "double",
}
