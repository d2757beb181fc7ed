"""Gray levels from intensities, one row at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...types import Batch, Binning, BoolArray, FloatArray, LevelArray, padded_zeros
from .jit import FLOAT, INT, compiled, each, inlined, native, read, write

_FBS, _FBN, _EDGES, _IDENTITY, _FLAT = range(5)
_RULES = {"fbs": _FBS, "fbn": _FBN, "edges": _EDGES, "identity": _IDENTITY}


def discretize(batch: Batch[Binning]) -> list[LevelArray]:
    """See `Backend.discretize`."""
    return each(batch, _discretize)


def _discretize(item: Binning) -> LevelArray:
    z, y, x = item.intensities.shape
    buffer = padded_zeros((z, y, x), (item.pad,) * 3, item.n_levels)
    intensities, inside = native(item.intensities), native(item.inside)
    rule = _FLAT if item.width == 0 and item.rule in ("fbs", "fbn") else _RULES[item.rule]
    bin_rows = compiled(
        _bin_rows, read(intensities.dtype, 3, "A"), read(inside.dtype, 3, "A"), INT, FLOAT, FLOAT,
        read(np.float64), INT, INT, write(buffer.dtype, 3),
    )  # fmt: skip
    edges = np.ascontiguousarray(item.edges, dtype=np.float64)
    origin, width = float(item.origin), float(item.width)
    bin_rows(intensities, inside, rule, origin, width, edges, item.n_levels, item.pad, buffer)
    return buffer


def _bin_rows(
    intensities: NDArray[Any], inside: BoolArray, rule: int, origin: float, width: float, edges: FloatArray,
    n_levels: int, pad: int, buffer: LevelArray,
) -> None:  # fmt: skip
    depth, height, length = intensities.shape
    for z in range(depth):
        for y in range(height):
            row, mask = intensities[z, y], inside[z, y]
            levels = buffer[z + pad, y + pad, pad : pad + length]
            for x in range(length):
                if mask[x]:
                    raw = _raw_level(np.float64(row[x]), rule, origin, width, edges, n_levels)
                    levels[x] = np.int64(min(max(raw, 1.0), np.float64(n_levels)))


@inlined
def _raw_level(x: Any, rule: int, origin: float, width: float, edges: FloatArray, n_levels: int) -> Any:
    if rule == _FBS:
        return np.floor((x - origin) / width) + 1.0
    if rule == _FBN:
        return np.floor(n_levels * (x - origin) / width) + 1.0
    if rule == _EDGES:
        return _edges_up_to(x, edges)
    return x if rule == _IDENTITY else 1.0


@inlined
def _edges_up_to(x: float, edges: FloatArray) -> float:
    """How many edges are <= x."""
    low, high = 0, edges.size
    while low < high:
        middle = (low + high) // 2
        if edges[middle] <= x:
            low = middle + 1
        else:
            high = middle
    return float(low)
