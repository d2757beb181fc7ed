"""The GPU in use: CuPy, a stream of this thread's own, and what the kernels need to know of the card."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ...errors import BackendError

__all__ = ["Configuration", "Device", "array_module", "working"]

_SHARED_WITHOUT_ASKING = 48 * 1024


@dataclass(frozen=True)
class Configuration:
    """How work is laid out. Results do not depend on it; the tests sweep over it.

    Attributes
    ----------
    threads : int
        Per block, a multiple of 32.
    blocks_per_item : int, optional
        Into how many shares an item's voxels are cut; None: by the size of the batch and of the card.
    offsets_per_block : int, optional
        At most so many offsets are counted together; None: as many as shared memory holds.
    shared_bytes : int, optional
        Use no more shared memory per block than this.
    """

    threads: int = 256
    blocks_per_item: int | None = None
    offsets_per_block: int | None = None
    shared_bytes: int | None = None


@dataclass
class Device:
    """One card, and CuPy to use it with.

    Attributes
    ----------
    cp : module
        CuPy.
    n_processors : int
        Streaming multiprocessors.
    card_shared_bytes : int
        Shared memory that one block may ask for.
    configuration : Configuration
    """

    cp: Any
    n_processors: int
    card_shared_bytes: int
    configuration: Configuration = field(default_factory=Configuration)
    _functions: dict[str, Any] = field(default_factory=dict)
    local: threading.local = field(default_factory=threading.local)
    _lock: Any = field(default_factory=threading.Lock)

    @property
    def stream(self) -> Any:
        """The stream of the calling thread."""
        if not hasattr(self.local, "stream"):
            self.local.stream = self.cp.cuda.Stream(non_blocking=True)
        return self.local.stream

    @property
    def shared_bytes(self) -> int:
        """Shared memory for one block."""
        wanted = self.configuration.shared_bytes
        return self.card_shared_bytes if wanted is None else min(wanted, self.card_shared_bytes)

    def function(self, file: str, name: str, shared_bytes: int = 0) -> Any:
        """A compiled kernel by its C++ name, allowed to use so much shared memory."""
        from .launch import OPTIONS, source

        with self._lock:
            if name not in self._functions:
                module = self.cp.RawModule(code=source(file), options=OPTIONS, name_expressions=(name,))
                self._functions[name] = module.get_function(name)
            function = self._functions[name]
            if shared_bytes > max(_SHARED_WITHOUT_ASKING, function.max_dynamic_shared_size_bytes):
                function.max_dynamic_shared_size_bytes = shared_bytes
        return function


def array_module() -> Any:
    """CuPy, imported the first time that CUDA is asked for."""
    return importlib.import_module("cupy")


_devices: dict[int, Device] = {}


@contextmanager
def working() -> Iterator[Device]:
    """Use the current card: what is allocated and launched within runs on a stream of this thread.

    Raises
    ------
    BackendError
        CUDA failed within.
    """
    cp = array_module()
    device = None
    try:
        ordinal = int(cp.cuda.runtime.getDevice())
        device = _devices.get(ordinal)
        if device is None or device.cp is not cp:
            device = _devices[ordinal] = _look_at(cp, ordinal)
        device.local.launched = ""
        # What the caller has on the device may still be on its way there.
        device.stream.wait_event(cp.cuda.get_current_stream().record())
        with device.stream:
            yield device
    except _faults(cp) as error:
        # The device works behind the host's back: a kernel's fault shows at a later call.
        launched = device and device.local.launched
        when = f"after the launch of kernel {launched}" if launched else "before a kernel was launched"
        what = f"{type(error).__name__}: {str(error).strip()}"
        raise BackendError(
            f"the GPU failed {when} ({what}); start a new process, where "
            "`fasttex doctor --cuda --selftest` finds out more, or choose backend='cpp'"
        ) from error


def _faults(cp: Any) -> tuple[type[Exception], ...]:
    """What CuPy raises where the card, its driver or its compiler fails."""
    return (
        cp.cuda.runtime.CUDARuntimeError,
        cp.cuda.driver.CUDADriverError,
        cp.cuda.compiler.CompileException,
        cp.cuda.nvrtc.NVRTCError,
        cp.cuda.memory.OutOfMemoryError,
    )


def _look_at(cp: Any, ordinal: int) -> Device:
    attributes = cp.cuda.Device(ordinal).attributes
    return Device(cp, attributes["MultiProcessorCount"], attributes["MaxSharedMemoryPerBlockOptin"])
