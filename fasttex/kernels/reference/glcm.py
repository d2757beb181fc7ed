"""Gray level co-occurrence."""

import numpy as np

from ...types import Batch, DiscretizedRoi, IntArray
from ..contract import Offsets


def glcm(batch: Batch[DiscretizedRoi], offsets: Offsets) -> list[IntArray]:
    """See `Backend.glcm`."""
    return [_glcm(item, offsets) for item in batch.items]


def _glcm(item: DiscretizedRoi, offsets: Offsets) -> IntArray:
    counts = np.zeros((len(offsets), item.n_levels, item.n_levels), dtype=np.int64)
    voxels = np.argwhere(item.buffer)
    for a, offset in enumerate(offsets):
        i = item.buffer[tuple(voxels.T)].astype(np.int64)
        j = item.buffer[tuple((voxels + offset).T)].astype(np.int64)
        np.add.at(counts[a], (i[j > 0] - 1, j[j > 0] - 1), 1)
    return counts
