"""Corner patterns of marching cubes."""

import numpy as np

from ...types import Batch, DiscretizedRoi, IntArray


def surface(batch: Batch[DiscretizedRoi]) -> list[IntArray]:
    """See `Backend.surface`."""
    return [_surface(item) for item in batch.items]


def _surface(item: DiscretizedRoi) -> IntArray:
    """Look at every cube of the padded mask; the corner at (z, y, x) is bit 4z + 2y + x."""
    inside = np.pad(item.morphological_mask, 1).astype(np.int64)
    depth, height, width = (n - 1 for n in inside.shape)
    pattern = np.zeros((depth, height, width), dtype=np.int64)
    for z, y, x in np.ndindex(2, 2, 2):
        pattern += inside[z : z + depth, y : y + height, x : x + width] << (4 * z + 2 * y + x)
    cases: IntArray = np.bincount(pattern.ravel(), minlength=256).astype(np.int64)
    return cases
