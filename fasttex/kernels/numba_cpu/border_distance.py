"""City-block distance to the border of a mask: along rows, then a sweep forth and one back along other axes.

City-block distance adds up over the axes, so they can be taken one after the other: those within planes,
which makes slabs of planes independent, then that across planes, which makes slabs of rows so.
"""

from __future__ import annotations

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
    """Along a stretch of n voxels inside, voxel k is k + 1 steps from one end and n - k from the other."""
    x = 0
    while x < inside.size:
        begin = x
        while x < inside.size and inside[x]:
            x += 1
        n = x - begin
        for k in range(n):
            distance[begin + k] = min(k + 1, n - k, _FAR)
        while x < inside.size and not inside[x]:
            distance[x] = 0
            x += 1


@inlined
def _approach(row: NDArray[np.uint16], beside: NDArray[np.uint16]) -> None:
    for x in range(row.size):
        row[x] = min(row[x], np.uint16(beside[x] + 1))
