"""City-block distance to the border of a mask: one sweep forth and one back along each axis.

City-block distance adds up over the axes, so the sweeps can be done one axis after the other: within planes,
which makes slabs of planes independent, then across planes, which makes slabs of rows so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...types import Batch, BoolArray, DiscretizedRoi
from ..contract import DistanceArray
from .jit import INT, compiled, inlined, read, write
from .slabs import VOXELS_PER_THREAD_IF_FAST, in_slabs

_FAR = 65_534  # one more still fits

Task = tuple[DiscretizedRoi, DistanceArray]


def border_distance(batch: Batch[DiscretizedRoi]) -> list[DistanceArray]:
    """See `Backend.border_distance`."""
    tasks = [(item, np.empty(item.shape, dtype=np.uint16)) for item in batch.items]
    fast = VOXELS_PER_THREAD_IF_FAST
    in_slabs(tasks, batch.threads, _within_planes, _nothing, per_thread=fast)
    if not batch.planar:
        in_slabs(tasks, batch.threads, _across_planes, _nothing, axis=1, per_thread=fast)
    return [distance for _, distance in tasks]


def _within_planes(task: Task, planes: slice) -> None:
    item, distance = task
    inside = np.ascontiguousarray(item.morphological_mask[planes])
    compiled(_sweep_planes, read(np.bool_, 3), write(np.uint16, 3))(inside, distance[planes])


def _across_planes(task: Task, rows: slice) -> None:
    compiled(_sweep_across, INT, INT, write(np.uint16, 3))(rows.start, rows.stop, task[1])


def _nothing(task: Task, parts: list[None]) -> None:
    pass


def _sweep_planes(inside: BoolArray, distance: DistanceArray) -> None:
    depth, height, width = inside.shape
    outside = np.zeros(width, dtype=np.uint16)
    for z in range(depth):
        for y in range(height):
            _sweep_row(inside[z, y], distance[z, y])
            _approach(distance[z, y], distance[z, y - 1] if y > 0 else outside)
        for y in range(height - 1, -1, -1):
            _approach(distance[z, y], distance[z, y + 1] if y < height - 1 else outside)


def _sweep_across(first: int, last: int, distance: DistanceArray) -> None:
    depth, _, width = distance.shape
    outside = np.zeros(width, dtype=np.uint16)
    for y in range(first, last):
        for z in range(depth):
            _approach(distance[z, y], distance[z - 1, y] if z > 0 else outside)
        for z in range(depth - 1, -1, -1):
            _approach(distance[z, y], distance[z + 1, y] if z < depth - 1 else outside)


@inlined
def _sweep_row(inside: NDArray[np.bool_], distance: NDArray[np.uint16]) -> None:
    near: Any = 0
    for x in range(inside.size):
        near = min(near + 1, _FAR) if inside[x] else 0
        distance[x] = near
    near = 0
    for x in range(inside.size - 1, -1, -1):
        near = min(near + 1, np.int64(distance[x]))
        distance[x] = near


@inlined
def _approach(row: NDArray[np.uint16], beside: NDArray[np.uint16]) -> None:
    for x in range(row.size):
        row[x] = min(row[x], np.uint16(beside[x] + 1))
