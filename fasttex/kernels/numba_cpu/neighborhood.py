"""Level differences and dependences, in one pass.

For a row at a time, the neighbors in one direction after the other are added to three row-long sums: how
many are inside, the sum of their levels, how many are alike. Nothing branches, so this is done for many
voxels at once, in 16 bits where the sums fit. Where levels were compacted, their values are no longer their
numbers and must be looked up: voxel by voxel then.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...types import Batch, DiscretizedRoi, IntArray, LevelArray, Neighborhood
from ..contract import Offsets
from .jit import INT, bordered, compiled, each, flat_steps, inlined, read, row_spans, write


def neighborhood(batch: Batch[DiscretizedRoi], offsets: Offsets, alpha: int) -> list[Neighborhood]:
    """See `Backend.neighborhood`."""
    return each(batch, lambda item: _neighborhood(bordered(item, offsets), offsets, alpha))


def _neighborhood(item: DiscretizedRoi, offsets: Offsets, alpha: int) -> Neighborhood:
    n, n_levels = len(offsets), item.n_levels
    result = np.zeros((3, n_levels, n + 1), dtype=np.int64)
    given = item.buffer.reshape(-1), row_spans(item).reshape(-1, 3), flat_steps(item, offsets)
    kinds = read(item.buffer.dtype), read(np.int64, 2), read(np.int64)
    if np.array_equal(item.level_values, np.arange(1, n_levels + 1)):
        fitting = np.promote_types(np.int16, np.min_scalar_type(-n * n_levels))
        sums = np.empty((3, item.shape[2]), dtype=fitting)
        by_rows = compiled(_by_rows, *kinds, INT, write(sums.dtype, 2), write(np.int64, 3))
        by_rows(*given, min(alpha, n_levels), sums, result)
    else:
        values = np.concatenate([[0], item.level_values]).astype(np.int64)
        compiled(_by_voxels, *kinds, INT, read(np.int64), write(np.int64, 3))(*given, alpha, values, result)
    difference_sums, voxels, dependences = result
    return Neighborhood(difference_sums, voxels, dependences)


def _by_rows(
    levels: LevelArray, spans: IntArray, steps: IntArray, alpha: int, sums: NDArray[Any],
    result: IntArray,
) -> None:  # fmt: skip
    for first, last, _ in spans:
        row = levels[first:last]
        inside, total, alike = sums[0, : row.size], sums[1, : row.size], sums[2, : row.size]
        sums[:] = 0
        for step in steps:
            _add_neighbors(row, levels[first + step : last + step], alpha, inside, total, alike)
        for x in range(row.size):
            level = np.int64(row[x])
            if level > 0:
                c = np.int64(inside[x])
                result[0, level - 1, c] += abs(c * level - total[x])
                result[1, level - 1, c] += 1
                result[2, level - 1, alike[x]] += 1


@inlined
def _add_neighbors(
    row: LevelArray, beside: LevelArray, alpha: int, inside: NDArray[Any], total: NDArray[Any],
    alike: NDArray[Any],
) -> None:  # fmt: skip
    for x in range(row.size):
        here = beside[x] > 0
        inside[x] += here
        total[x] += beside[x]
        alike[x] += here & (abs(np.int32(beside[x]) - np.int32(row[x])) <= alpha)


def _by_voxels(
    levels: LevelArray, spans: IntArray, steps: IntArray, alpha: int, values: IntArray,
    result: IntArray,
) -> None:  # fmt: skip
    for first, last, _ in spans:
        for voxel in range(first, last):
            level = levels[voxel]
            if level == 0:
                continue
            value, inside, total, alike = values[level], 0, 0, 0
            for step in steps:
                beside = levels[voxel + step]
                if beside > 0:
                    inside += 1
                    total += values[beside]
                    alike += abs(values[beside] - value) <= alpha
            result[0, level - 1, inside] += abs(inside * value - total)
            result[1, level - 1, inside] += 1
            result[2, level - 1, alike] += 1
