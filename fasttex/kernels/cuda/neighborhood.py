"""Level differences and dependences within a neighborhood."""

from __future__ import annotations

import numpy as np

from ...types import Batch, DiscretizedRoi, Neighborhood
from ..contract import Offsets
from .counting import Counts, for_levels, launch_shares, offsets_at_once, table
from .device import Device
from .ragged import Levels, spread, starts
from .transfer import upload

_HIGHEST_COUNT = 2**32 - 1


def neighborhood(batch: Batch[DiscretizedRoi], offsets: Offsets, alpha: int) -> list[Neighborhood]:
    """See `Backend.neighborhood`."""
    return for_levels(
        batch,
        lambda item: 8 * item.n_levels * (3 * (len(offsets) + 1) + 1),
        lambda device, levels: _count(device, levels, offsets, alpha),
    )


def _count(device: Device, levels: Levels, offsets: Offsets, alpha: int) -> list[Neighborhood]:
    n, n_levels = len(offsets), levels.of_items("n_levels")
    differences, voxels, alike = (
        Counts(device, [(item.n_levels, n + 1) for item in levels.items]) for _ in range(3)
    )
    given = {
        "levels": levels.voxels,
        "items": table(device, levels.starts, n_levels, voxels.starts, starts(n_levels + 1)),
        "steps": table(device, levels.steps(offsets)),
        "n_offsets": np.int32(n),
        "alpha": np.int64(alpha),
        "values": upload(device, [np.append(0, item.level_values) for item in levels.items], np.int64),
        "difference_sums": differences.flat,
        "voxels": voxels.flat,
        "dependences": alike.flat,
    }
    template = {"Level": levels.dtype}
    table_bytes = 12 * n_levels * (n + 1)
    # What one voxel can add at most, to a counter of 32 bits in shared memory.
    range_of_values = np.array([int(np.ptp(item.level_values)) for item in levels.items])
    most = _HIGHEST_COUNT // np.maximum(1, n * range_of_values)
    fits = (offsets_at_once(device, table_bytes, 1) > 0) & (most >= device.configuration.threads)
    pieces = spread(device, levels.spans, most=np.where(fits, most, _HIGHEST_COUNT))
    shared = fits[pieces[:, 0]]
    launch_shares(device, "neighborhood", pieces[shared], given, template=template, table_bytes=table_bytes)
    launch_shares(device, "neighborhood_of_many_levels", pieces[~shared], given, template=template)
    found = zip(differences.arrays(), voxels.arrays(), alike.arrays(), strict=True)
    return [Neighborhood(*counts) for counts in found]
