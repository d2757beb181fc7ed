"""How launches run and end: orders of threads, modes, places in the source, crashes, launches without an end."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cuda_emulator import POLICIES, Emulator, KernelFault, unavailable
from cuda_emulator import sample_kernels as sample
from cuda_emulator.test_emulator import glcm_of, i32, kernel, offsets_13, rng, run_glcm
from cuda_emulator.test_emulator import test_glcm as check_glcm

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())


def test_the_order_depends_on_the_seed_alone():
    def order(seed):
        emulator = Emulator(policy="shuffled", seed=seed)
        values = np.arange(1, 257, 2, dtype=np.uint16)
        cp = emulator.cp
        out, length = cp.empty(128, cp.uint16), cp.zeros(1, cp.uint32)
        kernel(emulator, sample.COMPACT, "compact")((4,), (32,), (cp.asarray(values), out, length, i32(128)))
        return out.get().tolist()

    assert order(1) == order(1)
    assert len({tuple(order(seed)) for seed in range(5)}) > 1


def test_a_spin_lock_ends():
    source = """
    __global__ void wait(u32* flag, u32* out) {
        if (blockIdx.x == 0) { while (atomicAdd(&flag[0], 0u) == 0u) {} out[0] = 1u; }
        else atomicExch(&flag[0], 1u);
    }
    """
    for policy in POLICIES:
        emulator = Emulator(policy=policy)
        flag, out = emulator.cp.zeros(1, np.uint32), emulator.cp.zeros(1, np.uint32)
        kernel(emulator, source, "wait")((2,), (1,), (flag, out))
        assert int(out[0]) == 1


def test_the_same_arrays_in_two_modes():
    emulator = Emulator()
    levels = rng.integers(1, 9, (5, 5, 5)).astype(np.uint8)
    with emulator.checking(policy="shuffled", seed=2) as reports:
        np.testing.assert_array_equal(run_glcm(emulator, levels, 8)[0], glcm_of(levels, offsets_13(), 8))
    assert reports == []
    assert not emulator.check


def test_a_fault_is_no_runtime_error():
    """Code that turns CUDA's errors into its own must not swallow a fault."""
    assert issubclass(KernelFault, AssertionError)


def test_places_follow_line_directives():
    source = '#line 1 "far.cu"\n__global__ void k(u32* out) {\n    out[4] = 1u;\n}\n'
    emulator = Emulator(check=True)
    with pytest.raises(KernelFault, match=r"write of 4 bytes at far.cu:2, to out\[4\]"):
        kernel(emulator, source, "k")((1,), (1,), (emulator.cp.zeros(4, np.uint32),))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("out[0] = *reinterpret_cast<u32*>(64ull * out[0]);", "memory that is not there, at kernel.cu:"),
        ("out[0] = 7 / (int)(out[0] - out[1]);", "division by zero"),
        ("volatile u8 much[100000]; much[0] = 1; out[0] = much[0];", "too much stack"),
    ],
)
def test_a_crash_is_a_report(text, found):
    emulator = Emulator()
    cp = emulator.cp
    with pytest.raises(KernelFault, match=found):
        kernel(emulator, f"__global__ void k(u32* out) {{ {text} }}", "k")(
            (2,), (64,), (cp.ones(4, cp.uint32),)
        )
    check_glcm(emulator)  # and the process goes on


@pytest.mark.parametrize("check", [False, True])
def test_a_launch_that_does_not_end(check):
    emulator = Emulator(check=check, time_limit_s=1)
    source = "__global__ void k(u32* out) { while (atomicAdd(out, 0u) == 0u) {} }"
    with pytest.raises(KernelFault, match="too long"):
        kernel(emulator, source, "k")((1,), (1,), (emulator.cp.zeros(1, np.uint32),))


def test_the_portable_fiber_switch(tmp_path):
    """The same runtime with ucontext, as other processors than x86-64 have it."""
    code = """
import sys; sys.path.insert(0, sys.argv[1])
from cuda_emulator import Emulator, test_emulator as t
for check in (False, True):
    t.test_glcm(Emulator(check=check, policy="preempting"))
    t.test_scans(Emulator(check=check, policy="shuffled"))
"""
    environment = {
        **os.environ,
        "CUDA_EMULATOR_FLAGS": "-DEMU_UCONTEXT",
        "CUDA_EMULATOR_CACHE": str(tmp_path),
    }
    tests = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code, tests], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
