"""Compile kernels, and launch them after checking what is passed: CuPy itself checks nothing of it.

The signatures are read from the kernels' own text, so there is one place for each: names, kinds, and what is
written (pointers that are not const).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .device import Device

__all__ = ["OPTIONS", "SIGNATURES", "Parameter", "Signature", "launch", "name_of", "source", "source_hash"]

#: Floating point without fused products: the same bits as on the CPU.
OPTIONS = ("--std=c++17", "--fmad=false")
KERNEL_FILES = (
    "embed",
    "discretize",
    "resample",
    "border_distance",
    "surface",
    "glcm",
    "glrlm",
    "zones",
    "neighborhood",
)

_DTYPES = {
    "u8": "uint8", "i8": "int8", "u16": "uint16", "i16": "int16", "u32": "uint32", "i32": "int32",
    "u64": "uint64", "i64": "int64", "float": "float32", "double": "float64",
}  # fmt: skip
_TYPE_NAMES = {np.dtype(dtype): name for name, dtype in _DTYPES.items()}
_KERNEL = re.compile(r"(?:template <([^>]*)>\s*)?__global__\s+void\s+(\w+)\(([^)]*)\)")
_LAST_BLOCK = 2**31 - 1
#: More would leave a thread fewer than 128 registers.
_MOST_THREADS = 512


@dataclass(frozen=True)
class Parameter:
    """One parameter of a kernel: a pointer or a number, of a type or of the template's."""

    name: str
    type: str
    pointer: bool
    written: bool


@dataclass(frozen=True)
class Signature:
    """A kernel: the file it is in, the names of its template's types and numbers, and its parameters."""

    kernel: str
    file: str
    templates: tuple[str, ...]
    parameters: tuple[Parameter, ...]


def source(file: str) -> str:
    """The text of a file of kernels, with what all share in front."""
    here = Path(__file__).parent
    shared, own = (here / name for name in ("device.cuh", f"{file}.cu"))
    return f'#line 1 "{shared.name}"\n{shared.read_text()}\n#line 1 "{own.name}"\n{own.read_text()}'


@cache
def source_hash() -> str:
    """Of all kernels and how they are compiled."""
    return sha256("".join([*map(source, KERNEL_FILES), *OPTIONS]).encode()).hexdigest()[:16]


def _signatures() -> dict[str, Signature]:
    found = {}
    for file in KERNEL_FILES:
        for templates, kernel, parameters in _KERNEL.findall(source(file)):
            names = tuple(part.split()[-1] for part in templates.split(",") if part)
            read = tuple(_parameter(part) for part in parameters.split(","))
            found[kernel] = Signature(kernel, file, names, read)
    return found


def _parameter(text: str) -> Parameter:
    kind, _, name = text.strip().rpartition(" ")
    pointer = kind.endswith("*")
    return Parameter(
        name=name,
        type=kind.removeprefix("const ").rstrip("*"),
        pointer=pointer,
        written=pointer and not kind.startswith("const "),
    )


SIGNATURES = _signatures()


def name_of(kernel: str, template: Mapping[str, Any] | None = None) -> str:
    """The kernel's name as C++ writes it: ``glcm<u8>``."""
    wanted, given = SIGNATURES[kernel].templates, template or {}
    if set(wanted) != set(given):
        raise TypeError(f"{kernel} is a template of {wanted}, got {tuple(given)}")
    values = [
        given[name] if isinstance(given[name], int) else _type_name(kernel, name, given[name])
        for name in wanted
    ]
    return f"{kernel}<{', '.join(map(str, values))}>" if values else kernel


def _type_name(kernel: str, name: str, dtype: DTypeLike) -> str:
    if np.dtype(dtype) not in _TYPE_NAMES:
        raise TypeError(
            f"{kernel}: {name} is {np.dtype(dtype)}, expected one of {', '.join(_DTYPES.values())}"
        )
    return _TYPE_NAMES[np.dtype(dtype)]


