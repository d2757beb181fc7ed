"""Between the host's memory and the device's: up through a ring of pinned buffers, down in one piece."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .device import Device

__all__ = ["download", "upload", "zeros"]

_RING = 3
_RING_BYTES = 8 * 2**20


class _Ring:
    """Buffers that the device copies from while the host fills the next."""

    def __init__(self, device: Device) -> None:
        cuda = device.cp.cuda
        self._stream = device.stream
        memory = [cuda.alloc_pinned_memory(_RING_BYTES) for _ in range(_RING)]
        self._buffers = [np.frombuffer(m, dtype=np.uint8, count=_RING_BYTES) for m in memory]
        self._sent = [cuda.Event(disable_timing=True) for _ in range(_RING)]
        self._turn = 0

    def copy(self, source: NDArray[np.uint8], target: Any) -> None:
        """Copy bytes to the device; `source` may be forgotten when this returns, though not yet copied."""
        for start in range(0, len(source), _RING_BYTES):
            piece = source[start : start + _RING_BYTES]
            self._turn = (self._turn + 1) % _RING
            self._sent[self._turn].synchronize()  # until the device has read what this buffer held
            pinned = self._buffers[self._turn][: len(piece)]
            pinned[...] = piece
            target[start : start + len(piece)].set(pinned, stream=self._stream)
            self._sent[self._turn].record(self._stream)


def upload(device: Device, arrays: Iterable[NDArray[Any]], dtype: DTypeLike) -> Any:
    """Put arrays on the device, one after the other in one flat array; some may be there already."""
    parts = [a if hasattr(a, "__cuda_array_interface__") else np.asarray(a, dtype=dtype) for a in arrays]
    cp, dtype = device.cp, np.dtype(dtype)
    whole = cp.empty(sum(part.size for part in parts), dtype=dtype)
    start = 0
    ring = None
    for part in parts:
        place = whole[start : start + part.size]
        start += part.size
        if not isinstance(part, np.ndarray):
            place[...] = cp.ascontiguousarray(part, dtype=dtype).ravel()
        elif part.size:
            ring = ring or _ring(device)
            ring.copy(np.ascontiguousarray(part).reshape(-1).view(np.uint8), place.view(np.uint8))
    return whole


def _ring(device: Device) -> _Ring:
    """The ring of this thread."""
    local = device.local
    if not hasattr(local, "ring"):
        local.ring = _Ring(device)
    ring: _Ring = local.ring
    return ring


def zeros(device: Device, n: int, dtype: DTypeLike) -> Any:
    """A flat array of zeros on the device."""
    return device.cp.zeros(n, dtype=dtype)


def download(array: Any) -> NDArray[Any]:
    """What lies on the device, once everything before it on the stream is done."""
    found: NDArray[Any] = array.get()
    return found
