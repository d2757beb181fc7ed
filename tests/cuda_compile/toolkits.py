"""CUDA's compiler and disassembler, from wheels: they need neither a GPU nor a driver.

Two toolkits do not fit into one environment, so each may lie in a folder of its own. ``FASTTEX_NVRTC`` names
such folders, each the target of a ``pip install --target``; what is installed beside them is found as well::

    pip install --target nvrtc12 'nvidia-cuda-nvrtc-cu12==12.*'
    pip install --target nvrtc13 'nvidia-cuda-nvrtc==13.*' 'nvidia-cuda-nvdisasm==13.*'
    export FASTTEX_NVRTC=$PWD/nvrtc12:$PWD/nvrtc13
"""

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

FOLDERS = "FASTTEX_NVRTC"
#: Toolkits that the backend supports, by major version, and the wheels of their compilers.
TOOLKITS = {"12": "nvidia-cuda-nvrtc-cu12==12.*", "13": "nvidia-cuda-nvrtc==13.*"}


class NotHere(Exception):
    """A tool that is not installed, or that cannot do what is asked of it."""


class Nvrtc:
    """The compiler of one toolkit.

    Attributes
    ----------
    version : str
        Such as ``12.9``.
    architectures : set of int
        Such as 75, for all that it compiles for.
    """

    def __init__(self, library: Path) -> None:
        self._library = ctypes.CDLL(str(library))
        self._library.nvrtcGetErrorString.restype = ctypes.c_char_p
        major, minor, count = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
        self._call("Version", ctypes.byref(major), ctypes.byref(minor))
        self.version = f"{major.value}.{minor.value}"
        self._call("GetNumSupportedArchs", ctypes.byref(count))
        architectures = (ctypes.c_int * count.value)()
        self._call("GetSupportedArchs", architectures)
        self.architectures = set(architectures)

    def compile(
        self, source: str, names: Sequence[str], options: Sequence[str]
    ) -> tuple[bytes, dict[str, str], str]:
        """The binary of a program, what it calls each of the names asked for, and the compiler's log.

        Raises
        ------
        RuntimeError
            The program does not compile; the message is the log.
        """
        program = ctypes.c_void_p()
        self._call("CreateProgram", ctypes.byref(program), source.encode(), b"kernels.cu", 0, None, None)
        try:
            for name in names:
                self._call("AddNameExpression", program, name.encode())
            given = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
            failed = self._library.nvrtcCompileProgram(program, len(options), given)
            log = self._read(program, "ProgramLog").rstrip(b"\0").decode()
            if failed:
                raise RuntimeError(f"NVRTC {self.version} with {' '.join(options)}:\n{log}")
            return self._read(program, "CUBIN"), {name: self._lowered(program, name) for name in names}, log
        finally:
            self._call("DestroyProgram", ctypes.byref(program))

    def _lowered(self, program: ctypes.c_void_p, name: str) -> str:
        lowered = ctypes.c_char_p()
        self._call("GetLoweredName", program, name.encode(), ctypes.byref(lowered))
        return (lowered.value or b"").decode()

    def _read(self, program: ctypes.c_void_p, what: str) -> bytes:
        size = ctypes.c_size_t()
        self._call(f"Get{what}Size", program, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        self._call(f"Get{what}", program, buffer)
        return buffer.raw

    def _call(self, function: str, *arguments: object) -> None:
        error = getattr(self._library, f"nvrtc{function}")(*arguments)
        if error:
            raise RuntimeError(f"nvrtc{function}: {self._library.nvrtcGetErrorString(error).decode()}")


@cache
def nvrtc(toolkit: str) -> Nvrtc:
    """The compiler of a toolkit (``"12"``), or `NotHere` with what to do."""
    library = next(_files(f"lib/libnvrtc.so.{toolkit}"), None)
    if library is None:
        raise NotHere(f"no NVRTC {toolkit}.x: install {TOOLKITS[toolkit]} into a folder that {FOLDERS} names")
    return Nvrtc(library)


def disassemble(binary: bytes) -> str:
    """The text of a binary's machine code, or `NotHere`."""
    tool = next(_files("bin/nvdisasm"), None) or shutil.which("nvdisasm")
    if not tool:
        raise NotHere(f"no nvdisasm: install nvidia-cuda-nvdisasm into a folder that {FOLDERS} names")
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(binary)
        file.flush()
        command = [str(tool), "--print-code", "--no-dataflow", file.name]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _files(pattern: str) -> Iterator[Path]:
    """Files of NVIDIA's wheels, in the folders named and then beside this Python's packages."""
    spec = find_spec("nvidia")
    named = [Path(folder) / "nvidia" for folder in os.environ.get(FOLDERS, "").split(os.pathsep) if folder]
    for folder in [*named, *map(Path, (spec and spec.submodule_search_locations) or ())]:
        yield from sorted(folder.glob(f"*/{pattern}"))
