"""The files of an export: each is one pass over the cases, written as they come."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import msgspec
import numpy as np

from ..features.columns import parse_column
from ..features.families import describe
from ..table import KEY
from ..types import FloatArray
from ..writing import arrow_schema, csv_cell, csv_line, csv_lines, extra, finite, shareable
from .view import Block, View

__all__ = ["WRITERS", "Writer"]

Writer = Callable[[IO[bytes], View], None]

_CELLS = 2**20  # that a row group of Parquet holds, which is what memory holds
_DIAGNOSTICS = (*KEY, "step", "name", "value")
_LONG = (*KEY, "image", "family", "feature", "aggregation", "ibsi", "unit", "value")


def features_csv(file: IO[bytes], view: View) -> None:
    """A row per ROI and recipe, a column per feature."""
    _put(file, csv_line([*view.about, *view.columns]))
    for block in view.blocks():
        for about, values in zip(block.about, block.values, strict=True):
            _put(file, ",".join([csv_line(about.values()), *_numbers(values)]))


def features_parquet(file: IO[bytes], view: View) -> None:
    """The same with IBSI codes and units."""
    schema = arrow_schema(view.about, view.columns, view.provenance())
    with _parquet(file, schema, view.about) as write:
        for about, values in _groups(view.blocks(), len(view.columns)):
            write([[row[name] for row in about] for name in view.about], values)


def features_long_csv(file: IO[bytes], view: View) -> None:
    """A row per ROI, recipe and feature."""
    _put(file, csv_line(_LONG))
    middles = [csv_line(about) for about in _features(view)]
    for block in view.blocks():
        for about, values in zip(block.about, block.values, strict=True):
            key = csv_line(about[name] for name in KEY)
            cells = zip(middles, _numbers(values), strict=True)
            file.write("".join(f"{key},{middle},{cell}\n" for middle, cell in cells).encode())


def features_long_parquet(file: IO[bytes], view: View) -> None:
    """The same as Parquet."""
    pa = extra("pyarrow", "Parquet")
    schema = arrow_schema(_LONG[:-1], (), view.provenance()).append(pa.field("value", "double"))
    described = list(zip(*_features(view), strict=True))
    n = len(view.columns)
    with _parquet(file, schema, _LONG[:-1]) as write:
        for about, values in _groups(view.blocks(), n):
            rows, columns = np.divmod(np.arange(values.size), n)
            keys = [
                pa.array([row[name] for row in about], schema.field(name).type).take(rows) for name in KEY
            ]
            write([*keys, *(pa.array(words).take(columns) for words in described)], values.T.reshape(1, -1))


def diagnostics_csv(file: IO[bytes], view: View) -> None:
    """What each step did to each ROI: a row per step and name."""
    _put(file, csv_line(_DIAGNOSTICS))
    for block in view.blocks():
        file.write("".join(f"{line}\n" for line in csv_lines(_diagnosed(block))).encode())


def diagnostics_parquet(file: IO[bytes], view: View) -> None:
    """The same as Parquet, all values as texts."""
    schema = arrow_schema(_DIAGNOSTICS, (), {})
    with _parquet(file, schema, _DIAGNOSTICS) as write:
        rows: list[list[Any]] = []
        for block in view.blocks():
            rows += ([*row[:-1], str(row[-1])] for row in _diagnosed(block))
            if len(rows) * len(_DIAGNOSTICS) >= _CELLS:
                write(list(zip(*rows, strict=True)))
                rows = []
        if rows:
            write(list(zip(*rows, strict=True)))


def provenance_json(file: IO[bytes], view: View) -> None:
    """How all of it was made, and each case, a line for each."""
    head = json.dumps(finite(view.provenance()), indent=1)
    _put(file, f'{head.removesuffix("}").rstrip()},\n "made": [')
    before = ""
    for block in view.blocks():
        file.write(f"{before}  {json.dumps(finite(block.provenance))}".encode())
        before = ",\n"
    _put(file, "\n ]\n}")


def _put(file: IO[bytes], line: str) -> None:
    file.write(f"{line}\n".encode())


def _numbers(values: FloatArray) -> list[str]:
    """Cells of CSV, the same as of `csv_cell` at a fifth of the time.

    msgspec finds the same digits as `repr`, but writes exponents, 0.00001 and what is not finite otherwise.
    """
    numbers = values.tolist()
    texts = msgspec.json.encode(numbers)[1:-1].decode().split(",")
    return [
        text if "e" not in text and "0.0000" not in text and text != "null" else csv_cell(number)
        for text, number in zip(texts, numbers, strict=True)
    ]


def _features(view: View) -> Iterator[tuple[str, ...]]:
    """What the long form says of each column."""
    for name in view.columns:
        column, feature = parse_column(name), describe(name)
        yield column.image, column.family, column.feature, column.aggregation, feature.ibsi, feature.unit


def _diagnosed(block: Block) -> Iterator[list[Any]]:
    """Rows of `_DIAGNOSTICS`. Numbers and texts stay, all else becomes JSON."""
    for about, record in zip(block.about, block.diagnostics, strict=bool(block.diagnostics)):
        key = [about[name] for name in KEY]
        for step in shareable(record.get("steps", [])):
            for name, value in _flat(step):
                if name != "step":
                    yield [*key, step["step"], name, value]


def _flat(step: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in step.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
            yield f"{prefix}{name}", value if plain else json.dumps(value)


def _groups(blocks: Iterable[Block], n_columns: int) -> Iterator[tuple[list[dict[str, Any]], FloatArray]]:
    """Rows of several cases at a time; values of shape (n_columns, n_rows)."""
    about: list[dict[str, Any]] = []
    values: list[FloatArray] = []
    for block in blocks:
        about += block.about
        values.append(block.values.T)
        if len(about) * n_columns >= _CELLS:
            yield about, np.concatenate(values, axis=1)
            about, values = [], []
    if about:
        yield about, np.concatenate(values, axis=1)


@contextmanager
def _parquet(file: IO[bytes], schema: Any, about: Sequence[str]) -> Iterator[Callable[..., None]]:
    """A function that writes columns of rows, those of `about` first, then those of numbers."""
    pa, parquet = extra("pyarrow", "Parquet"), extra("pyarrow.parquet", "Parquet")
    with parquet.ParquetWriter(file, schema, use_dictionary=list(about)) as writer:

        def write(described: Sequence[Any], numbers: Sequence[FloatArray] = ()) -> None:
            columns = zip([*described, *numbers], schema.types, strict=True)
            arrays = [c if isinstance(c, pa.Array) else pa.array(c, kind) for c, kind in columns]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))

        yield write


#: What an export writes, by file; the long form on demand.
WRITERS: dict[str, Writer] = {
    "features.csv": features_csv,
    "features.parquet": features_parquet,
    "features_long.csv": features_long_csv,
    "features_long.parquet": features_long_parquet,
    "diagnostics.csv": diagnostics_csv,
    "diagnostics.parquet": diagnostics_parquet,
    "provenance.json": provenance_json,
}
