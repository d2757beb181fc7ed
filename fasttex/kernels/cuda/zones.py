"""Connected zones of equal gray level: joined, measured and listed on the device, sorted on the host."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...types import Batch, DiscretizedRoi, IntArray
from ..contract import DistanceArray, Offsets
from .counting import for_levels, launch_shares, table
from .device import Device
from .ragged import Levels, held, spread, starts
from .rows import embed
from .transfer import download, upload, zeros

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
    back, touching = _looking_back(offsets)
    steps = {"steps": table(device, levels.steps(back)), "n_offsets": np.int32(len(back))}
    run("zones_join", given=given | steps | {"touching": upload(device, [touching], np.uint32)})
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


def _looking_back(offsets: Offsets) -> tuple[Offsets, NDArray[np.uint32]]:
    """The offsets turned so that their steps are positive: x first, then those that touch most others.

    With them, for each, a bit for every other that it touches: neighbors at both of them are neighbors.
    """
    first = np.array([offset[np.flatnonzero(offset)[0]] for offset in offsets])
    turned = offsets * np.sign(first)[:, None]
    all_ways = {tuple(way) for way in np.concatenate([turned, -turned]).tolist()}
    apart = (turned[:, None] - turned[None]).tolist()
    touch = np.array([[tuple(way) in all_ways for way in row] for row in apart])
    is_x = (turned == (0, 0, 1)).all(axis=1)
    order = np.lexsort((-touch.sum(axis=1), ~is_x))
    bits = (touch[np.ix_(order, order)] << np.arange(len(order))).sum(axis=1)
    return np.ascontiguousarray(turned[order], dtype=np.int32), bits.astype(np.uint32)


def _sorted(rows: IntArray, large: Any, n_items: int) -> list[IntArray]:
    """Rows (level, size, distance, count) of every item, of the table, which is sorted, and of large zones.

    No row is in both. Equal large ones become one; of a level, they come after those of the table.
    """
    item, level, size, distance = large.astype(np.int64).T
    key = level << 47 | size << 16 | distance
    order = np.lexsort((key, item))
    same = (np.diff(key[order]) == 0) & (np.diff(item[order]) == 0)
    first = np.flatnonzero(np.append(True, ~same)[: len(order)])
    often = np.diff(first, append=len(order))
    rows = np.concatenate([rows, np.column_stack([large[order[first]], often])])
    rows = rows[np.argsort(rows[:, 0] << 16 | rows[:, 1], kind="stable")]
    ends = np.searchsorted(rows[:, 0], np.arange(n_items + 1))
    return [np.ascontiguousarray(rows[a:b, 1:]) for a, b in pairwise(ends)]
