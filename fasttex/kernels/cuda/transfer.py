"""Between the host's memory and the device's: up through a ring of pinned buffers, down in one piece."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any
from weakref import ref

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .device import Device

__all__ = ["download", "forget_twins", "kept_on_device", "upload", "zeros"]

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

    def copy(self, sources: Iterable[NDArray[np.uint8]], target: Any) -> None:
        """Copy bytes to the device, one source behind the other.

        The sources may be forgotten when this returns, though the device may not have copied them yet.
        """
        sent = filled = 0
        for source in sources:
            taken = 0
            while taken < len(source):
                if filled == 0:
                    self._turn = (self._turn + 1) % _RING
                    self._sent[self._turn].synchronize()  # until the device has read what it held
                n = min(len(source) - taken, _RING_BYTES - filled)
                self._buffers[self._turn][filled : filled + n] = source[taken : taken + n]
                taken, filled = taken + n, filled + n
                if filled == _RING_BYTES:
                    sent, filled = self._send(filled, target, sent), 0
        if filled:
            self._send(filled, target, sent)

    def _send(self, n: int, target: Any, at: int) -> int:
        target[at : at + n].set(self._buffers[self._turn][:n], stream=self._stream)
        self._sent[self._turn].record(self._stream)
        return at + n


_on_device: dict[int, tuple[ref[Any], Any]] = {}


def kept_on_device(array: NDArray[Any], there: Any) -> NDArray[Any]:
    """The same array, read-only; while it lives, `upload` takes `there`, its twin on the device."""
    key = id(array)
    array.flags.writeable = False
    _on_device[key] = ref(array, lambda _: _on_device.pop(key, None)), there
    return array


def forget_twins() -> None:
    """Let go of all twins on the device."""
    _on_device.clear()


def upload(device: Device, arrays: Iterable[Any], dtype: DTypeLike) -> Any:
    """Put arrays on the device, one after the other in one flat array; some may be there already."""
    cp, dtype = device.cp, np.dtype(dtype)
    parts = [_where_it_is(array, dtype) for array in arrays]
    whole = cp.empty(sum(part.size for part in parts), dtype=dtype)
    start = 0
    for here, same in groupby(parts, lambda part: isinstance(part, np.ndarray)):
        run = list(same)
        place = whole[start : start + sum(part.size for part in run)]
        start += place.size
        if here and place.size:
            as_bytes = (np.ascontiguousarray(part).reshape(-1).view(np.uint8) for part in run)
            _ring(device).copy(as_bytes, place.view(np.uint8))
        elif not here:
            at = 0
            for part in run:
                place[at : at + part.size] = cp.ascontiguousarray(part, dtype=dtype).ravel()
                at += part.size
    return whole


def _where_it_is(array: Any, dtype: np.dtype[Any]) -> Any:
    """An array on the device as it is, or its twin there; else on the host, of this dtype."""
    if hasattr(array, "__cuda_array_interface__"):
        return array
    twin = _on_device.get(id(array))
    return np.asarray(array, dtype=dtype) if twin is None or twin[1].dtype != dtype else twin[1]


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
