"""Separable interpolation: along x, then y, then z, in float64.

A new plane lies between two old ones, which are interpolated in x and y first. The two last made are kept,
and so are the last two rows while a plane is made: going up, each is made once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from ...types import AxisTable, Batch, FloatArray, IntArray, Sampling
from .jit import compiled, inlined, native, read, write
from .slabs import VOXELS_PER_THREAD_IF_FAST, in_slabs, shape_of

_TABLE = types.Tuple((read(np.int64), read(np.int64), read(np.float64)))
Table = tuple[IntArray, IntArray, FloatArray]


def resample(batch: Batch[Sampling]) -> list[FloatArray]:
    """See `Backend.resample`."""
    tasks = [(item, native(item.source), np.empty(shape_of(item))) for item in batch.items]
    fast = VOXELS_PER_THREAD_IF_FAST
    return in_slabs(tasks, batch.threads, _resample, lambda task, _: task[2], per_thread=fast)


def _resample(task: tuple[Sampling, NDArray[Any], FloatArray], planes: slice) -> None:
    item, source, volume = task
    z, y, x = (_arrays(axis) for axis in item.axes)
    of_slab = z[0][planes], z[1][planes], z[2][planes]
    interpolate = compiled(_interpolate, read(source.dtype, 3, "A"), *[_TABLE] * 3, write(np.float64, 3))
    interpolate(source, of_slab, y, x, volume[planes])


def _arrays(axis: AxisTable) -> Table:
    lower, upper = (np.ascontiguousarray(indices, dtype=np.int64) for indices in (axis.lower, axis.upper))
    return lower, upper, np.ascontiguousarray(axis.weight, dtype=np.float64)


def _interpolate(
    source: NDArray[Any], z_table: Table, y_table: Table, x_table: Table, volume: FloatArray
) -> None:
    lower, upper, weight = z_table
    planes, kept = np.empty((2, *volume.shape[1:])), np.full(2, -1)
    rows = np.empty((2, volume.shape[2]))
    for z in range(volume.shape[0]):
        below = _place(kept, lower[z], upper[z])
        if kept[below] != lower[z]:
            kept[below] = lower[z]
            _interpolate_plane(source[lower[z]], y_table, x_table, rows, planes[below])
        above = _place(kept, upper[z], lower[z])
        if kept[above] != upper[z]:
            kept[above] = upper[z]
            _interpolate_plane(source[upper[z]], y_table, x_table, rows, planes[above])
        for y in range(volume.shape[1]):
            _mix(planes[below, y], planes[above, y], weight[z], volume[z, y])


@inlined
def _interpolate_plane(
    source: NDArray[Any], y_table: Table, x_table: Table, rows: FloatArray, plane: FloatArray
) -> None:
    lower, upper, weight = y_table
    kept = np.full(2, -1)
    for y in range(plane.shape[0]):
        below = _place(kept, lower[y], upper[y])
        if kept[below] != lower[y]:
            kept[below] = lower[y]
            _interpolate_row(source[lower[y]], x_table, rows[below])
        above = _place(kept, upper[y], lower[y])
        if kept[above] != upper[y]:
            kept[above] = upper[y]
            _interpolate_row(source[upper[y]], x_table, rows[above])
        _mix(rows[below], rows[above], weight[y], plane[y])


@inlined
def _interpolate_row(source: NDArray[Any], x_table: Table, row: FloatArray) -> None:
    lower, upper, weight = x_table
    for x in range(row.size):
        a, b, w = np.float64(source[lower[x]]), np.float64(source[upper[x]]), weight[x]
        row[x] = a * (1.0 - w) + b * w


@inlined
def _mix(a: FloatArray, b: FloatArray, w: float, mixed: FloatArray) -> None:
    for x in range(mixed.size):
        mixed[x] = a[x] * (1.0 - w) + b[x] * w


@inlined
def _place(kept: IntArray, wanted: int, other: int) -> int:
    """Which of two places holds `wanted`, or may take it without losing `other`."""
    if kept[0] == wanted or (kept[1] != wanted and kept[0] != other):
        return 0
    return 1
