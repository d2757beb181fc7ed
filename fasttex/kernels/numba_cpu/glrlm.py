"""Gray level runs, in one pass that carries the runs' lengths along.

For each direction the state of a voxel is the number of equal voxels right before it: the state of its
predecessor plus one where the two levels are equal, else 0. Predecessors lie in the same row, the row
before or the plane before, so two planes of states are kept per direction, and a whole row is updated at
once. No run's end is looked for: if C[r] voxels have r equal ones before them, then C[r - 1] - C[r] runs
are r voxels long.

Levels of 0 carry on nonsense, which nobody reads: a voxel inside never equals one of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...types import Batch, DiscretizedRoi, IntArray, LevelArray
from ..contract import Offsets
from . import jit
from .jit import compiled, inlined, read, write


def glrlm(batch: Batch[DiscretizedRoi], offsets: Offsets) -> list[IntArray]:
    """See `Backend.glrlm`."""
    return jit.each(batch, lambda item: _glrlm(jit.bordered(item, offsets), jit.forward(offsets)))


def _glrlm(item: DiscretizedRoi, offsets: Offsets) -> IntArray:
    longest = max(item.shape)
    states = np.zeros((len(offsets), 2, item.buffer[0].size), dtype=np.min_scalar_type(longest - 1))
    table = np.zeros((len(offsets), longest, item.n_levels + 1), dtype=jit.counter(item))
    kinds = read(item.buffer.dtype), read(np.int64, 3), read(np.int64, 2)
    count = compiled(_count, *kinds, write(states.dtype, 3), write(table.dtype, 3))
    steps = np.stack([jit.flat_steps(item, offsets), offsets[:, 0]], axis=1)
    count(item.buffer.reshape(-1), jit.row_spans(item), steps, states, table)
    counts = table[:, :, 1:].transpose(0, 2, 1).astype(np.int64, order="C")
    counts[:, :, :-1] -= counts[:, :, 1:]
    return counts


def _count(
    levels: LevelArray, spans: IntArray, steps: IntArray, states: NDArray[Any], table: NDArray[Any]
) -> None:
    plane = states.shape[2]
    for z in range(spans.shape[0]):
        for y in range(spans.shape[1]):
            first, last, _ = spans[z, y]
            row, cell = levels[first:last], first % plane
            for a in range(len(steps)):
                step, planes_back = steps[a]
                before, old = levels[first - step : last - step], (first - step) % plane
                old_states = states[a, (z - planes_back) % 2, old : old + row.size]
                _carry(row, before, old_states, states[a, z % 2, cell : cell + row.size])
            _add(row, states.reshape(-1), (z % 2) * plane + cell, 2 * plane, table)


@inlined
def _carry(row: LevelArray, before: LevelArray, old: NDArray[Any], new: NDArray[Any]) -> None:
    """One row and direction; along x, old and new overlap, and each state builds on the one just made."""
    for x in range(row.size):
        new[x] = old[x] + 1 if row[x] == before[x] else 0


@inlined
def _add(row: LevelArray, states: NDArray[Any], cell: int, stride: int, table: NDArray[Any]) -> None:
    """Count every voxel of a row in every direction's table: [a, state, level]."""
    counts, columns = table.reshape(-1), np.uint64(table.shape[2])
    per_direction = np.uint64(table.shape[1]) * columns
    for x in range(row.size):
        target = np.uint64(row[x])
        if target == 0:
            continue
        state = np.uint64(cell + x)
        for _ in range(table.shape[0]):
            counts[target + columns * np.uint64(states[state])] += 1
            target += per_direction
            state += np.uint64(stride)
