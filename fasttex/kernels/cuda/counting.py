"""What counting kernels share: groups of items, counters, and how many offsets a block counts together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...types import Batch, DiscretizedRoi, IntArray
from .device import Device, working
from .launch import launch
from .parts import in_parts
from .ragged import Levels, held, levels_of, shares, starts
from .transfer import download, upload, zeros

__all__ = ["Counts", "for_levels", "for_masks", "in_groups", "launch_shares", "offsets_at_once", "table"]

T = TypeVar("T")
Item = TypeVar("Item")
Kind = TypeVar("Kind")


def in_groups(
    items: Sequence[Item],
    kind: Callable[[Item], Kind],
    n_bytes: Callable[[Item], int],
    count: Callable[[Device, tuple[Item, ...], Kind], list[T]],
) -> list[T]:
    """Give items to a kernel, in groups of one kind and in parts that fit into the device's memory.

    Parameters
    ----------
    items : sequence
    kind : callable
        What the items of one launch must have in common.
    n_bytes : callable
        How much memory an item needs on the device.
    count : callable
        Takes the device, some items and their kind; gives their results.

    Returns
    -------
    list
        Results in the order of `items`.
    """
    groups: dict[Kind, list[int]] = {}
    for n, item in enumerate(items):
        groups.setdefault(kind(item), []).append(n)
    found: dict[int, T] = {}
    with working() as device:
        for of, same in groups.items():
            results = in_parts(device, [items[n] for n in same], n_bytes, _of_kind(count, device, of))
            found |= dict(zip(same, results, strict=True))
    return [found[n] for n in range(len(items))]


def _of_kind(
    count: Callable[[Device, tuple[Item, ...], Kind], list[T]], device: Device, kind: Kind
) -> Callable[[tuple[Item, ...]], list[T]]:
    return lambda items: count(device, items, kind)


def for_levels(
    batch: Batch[DiscretizedRoi],
    n_bytes: Callable[[DiscretizedRoi], int],
    count: Callable[[Device, Levels], list[T]],
) -> list[T]:
    """Give the levels of a batch to a kernel, see `in_groups`.

    Parameters
    ----------
    batch : Batch
    n_bytes : callable
        How much memory an item needs on the device beside its levels.
    count : callable
        Takes the device and levels; gives their results.
    """
    return in_groups(
        batch.items,
        lambda item: held(item).dtype,
        lambda item: held(item).nbytes + n_bytes(item),
        lambda device, items, _: count(device, levels_of(device, batch, items)),
    )


def for_masks(
    batch: Batch[DiscretizedRoi],
    n_bytes: Callable[[DiscretizedRoi], int],
    count: Callable[[Device, tuple[DiscretizedRoi, ...]], list[T]],
) -> list[T]:
    """Give the morphological masks of a batch to a kernel that needs so much memory for each."""
    return in_groups(
        batch.items,
        lambda item: None,
        n_bytes,
        lambda device, items, _: count(device, items),
    )


class Counts:
    """Counters of several items, one after the other, 64 bits each.

    Attributes
    ----------
    flat : array on the device
    starts : ndarray of int64, shape (n_items,)
        Where each item's begin.
    """

    def __init__(self, device: Device, shapes: Sequence[tuple[int, ...]]) -> None:
        sizes = [prod(shape) for shape in shapes]
        self._shapes = shapes
        self.starts = starts(sizes)
        self.flat = zeros(device, sum(sizes), np.uint64)

    def arrays(self) -> list[IntArray]:
        """The counts of every item: int64, of its shape."""
        flat = download(self.flat).view(np.int64)
        return [
            flat[start : start + prod(shape)].reshape(shape)
            for start, shape in zip(self.starts.tolist(), self._shapes, strict=True)
        ]


def table(device: Device, *columns: Any) -> Any:
    """Columns of whole numbers as the rows of a table on the device."""
    return upload(device, [np.column_stack(np.broadcast_arrays(*columns))], np.int64)


def offsets_at_once(device: Device, table_bytes: IntArray, n_offsets: int) -> IntArray:
    """How many offsets a block counts together, by item: their tables lie in shared memory.

    0 where the table of a single offset is too large for it.
    """
    most = min(device.configuration.offsets_per_block or n_offsets, n_offsets)
    fit: IntArray = np.minimum(device.shared_bytes // np.maximum(1, table_bytes), most)
    return np.where(table_bytes == 0, most, fit)


def launch_shares(
    device: Device,
    kernel: str,
    pieces: IntArray,
    given: dict[str, Any],
    *,
    template: dict[str, Any],
    n_offsets: int = 1,
    group: NDArray[Any] | None = None,
    table_bytes: IntArray | None = None,
) -> None:
    """Launch a kernel over pieces of items, with as much shared memory as its largest share needs.

    Parameters
    ----------
    device, kernel, given, template
        As in `launch`; the shares are added to what is given.
    pieces : ndarray of int64, shape (n_pieces, 3)
        From `spread`.
    n_offsets, group
        As in `shares`.
    table_bytes : ndarray of int64, shape (n_items,), optional
        Shared memory for the table of one offset.
    """
    if not len(pieces):
        return
    rows = shares(pieces, n_offsets, group)
    needed = 0 if table_bytes is None else int((table_bytes[rows[:, 0]] * rows[:, 4]).max())
    launch(
        device,
        kernel,
        len(rows),
        {**given, "shares": upload(device, [rows], np.int64)},
        block=(device.configuration.threads,),
        template=template,
        shared_bytes=needed,
    )
