"""Gray level co-occurrence, in one pass over the voxels.

Each voxel's level picks a block of the table [i, a, j]; its neighbor in every direction then picks one cell
of it. So consecutive increments go to different rows, and level 0 (outside) has a column like any other:
no branch but the one that skips voxels outside. With many levels the table would no longer fit in the
cache, nor its memory be small: pairs are then counted where they are wanted, in [a, i, j].
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...types import Batch, DiscretizedRoi, IntArray, LevelArray
from ..contract import Offsets
from .jit import INT, bordered, compiled, counter, flat_steps, read, row_spans, write
from .slabs import added, in_slabs

_TABLE_LEVELS = 128


def glcm(batch: Batch[DiscretizedRoi], offsets: Offsets) -> list[IntArray]:
    """See `Backend.glcm`."""
    return in_slabs(
        [bordered(item, offsets) for item in batch.items],
        batch.threads,
        lambda item, planes: _count(item, planes, offsets),
        lambda item, counts: _by_direction(item, added(counts)),
        cells=lambda item: len(offsets) * item.n_levels**2,
    )


def _count(item: DiscretizedRoi, planes: slice, offsets: Offsets) -> NDArray[Any]:
    """Pairs in a table [i, a, j] with a column for level 0, or in [a, i, j] where levels are many."""
    n, n_levels = len(offsets), item.n_levels
    kinds = read(item.buffer.dtype), read(np.int64, 2), read(np.int64), INT
    spans = row_spans(item, planes).reshape(-1, 3)
    given = item.buffer.reshape(-1), spans, flat_steps(item, offsets), n_levels
    if n_levels > _TABLE_LEVELS:
        counts = np.zeros((n, n_levels, n_levels), dtype=np.int64)
        compiled(_count_in_place, *kinds, write(np.int64))(*given, counts.reshape(-1))
        return counts
    table = np.zeros((n_levels, n, n_levels + 1), dtype=counter(item))
    compiled(_count_in_table, *kinds, write(table.dtype))(*given, table.reshape(-1))
    return table


def _by_direction(item: DiscretizedRoi, counts: NDArray[Any]) -> IntArray:
    if item.n_levels > _TABLE_LEVELS:
        return counts
    return counts[:, :, 1:].transpose(1, 0, 2).astype(np.int64, order="C")


def _count_in_table(
    levels: LevelArray, spans: IntArray, steps: IntArray, n_levels: int, table: NDArray[Any]
) -> None:
    n, columns = np.uint64(steps.size), np.uint64(n_levels + 1)
    for first, last, _ in spans:
        for voxel in range(np.uint64(first), np.uint64(last)):
            i = np.uint64(levels[voxel])
            if i == 0:
                continue
            cell = (i - np.uint64(1)) * n * columns
            for a in range(n):
                table[cell + np.uint64(levels[voxel + np.uint64(steps[a])])] += 1
                cell += columns


def _count_in_place(
    levels: LevelArray, spans: IntArray, steps: IntArray, n_levels: int, counts: IntArray
) -> None:
    n, columns = np.uint64(steps.size), np.uint64(n_levels)
    for first, last, _ in spans:
        for voxel in range(np.uint64(first), np.uint64(last)):
            i = np.uint64(levels[voxel])
            if i == 0:
                continue
            cell = (i - np.uint64(1)) * columns
            for a in range(n):
                j = np.uint64(levels[voxel + np.uint64(steps[a])])
                if j > 0:
                    counts[cell + j - np.uint64(1)] += 1
                cell += columns * columns
