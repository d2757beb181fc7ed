"""Every name of CuPy that the backend uses is there in the real one."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import cupy_or_skip

from fasttex.kernels import cuda

FILES = sorted(Path(cuda.__file__).parent.glob("*.py"))
#: What calls give: a chain goes on with the names of that class.
GIVES = {
    "get_default_memory_pool": "cuda.MemoryPool",
    "RawModule": "RawModule",
    "cuda.Device": "cuda.Device",
    "cuda.Stream": "cuda.Stream",
    "cuda.Event": "cuda.Event",
    "cuda.get_current_stream": "cuda.Stream",
}


def chain(node: ast.expr, aliases: dict[str, str]) -> str | None:
    """``device.cp.cuda.Event`` as ``cuda.Event``; None where it is no name of CuPy's. CuPy itself is ""."""
    if isinstance(node, ast.Name):
        return "" if node.id == "cp" else aliases.get(node.id)
    if isinstance(node, ast.Call):
        return GIVES.get(chain(node.func, aliases) or "")
    if not isinstance(node, ast.Attribute):
        return None
    if node.attr == "cp":
        return ""
    if node.attr == "stream" and isinstance(node.value, ast.Name) and node.value.id == "device":
        return "cuda.Stream"
    before = chain(node.value, aliases)
    return None if before is None else f"{before}.{node.attr}".lstrip(".")


def uses(text: str) -> Iterator[str]:
    """All names of CuPy in a file, each with its path."""
    tree = ast.parse(text)
    aliases: dict[str, str] = {}
    for _ in range(2):  # an alias may be of an alias
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                aliases |= dict(named(targets[0], node.value, aliases))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (found := chain(node, aliases)):
            yield found


def named(target: ast.expr, value: ast.expr, aliases: dict[str, str]) -> Iterator[tuple[str, str]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, other in zip(target.elts, value.elts, strict=True):
            yield from named(one, other, aliases)
    elif isinstance(target, ast.Name) and (found := chain(value, aliases)):
        yield target.id, found


USED = sorted({name for path in FILES for name in uses(path.read_text(encoding="utf-8"))})


def look_up(module: Any, name: str) -> Any:
    for part in name.split("."):
        module = getattr(module, part)
    return module


@pytest.mark.parametrize("name", USED)
def test_is_a_name_of_cupy(name):
    assert look_up(cupy_or_skip(), name) is not None


def test_names_are_found():
    """Also behind aliases, in tuples, and behind calls."""
    text = """
def f(device, a):
    cuda = device.cp.cuda
    cp, dtype = device.cp, a.dtype
    pool: Any = device.cp.get_default_memory_pool()
    with device.stream as one: one.other
    self.cp.empty(3); cp.zeros(3).get(); cuda.Event().record(); pool.free_bytes()
    return dtype.itemsize, device.stream.synchronize, device.cp.cuda.runtime.getDevice()
"""
    assert set(uses(text)) == {
        "cuda", "get_default_memory_pool", "empty", "zeros", "cuda.Event", "cuda.Event.record",
        "cuda.MemoryPool.free_bytes", "cuda.Stream", "cuda.Stream.synchronize", "cuda.runtime",
        "cuda.runtime.getDevice",
    }  # fmt: skip
    assert {"RawModule", "empty", "cuda.alloc_pinned_memory", "cuda.memory.OutOfMemoryError"} <= set(USED)
    assert {"cuda.MemoryPool.free_all_blocks", "cuda.runtime.memGetInfo", "cuda.nvrtc.getVersion"} <= set(
        USED
    )
