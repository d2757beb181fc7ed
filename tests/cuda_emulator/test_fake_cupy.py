"""The fake CuPy: as strict as the real one where that is strict, stricter where it would let a fault pass."""

import ctypes
import types

import numpy as np
import pytest
from conftest import cupy_or_skip

from cuda_emulator import Emulator, KernelFault, unavailable
from cuda_emulator.sample_kernels import PRELUDE

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())

ADD = "template <class T> __global__ void add(const T* a, u32* out, const int n) { if (threadIdx.x < n) out[threadIdx.x] += a[threadIdx.x]; }"


@pytest.fixture
def emulator():
    return Emulator()


@pytest.fixture
def cp(emulator):
    return emulator.cp


@pytest.fixture
def add(cp):
    return cp.RawModule(code=PRELUDE + ADD, name_expressions=["add<u8>"]).get_function("add<u8>")


def arguments(cp):
    return [cp.asarray(np.arange(4, dtype=np.uint8)), cp.zeros(4, cp.uint32), np.int32(4)]


def test_arrays(cp):
    array = cp.asarray(np.arange(24, dtype=np.int16).reshape(4, 6))
    assert (array.shape, array.size, array.nbytes, array.ndim, array.dtype) == ((4, 6), 24, 48, 2, np.int16)
    with pytest.raises(TypeError, match="Implicit conversion"):
        np.asarray(array)
    with pytest.raises(TypeError):
        np.add(array, 1)
    view = array[1:3, ::2]
    view.fill(-1)
    host = np.arange(24).reshape(4, 6)
    host[1:3, ::2] = -1
    np.testing.assert_array_equal(array.get(), host)
    np.testing.assert_array_equal(cp.asnumpy(cp.ascontiguousarray(view)), host[1:3, ::2])
    np.testing.assert_array_equal(array.ravel().reshape(6, 4).get(), host.reshape(6, 4))
    assert array[1].data.ptr == array.data.ptr + 12
    assert array.__cuda_array_interface__["data"] == (array.data.ptr, False)
    assert set(cp.empty(9, cp.uint8).get().tolist()) == {0xCB}
    with pytest.raises(ValueError, match="non-scalar"):
        array[...] = np.zeros((4, 6), np.int16)


@pytest.mark.parametrize(
    ("place", "value", "text"),
    [
        (0, np.zeros(4, np.uint8), "a is const uint8\\*, got numpy.ndarray"),
        (0, "int8", "a is const uint8\\*, got array of int8"),
        (1, "int64", "out is uint32\\*, got array of int64"),
        (2, 4, "n is int32, got builtins.int"),
        (2, np.int64(4), "n is int32, got numpy.int64"),
        (2, np.uint32(4), "n is int32, got numpy.uint32"),
    ],
)
def test_a_wrong_type_is_named(cp, add, place, value, text):
    given = arguments(cp)
    given[place] = cp.zeros(4, value) if isinstance(value, str) else value
    with pytest.raises(KernelFault, match=f"signature in add<u8>: {text}"):
        add((1,), (32,), tuple(given))


def test_a_wrong_number_of_arguments(cp, add):
    with pytest.raises(KernelFault, match="2 arguments, the kernel has 3 parameters"):
        add((1,), (32,), tuple(arguments(cp)[:2]))


def test_an_array_with_gaps(cp, add):
    given = arguments(cp)
    given[0] = cp.zeros(8, cp.uint8)[::2]
    with pytest.raises(KernelFault, match="a is an array with gaps"):
        add((1,), (32,), tuple(given))


@pytest.mark.parametrize(
    ("grid", "block", "shared"),
    [((0,), (32,), 0), ((1, 65536), (32,), 0), ((2**31,), (32,), 0), ((1,), (1025,), 0), ((1,), (0,), 0),
     ((1,), (1, 1, 65), 0), ((1,), (32,), 48 * 1024 + 4)],
)  # fmt: skip
def test_what_a_driver_refuses(cp, add, grid, block, shared):
    with pytest.raises(cp.cuda.driver.CUDADriverError, match="CUDA_ERROR_INVALID_VALUE"):
        add(grid, block, tuple(arguments(cp)), shared_mem=shared)


