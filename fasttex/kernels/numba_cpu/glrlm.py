"""Gray level runs. Most are short, so none is followed from its start.

For a stretch of voxels and every direction the levels one, two and three steps back and one step ahead say at
once whether the voxel continues a run (a pair), whether a run of three or more ends here (a triple), and
whether it is longer. Nothing branches, so this is done for many voxels at once. Of longer runs, which are
rare, the length is found by walking back. With R runs of length r of a level there are Σ R triples over
r >= 3, Σ (r - 1)·R pairs and Σ r·R voxels: the runs of three, two and one follow. Nothing is carried from
voxel to voxel: slabs are independent.

Each voxel's directions make two sets, of the first half and of the second, which are counted by level and are
taken apart in the end. 16-bit levels have few equal neighbors, which are counted one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...types import Batch, DiscretizedRoi, IntArray, LevelArray
from ..contract import Offsets
from . import jit
from .jit import compiled, inlined, read, write
from .slabs import added, in_slabs

Sets = NDArray[np.uint8]

_MANY = 1024  # voxels at once
_LOWEST = np.array([0] + [(n & -n).bit_length() - 1 for n in range(1, 2**13)], dtype=np.uint8)


def glrlm(batch: Batch[DiscretizedRoi], offsets: Offsets) -> list[IntArray]:
    """See `Backend.glrlm`."""
    offsets = jit.forward(offsets)
    return in_slabs(
        [jit.bordered(item, offsets) for item in batch.items],
        batch.threads,
        lambda item, planes: _sums(item, planes, offsets),
        lambda item, sums: _finish(added(sums)),
        cells=lambda item: len(offsets) * item.n_levels * max(item.shape),
    )


def _sums(item: DiscretizedRoi, planes: slice, offsets: Offsets) -> IntArray:
    """For [direction, level]: voxels, pairs, triples, and from 3 on runs of one voxel more than the index."""
    steps, levels = jit.flat_steps(item, offsets), item.buffer.reshape(-1)
    sums = np.zeros((len(offsets), item.n_levels, max(item.shape)), dtype=np.int64)
    kinds = read(levels.dtype), read(np.int64, 2), read(np.int64)
    given = levels, jit.stretches(item, planes), steps
    if levels.dtype == np.uint8:
        table = np.zeros((2, 2, item.n_levels + 1, 1 << (len(steps) + 1) // 2), dtype=jit.counter(item))
        compiled(_count_sets, *kinds, write(table.dtype, 4), write(np.int64, 3))(*given, table, sums)
    else:
        compiled(_count_each, *kinds, write(np.int64, 3))(*given, sums)
    return sums


def _finish(sums: IntArray) -> IntArray:
    """From sums to the numbers of runs of each length."""
    compiled(_derive_short, write(np.int64, 2))(sums.reshape(-1, sums.shape[2]))
    return sums


def _count_sets(
    levels: LevelArray, stretches: IntArray, steps: IntArray, table: NDArray[Any], sums: IntArray
) -> None:
    """Count 8-bit levels by level and set: in table[pairs or triples, half, level, set]."""
    sets, found = np.empty((2, 3 * _MANY), dtype=np.uint8), np.empty(_MANY + 1, dtype=np.uint16)
    triples, half = sets[:, _MANY:], (len(steps) + 1) // 2
    for begin, end in stretches:
        for first in range(begin, end, _MANY):
            row = levels[first : min(first + _MANY, end)]
            _look(levels, first, row.size, steps, sets)
            n: Any = 0
            for x in range(np.uint64(row.size)):
                level = np.uint64(row[x])
                if level == 0:
                    continue
                table[0, 0, level, np.uint64(sets[0, x])] += 1
                table[0, 1, level, np.uint64(sets[1, x])] += 1
                found[n] = x
                n += np.int64(triples[0, x] | triples[1, x] > 0)
            for x in found[:n]:
                level = np.uint64(row[x])
                table[1, 0, level, np.uint64(triples[0, x])] += 1
                table[1, 1, level, np.uint64(triples[1, x])] += 1
            _count_longer(levels, first, found[:n], steps, sets, sums)
    for i in range(1, table.shape[2]):
        voxels: Any = 0
        for members in range(table.shape[3]):
            voxels += np.int64(table[0, 0, i, members])
        for a in range(len(steps)):
            sums[a, i - 1, 0] = voxels
        for k in range(2):
            for part in range(2):
                for members in range(1, table.shape[3]):
                    if table[k, part, i, members] > 0:
                        _add(table[k, part, i, members], members << half * part, i, k + 1, sums)


def _count_each(levels: LevelArray, stretches: IntArray, steps: IntArray, sums: IntArray) -> None:
    """Count levels that may be too many for a table."""
    sets, found = np.empty((2, 3 * _MANY), dtype=np.uint8), np.empty(_MANY + 1, dtype=np.uint16)
    half = (len(steps) + 1) // 2
    for begin, end in stretches:
        for first in range(begin, end, _MANY):
            row = levels[first : min(first + _MANY, end)]
            _look(levels, first, row.size, steps, sets)
            n: Any = 0
            for x in range(row.size):
                if row[x] > 0:
                    sums[0, row[x] - 1, 0] += 1
                    found[n] = x
                    n += np.int64(sets[0, x] | sets[1, x] > 0)
            for x in found[:n]:
                for k in range(2):
                    _add(1, _whole(sets, np.int64(x) + k * _MANY, half), np.int64(row[x]), k + 1, sums)
            _count_longer(levels, first, found[:n], steps, sets, sums)
    for a in range(1, len(steps)):
        for i in range(sums.shape[1]):
            sums[a, i, 0] = sums[0, i, 0]


@inlined
def _look(levels: LevelArray, first: int, n: int, steps: IntArray, sets: Sets) -> None:
    """Find the sets of `n` voxels, and of some more behind them: then no vector is left half full."""
    for part in range(2):
        for x in range(sets.shape[1]):
            sets[part, x] = 0
    reach = 0
    for step in steps:
        reach = max(reach, step)
    n, half = max(n, min((n + 31) // 32 * 32, levels.size - reach - first)), (len(steps) + 1) // 2
    for a in range(len(steps)):
        step, bit = steps[a], np.uint8(1 << a % half)
        # Where three steps back would leave the buffer, the second is outside the ROI: no run of three ends.
        near = min(n, max(0, 3 * step - first))
        _look_at_pairs(levels, first, near, step, bit, sets[a // half])
        _look_along(levels, first + near, n - near, step, bit, sets[a // half, near:])


@inlined
def _look_at_pairs(levels: LevelArray, first: int, n: int, step: int, bit: np.uint8, sets: Sets) -> None:
    here, back = levels[first : first + n], levels[first - step : first - step + n]
    for x in range(n):
        sets[x] |= bit if here[x] == back[x] else np.uint8(0)


@inlined
def _look_along(levels: LevelArray, first: int, n: int, step: int, bit: np.uint8, sets: Sets) -> None:
    here, ahead = levels[first : first + n], levels[first + step : first + step + n]
    one, two = levels[first - step : first - step + n], levels[first - 2 * step : first - 2 * step + n]
    three = levels[first - 3 * step : first - 3 * step + n]
    for x in range(n):
        pair = here[x] == one[x]
        triple = pair & (here[x] == two[x]) & (here[x] != ahead[x])
        sets[x] |= bit if pair else np.uint8(0)
        sets[x + _MANY] |= bit if triple else np.uint8(0)
        sets[x + 2 * _MANY] |= bit if triple & (here[x] == three[x]) else np.uint8(0)


@inlined
def _count_longer(
    levels: LevelArray, first: int, found: NDArray[np.uint16], steps: IntArray, sets: Sets, sums: IntArray
) -> None:
    """Count the runs of four or more that end at these voxels; the level before a run lies in the buffer."""
    half = (len(steps) + 1) // 2
    for x in found:
        members = _whole(sets, np.int64(x) + 2 * _MANY, half)
        level = levels[first + x]
        while members > 0:
            a = _LOWEST[members]
            step = np.uint64(steps[a])
            before, length = np.uint64(first + x) - np.uint64(4) * step, 4
            while levels[before] == level:
                before, length = before - step, length + 1
            sums[a, np.int64(level) - 1, length - 1] += 1
            members &= members - 1


@inlined
def _whole(sets: Sets, x: int, half: int) -> Any:
    """Set of all directions of the two halves."""
    return np.int64(sets[0, x]) | np.int64(sets[1, x]) << half


@inlined
def _add(number: Any, members: Any, level: Any, k: int, sums: IntArray) -> None:
    """Add to [direction, level, k] of every direction in a set."""
    while members > 0:
        sums[_LOWEST[members], level - 1, k] += np.int64(number)
        members &= members - 1


def _derive_short(sums: IntArray) -> None:
    """From the voxels, pairs and triples to the runs of one, two and three."""
    for runs in sums:
        if runs[0] == 0:
            continue
        for k in range(3, runs.size):
            runs[2] -= runs[k]
            runs[1] -= k * runs[k]
            runs[0] -= (k + 1) * runs[k]
        if runs.size > 2:
            runs[1] -= 2 * runs[2]
            runs[0] -= 3 * runs[2]
        if runs.size > 1:
            runs[0] -= 2 * runs[1]
