"""The emulated device: its memory, its streams, and how data comes to it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .device_arrays import Allocation, is_pinned, nbytes_of, ndarray
from .streams import BaseEvent, BaseStream


class OutOfMemoryError(MemoryError):
    """As ``cupy.cuda.memory.OutOfMemoryError``."""

    def __init__(self, size: int, total: int, limit: int = 0) -> None:
        text = f"Out of memory allocating {size:,} bytes (allocated so far: {total:,} bytes"
        super().__init__(text + (f", limit set to: {limit:,} bytes)." if limit else ")."))


class MemoryPool:
    """The device's pool. ``set_limit`` works as CuPy's, so that running out of memory can be tried."""

    def __init__(self, total: int, synchronize: Callable[[], None]) -> None:
        self.total, self.used, self.limit, self.peak = total, 0, 0, 0
        self._synchronize = synchronize

    def charge(self, nbytes: int) -> None:
        if nbytes > 0 and (
            self.used + nbytes > (self.limit or self.total) or self.used + nbytes > self.total
        ):
            raise OutOfMemoryError(nbytes, self.used, self.limit)
        self.used += nbytes
        self.peak = max(self.peak, self.used)

    def set_limit(self, size: int | None = None, fraction: float | None = None) -> None:
        self.limit = int(size if size is not None else (fraction or 0) * self.total)

    def get_limit(self) -> int:
        return self.limit

    def used_bytes(self) -> int:
        return self.used

    def total_bytes(self) -> int:
        return self.used

    def free_bytes(self) -> int:
        return 0

    def n_free_blocks(self) -> int:
        return 0

    def free_all_blocks(self, stream: Any = None) -> None:
        """Nothing is kept that could be given back, but by work that waits: to free memory waits for the device."""
        self._synchronize()


class PinnedMemoryPool:
    def n_free_blocks(self) -> int:
        return 0

    def free_all_blocks(self) -> None:
        """Nothing is kept that could be given back."""


class Device:
    """One device. ``cp`` is the fake CuPy that speaks for it."""

    cp: Any

    def __init__(self, memory_bytes: int) -> None:
        self.pool = MemoryPool(memory_bytes, self.synchronize)
        self.streams: list[BaseStream] = []  # kept: work of a stream that nobody holds is done all the same
        self.Stream = type("Stream", (BaseStream,), {"device": self})
        self.Event = type("Event", (BaseEvent,), {"device": self})
        self.null = self.Stream()
        self.null.ptr = 0
        self.Stream.null = self.null
        self._current: BaseStream = self.null

    def charge(self, nbytes: int) -> None:
        self.pool.charge(nbytes)

    def current_stream(self) -> BaseStream:
        return self._current

    def set_current_stream(self, stream: BaseStream) -> None:
        self._current = stream

    def synchronize(self) -> None:
        for stream in self.streams:
            stream.flush()

    def now(self, work: Callable[[], Any]) -> None:
        self._current.now(work)

    def empty(self, shape: Any, dtype: Any = float, order: str = "C") -> ndarray:
        if order != "C":
            raise NotImplementedError("the emulator's arrays are made in C order")
        shape = (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(int(n) for n in shape)
        return ndarray(Allocation(self, nbytes_of(shape, dtype)), shape, np.dtype(dtype))

    def full(self, shape: Any, value: Any, dtype: Any = float) -> ndarray:
        made = self.empty(shape, dtype)
        made.fill(value)
        return made

    def to_device(self, target: ndarray, source: "np.ndarray[Any, Any]", stream: Any = None) -> None:
        """Pinned memory is read when the copy happens; other memory before this returns."""
        stream = stream or self._current
        if is_pinned(source):
            stream.later(lambda: target._write(source))
        else:
            taken = source.copy() if stream.is_non_blocking else source
            stream.now(lambda: target._write(taken))

    def asarray(
        self, a: Any, dtype: Any = None, order: Any = None, *, copy: Any = None, blocking: bool = False
    ) -> ndarray:
        if isinstance(a, ndarray):
            if dtype is None or a.dtype == np.dtype(dtype):
                return a.copy() if copy else a
            made = self.empty(a.shape, dtype)
            self.now(
                lambda: made._write(a._host, np.repeat(a._defined().all(-1)[..., None], made.itemsize, -1))
            )
            return made
        source = np.asarray(a, dtype)
        if source.dtype.hasobject or not source.dtype.isnative:
            raise ValueError(f"Unsupported dtype {source.dtype}")
        made = self.empty(source.shape, source.dtype)
        self.to_device(made, source)
        if blocking:
            self._current.synchronize()
        return made

    def array(self, obj: Any, dtype: Any = None, copy: bool = True, *, blocking: bool = False) -> ndarray:
        return self.asarray(obj, dtype, copy=copy or None, blocking=blocking)

    def ascontiguousarray(self, a: Any, dtype: Any = None) -> ndarray:
        array = self.asarray(a, dtype)
        return array if array.flags.c_contiguous else array.copy()

    def asnumpy(
        self, a: Any, stream: Any = None, order: str = "C", out: Any = None, *, blocking: bool = True
    ) -> Any:
        if isinstance(a, ndarray):
            return a.get(stream, order, out, blocking)
        return np.asarray(a, order=order)  # type: ignore[call-overload]