@pytest.mark.parametrize("bound", ["64", "THREADS"])
def test_launch_bounds(cp, bound):
    source = f"constexpr int THREADS = 64; __global__ void __launch_bounds__({bound}) k(u32* out) {{ out[0] = 1u; }}"
    launch = cp.RawModule(code=PRELUDE + source, name_expressions=["k"]).get_function("k")
    launch((1,), (1,), (cp.zeros(1, cp.uint32),))
    with pytest.raises(cp.cuda.driver.CUDADriverError, match="at most 64"):
        launch((1,), (65,), (cp.zeros(1, cp.uint32),))


def test_shared_memory_that_is_asked_for(cp, add):
    add.max_dynamic_shared_size_bytes = 100 * 1024
    add((1,), (32,), tuple(arguments(cp)), shared_mem=100 * 1024)
    with pytest.raises(cp.cuda.driver.CUDADriverError):
        add.max_dynamic_shared_size_bytes = 228 * 1024


def test_names_and_compile_errors(cp):
    module = cp.RawModule(code=PRELUDE + ADD, name_expressions=["add<u8>"])
    with pytest.raises(cp.cuda.driver.CUDADriverError, match="NOT_FOUND"):
        module.get_function("add<u16>")
    with pytest.raises(cp.cuda.compiler.CompileException, match=r"kernel.cu:6:.*nowhere"):
        cp.RawModule(
            code=PRELUDE + "__global__ void k() { nowhere(); }", name_expressions=["k"]
        ).get_function("k")
    for text in (
        "__global__ void k(char* c) {}",
        "__global__ void k(long n) {}",
        "__global__ void k(i64* p) { atomicAdd(p, 1ll); }",
    ):
        with pytest.raises(cp.cuda.compiler.CompileException):
            cp.RawModule(code=PRELUDE + text, name_expressions=["k"]).get_function("k")


def test_a_name_without_mangling(cp):
    source = 'extern "C" __global__ void k(u32* out) { out[threadIdx.x] = threadIdx.x; }'
    out = cp.empty((2, 4), cp.uint32)
    cp.RawModule(code=PRELUDE + source).get_function("k")((1,), (4,), (out[1],))
    assert out.get()[1].tolist() == [0, 1, 2, 3]
    assert out.written()[..., 0].all()  # plain mode does not look


def test_what_was_written(emulator, cp):
    with emulator.checking():
        source = "__global__ void k(u16* out) { out[2 * threadIdx.x] = 1; }"
        array = cp.empty(8, cp.uint16)
        cp.RawModule(code=PRELUDE + source, name_expressions=("k",)).get_function("k")((1,), (3,), (array,))
    assert array.written()[:, 0].tolist() == [True, False, True, False, True, False, False, False]
    assert array.view(cp.uint32).written()[:, 0].tolist() == [False] * 4
    copy = cp.asarray(array[::2], cp.int64)
    assert copy.written()[:, 0].tolist() == [True, True, True, False]
    array[...] = array[:1]
    assert array.written().all()


def test_copies_wait_for_a_synchronize(cp):
    array = cp.asarray(np.arange(6, dtype=np.uint8))
    out = array.get(blocking=False)
    assert set(out.tolist()) == {0xCB}
    cp.cuda.get_current_stream().synchronize()
    assert out.tolist() == [0, 1, 2, 3, 4, 5]


def test_pinned_memory_is_read_late(cp):
    memory = cp.cuda.alloc_pinned_memory(4)
    host = np.frombuffer(memory, np.uint8, 4)
    host[:] = 1
    array = cp.empty(4, cp.uint8)
    with cp.cuda.Stream(non_blocking=True) as stream:
        array.set(host, stream)
        host[:] = 2  # too early
        stream.synchronize()
    assert array.get().tolist() == [2, 2, 2, 2]


