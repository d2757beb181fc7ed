"""Connected zones of equal gray level."""

from collections import Counter

import numpy as np

from ...types import Batch, DiscretizedRoi, IntArray
from ..contract import DistanceArray, Offsets


def zones(
    batch: Batch[DiscretizedRoi], offsets: Offsets, distances: list[DistanceArray] | None
) -> list[IntArray]:
    """See `Backend.zones`."""
    steps = [tuple(o) for o in np.concatenate([offsets, -offsets]).tolist()]
    if distances is None:
        distances = [np.zeros(item.shape, dtype=np.uint16) for item in batch.items]
    return [_zones(item, steps, d) for item, d in zip(batch.items, distances, strict=True)]


def _zones(item: DiscretizedRoi, steps: list[tuple[int, ...]], distance: DistanceArray) -> IntArray:
    """Flood each zone from its first voxel."""
    levels, far = np.pad(item.levels.astype(np.int64), 1), np.pad(distance.astype(np.int64), 1)
    found: Counter[tuple[int, int, int]] = Counter()
    for z, y, x in np.argwhere(levels).tolist():
        level = int(levels[z, y, x])
        if level == 0:
            continue  # an earlier flood took it
        levels[z, y, x] = 0
        zone = [(z, y, x)]
        for voxel in zone:  # grows while it is walked
            for dz, dy, dx in steps:
                beside = (voxel[0] + dz, voxel[1] + dy, voxel[2] + dx)
                if levels[beside] == level:
                    levels[beside] = 0
                    zone.append(beside)
        found[level, len(zone), min(int(far[v]) for v in zone)] += 1
    rows = [(*key, count) for key, count in sorted(found.items())]
    return np.array(rows, dtype=np.int64).reshape(-1, 4)
