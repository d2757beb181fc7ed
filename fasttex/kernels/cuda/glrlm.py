"""Gray level runs."""

from __future__ import annotations

import numpy as np

from ...types import Batch, DiscretizedRoi, IntArray
from ..contract import Offsets
from .counting import Counts, for_levels, launch_shares, offsets_at_once, table
from .device import Device
from .ragged import Levels, spread

#: Runs up to this length are counted in shared memory, as far as there is room.
_SHORT = 16


def glrlm(batch: Batch[DiscretizedRoi], offsets: Offsets) -> list[IntArray]:
    """See `Backend.glrlm`."""
    return for_levels(
        batch,
        lambda item: 8 * len(offsets) * item.n_levels * max(item.shape),
        lambda device, levels: _count(device, levels, offsets),
    )


def _count(device: Device, levels: Levels, offsets: Offsets) -> list[IntArray]:
    n, n_levels = len(offsets), levels.of_items("n_levels")
    longest = np.array([max(item.shape) for item in levels.items])
    counts = Counts(device, [(n, item.n_levels, max(item.shape)) for item in levels.items])
    short = int(min(_SHORT, longest.max(), device.shared_bytes // (4 * n_levels.max())))
    table_bytes = 4 * n_levels * short
    launch_shares(
        device,
        "glrlm",
        spread(device, levels.spans),
        {
            "levels": levels.voxels,
            "items": table(device, levels.starts, n_levels, counts.starts, longest),
            "steps": table(device, levels.steps(offsets)),
            "n_offsets": np.int32(n),
            "short_runs": np.int32(short),
            "counts": counts.flat,
        },
        template={"Level": levels.dtype},
        n_offsets=n,
        group=offsets_at_once(device, table_bytes, n),
        table_bytes=table_bytes,
    )
    return counts.arrays()
