"""Gray levels from intensities, one voxel at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from ...types import Batch, Binning, BoolArray, FloatArray, LevelArray, padded_zeros
from .jit import FLOAT, INT, compiled, inlined, native, read, write
from .slabs import VOXELS_PER_THREAD_IF_FAST, in_slabs

_FBS, _FBN, _EDGES, _IDENTITY, _FLAT = range(5)
_RULES = {"fbs": _FBS, "fbn": _FBN, "edges": _EDGES, "identity": _IDENTITY}

# Rule, n_levels, origin, width, edges: as in `Binning`.
Bins = tuple[int, int, float, float, FloatArray]
_BINS = types.Tuple((INT, INT, FLOAT, FLOAT, read(np.float64)))


def discretize(batch: Batch[Binning]) -> list[LevelArray]:
    """See `Backend.discretize`."""
    tasks = [(item, _empty(item)) for item in batch.items]
    fast = VOXELS_PER_THREAD_IF_FAST
    return in_slabs(tasks, batch.threads, _discretize, lambda task, _: task[1], per_thread=fast)


def _empty(item: Binning) -> LevelArray:
    z, y, x = item.intensities.shape
    return padded_zeros((z, y, x), (item.pad,) * 3, item.n_levels)


def _discretize(task: tuple[Binning, LevelArray], planes: slice) -> None:
    item, buffer = task
    interior = buffer[tuple(slice(item.pad, item.pad + n) for n in item.intensities.shape)]
    intensities, inside = native(item.intensities[planes]), native(item.inside[planes])
    kinds = read(intensities.dtype, 3, "A"), read(inside.dtype, 3, "A"), _BINS, write(buffer.dtype, 3, "A")
    compiled(_bin, *kinds)(intensities, inside, _bins(item), interior[planes])


def _bins(item: Binning) -> Bins:
    rule = _FLAT if item.width == 0 and item.rule in ("fbs", "fbn") else _RULES[item.rule]
    edges = np.ascontiguousarray(item.edges, dtype=np.float64)
    return rule, item.n_levels, float(item.origin), float(item.width), edges


def _bin(intensities: NDArray[Any], inside: BoolArray, bins: Bins, levels: LevelArray) -> None:
    depth, height, width = levels.shape
    highest = np.float64(bins[1])
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                if inside[z, y, x]:
                    raw = _raw_level(np.float64(intensities[z, y, x]), bins)
                    levels[z, y, x] = np.int64(min(max(raw, 1.0), highest))


@inlined
def _raw_level(x: Any, bins: Bins) -> Any:
    rule, n_levels, origin, width, edges = bins
    if rule == _FBS:
        return np.floor((x - origin) / width) + 1.0
    if rule == _FBN:
        return np.floor(n_levels * (x - origin) / width) + 1.0
    if rule == _EDGES:
        return _edges_up_to(x, edges)
    return x if rule == _IDENTITY else 1.0


@inlined
def _edges_up_to(x: Any, edges: FloatArray) -> float:
    """How many edges are <= x."""
    low, high = 0, edges.size
    while low < high:
        middle = (low + high) // 2
        if edges[middle] <= x:
            low = middle + 1
        else:
            high = middle
    return float(low)
