"""Level differences and dependences, in one pass.

For a stretch of voxels, the neighbors in one direction after the other are added to three sums: how many are
outside, how many are alike, and their levels. Nothing branches, so this is done for many voxels at once, in
numbers as short as levels; the sum of the levels is moved to a longer one before it could overflow. Where
levels were compacted, their values are no longer their numbers and must be looked up: voxel by voxel then.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...types import Batch, DiscretizedRoi, IntArray, LevelArray, Neighborhood
from ..contract import Offsets
from .jit import INT, bordered, compiled, flat_steps, inlined, read, stretches, write
from .slabs import added, in_slabs

_MANY = 1024  # voxels at once


def neighborhood(batch: Batch[DiscretizedRoi], offsets: Offsets, alpha: int) -> list[Neighborhood]:
    """See `Backend.neighborhood`."""
    return in_slabs(
        [bordered(item, offsets) for item in batch.items],
        batch.threads,
        lambda item, planes: _count(item, planes, offsets, alpha),
        lambda item, counts: Neighborhood(*added(counts)),
        cells=lambda item: 3 * item.n_levels * (len(offsets) + 1),
    )


def _count(item: DiscretizedRoi, planes: slice, offsets: Offsets, alpha: int) -> IntArray:
    """Difference sums, voxels and dependences."""
    n, n_levels, dtype = len(offsets), item.n_levels, item.buffer.dtype
    result = np.zeros((3, n_levels + 1, n + 1), dtype=np.int64)
    given = item.buffer.reshape(-1), stretches(item, planes), flat_steps(item, offsets)
    kinds = read(dtype), read(np.int64, 2), read(np.int64), INT
    highest = np.iinfo(dtype).max
    if n <= 255 and alpha >= 0 and np.array_equal(item.level_values, np.arange(1, n_levels + 1)):
        sums = np.empty(3 * _MANY, dtype=dtype)
        totals = np.empty(_MANY, dtype=np.uint16 if n * n_levels < 2**16 else np.uint32)
        by_rows = compiled(_by_rows, *kinds, INT, write(dtype), write(totals.dtype), write(np.int64, 3))
        by_rows(*given, min(alpha, n_levels), highest // n_levels, sums, totals, result)
    else:
        values = np.concatenate([[0], item.level_values]).astype(np.int64)
        compiled(_by_voxels, *kinds, read(np.int64), write(np.int64, 3))(*given, alpha, values, result)
    return result[:, 1:]


def _by_rows(
    levels: LevelArray, stretches: IntArray, steps: IntArray, alpha: int, room: int, sums: LevelArray,
    totals: NDArray[Any], result: IntArray,
) -> None:  # fmt: skip
    columns = np.uint64(steps.size + 1)
    differences, voxels, dependences = result[0].reshape(-1), result[1].reshape(-1), result[2].reshape(-1)
    outside, alike, some = sums[:_MANY], sums[_MANY : 2 * _MANY], sums[2 * _MANY :]
    reach, n_steps = 0, np.int64(steps.size)
    for step in steps:  # compiles in a fraction of the time of steps.max()
        reach = max(reach, step)
    for begin, end in stretches:
        for first in range(begin, end, _MANY):
            row = levels[first : min(first + _MANY, end)]
            # A few voxels more than asked for: then no vector is left half full.
            n = max(row.size, min((row.size + 31) // 32 * 32, levels.size - reach - first))
            for x in range(sums.size):
                sums[x] = 0
            for x in range(totals.size):
                totals[x] = 0
            for a in range(n_steps):
                _add_neighbors(levels, first, n, steps[a], alpha, sums)
                if a % room == room - 1 or a == n_steps - 1:
                    for x in range(n):
                        totals[x] += some[x]
                        some[x] = 0
            _subtract(row, outside, n_steps, totals)
            for x in range(np.uint64(row.size)):
                i = np.uint64(row[x]) * columns
                if i > 0:
                    c = i + columns - np.uint64(1) - np.uint64(outside[x])
                    differences[c] += np.int64(totals[x])
                    voxels[c] += 1
                    dependences[i + np.uint64(alike[x])] += 1


@inlined
def _subtract(row: LevelArray, outside: LevelArray, n: int, totals: NDArray[Any]) -> None:
    """From sums of levels to differences: with c neighbors of sum t, |c*i - t|."""
    total = totals.dtype.type
    for x in range(row.size):
        product = total(total(row[x]) * total(total(n) - total(outside[x])))
        totals[x] = max(product, totals[x]) - min(product, totals[x])


@inlined
def _add_neighbors(levels: LevelArray, first: int, n: int, step: int, alpha: int, sums: LevelArray) -> None:
    here, there = levels[first : first + n], levels[first + step : first + step + n]
    level = here.dtype.type  # all numbers stay as short: one that does not makes every step four times slower
    within, one, none = level(alpha), level(1), level(0)
    for x in range(n):
        apart = level(max(here[x], there[x]) - min(here[x], there[x]))
        sums[x] += one if there[x] == none else none
        sums[x + _MANY] += one if (apart <= within) & (there[x] > none) else none
        sums[x + 2 * _MANY] += there[x]


def _by_voxels(
    levels: LevelArray, stretches: IntArray, steps: IntArray, alpha: int, values: IntArray,
    result: IntArray,
) -> None:  # fmt: skip
    for first, last in stretches:
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
            result[0, level, inside] += abs(inside * value - total)
            result[1, level, inside] += 1
            result[2, level, alike] += 1
