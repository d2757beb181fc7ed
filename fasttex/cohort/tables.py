"""The files of an export: each takes the cases as they come."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Any, TypeVar

import msgspec
import numpy as np

from ..features.columns import parse_column
from ..features.families import describe
from ..table import KEY
from ..types import FloatArray, IntArray
from ..writing import arrow_schema, csv_cell, csv_line, csv_lines, extra, finite
from .view import Block, View

__all__ = ["WRITERS", "Writer"]

T = TypeVar("T")
Take = Callable[[Block], None]
#: Writes what stands before the cases and what stands behind; between, it takes them one by one.
Writer = Callable[[IO[bytes], View], AbstractContextManager[Take]]

_CELLS = 2**20  # that a row group of Parquet holds, which is what memory holds
_DIAGNOSTICS = (*KEY, "step", "name", "value")
_LONG = (*KEY, "image", "family", "feature", "aggregation", "ibsi", "unit", "value")


@contextmanager
def features_csv(file: IO[bytes], view: View) -> Iterator[Take]:
    """A row per ROI and recipe, a column per feature."""
    _put(file, csv_line([*view.about, *view.columns]))

    def take(block: Block) -> None:
        for about, values in zip(block.about, block.values, strict=True):
            _put(file, ",".join([csv_line(about.values()), *_numbers(values)]))

    yield take


@contextmanager
def features_parquet(file: IO[bytes], view: View) -> Iterator[Take]:
    """The same with IBSI codes and units."""
    schema = arrow_schema(view.about, view.columns, view.provenance())
    with _parquet(file, schema, view.about) as write:

        def put(held: list[Block]) -> None:
            about, values = _joined(held)
            write([[row[name] for row in about] for name in view.about], values)

        with _in_groups(put) as add:
            yield lambda block: add(block.without_diagnostics(), block.values.size)


@contextmanager
def features_long_csv(file: IO[bytes], view: View) -> Iterator[Take]:
    """A row per ROI, recipe and feature."""
    _put(file, csv_line(_LONG))
    middles = [csv_line(about) for about in _features(view)]

    def take(block: Block) -> None:
        for about, values in zip(block.about, block.values, strict=True):
            key = csv_line(about[name] for name in KEY)
            cells = zip(middles, _numbers(values), strict=True)
            file.write("".join(f"{key},{middle},{cell}\n" for middle, cell in cells).encode())

    yield take


@contextmanager
def features_long_parquet(file: IO[bytes], view: View) -> Iterator[Take]:
    """The same as Parquet."""
    pa = extra("pyarrow", "Parquet")
    schema = arrow_schema(_LONG[:-1], (), view.provenance()).append(pa.field("value", "double"))
    described = list(zip(*_features(view), strict=True))
    with _parquet(file, schema, _LONG[:-1]) as write:

        def put(held: list[Block]) -> None:
            about, values = _joined(held)
            rows, columns = np.divmod(np.arange(values.size), len(view.columns))
            keys = _keys(about, schema, rows)
            write([*keys, *(pa.array(words).take(columns) for words in described)], values.T.reshape(1, -1))

        with _in_groups(put) as add:
            yield lambda block: add(block.without_diagnostics(), block.values.size)


@contextmanager
def diagnostics_csv(file: IO[bytes], view: View) -> Iterator[Take]:
    """What each step did to each ROI: a row per step and name."""
    _put(file, csv_line(_DIAGNOSTICS))

    def take(block: Block) -> None:
        for about, steps in zip(block.about, block.steps, strict=bool(block.steps)):
            key = csv_line(about[name] for name in KEY)
            file.write("".join(f"{key},{line}\n" for line in csv_lines(steps)).encode())

    yield take


@contextmanager
def diagnostics_parquet(file: IO[bytes], view: View) -> Iterator[Take]:
    """The same as Parquet, all values as texts."""
    schema = arrow_schema(_DIAGNOSTICS, (), {})
    with _parquet(file, schema, _DIAGNOSTICS) as write:

        def put(held: list[tuple[dict[str, Any], list[tuple[str, str, Any]]]]) -> None:
            rois = np.repeat(np.arange(len(held)), [len(steps) for _, steps in held])
            step, name, value = zip(*(row for _, steps in held for row in steps), strict=True)
            keys = _keys([about for about, _ in held], schema, rois)
            write([*keys, step, name, [str(v) for v in value]])

        with _in_groups(put) as add:

            def take(block: Block) -> None:
                for about, steps in zip(block.about, block.steps, strict=bool(block.steps)):
                    if steps:
                        add((about, steps), len(steps) * len(_DIAGNOSTICS))

            yield take


@contextmanager
def provenance_json(file: IO[bytes], view: View) -> Iterator[Take]:
    """How all of it was made, and each case, a line for each."""
    head = json.dumps(finite(view.provenance()), indent=1)
    _put(file, f'{head.removesuffix("}").rstrip()},\n "made": [')
    before = ""

    def take(block: Block) -> None:
        nonlocal before
        file.write(f"{before}  {json.dumps(finite(block.provenance))}".encode())
        before = ",\n"

    yield take
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


def _joined(blocks: Sequence[Block]) -> tuple[list[dict[str, Any]], FloatArray]:
    """Rows of several cases; values of shape (n_columns, n_rows)."""
    about = [row for block in blocks for row in block.about]
    return about, np.concatenate([block.values.T for block in blocks], axis=1)


def _keys(about: Sequence[dict[str, Any]], schema: Any, rows: IntArray) -> list[Any]:
    """The key of each of `rows` of `about`, as columns of Parquet."""
    pa = extra("pyarrow", "Parquet")
    return [pa.array([row[name] for row in about], schema.field(name).type).take(rows) for name in KEY]


@contextmanager
def _in_groups(put: Callable[[list[T]], None]) -> Iterator[Callable[[T, int], None]]:
    """A function that takes things and how many cells they have, and puts them `_CELLS` at a time."""
    held: list[T] = []
    cells = 0

    def add(thing: T, n_cells: int) -> None:
        nonlocal cells
        held.append(thing)
        cells += n_cells
        if cells >= _CELLS:
            put(held)
            held.clear()
            cells = 0

    yield add
    if held:
        put(held)


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
