"""Planted bugs in the CUDA kernels and in how they are launched, each of which a check must catch."""

from typing import Any

import numpy as np
import pytest
from conftest import backend_or_skip
from cuda_cases import batch_for, expected, names_for
from kernel_cases import assert_same, batch_of, run

from fasttex.kernels import cuda, reference
from fasttex.kernels.cuda import counting, device, launch

ORDERS = [("forward", 0), ("shuffled", 1), ("preempting", 2)]

# kernel, what is planted, the text of the kernel, the text with the bug, what the checker calls it
REPORTED = [
    ("glcm", "an increment that is not atomic", "atomicAdd(&table[row + j - 1], 1u)", "table[row + j - 1] += 1u", "race"),
    ("glcm", "counts added without atomics", "atomicAdd(&counts[cell], static_cast<u64>(cells[cell]))", "counts[cell] += cells[cell]", "race"),
    ("glcm", "added up before all have counted", "    __syncthreads();\n    flush", "    flush", "race"),
    ("glcm", "counted before all is cleared", "clear(table, cells);\n    __syncthreads();", "clear(table, cells);", "race"),
    ("glcm", "a table that is not cleared", "clear(table, cells);", "", "uninitialised read"),
    ("glcm", "a cell behind the table", "table[row + j - 1], 1u", "table[row + j - 1 + cells], 1u", "out of bounds"),
    ("glcm", "farther than the neighbor", "buffer[p + step[a]]", "buffer[p + 3 * step[a]]", "out of bounds"),
    ("glcm", "a barrier that not all reach", "if (i == 0) continue;", "if (i == 0) continue;\n        __syncthreads();", "barrier"),
    ("glcm", "counters that overlap", "table[row + j - 1], 1u", "*reinterpret_cast<u32*>(reinterpret_cast<u8*>(&table[row + j - 1]) + 1), 1u", "misaligned"),
    ("glrlm", "a walk that begins far away", "i64 q = p - step[a]", "i64 q = p - 9 * step[a]", "out of bounds"),
    ("surface", "rows behind the last", "p < share.last", "p < share.last + 4 * row", "out of bounds"),
    ("zones", "a union that is not atomic", "atomicMin(&parents[high], low)", "parents[high]; parents[high] = low", "race"),
    ("zones", "a size that is not atomic", "atomicAdd(&sizes[item.voxels + root], static_cast<u32>(__popc(same)))", "sizes[item.voxels + root] += __popc(same)", "race"),
    ("zones", "a place in the list taken twice", "atomicAdd(n_large, 1u)", "(*n_large)++", "race"),
    ("zones", "lanes that do not come", "        const u32 starts", "        if (level == 0) continue;\n        const u32 starts", "missing lanes"),
    ("border_distance", "a line too many", "line < share.last", "line <= share.last", "out of bounds"),
    ("resample", "a neighbor behind the end", "b = upper[item.x + n]", "b = upper[item.x + n] + 9999", "out of bounds"),
]  # fmt: skip

# The same for bugs that no rule of CUDA forbids: some layout shows another result.
WRONG = [
    ("glcm", "counters of 16 bits", "static_cast<u64>(cells[cell])", "static_cast<u64>(cells[cell] & 0xffff)"),
    ("glcm", "the first group of offsets for all", "share.item * n_offsets + share.offset", "share.item * n_offsets"),
    ("glrlm", "long runs in another row", "row * item.extra + run - 1], 1ull", "row * columns + run - 1], 1ull"),
    ("zones", "runs that end with the warp", "if (!along_x && goes_on", "if (goes_on"),
    ("zones", "large zones forgotten", "size <= static_cast<u32>(small)", "size <= static_cast<u32>(small) || size > 40"),
    ("neighborhood", "alpha itself not within alpha", ") <= alpha", ") < alpha"),
    ("discretize", "multiplied by the inverse", "floor(scaled / width)", "floor(scaled * (1.0 / width))"),
    ("resample", "added up in another form", "return a * (1.0 - w) + b * w", "return a + (b - a) * w"),
    ("border_distance", "seen from one end alone", "voxel -= step;\n            far = min(far + 1, static_cast<u32>(*voxel));", "voxel -= step;\n            far = *voxel;"),
    ("surface", "corners swapped", "edge[0] | edge[1] << 1", "edge[1] | edge[0] << 1"),
]  # fmt: skip


