"""Batches on the device: voxels of all items in one buffer, tables that say where each lies, and shares.

A launch covers a whole batch. The host cuts every item's voxels into shares, one per block: the largest
first, so that the last blocks to run are short ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import get_ident
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...types import Batch, DiscretizedRoi, IntArray
from ..contract import Offsets
from .device import Device
from .transfer import forget_twins, upload

__all__ = ["MOST_VOXELS", "Levels", "forget", "held", "levels_of", "mask_of", "shares", "spread", "starts"]

#: Of one item with its padding: indices within an item have 32 bits, and one bit to spare.
MOST_VOXELS = 2**31 - 1
_LEAST_SHARE = 8192
_SHARES_PER_PROCESSOR = 8


@dataclass(frozen=True, eq=False)
class Levels:
    """Level buffers of some items of a batch, all of one dtype.

    Attributes
    ----------
    items : tuple of DiscretizedRoi
    voxels : array on the device
        Their buffers, one after the other.
    starts : ndarray of int64, shape (n_items,)
        Where each begins.
    spans : ndarray of int64, shape (n_items, 2)
        Within each item's buffer, its first voxel and the one behind its last: padding before and behind is
        left out.
    strides : ndarray of int64, shape (n_items, 3)
        From voxel to voxel along (z, y, x).
    """

    items: tuple[DiscretizedRoi, ...]
    voxels: Any
    starts: IntArray
    spans: IntArray
    strides: IntArray

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8 or uint16."""
        dtype: np.dtype[Any] = np.dtype(self.voxels.dtype)
        return dtype

    def of_items(self, name: str) -> IntArray:
        """One number of every item, such as ``n_levels``."""
        return np.array([getattr(item, name) for item in self.items], dtype=np.int64)

    def steps(self, offsets: Offsets) -> IntArray:
        """How far apart in the buffer two voxels at an offset lie: shape (n_items, n_offsets)."""
        return self.strides @ offsets.astype(np.int64).T


_uploaded: WeakKeyDictionary[Batch[Any], dict[tuple[int, ...], Levels]] = WeakKeyDictionary()


def levels_of(device: Device, batch: Batch[DiscretizedRoi], items: tuple[DiscretizedRoi, ...]) -> Levels:
    """The levels of some items on the device: uploaded once, and kept as long as their batch is."""
    kept = _uploaded.setdefault(batch, {})
    # Another thread has another stream, which does not wait for what this one sends.
    key = id(device), get_ident(), *map(id, items)
    if key not in kept:
        kept[key] = _upload(device, items)
    return kept[key]


def held(item: DiscretizedRoi) -> Any:
    """An item's buffer where it is: on the device, if the item lies there, or on the host."""
    there = vars(item).get("on_device")
    return item.buffer if there is None else there


def mask_of(item: DiscretizedRoi) -> Any:
    """An item's morphological mask where it is; levels that came to the device make their own."""
    there = vars(item).get("on_device")
    if there is None:
        return item.morphological_mask
    return there[tuple(slice(p, p + n) for p, n in zip(item.pad, item.shape, strict=True))] > 0


def forget() -> None:
    """Let go of all that is kept on the device between kernels."""
    _uploaded.clear()
    forget_twins()


def _upload(device: Device, items: tuple[DiscretizedRoi, ...]) -> Levels:
    buffers = [held(item) for item in items]
    strides = [np.array(buffer.strides) // buffer.dtype.itemsize for buffer in buffers]
    spans = []
    for item, buffer, stride in zip(items, buffers, strides, strict=True):
        if buffer.size > MOST_VOXELS:
            raise InputError(
                f"ROI {item.name!r} has {buffer.size} voxels with its padding, at most {MOST_VOXELS} "
                "can be counted on cuda; crop it, resample it to larger voxels, or choose backend='cpp'"
            )
        first = int(np.dot(item.pad, stride))
        last = first + int(np.dot(np.array(item.shape) - 1, stride))
        spans.append((first, last + 1))
    return Levels(
        items=items,
        voxels=upload(device, buffers, buffers[0].dtype),
        starts=starts(buffer.size for buffer in buffers),
        spans=np.array(spans, dtype=np.int64).reshape(-1, 2),
        strides=np.array(strides, dtype=np.int64).reshape(-1, 3),
    )


def starts(sizes: Any) -> IntArray:
    """Where each part begins when parts of these sizes are put one after the other."""
    return np.concatenate([[0], np.cumsum(np.fromiter(sizes, dtype=np.int64))])[:-1]


def spread(device: Device, spans: IntArray, *, most: IntArray | int = MOST_VOXELS) -> IntArray:
    """Cut stretches of items into pieces for blocks.

    Parameters
    ----------
    device : Device
    spans : ndarray of int64, shape (n_items, 2)
        First voxel (line, row), and the one behind the last.
    most : int, or ndarray of int64, shape (n_items,)
        The longest piece whose counts surely fit their counters.

    Returns
    -------
    ndarray of int64, shape (n_pieces, 3)
        Item, first, last.
    """
    extents = spans[:, 1] - spans[:, 0]
    if device.configuration.blocks_per_item:
        longest = np.maximum(1, -(-extents // device.configuration.blocks_per_item))
    else:
        fair = -(-int(extents.sum()) // (device.n_processors * _SHARES_PER_PROCESSOR))
        longest = np.full(len(spans), max(_LEAST_SHARE, fair))
    longest = np.maximum(1, np.minimum(longest, most))
    n_pieces = -(-extents // longest)
    item = np.repeat(np.arange(len(spans)), n_pieces)
    nth = np.arange(len(item)) - np.repeat(np.cumsum(n_pieces) - n_pieces, n_pieces)
    first = spans[item, 0] + nth * longest[item]
    return np.stack([item, first, np.minimum(first + longest[item], spans[item, 1])], axis=1)


def shares(pieces: IntArray, n_offsets: int, group: NDArray[Any] | None = None) -> IntArray:
    """The table that a launch takes: every piece with every group of offsets, largest first.

    Parameters
    ----------
    pieces : ndarray of int64, shape (n_pieces, 3)
        From `spread`.
    n_offsets : int
    group : ndarray of int, shape (n_items,), optional
        How many offsets a block counts together, by item; all where none is given.

    Returns
    -------
    ndarray of int64, shape (n_blocks, 5)
        Item, first, last, first offset, number of offsets.
    """
    size = np.full(len(pieces), max(1, n_offsets)) if group is None else group[pieces[:, 0]]
    n_groups = -(-max(1, n_offsets) // size)
    piece = np.repeat(np.arange(len(pieces)), n_groups)
    nth = np.arange(len(piece)) - np.repeat(np.cumsum(n_groups) - n_groups, n_groups)
    offset = nth * size[piece]
    n_here = np.minimum(size[piece], n_offsets - offset)
    table = np.column_stack([pieces[piece], offset, n_here])
    work = (table[:, 2] - table[:, 1]) * np.maximum(1, n_here)
    return np.ascontiguousarray(table[np.argsort(-work, kind="stable")], dtype=np.int64)
