"""How a run stands, from its journal."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .cases import Failure

__all__ = ["STATES", "Status", "make_status", "without_numbers"]

#: What a case can be.
STATES = ("pending", "running", "done", "failed")


@dataclass(frozen=True)
class Status:
    """How a run stands.

    Attributes
    ----------
    cases : dict of int
        How many are ``pending``, ``running``, ``done``, ``failed``.
    rows, failed_rows : int
        Of the results: one per ROI and recipe.
    failures : list of (Failure, int)
        An example of each reason, and how many cases have it; the most frequent first. Texts that differ
        in their numbers alone are one reason.
    seconds : dict of float
        Per stage, over all results.
    rate : float
        Cases per second since the run began or was resumed; NaN before there are any.
    """

    cases: dict[str, int]
    rows: int
    failed_rows: int
    failures: list[tuple[Failure, int]]
    seconds: dict[str, float]
    rate: float


def make_status(rows: Callable[[str], Iterator[Any]]) -> Status:
    """Ask a journal by SQL how its run stands."""
    counts = dict.fromkeys(STATES, 0) | dict(rows("SELECT state, count(*) FROM cases GROUP BY state"))
    n_rows = failed = 0
    seconds: Counter[str] = Counter()
    results = "SELECT n_rows, n_failed, r.seconds FROM cases JOIN results r USING (content_key)"
    for of_case, of_failed, spent in rows(results):
        n_rows, failed = n_rows + of_case, failed + of_failed
        seconds.update(json.loads(spent))
    spans = "SELECT count(updated), max(updated), started FROM run LEFT JOIN cases ON updated >= started"
    ended, last, started = next(rows(spans))
    rate = ended / (last - started) if ended and last > started else math.nan
    return Status(counts, n_rows, failed, _reasons(rows), dict(seconds), rate)


def without_numbers(text: str) -> str:
    """What errors for the same reason have in common."""
    return re.sub(r"\d+([.]\d+)?", "0", text)


def _reasons(rows: Callable[[str], Iterator[Any]]) -> list[tuple[Failure, int]]:
    example: dict[tuple[str, str], Failure] = {}
    often: Counter[tuple[str, str]] = Counter()
    for kind, text in rows("SELECT kind, text FROM cases WHERE state = 'failed' ORDER BY position"):
        reason = kind, without_numbers(text)
        example.setdefault(reason, Failure(kind, text))
        often[reason] += 1
    return [(example[reason], n) for reason, n in often.most_common()]
