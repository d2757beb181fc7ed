"""Kernels: compile a module, check a call as strictly as a compiler would, run it."""

import ctypes
import re
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from .device_arrays import ndarray
from .reports import KernelFault, Report, parse
from .toolchain import CompileError, Library, Request, runtime

if TYPE_CHECKING:
    from . import Emulator

POLICIES = ("forward", "reverse", "shuffled", "preempting")
_RUNNING = threading.RLock()  # the runtime runs one grid at a time


class CUDADriverError(RuntimeError):
    """As ``cupy.cuda.driver.CUDADriverError``."""

    def __init__(self, status: int, why: str = "") -> None:
        name = {
            1: "CUDA_ERROR_INVALID_VALUE: invalid argument",
            500: "CUDA_ERROR_NOT_FOUND: named symbol not found",
        }
        super().__init__(name.get(status, str(status)) + (f" [emulator: {why}]" if why else ""))
        self.status = status


class CompileException(Exception):
    """As ``cupy.cuda.compiler.CompileException``."""

    def __init__(
        self, msg: str, source: str, name: str, options: tuple[str, ...], backend: str = "nvrtc"
    ) -> None:
        super().__init__(msg)
        self.source, self.name, self.options, self.backend = source, name, options, backend

    def get_message(self) -> str:
        return str(self.args[0])


def _is_of(dtype: np.dtype[Any], code: str) -> bool:
    """Whether a dtype is that of a parameter; structs agree by their size."""
    return (
        dtype.kind == "V" and dtype.itemsize == int(code[1:]) if code[0] == "V" else dtype == np.dtype(code)
    )


class BaseModule:
    """The part of ``cupy.RawModule`` that takes source text."""

    emulator: "Emulator"

    def __init__(
        self,
        code: str | None = None,
        *,
        path: str | None = None,
        options: tuple[str, ...] = (),
        backend: str = "nvrtc",
        translate_cucomplex: bool = False,
        enable_cooperative_groups: bool = False,
        name_expressions: Any = None,
        jitify: bool | None = None,
    ) -> None:
        if (
            code is None
            or path
            or backend != "nvrtc"
            or translate_cucomplex
            or enable_cooperative_groups
            or jitify
        ):
            raise NotImplementedError("the emulator takes source text for NVRTC, and no other option")
        if not isinstance(options, tuple):
            raise TypeError(
                f"Argument 'options' has incorrect type (expected tuple, got {type(options).__name__})"
            )
        self.code, self.options, self.backend = code, options, backend
        self.name_expressions = tuple(name_expressions or ())
        self._functions: dict[str, Kernel] = {}
        self._libraries: dict[bool, Library] = {}

    def get_function(self, name: str) -> "Kernel":
        if name not in self._functions:
            extern = re.search(rf'extern\s+"C".*\b{re.escape(name)}\s*\(', self.code, re.DOTALL)
            if name not in self.name_expressions and not extern:
                raise CUDADriverError(500, f"{name} is not among the module's name_expressions")
            self._functions[name] = Kernel(self, name)
            self.library(name)
        return self._functions[name]

    def compile(self, log_stream: Any = None) -> None:
        self.library("")

    def library(self, name: str) -> Library:
        names = tuple(dict.fromkeys((*self.name_expressions, *self._functions)))
        checking = self.emulator.check
        built = self._libraries.get(checking)
        if built is None or (name and name not in built.names):
            defines = tuple(o for o in self.options if o.startswith("-D"))
            try:
                built = Library(self.code, names, ("-DFASTTEX_EMULATED", *defines), checking)
            except CompileError as error:
                raise CompileException(str(error), self.code, "kernel.cu", self.options) from None
            self._libraries[checking] = built
        return built


