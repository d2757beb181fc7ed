"""What lies in the journal, and how results go in and come out: JSON and plain bytes, nothing to unpickle."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import InputError
from .cases import Case, MaskFile, Result, RowData

__all__ = [
    "APPLICATION_ID",
    "SCHEMA",
    "VERSION",
    "Packed",
    "pack_result",
    "read_case",
    "storable",
    "unpack_result",
    "write_case",
]

#: Marks a SQLite file as a journal of fasttex.
APPLICATION_ID = 0x66747831
#: Of the tables below.
VERSION = 1

# Paths are bytes, because names of files need not be text. `position` is the order of the manifest.
SCHEMA = f"""
CREATE TABLE run (
    id INTEGER PRIMARY KEY CHECK (id = 1), recipe_key TEXT NOT NULL, recipe TEXT NOT NULL,
    manifest TEXT NOT NULL, created REAL NOT NULL, started REAL NOT NULL, fasttex TEXT NOT NULL);
CREATE TABLE cases (
    position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, image BLOB NOT NULL, masks TEXT NOT NULL,
    kept TEXT NOT NULL, content_key TEXT, state TEXT NOT NULL, attempts INTEGER NOT NULL,
    kind TEXT, text TEXT, private_text TEXT, seconds REAL, updated REAL);
CREATE TABLE files (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode TEXT NOT NULL,
    sha256 TEXT NOT NULL);
CREATE TABLE column_sets (id INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE);
CREATE TABLE results (
    content_key TEXT PRIMARY KEY, column_set INTEGER NOT NULL REFERENCES column_sets, n_rows INTEGER NOT NULL,
    n_failed INTEGER NOT NULL, seconds TEXT NOT NULL, provenance TEXT NOT NULL, rows BLOB NOT NULL,
    diagnostics BLOB NOT NULL, feature_values BLOB NOT NULL, counts BLOB);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""

_ROW = [field.name for field in fields(RowData)]


def write_case(case: Case) -> tuple[Any, ...]:
    """Name, image, masks and kept columns, as the table has them."""
    masks = [[os.fsencode(mask.path).hex(), mask.label, mask.variant, mask.roi] for mask in case.masks]
    return case.name, os.fsencode(case.image), json.dumps(masks), json.dumps(dict(case.kept))


def read_case(name: str, image: bytes, masks: str, kept: str) -> Case:
    """The inverse of `write_case`."""
    files = tuple(MaskFile(_path(bytes.fromhex(path)), *which) for path, *which in json.loads(masks))
    return Case(name, _path(image), files, json.loads(kept))


def storable(text: str) -> str:
    """The text with question marks for what UTF-8 cannot say, as in names of files of another encoding."""
    return text.encode(errors="replace").decode()


def _path(name: bytes) -> Path:
    return Path(os.fsdecode(name))


class Packed(NamedTuple):
    """A result as the table has it; `columns` has a table of its own."""

    columns: str
    n_rows: int
    n_failed: int
    seconds: str
    provenance: str
    rows: bytes
    diagnostics: bytes
    feature_values: bytes
    counts: bytes | None


def pack_result(result: Result) -> Packed:
    """Make a result ready for the journal."""
    shape = (len(result.rows), len(result.columns))
    if result.values.shape != shape or len(result.diagnostics) not in (0, len(result.rows)):
        raise InputError(f"a result has values of shape {result.values.shape}, expected {shape}")
    # Values stay as they are: zlib saves a quarter of their bytes and takes longer than writing them.
    return Packed(
        json.dumps(result.columns),
        len(result.rows),
        sum(bool(row.error) for row in result.rows),
        json.dumps(result.seconds),
        json.dumps(result.provenance),
        _squeeze([_plain(row) for row in result.rows]),
        _squeeze(result.diagnostics),
        np.ascontiguousarray(result.values, "<f8").tobytes(),
        result.counts,
    )


def unpack_result(columns: tuple[str, ...], packed: Sequence[Any]) -> Result:
    """The inverse of `pack_result`; `packed` begins with `seconds`, and may end before `counts`."""
    seconds, provenance, rows, diagnostics, values, *counts = packed
    made = [RowData(**{**dict(zip(_ROW, row, strict=True)), "flags": tuple(row[-2])}) for row in _open(rows)]
    return Result(
        columns,
        tuple(made),
        np.frombuffer(values, "<f8").reshape(len(made), len(columns)),
        _open(diagnostics),
        json.loads(provenance),
        json.loads(seconds),
        counts[0] if counts else None,
    )


def _plain(row: RowData) -> list[Any]:
    """A row as JSON can say it, also where a number came from NumPy."""
    values = (getattr(row, name) for name in _ROW)
    return [v.item() if isinstance(v, np.generic) else v for v in values]


def _squeeze(value: Any) -> bytes:
    return zlib.compress(json.dumps(value).encode(), 1)


def _open(squeezed: bytes) -> Any:
    return json.loads(zlib.decompress(squeezed))