def test_a_non_blocking_stream_waits_for_nobody(cp, add):
    stream, given = cp.cuda.Stream(non_blocking=True), arguments(cp)
    with stream:
        add((1,), (32,), tuple(given))
    assert given[1].get().tolist() == [0, 0, 0, 0]  # nobody synchronized
    event = stream.record()
    cp.cuda.get_current_stream().wait_event(event)
    assert given[1].get().tolist() == [0, 1, 2, 3]
    assert event.done
    with stream:
        add((1,), (32,), tuple(given))
        assert given[1].get().tolist() == [0, 2, 4, 6]  # the same stream: in order


def test_out_of_memory(cp):
    pool = cp.get_default_memory_pool()
    before = pool.used_bytes()
    pool.set_limit(size=before + 1000)
    kept = cp.empty(600, cp.uint8)
    with pytest.raises(cp.cuda.memory.OutOfMemoryError, match="allocating 600 bytes"):
        cp.empty(600, cp.uint8)
    del kept
    cp.empty(600, cp.uint8)
    assert pool.used_bytes() == before
    pool.set_limit(size=0)
    with pytest.raises(MemoryError):
        cp.empty(cp.cuda.runtime.memGetInfo()[1] + 1, cp.uint8)


def test_pinned_memory_runs_out(emulator, cp):
    emulator.pinned_limit = 100
    with pytest.raises(cp.cuda.runtime.CUDARuntimeError, match="out of memory"):
        cp.cuda.alloc_pinned_memory(101)


def test_other_machines(emulator, cp):
    assert (cp.cuda.runtime.getDeviceCount(), cp.is_available(), cp.cuda.nvrtc.getVersion()) == (
        1,
        True,
        (13, 0),
    )
    emulator.nvrtc_version = None
    with pytest.raises(RuntimeError, match="libnvrtc"):
        cp.cuda.nvrtc.getVersion()
    emulator.compute_capability = (6, 1)
    assert (cp.cuda.Device(0).compute_capability, cp.cuda.runtime.getDeviceProperties(0)["major"]) == (
        "61",
        6,
    )
    emulator.device_count = 0
    with pytest.raises(cp.cuda.runtime.CUDARuntimeError, match="cudaErrorNoDevice"):
        cp.cuda.runtime.getDeviceCount()
    emulator.driver_version = 0
    with pytest.raises(cp.cuda.runtime.CUDARuntimeError, match="cudaErrorInsufficientDriver"):
        cp.cuda.runtime.getDeviceCount()
    assert not cp.is_available()


def names(fake, path=()):
    """All dotted names that the fake has, the members of its classes too."""
    members = vars(fake) if isinstance(fake, (types.SimpleNamespace, type)) else {}
    if isinstance(fake, type) and not issubclass(fake, (np.generic, ctypes.Array)):
        members = {name: None for kind in fake.__mro__[:-1] for name in vars(kind) if hasattr(fake, name)}
    for name, value in members.items():
        if not name.startswith("_"):
            yield ".".join((*path, name))
            if not isinstance(value, type) or not issubclass(value, (np.generic, np.dtype)):
                yield from names(value, (*path, name))


OWN = {
    "written",
    "device",
    "later",
    "now",
    "flush",
    "waiter",
    "emulator",
    "library",
    "ptr",
    "name_expressions",
}


def test_each_name_is_one_of_cupy(cp):
    real = cupy_or_skip()
    pools = {
        "get_default_memory_pool": real.cuda.MemoryPool,
        "get_default_pinned_memory_pool": real.cuda.PinnedMemoryPool,
    }
    missing = []
    for dotted in names(cp):
        if dotted.split(".")[-1] in OWN:
            continue
        found = real
        for part in dotted.split("."):
            found = getattr(found, part, None)
        if found is None:
            missing.append(dotted)
    for function, kind in pools.items():
        own = type(getattr(cp, function)())
        missing += [
            f"{own.__name__}.{n}" for n in vars(own) if n[0] != "_" and n != "charge" and not hasattr(kind, n)
        ]
    kernel = real.RawKernel
    from cuda_emulator.launching import Kernel

    missing += [f"RawKernel.{name}" for name in vars(Kernel) if name[0] != "_" and not hasattr(kernel, name)]
    assert missing == []
