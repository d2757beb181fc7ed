"""City-block distance to the border of a mask: one sweep forth and one back along each axis.

City-block distance adds up over the axes, so the sweeps can be done one axis after the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...types import Batch, BoolArray, DiscretizedRoi
from ..contract import DistanceArray
from .jit import compiled, each, inlined, read, write

_FAR = 65_534  # one more still fits


def border_distance(batch: Batch[DiscretizedRoi]) -> list[DistanceArray]:
    """See `Backend.border_distance`."""
    sweep_slices = compiled(_sweep_slices, read(np.bool_, 3), write(np.uint16, 3))
    sweep_across = compiled(_sweep_across, write(np.uint16, 3))

    def task(item: DiscretizedRoi) -> DistanceArray:
        distance = np.empty(item.shape, dtype=np.uint16)
        sweep_slices(np.ascontiguousarray(item.morphological_mask), distance)
        if not batch.planar:
            sweep_across(distance)
        return distance

    return each(batch, task)


def _sweep_slices(inside: BoolArray, distance: DistanceArray) -> None:
    depth, height, width = inside.shape
    outside = np.zeros(width, dtype=np.uint16)
    for z in range(depth):
        for y in range(height):
            _sweep_row(inside[z, y], distance[z, y])
            _approach(distance[z, y], distance[z, y - 1] if y > 0 else outside)
        for y in range(height - 1, -1, -1):
            _approach(distance[z, y], distance[z, y + 1] if y < height - 1 else outside)


def _sweep_across(distance: DistanceArray) -> None:
    depth, height, width = distance.shape
    outside = np.zeros(width, dtype=np.uint16)
    for z in range(depth):
        for y in range(height):
            _approach(distance[z, y], distance[z - 1, y] if z > 0 else outside)
    for z in range(depth - 1, -1, -1):
        for y in range(height):
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