def launch(
    device: Device,
    kernel: str,
    grid: int,
    given: Mapping[str, Any],
    *,
    block: tuple[int, ...],
    template: Mapping[str, Any] | None = None,
    shared_bytes: int = 0,
) -> None:
    """Run a kernel on the device's stream, once everything it is given fits its signature.

    Parameters
    ----------
    device : Device
    kernel : str
        A key of `SIGNATURES`.
    grid : int
        Blocks; none launches nothing.
    given : dict
        By name, all parameters of the kernel: arrays on the device, and NumPy scalars of the exact type.
    block : tuple of int
        Threads along x, and y.
    template : dict, optional
        Dtypes (or numbers) for the names of the kernel's template.
    shared_bytes : int
        Of dynamic shared memory per block.

    Raises
    ------
    TypeError
        Something does not fit: a defect of the caller, as nothing here comes from the user.
    """
    name = name_of(kernel, template)
    _check(SIGNATURES[kernel], template or {}, given)
    _check_limits(device, name, grid, block, shared_bytes)
    if grid == 0:
        return
    device.local.launched = name
    function = device.function(SIGNATURES[kernel].file, name, shared_bytes)
    arguments = tuple(given[parameter.name] for parameter in SIGNATURES[kernel].parameters)
    function((grid,), block, arguments, shared_mem=shared_bytes)


def _check(signature: Signature, template: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    names = [parameter.name for parameter in signature.parameters]
    if set(names) != set(given):
        raise TypeError(f"{signature.kernel} takes {names}, got {sorted(given)}")
    for parameter in signature.parameters:
        value = given[parameter.name]
        wanted = np.dtype(template[parameter.type] if parameter.type in template else _DTYPES[parameter.type])
        if parameter.pointer:
            _check_array(signature.kernel, parameter.name, value, wanted)
        elif not isinstance(value, np.generic) or value.dtype != wanted:
            raise TypeError(
                f"{signature.kernel}: {parameter.name} is {value!r}, expected a NumPy {wanted} scalar"
            )
    _check_aliasing(signature, given)


def _check_array(kernel: str, name: str, array: Any, wanted: DTypeLike) -> None:
    if not hasattr(array, "__cuda_array_interface__"):
        raise TypeError(f"{kernel}: {name} is a {type(array).__name__}, expected an array on the device")
    if array.dtype != wanted:
        raise TypeError(f"{kernel}: {name} holds {array.dtype}, expected {wanted}")
    if not array.flags.c_contiguous:
        raise TypeError(f"{kernel}: {name} has gaps, expected a C-contiguous array")


def _check_aliasing(signature: Signature, given: Mapping[str, Any]) -> None:
    """What a kernel writes may overlap nothing else that it is given."""
    spans = [
        (parameter, int(given[parameter.name].data.ptr), int(given[parameter.name].nbytes))
        for parameter in signature.parameters
        if parameter.pointer
    ]
    for n, (one, start, size) in enumerate(spans):
        for other, begin, extent in spans[:n]:
            overlap = start < begin + extent and begin < start + size
            if overlap and (one.written or other.written):
                raise TypeError(f"{signature.kernel}: {other.name} and {one.name} overlap")


def _check_limits(device: Device, name: str, grid: int, block: tuple[int, ...], shared_bytes: int) -> None:
    if not 0 <= grid <= _LAST_BLOCK:
        raise TypeError(f"{name}: a grid of {grid} blocks, at most {_LAST_BLOCK} can be launched")
    threads = int(np.prod(block))
    if threads % 32 or not 32 <= threads <= _MOST_THREADS:
        raise TypeError(f"{name}: {threads} threads per block, expected 32, 64, … up to {_MOST_THREADS}")
    if shared_bytes > device.shared_bytes:
        raise TypeError(
            f"{name}: {shared_bytes} bytes of shared memory, the device has {device.shared_bytes}"
        )
