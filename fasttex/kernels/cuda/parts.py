"""A batch in parts that fit into the device's memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ...errors import BackendError
from ...measures import parse_bytes
from .device import Device
from .ragged import forget

__all__ = ["in_parts"]

_LIMIT = "FASTTEX_CUDA_MEMORY"
_SHARE_OF_FREE = 0.9
#: What the tables of an item take: where it lies, its steps, its shares.
_TABLES = 2**14

T = TypeVar("T")
Item = TypeVar("Item")


def in_parts(
    device: Device,
    items: Sequence[Item],
    n_bytes: Callable[[Item], int],
    count: Callable[[tuple[Item, ...]], list[T]],
) -> list[T]:
    """Count items, as many at once as memory allows.

    Parameters
    ----------
    device : Device
    items : sequence
    n_bytes : callable
        How much memory an item needs on the device.
    count : callable
        Takes some items, gives their results.

    Raises
    ------
    BackendError
        An item alone needs more than there is, or more than ``FASTTEX_CUDA_MEMORY`` allows.
    """
    needed = [n_bytes(item) + _TABLES for item in items]
    parts = _cut(items, needed, _limit(device, max(needed, default=0)))
    found: list[T] = []
    for part in parts:
        if len(parts) > 1:
            forget()  # what is kept of other parts takes the room of this one
        found += _halving(device, part, n_bytes, count)
    return found


def _cut(items: Sequence[Item], needed: list[int], limit: int) -> list[tuple[Item, ...]]:
    parts: list[list[Item]] = []
    held = limit
    for item, n_bytes in zip(items, needed, strict=True):
        if held + n_bytes > limit:
            parts.append([])
            held = 0
        parts[-1].append(item)
        held += n_bytes
    return [tuple(part) for part in parts]


def _halving(
    device: Device,
    items: tuple[Item, ...],
    n_bytes: Callable[[Item], int],
    count: Callable[[tuple[Item, ...]], list[T]],
) -> list[T]:
    """Count; where memory runs out, let go of what can be spared, then count each half by itself."""
    exhausted = device.cp.cuda.memory.OutOfMemoryError
    for _ in range(2):
        try:
            return count(items)
        except exhausted as error:
            failure = error.with_traceback(None)  # which would keep arrays alive
        forget()
        device.cp.get_default_memory_pool().free_all_blocks()
    if len(items) == 1:
        free, total = device.cp.cuda.runtime.memGetInfo()
        raise BackendError(
            f"a ROI needs about {n_bytes(items[0])} bytes on the GPU, where {free} of {total} are free: "
            "crop it, resample it to larger voxels, or choose backend='cpp'"
        ) from failure
    middle = len(items) // 2
    halves = items[:middle], items[middle:]
    return [result for half in halves for result in _halving(device, half, n_bytes, count)]


def _limit(device: Device, needed: int) -> int:
    """Bytes that one part may take: ``FASTTEX_CUDA_MEMORY``, or most of what is free."""
    if os.environ.get(_LIMIT):
        limit = parse_bytes(os.environ[_LIMIT], _LIMIT)
        if needed > limit:
            raise BackendError(
                f"a ROI needs about {needed} bytes on the GPU, {_LIMIT} is {limit}: raise it, "
                "crop the ROI, resample it to larger voxels, or choose backend='cpp'"
            )
        return limit
    free = int(device.cp.cuda.runtime.memGetInfo()[0])
    spare: Any = device.cp.get_default_memory_pool()
    return int(_SHARE_OF_FREE * (free + int(spare.free_bytes())))
