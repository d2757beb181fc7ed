"""Right kernels give the right numbers in every order of threads, in both modes."""

import time

import numpy as np
import pytest

from cuda_emulator import POLICIES, Emulator, unavailable
from cuda_emulator import sample_kernels as sample

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())
i32 = np.int32
rng = np.random.default_rng(7)


@pytest.fixture(params=[f"{mode}-{policy}" for mode in ("plain", "check") for policy in POLICIES])
def emulator(request):
    mode, policy = request.param.split("-")
    return Emulator(check=mode == "check", policy=policy, seed=3)


def kernel(emulator, source, name, bug=0):
    module = emulator.cp.RawModule(
        code=sample.PRELUDE + source, options=("-std=c++17", f"-DBUG={bug}"), name_expressions=(name,)
    )
    return module.get_function(name)


@pytest.mark.parametrize("blocks", [1, 3, 64])
def test_histogram(emulator, blocks):
    cp, levels = emulator.cp, rng.integers(0, 16, 999).astype(np.uint16)
    counts = cp.zeros(16, cp.uint32)
    kernel(emulator, sample.HISTOGRAM, "histogram<u16>")(
        (blocks,), (64,), (cp.asarray(levels), counts, i32(levels.size))
    )
    np.testing.assert_array_equal(counts.get(), np.bincount(levels, minlength=16))


def labels_of(levels):
    """Connected components by repeated minima: slow and obvious."""
    labels = np.arange(levels.size, dtype=np.uint32).reshape(levels.shape)
    while True:
        before = labels.copy()
        for a, b in (
            ((slice(1, None),), (slice(-1),)),
            ((slice(None), slice(1, None)), (slice(None), slice(-1))),
        ):
            same = levels[a] == levels[b]
            least = np.where(same, np.minimum(labels[a], labels[b]), levels.size)
            for part in (a, b):
                labels[part] = np.minimum(labels[part], least)
        if (before == labels).all():
            return labels


