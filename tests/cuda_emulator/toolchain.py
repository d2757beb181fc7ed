"""Compile the runtime and the kernels with g++, once per text and flags."""

import atexit
import ctypes
import functools
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CSRC = Path(__file__).parent / "csrc"
COMMON = [
    "-std=c++17",
    "-fPIC",
    "-g1",
    "-gdwarf-4",  # addr2line 2.40 mixes up the files of version 5
    "-fstack-clash-protection",  # local arrays that are too large meet the guard page
    "-ffp-contract=off",
    "-fno-gnu-unique",
    "-fno-strict-aliasing",
    f"-I{CSRC}",
]
PLAIN = ["-O2"]
CHECK = ["-O1", "-fsanitize=thread", "--param", "tsan-distinguish-volatile=1"]
CHECK += ["--param", "tsan-instrument-func-entry-exit=0"]
WRAP = [f"-Wl,--wrap={name}" for name in ("memcpy", "memmove", "memset")]


def unavailable() -> str:
    """Why the emulator cannot work here; empty where it can."""
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"):
        return (
            f"the CUDA emulator needs Linux on x86-64 or aarch64, this is {sys.platform} {platform.machine()}"
        )
    missing = [tool for tool in ("g++", "addr2line") if shutil.which(tool) is None]
    return f"the CUDA emulator needs {' and '.join(missing)}, which is not on the path" if missing else ""


@functools.cache
def cache_folder() -> Path:
    """Where what was compiled lies: for the session, unless ``CUDA_EMULATOR_CACHE`` names a folder."""
    if chosen := os.environ.get("CUDA_EMULATOR_CACHE"):
        Path(chosen).mkdir(parents=True, exist_ok=True)
        return Path(chosen)
    folder = tempfile.mkdtemp(prefix="cuda_emulator-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


class CompileError(Exception):
    """The compiler's text, as ``cupy.cuda.compiler.CompileException`` has it."""


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CompileError(done.stderr or done.stdout)


@functools.cache
def _stamp() -> str:
    """All that a compiled file depends on beside its own text."""
    version = subprocess.run(["g++", "--version"], capture_output=True, text=True, check=True).stdout
    files = [path.read_text(encoding="utf-8") for path in sorted(CSRC.iterdir())]
    return hashlib.sha256("\0".join([version, *COMMON, *files]).encode()).hexdigest()


def _cached(name: str, *parts: str) -> Path:
    digest = hashlib.sha256("\0".join([_stamp(), *parts]).encode()).hexdigest()[:20]
    return cache_folder() / f"{name}-{digest}.so"


def _partial(library: Path, end: str) -> Path:
    """A name of this process: files are renamed into place, so that sessions can share a folder."""
    return library.with_suffix(f".{os.getpid()}.{end}")


class Request(ctypes.Structure):
    """What ``emu_launch`` takes: ``Request`` of runtime.hpp."""

    _fields_ = (
        ("entry", ctypes.c_void_p),
        ("arguments", ctypes.c_void_p),
        ("grid", ctypes.c_uint * 3),
        ("block", ctypes.c_uint * 3),
        ("dynamic_shared", ctypes.c_ulonglong),
        ("shared_limit", ctypes.c_ulonglong),
        ("seed", ctypes.c_ulonglong),
        ("policy", ctypes.c_int),
        ("resident_threads", ctypes.c_int),
        ("checking", ctypes.c_int),
        ("time_limit_s", ctypes.c_int),
    )


class Parameter(ctypes.Structure):
    """``emu::Parameter`` of shim.hpp."""

    _fields_ = (("prefix", ctypes.c_char_p), ("code", ctypes.c_char_p), ("bytes", ctypes.c_ulonglong))


@functools.cache
def runtime() -> tuple[ctypes.CDLL, Path]:
    """The scheduler and the checker, loaded once, and where they lie."""
    extra = os.environ.get("CUDA_EMULATOR_FLAGS", "").split()  # such as -DEMU_UCONTEXT
    path = _cached("runtime", *extra)
    if not path.exists():
        everything, partial = _partial(path, "cpp"), _partial(path, "so")
        # One translation unit: the standard headers are read once.
        everything.write_text("".join(f'#include "{source.name}"\n' for source in sorted(CSRC.glob("*.cpp"))))
        _run(["g++", *COMMON, "-O2", *extra, "-shared", "-o", str(partial), str(everything)])
        partial.rename(path)
    library = ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
    library.emu_launch.argtypes = [ctypes.POINTER(Request)]
    library.emu_reports.restype = ctypes.c_char_p
    library.emu_add_argument.argtypes = [
        ctypes.c_void_p,
        ctypes.c_ulonglong,
        ctypes.c_void_p,
        ctypes.c_uint,
        ctypes.c_char_p,
    ]
    return library, path


class Library:
    """The compiled kernels of one module in one mode."""

    def __init__(self, source: str, names: tuple[str, ...], defines: tuple[str, ...], checking: bool) -> None:
        _, runtime_path = runtime()
        # The call of a kernel stands behind the text: taking its address makes the template's instance.
        calls = "".join(f"EMU_KERNEL({number}, {name})\n" for number, name in enumerate(names))
        text = f'#include "shim.hpp"\n#line 1 "kernel.cu"\n{source}\n#line 1 "launch"\n{calls}'
        flags = [*(CHECK if checking else PLAIN), *defines]
        self.path = _cached("kernels", text, *flags)
        if not self.path.exists():
            source_path, compiled, partial = (_partial(self.path, end) for end in ("cpp", "o", "so"))
            source_path.write_text(text, encoding="utf-8")
            _run(["g++", *COMMON, *flags, "-c", "-o", str(compiled), str(source_path)])
            # Linked apart: with -fsanitize at the link g++ would add libtsan.
            link = ["g++", "-shared", "-Wl,-Bsymbolic", "-Wl,-z,defs", "-o", str(partial), str(compiled)]
            _run([*link, *(WRAP if checking else []), str(runtime_path), "-lm"])
            partial.rename(self.path)
        self.library = ctypes.CDLL(str(self.path))
        self.names, self.checking = names, checking

    def entry(self, name: str) -> int:
        """The address that calls this kernel with an array of pointers to its arguments."""
        function = getattr(self.library, f"emu_entry_{self.names.index(name)}")
        return ctypes.cast(function, ctypes.c_void_p).value or 0

    def signature(self, name: str) -> list[tuple[str, str]]:
        """Per parameter: ``""`` (by value), ``"*"`` or ``"c*"`` (pointer to const), and the NumPy type code."""
        function = getattr(self.library, f"emu_signature_{self.names.index(name)}")
        function.restype = ctypes.POINTER(Parameter)
        found = []
        for parameter in function():
            if parameter.prefix is None:
                break
            code = parameter.code.decode()
            found.append((parameter.prefix.decode(), f"V{parameter.bytes}" if code == "V" else code))
        return found

    @functools.cache  # noqa: B019 - libraries live as long as the session
    def line(self, offset: int) -> str:
        """The place in the kernel's source of an offset in the library, such as ``glcm.cu:12``."""
        command = ["addr2line", "-i", "-e", str(self.path), hex(offset)]
        frames = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        own = [frame for frame in frames if not re.search(r"/(shim|abi)\w*\.hpp:", frame)]
        return re.sub(r"^.*/| \(.*$", "", (own or frames)[0])
