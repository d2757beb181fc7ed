"""Arrays that lie "on the device": no NumPy function can take them by mistake."""

import ctypes
import math
import weakref
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from .device import Device

GUARD = 512
FRESH, GUARD_BYTE = 0xCB, 0xFD


class Allocation:
    """Device memory between two guards, full of 0xCB, and a byte per byte that says whether it was written."""

    def __init__(self, device: "Device", nbytes: int) -> None:
        device.charge(nbytes)
        self.device, self.nbytes = device, nbytes
        self._raw = np.full(nbytes + 3 * GUARD, GUARD_BYTE, np.uint8)
        skip = GUARD + -(self._raw.ctypes.data + GUARD) % GUARD
        self.memory = self._raw[skip : skip + nbytes]
        self.memory[:] = FRESH
        self._raw[skip + nbytes + GUARD :] = GUARD_BYTE
        self.ptr = self._raw.ctypes.data + skip
        self.defined = np.zeros(nbytes, np.uint8)
        weakref.finalize(self, device.charge, -nbytes)


class ndarray:
    """The part of ``cupy.ndarray`` that a launcher needs: shape, views, copies, extremes; no arithmetic."""

    __array_priority__ = 100

    def __init__(
        self, allocation: Allocation, shape: Any, dtype: Any, offset: int = 0, strides: Any = None
    ) -> None:
        self._allocation = allocation
        self._offset = offset
        self._host = np.ndarray(shape, dtype, allocation.memory, offset, strides)

    @property
    def shape(self) -> tuple[int, ...]:
        return self._host.shape

    @property
    def strides(self) -> tuple[int, ...]:
        return self._host.strides

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._host.dtype

    @property
    def size(self) -> int:
        return self._host.size

    @property
    def nbytes(self) -> int:
        return self._host.nbytes

    @property
    def ndim(self) -> int:
        return self._host.ndim

    @property
    def itemsize(self) -> int:
        return self._host.itemsize

    @property
    def flags(self) -> Any:
        return self._host.flags

    @property
    def device(self) -> Any:
        return self._allocation.device.cp.cuda.Device(0)

    @property
    def data(self) -> Any:
        return SimpleNamespace(ptr=self._allocation.ptr + self._offset, device_id=0, mem=self._allocation)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "data": (self.data.ptr, False),
            "strides": None if self.flags.c_contiguous else self.strides,
            "version": 3,
            "stream": 1,
        }

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array "
            "explicitly."
        )

    def __len__(self) -> int:
        return len(self._host)

    def __repr__(self) -> str:
        return f"<device array, shape {self.shape}, {self.dtype}>"

    def __bool__(self) -> bool:
        return bool(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def item(self, *index: Any) -> Any:
        return self.get().item(*index)

    def _view(self, host: "np.ndarray[Any, Any]") -> "ndarray":
        offset = host.__array_interface__["data"][0] - self._allocation.ptr if host.size else self._offset
        return ndarray(self._allocation, host.shape, host.dtype, offset, host.strides)

    def __getitem__(self, index: Any) -> "ndarray":
        parts = index if isinstance(index, tuple) else (index,)
        if not all(isinstance(part, (int, np.integer, slice)) or part in (None, Ellipsis) for part in parts):
            raise NotImplementedError("the emulator's arrays take integers, slices, None and ... as an index")
        keep = (
            (*parts, ...) if Ellipsis not in parts else parts
        )  # an element is an array without axes, as in CuPy
        return self._view(self._host[keep])

    def __setitem__(self, index: Any, value: Any) -> None:
        target = self[index]
        if isinstance(value, np.ndarray) and value.ndim:
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        if isinstance(value, ndarray):
            self._allocation.device.now(lambda: target._write(value._host, value.written()))
        else:
            self._allocation.device.now(lambda: target._write(value))

    def _defined(self) -> "np.ndarray[Any, Any]":
        """Per byte: was it written? The item's bytes are a last axis."""
        shape, strides = (*self.shape, self.itemsize), (*self.strides, 1)
        return np.ndarray(shape, np.uint8, self._allocation.defined, self._offset, strides)

    def written(self) -> "np.ndarray[Any, Any]":
        """Per item, with a last axis of 1: was all of it written?"""
        return self._defined().all(-1, keepdims=True)

    def _write(self, source: Any, defined: Any = 1) -> None:
        self._host[...] = source
        self._defined()[...] = defined

    def ravel(self, order: str = "C") -> "ndarray":
        return self.reshape(-1, order=order)

    def reshape(self, *shape: Any, order: str = "C") -> "ndarray":
        wanted = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
        reshaped = self._host.reshape(wanted, order=order)  # type: ignore[call-overload]
        if np.shares_memory(reshaped, self._host) or not self.size:
            return self._view(reshaped)
        return self.copy().reshape(wanted)

    def view(self, dtype: Any = None) -> "ndarray":
        return self._view(self._host if dtype is None else self._host.view(dtype))

    def copy(self, order: str = "C") -> "ndarray":
        made = self._allocation.device.empty(self.shape, self.dtype)
        self._allocation.device.now(lambda: made._write(self._host, self.written()))
        return made

    def _computed(self, shape: tuple[int, ...], dtype: Any, compute: "Callable[[Any], Any]") -> "ndarray":
        """A new array, made from this one when its turn on the stream comes."""
        made = self._allocation.device.empty(shape, dtype)
        self._allocation.device.now(lambda: made._write(compute(self._host)))
        return made

    def min(self) -> "ndarray":
        return self._computed((), self.dtype, np.min)

    def max(self) -> "ndarray":
        return self._computed((), self.dtype, np.max)

    def __gt__(self, other: Any) -> "ndarray":
        return self._computed(self.shape, np.bool_, lambda host: host > other)

    def __dlpack__(self, **_: Any) -> "ndarray":
        return self  # where another library would put a capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, 0

    def fill(self, value: Any) -> None:
        self[...] = value

    def get(self, stream: Any = None, order: str = "C", out: Any = None, blocking: bool = True) -> Any:
        """A copy on the host; with ``blocking=False`` it holds nothing before the stream is synchronized."""
        device = self._allocation.device
        stream = stream or device.current_stream()
        if out is None:
            out = np.empty(self.shape, self.dtype, order="F" if order == "F" else "C")
            out.reshape(-1, order="A").view(np.uint8)[:] = FRESH
        elif not isinstance(out, np.ndarray):
            raise TypeError(f"Only numpy.ndarray can be obtained from cupy.ndarray, got {type(out)}")
        elif out.dtype != self.dtype or out.shape != self.shape or not out.flags.c_contiguous:
            raise ValueError(f"out is {out.dtype} {out.shape}, the array {self.dtype} {self.shape}")
        stream.later(lambda: np.copyto(out, self._host))
        if blocking:
            stream.synchronize()
        return out

    def set(self, arr: Any, stream: Any = None) -> None:
        """Copy from the host. From pinned memory it may happen at any time before the stream is synchronized."""
        if not isinstance(arr, np.ndarray):
            raise TypeError("Only numpy.ndarray can be set to cupy.ndarray")
        if arr.dtype != self.dtype:
            raise TypeError(f"{arr.dtype} array cannot be set to {self.dtype} array")
        if arr.shape != self.shape:
            raise ValueError(f"Shape mismatch. Old shape: {self.shape}, new shape: {arr.shape}")
        if not self.flags.c_contiguous and not self.flags.f_contiguous:
            raise RuntimeError("Cannot set to non-contiguous array")
        self._allocation.device.to_device(self, arr, stream)


def nbytes_of(shape: tuple[int, ...], dtype: Any) -> int:
    return math.prod(shape) * np.dtype(dtype).itemsize


def is_pinned(array: "np.ndarray[Any, Any]") -> bool:
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    return isinstance(base, ctypes.Array) and hasattr(base, "is_pinned")
