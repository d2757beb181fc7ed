"""Connected zones of equal gray level: joined, measured and listed on the device, sorted on the host."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from ...types import Batch, DiscretizedRoi, IntArray
from ..contract import DistanceArray, Offsets
from .counting import for_levels, launch_shares, table
from .device import Device
from .ragged import Levels, held, spread, starts
from .rows import embed
from .transfer import download, zeros

#: Zones up to this size are counted in a table, of at most so many cells per item; larger ones are listed.
_SMALL = 16
_CELLS = 2**22


def zones(
    batch: Batch[DiscretizedRoi], offsets: Offsets, distances: list[DistanceArray] | None
) -> list[IntArray]:
    """See `Backend.zones`."""
    distance_of = dict(zip(map(id, batch.items), distances or (), strict=distances is not None))
    return for_levels(
        batch,
        lambda item: _bytes(item, distances is not None, batch.planar),
        lambda device, levels: _rows(
            device, levels, offsets, distances and [distance_of[id(item)] for item in levels.items]
        ),
    )


def _bytes(item: DiscretizedRoi, with_distances: bool, planar: bool) -> int:
    """Of parents and sizes, least distances, distances dense and padded, the list, and the table."""
    farthest = (min(item.shape[planar:]) + 1) // 2 if with_distances else 0
    columns = item.n_levels * (farthest + 1)
    small = min(_SMALL, _CELLS // columns)
    voxel = 8 + (8 if with_distances else 0) + -(-16 // (small + 1))
    return int(held(item).size) * voxel + 4 * columns * small


def _rows(
    device: Device, levels: Levels, offsets: Offsets, distances: list[DistanceArray] | None
) -> list[IntArray]:
    n_levels, size = levels.of_items("n_levels"), levels.voxels.size
    # A table has a column for every distance that occurs.
    far = np.array([int(d.max(initial=0)) + 1 for d in distances] if distances else [1] * len(n_levels))
    small = int(min(_SMALL, _CELLS // (n_levels * far).max()))
    cells = n_levels * small * far
    begin = starts(cells)
    parents, sizes = device.cp.empty(size, np.uint32), zeros(device, size, np.uint32)
    given = {
        "levels": levels.voxels,
        "items": table(device, levels.starts, n_levels, begin, far),
        "parents": parents,
    }
    run = partial(
        launch_shares, device, pieces=spread(device, levels.spans), template={"Level": levels.dtype}
    )
    run("zones_begin", given=given)
    steps = {"steps": table(device, levels.steps(offsets)), "n_offsets": np.int32(len(offsets))}
    run("zones_join", given=given | steps)
    measured = {"sizes": sizes, **_nearest(device, levels, distances)}
    run("zones_measure", given=given | measured)
    measured.pop("distances")
    listed = {
        "small": np.int32(small),
        "table": zeros(device, max(1, int(cells.sum())), np.uint32),
        "n_large": zeros(device, 1, np.uint32),
        "large": device.cp.empty(4 * (size // (small + 1) + 1), np.uint32),
    }
    run("zones_list", given=given | measured | listed)
    large = download(listed["large"][: 4 * int(download(listed["n_large"])[0])]).reshape(-1, 4)
    return _sorted(_in_table(download(listed["table"]), begin, far, small), large, len(n_levels))


def _nearest(device: Device, levels: Levels, distances: list[DistanceArray] | None) -> dict[str, Any]:
    """What `zones_measure` needs to find least distances; next to nothing where nobody asks for them."""
    if distances is None:
        unused = device.cp.empty(1, np.uint16), device.cp.empty(1, np.uint32)
        return {"distances": unused[0], "with_distances": np.int32(0), "nearest": unused[1]}
    nearest = device.cp.empty(levels.voxels.size, np.uint32)
    nearest.fill(2**32 - 1)
    first = levels.starts + levels.spans[:, 0]
    padded = embed(device, distances, np.uint16, first, levels.strides, levels.voxels.size)
    return {"distances": padded, "with_distances": np.int32(1), "nearest": nearest}


def _in_table(counts: Any, begin: IntArray, far: IntArray, small: int) -> IntArray:
    """Rows (item, level, size, distance, count) of what was counted in the table."""
    cell = np.flatnonzero(counts)
    item = np.searchsorted(begin, cell, side="right") - 1
    size, distance = np.divmod(cell - begin[item], far[item])
    level, size = np.divmod(size, max(1, small))
    return np.stack([item, level + 1, size + 1, distance, counts[cell]], axis=1).astype(np.int64)


def _sorted(rows: IntArray, large: Any, n_items: int) -> list[IntArray]:
    """Rows (level, size, distance, count) of every item: `large` zones join `rows`, equal ones become one."""
    listed = np.column_stack([large, np.ones(len(large))]).astype(np.int64)
    rows = np.concatenate([rows, listed])
    rows = rows[np.lexsort(rows.T[3::-1])]
    new = np.any(np.diff(rows[:, :4], axis=0, prepend=-1) != 0, axis=1)
    merged = rows[new]
    merged[:, 4] = np.add.reduceat(rows[:, 4], np.flatnonzero(new)) if len(rows) else merged[:, 4]
    ends = np.searchsorted(merged[:, 0], np.arange(n_items + 1))
    return [np.ascontiguousarray(merged[a:b, 1:]) for a, b in pairwise(ends)]
