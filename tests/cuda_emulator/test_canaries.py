"""Planted faults: check mode must name each, with its kind and its line, in any order of threads."""

import numpy as np
import pytest

from cuda_emulator import POLICIES, Emulator, KernelFault, unavailable
from cuda_emulator import sample_kernels as sample

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())
i32 = np.int32


def line_of(source, text):
    """Where a line stands in the source, as reports write it."""
    lines = (sample.PRELUDE + source).splitlines()
    (found,) = [number for number, line in enumerate(lines, 1) if text in line]
    return f"kernel.cu:{found}"


def launch(emulator, source, name, bug, grid, block, arguments, **more):
    module = emulator.cp.RawModule(
        code=sample.PRELUDE + source, options=(f"-DBUG={bug}",), name_expressions=(name,)
    )
    module.get_function(name)(grid, block, arguments, **more)


def histogram(emulator, bug, n=256, blocks=2, threads=64, counts=16):
    cp = emulator.cp
    levels = cp.asarray((np.arange(n) // 3 % 16).astype(np.uint8))
    arguments = (levels, cp.zeros(counts, cp.uint32), i32(n))
    launch(emulator, sample.HISTOGRAM, "histogram<u8>", bug, (blocks,), (threads,), arguments)


def components(emulator, bug):
    cp = emulator.cp
    levels, parents = cp.asarray(np.ones((8, 16), np.uint8)), cp.asarray(np.arange(128, dtype=np.uint32))
    launch(emulator, sample.COMPONENTS, "link", bug, (2,), (64,), (levels, parents, i32(16), i32(8)))


def scan(emulator, bug, shared=512):
    cp = emulator.cp
    arguments = (cp.asarray(np.arange(128, dtype=np.uint32)), cp.empty(128, cp.uint32), i32(128))
    launch(emulator, sample.SCAN, "scan", bug, (1,), (128,), arguments, shared_mem=shared)


def stencil(emulator, bug):
    cp = emulator.cp
    arguments = (cp.asarray(np.arange(128, dtype=np.int32)), cp.empty(128, cp.int64), i32(128))
    launch(emulator, sample.STENCIL, "stencil<1>", bug, (2,), (64,), arguments)


def exchange(emulator, bug):
    launch(
        emulator,
        sample.LANES,
        "exchange",
        bug,
        (1,),
        (32,),
        (emulator.cp.empty(32, np.int32),),
        shared_mem=128,
    )


def wide(emulator, bug):
    cp = emulator.cp
    arguments = (cp.zeros(132, cp.uint8), cp.empty(32, cp.uint32))
    launch(emulator, sample.LANES, "wide", bug, (1,), (32,), arguments)


CANARIES = {
    "shared increment": (histogram, 1, "race", sample.HISTOGRAM, "// shared increment"),
    "global increment": (histogram, 2, "race", sample.HISTOGRAM, "// global increment"),
    "no barrier after clearing": (histogram, 3, "race", sample.HISTOGRAM, "own[threadIdx.x] = 0u"),
    "union without an atomic": (components, 4, "race", sample.COMPONENTS, "// union without"),
    "read behind the end": (histogram, 5, "out of bounds", sample.HISTOGRAM, "// read behind"),
    "write behind the end": (histogram, 6, "out of bounds", sample.HISTOGRAM, "// write behind"),
    "no barrier in the scan": (scan, 7, "race", sample.SCAN, "sums[i] += before"),
    "half a block at a barrier": (stencil, 8, "barrier divergence", sample.STENCIL, "// half of the block"),
    "barriers at two lines": (stencil, 9, "barriers at two lines", sample.STENCIL, "// one line"),
    "nobody cleared": (histogram, 11, "uninitialised read", sample.HISTOGRAM, "own[levels[i]], 1u"),
    "no __syncwarp": (exchange, 1, "race", sample.LANES, "// of the neighbor"),
    "lanes that never come": (exchange, 2, "missing lanes", sample.LANES, "// the even lanes"),
    "a source outside the mask": (exchange, 3, "shuffle source", sample.LANES, "// from a lane outside"),
    "misaligned": (wide, 4, "misaligned", sample.LANES, "// misaligned"),
}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("canary", CANARIES)
def test_check_mode_names(canary, policy):
    run, bug, kind, source, text = CANARIES[canary]
    emulator = Emulator(check=True, policy=policy, seed=1)
    run(emulator, 0)
    assert emulator.reports == []
    with pytest.raises(KernelFault) as caught:
        run(emulator, bug)
    found = [report for report in caught.value.reports if report.kind == kind]
    assert found, str(caught.value)
    assert any(line_of(source, text) in report.lines for report in found), str(caught.value)
    assert all("block (" in report.text and "thread (" in report.text for report in found)
    assert all(line in str(report) for report in found for line in report.lines)


@pytest.mark.parametrize(
    "canary", ["half a block at a barrier", "barriers at two lines", "lanes that never come"]
)
def test_plain_mode_names_what_never_comes(canary):
    run, bug, kind, *_ = CANARIES[canary]
    with pytest.raises(KernelFault, match=kind):
        run(Emulator(), bug)


def test_plain_mode_sees_a_write_just_behind_the_end():
    with pytest.raises(KernelFault, match="written behind counts"):
        histogram(Emulator(), 6)


def test_the_report_names_the_element():
    with pytest.raises(
        KernelFault, match=r"read of 1 bytes at kernel.cu:\d+, to levels\[256\], which has 256 elements"
    ):
        histogram(Emulator(check=True), 5)


def test_too_little_shared_memory():
    with pytest.raises(KernelFault, match=r"out of bounds.* the dynamic shared memory\[127\], which has 127"):
        scan(Emulator(check=True), 0, shared=508)
    scan(Emulator(check=True), 0, shared=512)


def test_memory_that_was_not_passed():
    source = "__global__ void far(const u64* where, u32* out) { out[0] = *(const u32*)where[0]; }"
    emulator = Emulator(check=True)
    cp = emulator.cp
    other = cp.zeros(4, cp.uint32)
    with pytest.raises(KernelFault, match="out of bounds"):
        launch(
            emulator,
            source,
            "far",
            0,
            (1,),
            (1,),
            (cp.asarray(np.uint64([other.data.ptr])), cp.zeros(1, cp.uint32)),
        )


def test_shared_memory_of_another_block():
    source = """
    __global__ void give(u64* where, u32* out) {
        SHARED_ARR(u32, own, 4);
        own[0] = 3u;
        if (blockIdx.x == 0) atomicExch(where, (u64)own);
        else { u64 w; while ((w = atomicAdd(where, (u64)0)) == 0) {} out[0] = *(u32*)w; }
        __syncthreads();
    }
    """
    emulator = Emulator(check=True)
    with pytest.raises(KernelFault, match="foreign shared memory"):
        launch(
            emulator,
            source,
            "give",
            0,
            (2,),
            (2,),
            (emulator.cp.zeros(1, np.uint64), emulator.cp.zeros(1, np.uint32)),
        )


def test_a_wait_between_blocks_that_is_no_atomic():
    """Blocks are never ordered within a launch: what one writes plainly the other may not read."""
    source = """
    __global__ void pass(volatile u32* flag, u32* value) {
        if (blockIdx.x == 0) { value[0] = 5u; __threadfence(); flag[0] = 1u; }
        else if (flag[0] == 1u) value[1] = value[0];
    }
    """
    emulator = Emulator(check=True)
    with pytest.raises(KernelFault, match="race"):
        launch(
            emulator,
            source,
            "pass",
            0,
            (2,),
            (1,),
            (emulator.cp.zeros(1, np.uint32), emulator.cp.zeros(2, np.uint32)),
        )


def test_bytes_side_by_side_are_no_race():
    source = "__global__ void bytes(u32* out) { ((u8*)out)[threadIdx.x] = (u8)threadIdx.x; }"
    emulator = Emulator(check=True, policy="shuffled")
    out = emulator.cp.empty(64, np.uint32)
    launch(emulator, source, "bytes", 0, (1,), (256,), (out,))
    np.testing.assert_array_equal(out.get().view(np.uint8), np.arange(256).astype(np.uint8))


def test_more_static_shared_memory_than_there_is():
    source = "__global__ void big(u32* out) { SHARED_ARR(u32, all, 13000); all[threadIdx.x] = 0u; out[0] = all[0]; }"
    emulator = Emulator()
    with pytest.raises(KernelFault, match="launch limit"):
        launch(emulator, source, "big", 0, (1,), (1,), (emulator.cp.zeros(1, np.uint32),))
