"""Gray level runs."""

import numpy as np

from ...types import Batch, DiscretizedRoi, IntArray
from ..contract import Offsets


def glrlm(batch: Batch[DiscretizedRoi], offsets: Offsets) -> list[IntArray]:
    """See `Backend.glrlm`."""
    return [_glrlm(item, offsets) for item in batch.items]


def _glrlm(item: DiscretizedRoi, offsets: Offsets) -> IntArray:
    counts = np.zeros((len(offsets), item.n_levels, max(item.shape)), dtype=np.int64)
    levels = np.pad(item.levels.astype(np.int64), 1)
    for a, (dz, dy, dx) in enumerate(offsets.tolist()):
        for z, y, x in np.argwhere(levels).tolist():
            level = levels[z, y, x]
            if levels[z - dz, y - dy, x - dx] == level:
                continue  # the run began earlier
            run = 1
            while levels[z + run * dz, y + run * dy, x + run * dx] == level:
                run += 1
            counts[a, level - 1, run - 1] += 1
    return counts
