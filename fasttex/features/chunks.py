"""As many ROIs or slices at a time as the memory limit lets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..conventions import Convention
from ..errors import LevelRangeError
from ..matrices.memory import counts_bytes
from ..measures import Stopwatch
from ..types import Batch, DiscretizedRoi

__all__ = ["Options", "Taker", "chunks"]

#: Gets a family, whether slices were counted, whose they are, and the matrices that were counted.
Taker = Callable[[str, bool, Sequence[int], Sequence[Any]], object]

_ENOUGH = 2**26
"""Bytes: more do not make a chunk faster once it keeps all threads busy."""


@dataclass(frozen=True)
class Options:
    """What is computed, beside the families and their aggregations."""

    distance: int
    alpha: int
    slice_axis: int
    convention: Convention
    spatial_autocorrelation: str
    memory_limit: int
    watch: Stopwatch
    take: Taker | None = None


def chunks(
    batch: Batch[DiscretizedRoi], families: Iterable[str], planar: bool, options: Options
) -> Iterator[Batch[DiscretizedRoi]]:
    """Whole ROIs, or slices ROI by ROI, as many at a time as the memory limit lets."""
    items: list[DiscretizedRoi] = []
    owners: list[int] = []
    held = 0
    for roi, whole in enumerate(batch.items):
        for item in whole.slices(options.slice_axis) if planar else (whole,):
            needed = max(_bytes(item, family, planar, options) for family in families)
            enough = held > _ENOUGH and len(items) >= 4 * batch.threads
            if items and (enough or held + needed > options.memory_limit):
                yield replace(batch, items=tuple(items), owners=tuple(owners), planar=planar)
                items, owners, held = [], [], 0
            items.append(item)
            owners.append(roi)
            held += needed
    if items:
        yield replace(batch, items=tuple(items), owners=tuple(owners), planar=planar)


def _bytes(item: DiscretizedRoi, family: str, planar: bool, options: Options) -> int:
    """What one item's counts take; refuses what can never fit."""
    needed = counts_bytes(
        family,
        item.n_levels,
        max(item.shape),
        math.prod(item.shape),
        distance=options.distance,
        planar=planar,
        convention=options.convention.name,
    )
    if needed > options.memory_limit:
        raise LevelRangeError(
            f"the {family} counts of ROI {item.name!r} with {item.n_levels} levels need {needed} bytes, "
            f"memory_limit is {options.memory_limit}; discretize with fewer levels, or raise memory_limit"
        )
    return needed
