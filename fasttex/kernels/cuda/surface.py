"""Corner patterns of marching cubes."""

from __future__ import annotations

from math import prod

import numpy as np

from ...types import Batch, DiscretizedRoi, IntArray
from .counting import Counts, for_masks, launch_shares, table
from .device import Device
from .ragged import mask_of, spread, starts
from .rows import embed

_PATTERNS = 256


def surface(batch: Batch[DiscretizedRoi]) -> list[IntArray]:
    """See `Backend.surface`."""
    return for_masks(batch, _bytes, lambda device, items: _count(device, items))


def _bytes(item: DiscretizedRoi) -> int:
    """Of the mask, once as it is and once with padding, and of the counts."""
    return prod(item.shape) + prod(n + 2 for n in item.shape) + 8 * _PATTERNS


def _count(device: Device, items: tuple[DiscretizedRoi, ...]) -> list[IntArray]:
    shapes = np.array([item.shape for item in items], dtype=np.int64) + 2
    rows, planes = shapes[:, 2], shapes[:, 1] * shapes[:, 2]
    sizes = shapes.prod(axis=1)
    begin, corner = starts(sizes), planes + rows + 1
    strides = np.stack([planes, rows, np.ones_like(rows)], axis=1)
    masks = [mask_of(item) for item in items]
    counts = Counts(device, [(_PATTERNS,)] * len(items))
    # Cubes whose corners are all padding are left out before the first voxel and behind the last.
    spans = np.stack([np.zeros_like(sizes), sizes - corner], axis=1)
    given = {
        "masks": embed(device, masks, np.uint8, begin + corner, strides, int(sizes.sum())),
        "items": table(device, begin, rows, counts.starts, planes),
        "counts": counts.flat,
    }
    launch_shares(device, "surface", spread(device, spans), given, template={})
    found = counts.arrays()
    for cases, n_cubes in zip(found, (shapes - 1).prod(axis=1), strict=True):
        cases[0] = n_cubes - cases[1:].sum()
    return found