@pytest.mark.parametrize("threads", [32, 100, 256])
def test_components(emulator, threads):
    cp, levels = emulator.cp, rng.integers(0, 2, (24, 31)).astype(np.uint8)
    parents = cp.asarray(np.arange(levels.size, dtype=np.uint32))
    labels = cp.empty(levels.size, cp.uint32)
    grid = ((levels.size + threads - 1) // threads,)
    kernel(emulator, sample.COMPONENTS, "link")(
        grid, (threads,), (cp.asarray(levels), parents, i32(31), i32(24))
    )
    kernel(emulator, sample.COMPONENTS, "flatten")(grid, (threads,), (parents, labels, i32(levels.size)))
    np.testing.assert_array_equal(labels.get().reshape(levels.shape), labels_of(levels))


def test_scans(emulator):
    cp, values = emulator.cp, rng.integers(0, 99, 300).astype(np.uint32)
    out = cp.empty(300, cp.uint32)
    kernel(emulator, sample.SCAN, "scan")((1,), (512,), (cp.asarray(values), out, i32(300)), shared_mem=2048)
    np.testing.assert_array_equal(out.get(), np.cumsum(values))
    values = values[:64].astype(np.int32)
    out = cp.empty(64, cp.int32)
    kernel(emulator, sample.SCAN, "warp_scan")((1,), (64,), (cp.asarray(values), out))
    np.testing.assert_array_equal(out.get().reshape(2, 32), np.cumsum(values.reshape(2, 32), axis=1))


def test_compact(emulator):
    cp, values = emulator.cp, rng.integers(0, 999, 500).astype(np.uint16)
    out, length = cp.empty(500, cp.uint16), cp.zeros(1, cp.uint32)
    kernel(emulator, sample.COMPACT, "compact")((4,), (128,), (cp.asarray(values), out, length, i32(500)))
    kept = out.get()[: int(length.get()[0])]
    np.testing.assert_array_equal(np.sort(kept), np.sort(values[values % 2 == 1]))


def test_stencil(emulator):
    cp, values = emulator.cp, rng.integers(-99, 99, 333).astype(np.int32)
    out = cp.empty(333, cp.int64)
    kernel(emulator, sample.STENCIL, "stencil<2>")((6,), (64,), (cp.asarray(values), out, i32(333)))
    np.testing.assert_array_equal(out.get(), np.convolve(values, np.ones(5, np.int64), "same"))


def test_lanes(emulator):
    cp = emulator.cp
    out = cp.empty(32, cp.int32)
    kernel(emulator, sample.LANES, "exchange")((1,), (32,), (out,), shared_mem=128)
    np.testing.assert_array_equal(out.get(), (np.arange(32) ^ 1) ** 2 + 8000)
    numbers = rng.integers(0, 2**32, 32, dtype=np.uint32)
    out = cp.empty(32, cp.uint32)
    kernel(emulator, sample.LANES, "wide")((1,), (32,), (cp.asarray(numbers.view(np.uint8)), out))
    np.testing.assert_array_equal(out.get(), numbers)


def offsets_13():
    half = [(0, 0, 1), *((0, 1, x) for x in (-1, 0, 1)), *((1, y, x) for y in (-1, 0, 1) for x in (-1, 0, 1))]
    return np.array(half)


def glcm_of(levels, offsets, n_levels):
    counts = np.zeros((len(offsets), n_levels, n_levels), np.uint32)
    padded = np.pad(levels, 1)
    for own, (z, y, x) in zip(counts, offsets, strict=True):
        other = np.roll(padded, (-z, -y, -x), (0, 1, 2))[1:-1, 1:-1, 1:-1]
        np.add.at(own, (levels[other > 0] - 1, other[other > 0] - 1), 1)
    return counts


def run_glcm(emulator, levels, n_levels, blocks=4, threads=64):
    cp, padded = emulator.cp, np.pad(levels, 1)
    offsets = offsets_13()
    nz, ny, nx = padded.shape
    steps = (offsets @ [ny * nx, nx, 1]).astype(np.int32)
    counts = cp.zeros((len(offsets), n_levels, n_levels), cp.uint32)
    arguments = (cp.asarray(padded), cp.asarray(steps), counts, i32(nz), i32(ny), i32(nx), i32(n_levels))
    launch = kernel(emulator, sample.GLCM, "glcm<u8>")
    start = time.process_time()
    launch((blocks, len(offsets)), (threads,), arguments, shared_mem=4 * n_levels**2)
    return counts.get(), levels.size / (time.process_time() - start)


def test_glcm(emulator):
    levels = rng.integers(1, 9, (7, 8, 9)).astype(np.uint8)
    counts, _ = run_glcm(emulator, levels, 8)
    np.testing.assert_array_equal(counts, glcm_of(levels, offsets_13(), 8))


def test_speed():
    """Printed, and held to a tenth of what was measured: a slip in a hot path shows."""
    levels = rng.integers(1, 33, (48, 48, 48)).astype(np.uint8)
    plain = max(run_glcm(Emulator(), levels, 32)[1] for _ in range(3))
    check = max(run_glcm(Emulator(check=True), levels, 32)[1] for _ in range(2))
    print(f"GLCM, 13 directions: plain {plain / 1e6:.1f} M voxels/s, check mode {check / 1e6:.2f} M voxels/s")
    assert plain > 1e6
    assert check > 0.05e6


def test_structs_as_arguments():
    source = """
    struct Item { i64 offset; i32 nx, out; };
    __global__ void sums(const Item* items, const u16* values, u32* out, const Item whole) {
        const Item item = items[blockIdx.x];
        if (threadIdx.x < item.nx) atomicAdd(&out[item.out], values[item.offset + threadIdx.x]);
        if (threadIdx.x == 0) atomicAdd(&out[whole.out], 1u);
    }
    """
    item = np.dtype([("offset", "i8"), ("nx", "i4"), ("out", "i4")])
    for check in (False, True):
        emulator = Emulator(check=check)
        cp = emulator.cp
        items = np.array([(0, 3, 1), (3, 5, 0)], item)
        out = cp.zeros(3, cp.uint32)
        arguments = (
            cp.asarray(items),
            cp.asarray(np.arange(8, dtype=np.uint16)),
            out,
            np.array((0, 0, 2), item)[()],
        )
        kernel(emulator, source, "sums")((2,), (32,), arguments)
        assert out.get().tolist() == [3 + 4 + 5 + 6 + 7, 0 + 1 + 2, 2]


def test_vectors_of_sixteen_bytes(emulator):
    cp, values = emulator.cp, rng.integers(0, 2**32, (32, 4), dtype=np.uint32)
    source = """
    __global__ void copy(const u32* in, u32* out) {
        reinterpret_cast<uint4*>(out)[threadIdx.x] = reinterpret_cast<const uint4*>(in)[threadIdx.x];
    }
    """
    out = cp.empty((32, 4), cp.uint32)
    kernel(emulator, source, "copy")((1,), (32,), (cp.asarray(values), out))
    np.testing.assert_array_equal(out.get(), values)


def test_standard_functions(emulator):
    source = """
    __global__ void k(const double* in, double* out, const i64* whole, i64* absolute) {
        const double v = in[threadIdx.x];
        out[threadIdx.x] = floor(v) + 10.0 * ceil(v) + 100.0 * rint(v) + 1000.0 * sqrt(fabs(v)) + fmax(v, 0.5);
        absolute[threadIdx.x] = abs(whole[threadIdx.x]) + min(max(3, __clz(1 << threadIdx.x)), 31) + __brev(1u);
        if (isnan(v)) out[threadIdx.x] = __longlong_as_double(__double_as_longlong(-1.0)) + __popc(7u) + __ffs(8);
    }
    """
    cp, values = emulator.cp, np.array([1.25, -2.5, 3.5, np.nan])
    whole = np.array([5, -(2**40), 7, 0])
    out, absolute = cp.empty(4, cp.float64), cp.empty(4, cp.int64)
    kernel(emulator, source, "k")((1,), (4,), (cp.asarray(values), out, cp.asarray(whole), absolute))
    expected = (
        np.floor(values) + 10 * np.ceil(values) + 100 * np.rint(values) + 1000 * np.sqrt(np.abs(values))
    )
    expected += np.fmax(values, 0.5)
    expected[3] = -1 + 3 + 4
    np.testing.assert_array_equal(out.get(), expected)
    np.testing.assert_array_equal(absolute.get(), np.abs(whole) + np.array([31, 30, 29, 28]) + 2**31)
