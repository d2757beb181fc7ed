"""Corner patterns of marching cubes: a byte a cube, put together row by row.

Two planes give two bits of each voxel column, two rows of these four, two neighbors in the row all eight.
Patterns are looked at eight at a time: most are outside or inside altogether.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...types import Batch, BoolArray, DiscretizedRoi, IntArray
from .jit import compiled, inlined, read, write
from .slabs import each

Bytes = NDArray[np.uint8]

_ALL_INSIDE = np.uint64(2**64 - 1)


def surface(batch: Batch[DiscretizedRoi]) -> list[IntArray]:
    """See `Backend.surface`.

    Items are not split: of a few million voxels it takes less time than starting a thread.
    """
    count_cubes = compiled(_count_cubes, read(np.uint8, 3), write(np.int64))

    def task(item: DiscretizedRoi) -> IntArray:
        cases = np.zeros(256, dtype=np.int64)
        count_cubes(np.ascontiguousarray(item.morphological_mask).view(np.uint8), cases)
        cases[0] = np.prod([n + 1 for n in item.shape]) - cases[1:].sum()
        return cases

    return each(batch.items, batch.threads, task)


def _count_cubes(inside: BoolArray, cases: IntArray) -> None:
    depth, height, width = inside.shape
    n_words = (width + 8) // 8  # width + 1 patterns, and some of 0 behind them
    front = np.zeros(8 * n_words + 1, dtype=np.uint8)
    back = np.zeros(8 * n_words + 1, dtype=np.uint8)
    patterns = np.zeros(8 * n_words, dtype=np.uint8)
    words = patterns.view(np.uint64)
    outside = np.zeros(width, dtype=np.uint8)
    all_inside = 0
    for z in range(depth + 1):
        for y in range(height + 1):
            below = inside[z - 1, y] if z > 0 and y < height else outside
            above = inside[z, y] if z < depth and y < height else outside
            _join_planes(below, above, back[1:])
            _join_rows(front, back, patterns)
            all_inside += _count(patterns, words, cases)
            front, back = back, front  # behind the last row all is outside: so it is before the next
    cases[255] += all_inside


@inlined
def _join_planes(below: Bytes, above: Bytes, out: Bytes) -> None:
    for x in range(below.size):
        out[x] = below[x] | above[x] << np.uint8(4)


@inlined
def _join_rows(front: Bytes, back: Bytes, out: Bytes) -> None:
    for x in range(out.size):
        left = front[x] | back[x] << np.uint8(2)
        right = front[x + 1] | back[x + 1] << np.uint8(2)
        out[x] = left | right << np.uint8(1)


@inlined
def _count(patterns: Bytes, words: NDArray[np.uint64], cases: IntArray) -> int:
    all_inside = 0
    for k in range(words.size):
        if words[k] == _ALL_INSIDE:
            all_inside += 8
        elif words[k] != 0:
            for x in range(8 * k, 8 * k + 8):
                cases[patterns[x]] += 1
    return all_inside
