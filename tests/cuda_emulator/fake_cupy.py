"""The fake CuPy: names of the real one only, so that code written against it runs on the real one."""

import ctypes
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from .device import Device, OutOfMemoryError, PinnedMemoryPool
from .device_arrays import FRESH, ndarray
from .launching import BaseModule, CompileException, CUDADriverError

if TYPE_CHECKING:
    from . import Emulator

VERSION = 13000
ERRORS = {
    2: "cudaErrorMemoryAllocation: out of memory",
    35: "cudaErrorInsufficientDriver: CUDA driver version is insufficient for CUDA runtime version",
    100: "cudaErrorNoDevice: no CUDA-capable device is detected",
    101: "cudaErrorInvalidDevice: invalid device ordinal",
}


class CUDARuntimeError(RuntimeError):
    """As ``cupy.cuda.runtime.CUDARuntimeError``."""

    def __init__(self, status: int) -> None:
        super().__init__(ERRORS.get(status, f"CUDA error {status}"))
        self.status = status


class NVRTCError(RuntimeError):
    """As ``cupy.cuda.nvrtc.NVRTCError``."""


def _pinned_memory(emulator: "Emulator") -> Any:
    def alloc_pinned_memory(size: int) -> Any:
        """A buffer that ``numpy.frombuffer`` takes, full of 0xCB."""
        if size > emulator.pinned_limit:
            raise CUDARuntimeError(2)
        kind = type("PinnedMemoryPointer", (ctypes.c_ubyte * size,), {"is_pinned": True})
        memory = kind()
        ctypes.memset(memory, FRESH, size)
        memory.ptr = ctypes.addressof(memory)
        memory.mem = memory
        memory.size = lambda: size
        return memory

    return alloc_pinned_memory


class BaseDevice:
    """The part of ``cupy.cuda.Device`` that tells what a device can do."""

    emulator: "Emulator"

    def __init__(self, device: int | None = None) -> None:
        self.id = int(device or 0)
        if self.id != 0:
            raise CUDARuntimeError(101)

    def use(self) -> None:
        """There is no other device."""

    def synchronize(self) -> None:
        self.emulator.device.synchronize()

    def __enter__(self) -> "BaseDevice":
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def __int__(self) -> int:
        return self.id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BaseDevice) and other.id == self.id

    def __hash__(self) -> int:
        return self.id

    @property
    def compute_capability(self) -> str:
        return "".join(str(part) for part in self.emulator.compute_capability)

    @property
    def mem_info(self) -> tuple[int, int]:
        pool = self.emulator.device.pool
        return pool.total - pool.used, pool.total

    @property
    def attributes(self) -> dict[str, int]:
        return {
            "MaxSharedMemoryPerBlock": 48 * 1024,
            "MaxSharedMemoryPerBlockOptin": self.emulator.max_shared_bytes,
            "MaxThreadsPerBlock": 1024,
            "MultiProcessorCount": self.emulator.multiprocessors,
            "WarpSize": 32,
        }


def _properties(emulator: "Emulator", device: int) -> dict[str, Any]:
    if device != 0:
        raise CUDARuntimeError(101)
    major, minor = emulator.compute_capability
    return {
        "name": b"fasttex emulator",
        "major": major,
        "minor": minor,
        "totalGlobalMem": emulator.device.pool.total,
        "multiProcessorCount": emulator.multiprocessors,
        "sharedMemPerBlock": 48 * 1024,
        "sharedMemPerBlockOptin": emulator.max_shared_bytes,
        "sharedMemPerMultiprocessor": emulator.max_shared_bytes + 1024,
        "warpSize": 32,
        "maxThreadsPerBlock": 1024,
        "maxThreadsDim": (1024, 1024, 64),
        "maxGridSize": (2**31 - 1, 65535, 65535),
        "uuid": bytes(16),
        "pciBusID": 0,
        "pciDeviceID": 0,
        "pciDomainID": 0,
    }