def try_all(kernel: str, *, compare: bool = True, **layout: Any) -> None:
    """All odd batches, in one layout."""
    with device.working() as card:
        card.configuration = device.Configuration(**layout)
    for name in names_for(kernel):
        found = run(cuda, kernel, batch_for(kernel, name))
        if compare:
            assert_same(found, expected(kernel, name))


@pytest.mark.parametrize(
    ("kernel", "what", "right", "wrong", "kind"), REPORTED, ids=lambda text: str(text)[:50]
)
def test_reported(planted, kernel, what, right, wrong, kind):
    from cuda_emulator import KernelFault

    own = planted(kernel, right, wrong)
    found = set()
    for policy, seed in ORDERS:
        with pytest.raises(KernelFault) as fault, own.checking(policy=policy, seed=seed):
            try_all(kernel, compare=False, blocks_per_item=2, threads=64)
        found |= {report.kind for report in fault.value.reports}
        lines = [line for report in fault.value.reports for line in report.lines]
        assert any(".cu" in line for line in lines), lines
    assert any(kind in reported for reported in found), f"{what}: {found}"


@pytest.mark.parametrize(("kernel", "what", "right", "wrong"), WRONG, ids=lambda text: str(text)[:50])
def test_wrong(planted, kernel, what, right, wrong):
    planted(kernel, right, wrong)
    if what == "counters of 16 bits":
        batch = batch_of(np.full((41, 41, 41), 1))
        caught = []
        for blocks in (1, 64):
            with device.working() as card:
                card.configuration = device.Configuration(blocks_per_item=blocks)
            same = np.array_equal(run(cuda, kernel, batch)[0], run(reference, kernel, batch)[0])
            caught.append(not same)
        assert caught == [True, False]  # so it takes a sweep over layouts to see it
        return
    with pytest.raises(AssertionError):
        try_all(kernel, offsets_per_block=5)


def test_small_shared_memory_is_reported(planted, monkeypatch):
    from cuda_emulator import KernelFault

    own = planted("glcm", "", "")
    sound = counting.launch
    monkeypatch.setattr(
        counting,
        "launch",
        lambda *args, shared_bytes, **rest: sound(*args, shared_bytes=shared_bytes - 8, **rest),
    )
    with pytest.raises(KernelFault) as fault, own.checking():
        try_all("glcm")
    assert any(report.kind == "out of bounds" for report in fault.value.reports)


def test_a_short_grid_is_caught(planted, monkeypatch):
    planted("glcm", "", "")
    sound = counting.launch
    monkeypatch.setattr(
        counting,
        "launch",
        lambda card, kernel, grid, *args, **rest: sound(card, kernel, grid - 1, *args, **rest),
    )
    with pytest.raises(AssertionError):
        try_all("glcm", blocks_per_item=2)


def test_a_wrong_scalar_is_refused_twice(planted, monkeypatch):
    """By the launcher, and, were that not there, by the emulator."""
    from cuda_emulator import KernelFault

    planted("glcm", "", "")
    sound = counting.launch

    def wrong(card: Any, kernel: str, grid: int, given: dict[str, Any], **rest: Any) -> None:
        sound(card, kernel, grid, {**given, "n_offsets": np.int64(given["n_offsets"])}, **rest)

    monkeypatch.setattr(counting, "launch", wrong)
    with pytest.raises(TypeError, match="n_offsets"):
        try_all("glcm")
    monkeypatch.setattr(launch, "_check", lambda *_: None)
    with pytest.raises(KernelFault, match="n_offsets"):
        try_all("glcm")


def test_the_kernels_as_they_are_pass(planted):
    """So what is caught above is the bug and nothing else."""
    backend_or_skip("cuda-emulated")
    for kernel in {bug[0] for bug in [*REPORTED, *WRONG]}:
        own = planted(kernel, "", "")
        with own.checking() as reports:
            try_all(kernel, blocks_per_item=2, threads=64)
        assert reports == []
