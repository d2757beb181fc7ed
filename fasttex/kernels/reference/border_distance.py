"""City-block distance to the border of a mask."""

import numpy as np

from ...types import Batch, DiscretizedRoi
from ..contract import DistanceArray


def border_distance(batch: Batch[DiscretizedRoi]) -> list[DistanceArray]:
    """See `Backend.border_distance`."""
    axes = (1, 2) if batch.planar else (0, 1, 2)
    return [_border_distance(item, axes) for item in batch.items]


def _border_distance(item: DiscretizedRoi, axes: tuple[int, ...]) -> DistanceArray:
    """Peel the mask: a voxel's distance is the number of peels after which it is gone."""
    inside = np.pad(item.morphological_mask, 1)
    distance = np.zeros(inside.shape, dtype=np.uint16)
    while inside.any():
        distance += inside
        inner = inside.copy()
        for axis in axes:
            for step in (-1, 1):
                inner &= np.roll(inside, step, axis)
        inside = inner
    return np.ascontiguousarray(distance[1:-1, 1:-1, 1:-1])
