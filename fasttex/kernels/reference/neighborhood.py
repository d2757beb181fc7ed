"""Level differences and dependences within a neighborhood."""

import numpy as np

from ...types import Batch, DiscretizedRoi, Neighborhood
from ..contract import Offsets


def neighborhood(batch: Batch[DiscretizedRoi], offsets: Offsets, alpha: int) -> list[Neighborhood]:
    """See `Backend.neighborhood`."""
    return [_neighborhood(item, offsets, alpha) for item in batch.items]


def _neighborhood(item: DiscretizedRoi, offsets: Offsets, alpha: int) -> Neighborhood:
    shape = (item.n_levels, len(offsets) + 1)
    difference_sums, voxels, dependences = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    value = np.concatenate([[0], item.level_values])
    for voxel in np.argwhere(item.buffer):
        level = item.buffer[tuple(voxel)]
        beside = item.buffer[tuple((voxel + offsets).T)]
        neighbors = value[beside[beside > 0]]
        c, i = len(neighbors), value[level]
        difference_sums[level - 1, c] += abs(c * i - neighbors.sum())
        voxels[level - 1, c] += 1
        dependences[level - 1, np.count_nonzero(abs(neighbors - i) <= alpha)] += 1
    return Neighborhood(difference_sums, voxels, dependences)
