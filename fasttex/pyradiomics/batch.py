"""Cases of a batch file, run in processes, and written in the formats of PyRadiomics' command."""

from __future__ import annotations

import csv
import io
import json
import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from .featureextractor import RadiomicsFeatureExtractor

__all__ = ["FORMATS", "Case", "Output", "read_cases", "run_cases"]

logger = logging.getLogger(__name__)

FORMATS = ("csv", "json", "txt")
_IMAGE, _MASK = "Image", "Mask"


@dataclass(frozen=True)
class Case:
    """One line of a batch.

    Attributes
    ----------
    number : int
        From 1.
    columns : dict of str to str
        ``Image``, ``Mask``, and what else the line holds, passed through; ``Label`` and ``Label_channel``
        choose the ROI.
    """

    number: int
    columns: dict[str, str]

    @property
    def image(self) -> str:
        """Path of the intensities."""
        return self.columns[_IMAGE]

    @property
    def mask(self) -> str:
        """Path of the labels."""
        return self.columns[_MASK]

    def chosen(self, column: str) -> int | None:
        """The whole number of a column that may be missing or empty."""
        text = (self.columns.get(column) or "").strip()
        try:
            return int(text) if text else None
        except ValueError:
            raise InputError(f"case {self.number}: {column} is {text!r}, expected a whole number") from None


def read_cases(path: Path) -> list[Case]:
    """Read a batch file: CSV with at least the columns ``Image`` and ``Mask``.

    Raises
    ------
    InputError
        It cannot be read, has not these columns, or a line lacks a path.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"the batch file {path} cannot be read: {error}") from None
    missing = [name for name in (_IMAGE, _MASK) if name not in columns]
    if missing:
        raise InputError(f"{path.name} has the columns {', '.join(columns)}; expected also {missing[0]}")
    for number, row in enumerate(rows, 1):
        if not row[_IMAGE] or not row[_MASK] or None in row:
            raise InputError(f"{path.name}, case {number}: expected a path of an image and one of a mask")
    return [Case(number, row) for number, row in enumerate(rows, 1)]


def run_cases(
    cases: Sequence[Case],
    params: str | None,
    settings: Mapping[str, Any],
    label: int | None = None,
    jobs: int = 1,
) -> Iterator[tuple[Case, dict[str, Any], str]]:
    """Extract the features of every case, in order; a case that fails takes no other along.

    Yields
    ------
    case : Case
    features : dict of str to value
        Empty where it failed.
    error : str
        Why it failed; empty where it did not.
    """
    RadiomicsFeatureExtractor(params, **settings)  # whatever is wrong with the parameters, before any case
    work = [(case, params, dict(settings), label) for case in cases]
    if min(jobs, len(cases)) < 2:
        yield from map(_run, work)
        return
    with ProcessPoolExecutor(min(jobs, len(cases)), multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_run, work)


def _run(work: tuple[Case, str | None, dict[str, Any], int | None]) -> tuple[Case, dict[str, Any], str]:
    case, params, settings, label = work
    try:
        extractor = RadiomicsFeatureExtractor(params, **settings)
        chosen = case.chosen("Label")
        features = extractor.execute(
            case.image, case.mask, label if chosen is None else chosen, case.chosen("Label_channel")
        )
    except Exception as error:
        return case, {}, f"{type(error).__name__}: {error}"
    return case, {key: _plain(value) for key, value in features.items()}, ""


def _plain(value: Any) -> Any:
    """Python's own numbers, tuples and dicts for what NumPy made."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.item() if value.ndim == 0 else value.tolist()
    if isinstance(value, Mapping):
        return {key: _plain(v) for key, v in value.items()}
    return tuple(_plain(v) for v in value) if isinstance(value, (list, tuple)) else value


class Output:
    """How rows are written.

    Parameters
    ----------
    format : {"csv", "json", "txt"}
        A table; a list of objects; or a line per case and value.
    path_format : {"absolute", "relative", "basename"}
        How paths are spelled.
    unix_path : bool
        With ``/`` whatever the system.
    skip_nans : bool
        Leave values out that are not a number.
    """

    def __init__(self, format: str, path_format: str, *, unix_path: bool, skip_nans: bool) -> None:
        self._format = format
        self._path_format = path_format
        self._unix_path = unix_path
        self._skip_nans = skip_nans

    def row(self, case: Case, features: Mapping[str, Any]) -> dict[str, Any]:
        """A case's columns and its features."""
        named = {name: value for name, value in case.columns.items() if value not in (None, "")}
        named |= {name: self._path(case.columns[name]) for name in (_IMAGE, _MASK)}
        kept = {k: v for k, v in features.items() if not (self._skip_nans and _is_nan(v))}
        return {**named, **kept}

    def text(self, rows: Sequence[Mapping[str, Any]]) -> str:
        """All rows together."""
        if self._format == "json":
            return json.dumps(rows, indent=2) + "\n"
        if self._format == "txt":
            lines = [f"Case-{n}_{k}: {v}" for n, row in enumerate(rows, 1) for k, v in row.items()]
            return "".join(line + "\n" for line in lines)
        columns = list(dict.fromkeys(name for row in sorted(rows, key=len, reverse=True) for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()

    def _path(self, path: str) -> str:
        spellings: dict[str, Callable[[str], str]] = {
            "absolute": os.path.abspath,
            "relative": os.path.relpath,
            "basename": os.path.basename,
        }
        spelled = spellings[self._path_format](path)
        return spelled.replace(os.sep, "/") if self._unix_path else spelled


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value
