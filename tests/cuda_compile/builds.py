"""All kernels, as a toolkit compiles them for an architecture: what they use, and their machine code."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
from cuda_compile.toolkits import NotHere, disassemble, nvrtc

from fasttex.kernels.cuda import launch
from fasttex.kernels.cuda.discretize import _SOURCES

ARCHITECTURES = (75, 80, 86, 89, 90, 100, 120)
BYTES_PER_INSTRUCTION = 16

#: What the templates' names stand for, among all that the backend launches.
_TEMPLATES = {
    "Level": (np.uint8, np.uint16),
    "Source": (*_SOURCES, np.float64),
    "T": (np.uint8, np.uint16),
    "AXIS": (0, 1),
}
_RESOURCES = re.compile(
    r"Compiling entry function '(?P<name>\w+)'.*\n.*\n.*?"
    r"(?P<stack>\d+) bytes stack frame, (?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads\n"
    r".*Used (?P<registers>\d+) registers(?:.*?(?P<shared>\d+) bytes smem)?"
)
_NO_WARNING = re.compile(r"ptxas (info    : |  +\. )|$")
_SECTION = re.compile(r"^//-+ \.text\.(\w+) +-+$", re.MULTILINE)
_INSTRUCTION = re.compile(r"^ +/\*[0-9a-f]{4,}\*/ +[{ ]*(?:@!?\w+ +)?([A-Z][\w.]*)", re.MULTILINE)


@dataclass(frozen=True)
class Kernel:
    """One kernel of a build.

    Attributes
    ----------
    name : str
        As C++ writes it: ``glcm<u8>``.
    registers : int
        Per thread.
    shared_bytes : int
        Of shared memory per block whose size the kernel itself sets.
    stack_bytes, spill_bytes : int
        Of local memory per thread: arrays and calls, and registers that had to be put aside.
    """

    name: str
    registers: int
    shared_bytes: int
    stack_bytes: int
    spill_bytes: int


@dataclass(frozen=True)
class Build:
    """Kernels, compiled by one toolkit for one architecture; `symbols`: what the binary calls them, by name."""

    kernels: tuple[Kernel, ...]
    warnings: tuple[str, ...]
    binary: bytes
    symbols: dict[str, str]


def instantiations() -> dict[str, str]:
    """Every kernel that the backend can launch, by name, and the file that it is in."""
    return {
        launch.name_of(kernel, dict(zip(signature.templates, values, strict=True))): signature.file
        for kernel, signature in launch.SIGNATURES.items()
        for values in product(*(_TEMPLATES[name] for name in signature.templates))
    }


@cache
def build(toolkit: str, architecture: int) -> Build:
    """Compile all kernels, in one program: half of the time is what each program and disassembly costs.

    Each file has a namespace of its own, for on users' machines it is a program of its own.
    """
    names = {name: f"{_namespace(file)}::{name}" for name, file in instantiations().items()}
    return compiled(toolkit, architecture, _program(), names, launch.OPTIONS)


def compiled(
    toolkit: str, architecture: int, program: str, names: Mapping[str, str], options: Sequence[str]
) -> Build:
    """Compile kernels, whose `names` stand for what the program calls them."""
    compiler = nvrtc(toolkit)
    if architecture not in compiler.architectures:
        raise NotHere(f"NVRTC {compiler.version} does not compile for sm_{architecture}: install a newer one")
    options = (*options, f"--gpu-architecture=sm_{architecture}", "--ptxas-options=-v")
    binary, lowered, log = compiler.compile(program, tuple(names.values()), options)
    symbols = {name: lowered[qualified] for name, qualified in names.items()}
    lines = {found["name"]: found for found in _RESOURCES.finditer(log)}
    return Build(
        kernels=tuple(_kernel(name, lines[symbol]) for name, symbol in symbols.items()),
        warnings=tuple(line for line in log.splitlines() if not _NO_WARNING.match(line)),
        binary=binary,
        symbols=symbols,
    )


@cache
def opcodes(toolkit: str, architecture: int) -> dict[str, Counter[str]]:
    """How often each instruction stands in the machine code of each kernel, such as ``ATOMS.POPC.INC.32``."""
    return opcodes_of(build(toolkit, architecture))


def opcodes_of(made: Build) -> dict[str, Counter[str]]:
    """The same of another build."""
    _, *sections = _SECTION.split(disassemble(made.binary))
    code = dict(zip(sections[::2], sections[1::2], strict=True))
    return {name: Counter(_INSTRUCTION.findall(code[symbol])) for name, symbol in made.symbols.items()}


def _kernel(name: str, found: re.Match[str]) -> Kernel:
    return Kernel(
        name=name,
        registers=int(found["registers"]),
        shared_bytes=int(found["shared"] or 0),
        stack_bytes=int(found["stack"]),
        spill_bytes=int(found["stores"]) + int(found["loads"]),
    )


def _namespace(file: str) -> str:
    return f"of_{file}"


def _program() -> str:
    folder = Path(launch.__file__).parent
    parts = [(folder / "device.cuh").read_text(encoding="utf-8")]
    for file in launch.KERNEL_FILES:
        text = (folder / f"{file}.cu").read_text(encoding="utf-8")
        parts.append(f'namespace {_namespace(file)} {{\n#line 1 "{file}.cu"\n{text}\n}}\n')
    return "".join(parts)
