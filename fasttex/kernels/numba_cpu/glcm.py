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
from .jit import INT, bordered, compiled, counter, each, flat_steps, read, row_spans, write

_TABLE_LEVELS = 128


def glcm(batch: Batch[DiscretizedRoi], offsets: Offsets) -> list[IntArray]:
    """See `Backend.glcm`."""
    return each(batch, lambda item: _glcm(bordered(item, offsets), offsets))


def _glcm(item: DiscretizedRoi, offsets: Offsets) -> IntArray:
    n, n_levels, dtype = len(offsets), item.n_levels, counter(item)
    kinds = read(item.buffer.dtype), read(np.int64, 2), read(np.int64), INT
    given = item.buffer.reshape(-1), row_spans(item).reshape(-1, 3), flat_steps(item, offsets), n_levels
    if n_levels > _TABLE_LEVELS:
        counts = np.zeros((n, n_levels, n_levels), dtype=np.int64)
        compiled(_count_in_place, *kinds, write(np.int64))(*given, counts.reshape(-1))
        return counts
    table = np.zeros((n_levels, n, n_levels + 1), dtype=dtype)
    compiled(_count_in_table, *kinds, write(dtype))(*given, table.reshape(-1))
    return table[:, :, 1:].transpose(1, 0, 2).astype(np.int64, order="C")


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