def _device_count(emulator: "Emulator") -> int:
    if emulator.driver_version == 0:
        raise CUDARuntimeError(35)
    if emulator.device_count == 0:
        raise CUDARuntimeError(100)
    return emulator.device_count


def _nvrtc_version(emulator: "Emulator") -> tuple[int, int]:
    if emulator.nvrtc_version is None:
        raise RuntimeError('Failure finding "libnvrtc.so"')  # in CuPy a subclass, of another package
    return emulator.nvrtc_version


def _is_available(emulator: "Emulator") -> bool:
    return emulator.driver_version > 0 and emulator.device_count > 0


def _runtime(emulator: "Emulator") -> SimpleNamespace:
    pool = emulator.device.pool
    return SimpleNamespace(
        CUDARuntimeError=CUDARuntimeError,
        getDeviceCount=lambda: _device_count(emulator),
        getDevice=lambda: 0,
        setDevice=lambda device: None,
        driverGetVersion=lambda: emulator.driver_version,
        runtimeGetVersion=lambda: VERSION,
        getDeviceProperties=lambda device: _properties(emulator, device),
        memGetInfo=lambda: (pool.total - pool.used, pool.total),
        deviceSynchronize=emulator.device.synchronize,
        is_hip=False,
    )


def _cuda(emulator: "Emulator") -> SimpleNamespace:
    device = emulator.device
    pinned = _pinned_memory(emulator)
    return SimpleNamespace(
        Device=type("Device", (BaseDevice,), {"emulator": emulator}),
        Stream=device.Stream,
        Event=device.Event,
        get_current_stream=device.current_stream,
        get_local_runtime_version=lambda: VERSION,
        get_elapsed_time=lambda start_event, end_event: 0.0,
        alloc_pinned_memory=pinned,
        is_available=lambda: _is_available(emulator),
        runtime=_runtime(emulator),
        driver=SimpleNamespace(CUDADriverError=CUDADriverError),
        compiler=SimpleNamespace(CompileException=CompileException),
        nvrtc=SimpleNamespace(getVersion=lambda: _nvrtc_version(emulator), NVRTCError=NVRTCError),
        memory=SimpleNamespace(OutOfMemoryError=OutOfMemoryError),
        pinned_memory=SimpleNamespace(alloc_pinned_memory=pinned),
        stream=SimpleNamespace(
            Stream=device.Stream, Event=device.Event, get_current_stream=device.current_stream
        ),
    )


def fake_cupy(emulator: "Emulator") -> SimpleNamespace:
    """A stand-in for the module ``cupy``, bound to one emulated device."""
    device: Device = emulator.device
    pinned_pool = PinnedMemoryPool()
    module = type("RawModule", (BaseModule,), {"emulator": emulator})
    dtypes = [
        "bool_",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float32",
        "float64",
    ]
    cp = SimpleNamespace(
        __version__="14.2.0",
        __name__="cupy",
        ndarray=ndarray,
        empty=device.empty,
        zeros=lambda shape, dtype=float: device.full(shape, 0, dtype),
        ones=lambda shape, dtype=float: device.full(shape, 1, dtype),
        full=lambda shape, fill_value, dtype: device.full(shape, fill_value, dtype),
        empty_like=lambda a: device.empty(a.shape, a.dtype),
        zeros_like=lambda a: device.full(a.shape, 0, a.dtype),
        asarray=device.asarray,
        array=device.array,
        ascontiguousarray=device.ascontiguousarray,
        asnumpy=device.asnumpy,
        from_dlpack=lambda array: array.__dlpack__(),
        RawModule=module,
        is_available=lambda: _is_available(emulator),
        get_default_memory_pool=lambda: device.pool,
        get_default_pinned_memory_pool=lambda: pinned_pool,
        dtype=np.dtype,
        cuda=_cuda(emulator),
        **{name: getattr(np, name) for name in dtypes},
    )
    device.cp = cp
    return cp