class Kernel:
    """The part of ``cupy.RawKernel`` that launches."""

    def __init__(self, module: BaseModule, name: str) -> None:
        self.module, self.name = module, name
        self._emulator = module.emulator
        self._max_dynamic = 48 * 1024
        base = re.escape(re.sub(r"<.*", "", name).split("::")[-1])
        # The parameters' names stand in the text alone; a report without them would name numbers.
        found = re.search(rf"\b{base}\s*\(([^)]*)\)\s*{{", module.code)
        words = [re.findall(r"\w+", part) for part in found.group(1).split(",")] if found else []
        self._parameter_names = [word[-1] if word else "?" for word in words]
        self.max_threads_per_block = self._launch_bounds(base)

    def _launch_bounds(self, base: str) -> int:
        """``__launch_bounds__``, given as a number or as the name of a constant."""
        code = self.module.code
        found = re.search(rf"__launch_bounds__\(\s*(\w+)[^)]*\)[^(){{}};]*\b{base}\s*\(", code)
        bound = found.group(1) if found else "1024"
        constant = None if bound.isdigit() else re.search(rf"\b{bound}\s*=?\s*(\d+)", code)
        return int(constant.group(1) if constant else bound if bound.isdigit() else 1024)

    @property
    def max_dynamic_shared_size_bytes(self) -> int:
        return self._max_dynamic

    @max_dynamic_shared_size_bytes.setter
    def max_dynamic_shared_size_bytes(self, nbytes: int) -> None:
        if nbytes > self._emulator.max_shared_bytes:
            raise CUDADriverError(
                1, f"{nbytes} bytes of shared memory, {self._emulator.max_shared_bytes} are there"
            )
        self._max_dynamic = int(nbytes)

    @property
    def attributes(self) -> dict[str, int]:
        return {
            "max_threads_per_block": self.max_threads_per_block,
            "shared_size_bytes": 0,
            "const_size_bytes": 0,
            "local_size_bytes": 0,
            "num_regs": 32,
            "ptx_version": 90,
            "binary_version": 90,
            "cache_mode_ca": 0,
            "max_dynamic_shared_size_bytes": self._max_dynamic,
            "preferred_shared_memory_carveout": -1,
        }

    def __call__(self, grid: Any, block: Any, args: Any, *, shared_mem: int = 0) -> None:
        library = self.module.library(self.name)
        arguments = self._checked(library.signature(self.name), tuple(args))
        sizes = self._sizes(tuple(grid), tuple(block), shared_mem)
        self._emulator.device.now(lambda: self._run(library, sizes, arguments, shared_mem))

    def _sizes(self, grid: tuple[Any, ...], block: tuple[Any, ...], shared: int) -> list[tuple[int, ...]]:
        """The limits that a driver refuses to pass."""
        sizes = []
        for what, given, most in (
            ("grid", grid, (2**31 - 1, 65535, 65535)),
            ("block", block, (1024, 1024, 64)),
        ):
            size = (*(int(n) for n in given), 1, 1)[:3]
            if len(given) > 3 or not all(1 <= n <= limit for n, limit in zip(size, most, strict=True)):
                raise CUDADriverError(1, f"{self.name}: {what} {size}, allowed is 1 to {most}")
            sizes.append(size)
        threads = sizes[1][0] * sizes[1][1] * sizes[1][2]
        if threads > self.max_threads_per_block:
            raise CUDADriverError(
                1, f"{self.name}: {threads} threads a block, at most {self.max_threads_per_block}"
            )
        if not 0 <= shared <= self._max_dynamic:
            raise CUDADriverError(
                1, f"{self.name}: {shared} bytes of shared memory, at most {self._max_dynamic}"
            )
        return sizes

    def _checked(
        self, signature: list[tuple[str, str]], args: tuple[Any, ...]
    ) -> list[tuple[Any, str, bool]]:
        """The arguments with the names of their parameters. CuPy and the driver would take anything."""
        names = [*self._parameter_names, *(f"parameter {i}" for i in range(len(self._parameter_names), 99))]
        faults = []
        if len(args) != len(signature):
            faults.append(f"{len(args)} arguments, the kernel has {len(signature)} parameters")
        for name, (prefix, code), arg in zip(names, signature, args, strict=False):
            kind = f"struct of {code[1:]} bytes" if code[0] == "V" else np.dtype(code)
            wanted = f"{'const ' if prefix == 'c*' else ''}{kind}{'*' if prefix else ''}"
            if isinstance(arg, ndarray):
                got = f"array of {arg.dtype}"
                right = bool(prefix) and _is_of(arg.dtype, code)
                if right and not arg.flags.c_contiguous:
                    faults.append(f"{name} is an array with gaps (strides {arg.strides})")
            else:
                got = f"{type(arg).__module__}.{type(arg).__name__}"
                right = not prefix and isinstance(arg, np.generic) and _is_of(arg.dtype, code)
            if not right:
                faults.append(f"{name} is {wanted}, got {got}")
        if faults:
            raise KernelFault([Report("signature", self.name, (), fault) for fault in faults])
        return [
            (arg, name, prefix == "c*")
            for arg, name, (prefix, _) in zip(args, names, signature, strict=False)
        ]

    def _run(self, library: Library, sizes: Any, arguments: list[tuple[Any, str, bool]], shared: int) -> None:
        emulator, (runtime_library, _) = self._emulator, runtime()
        values = [np.uint64(a.data.ptr) if isinstance(a, ndarray) else a for a, _, _ in arguments]
        # Each argument lies in a slot of its own; the kernel gets pointers to them.
        width = max(16, *(-(-value.nbytes // 16) * 16 for value in values)) if values else 16
        slots = np.zeros((len(values) + 1, width), np.uint8)
        for slot, value in zip(slots, values, strict=False):
            slot[: value.nbytes] = np.frombuffer(value.tobytes(), np.uint8)
        pointers = slots.ctypes.data + width * np.arange(len(slots), dtype=np.uint64)
        limit = emulator.max_shared_bytes if self._max_dynamic > 48 * 1024 else 48 * 1024
        request = Request(
            entry=library.entry(self.name),
            arguments=pointers.ctypes.data,
            grid=sizes[0],
            block=sizes[1],
            dynamic_shared=shared,
            shared_limit=limit,
            seed=emulator.next_seed(),
            policy=POLICIES.index(emulator.policy),
            resident_threads=emulator.resident_threads,
            checking=library.checking,
            time_limit_s=emulator.time_limit_s,
        )
        with _RUNNING:
            for allocation, (item, label) in self._regions(arguments).items():
                runtime_library.emu_add_argument(
                    allocation.ptr, allocation.nbytes, allocation.defined.ctypes.data, item, label.encode()
                )
                if not library.checking:
                    allocation.defined[:] = 1  # nobody looked which of it the kernel wrote
            runtime_library.emu_launch(ctypes.byref(request))
            raw = runtime_library.emu_reports().decode()
            runtime_library.emu_clear_reports()
        if raw:
            reports = parse(raw, self.name, library.line)
            emulator.reports += reports
            raise KernelFault(reports)

    @staticmethod
    def _regions(arguments: list[tuple[Any, str, bool]]) -> dict[Any, tuple[int, str]]:
        """The allocations that the kernel may touch, with the names of the parameters that lie in them."""
        regions: dict[Any, tuple[int, str]] = {}
        for arg, name, _ in arguments:
            if isinstance(arg, ndarray):
                item, before = regions.get(arg._allocation, (16, ""))
                regions[arg._allocation] = (min(item, arg.itemsize), f"{before}/{name}" if before else name)
        return regions
