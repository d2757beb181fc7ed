"""Gray level co-occurrence."""

from __future__ import annotations

import numpy as np

from ...types import Batch, DiscretizedRoi, IntArray
from ..contract import Offsets
from .counting import Counts, for_levels, launch_shares, offsets_at_once, table
from .device import Device
from .ragged import Levels, spread


def glcm(batch: Batch[DiscretizedRoi], offsets: Offsets) -> list[IntArray]:
    """See `Backend.glcm`."""
    return for_levels(
        batch,
        lambda item: 8 * len(offsets) * item.n_levels**2,
        lambda device, levels: _count(device, levels, offsets),
    )


def _count(device: Device, levels: Levels, offsets: Offsets) -> list[IntArray]:
    n, n_levels = len(offsets), levels.of_items("n_levels")
    counts = Counts(device, [(n, item.n_levels, item.n_levels) for item in levels.items])
    given = {
        "levels": levels.voxels,
        "items": table(device, levels.starts, n_levels, counts.starts, 0),
        "steps": table(device, levels.steps(offsets)),
        "n_offsets": np.int32(n),
        "counts": counts.flat,
    }
    template = {"Level": levels.dtype}
    table_bytes = 4 * n_levels**2
    group = offsets_at_once(device, table_bytes, n)
    pieces = spread(device, levels.spans)
    fits = group[pieces[:, 0]] > 0
    launch_shares(
        device, "glcm", pieces[fits], given,
        template=template, n_offsets=n, group=group, table_bytes=table_bytes,
    )  # fmt: skip
    launch_shares(device, "glcm_of_many_levels", pieces[~fits], given, template=template, n_offsets=n)
    return counts.arrays()
