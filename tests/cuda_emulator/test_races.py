"""The race detector against a definition: random programs whose races are known by comparing all pairs."""

import contextlib
import itertools

import numpy as np
import pytest

from cuda_emulator import POLICIES, Emulator, KernelFault, unavailable
from cuda_emulator.sample_kernels import PRELUDE

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())

BLOCKS, THREADS, CELLS = 2, 48, 400
READ, WRITE, ATOMIC, VOLATILE_READ, VOLATILE_WRITE = range(5)
# A thread's way through the program; what it does at each step, where, and which sync follows, come as arrays.
SOURCE = """
__global__ void interpret(const i32* what, const i32* where, const i32* syncs, const int steps, u32* cells, u32* out) {
    const int me = blockIdx.x * blockDim.x + threadIdx.x, all = gridDim.x * blockDim.x;
    u32 sum = 0u;
    for (int s = 0; s < steps; ++s) {
        const int op = what[s * all + me];
        u32* cell = cells + where[s * all + me];
        if (op == 0) sum += *cell;
        if (op == 1) *cell = sum;
        if (op == 2) atomicAdd(cell, 1u);
        if (op == 3) sum += *(volatile u32*)cell;
        if (op == 4) *(volatile u32*)cell = sum;
        if (syncs[s] == 1) __syncthreads();
        if (syncs[s] == 2) __syncwarp();
    }
    out[me] = sum;
}
"""


def program(rng):
    steps, threads = int(rng.integers(2, 6)), BLOCKS * THREADS
    weights = rng.dirichlet(np.ones(6))
    what = rng.choice([-1, *range(5)], (steps, threads), p=weights).astype(np.int32)
    where = rng.integers(0, CELLS, (steps, threads)).astype(np.int32)
    near = rng.random() < 0.7  # a block, or a warp, has cells of its own
    if near:
        part = np.arange(threads) // THREADS * 2 + (np.arange(threads) % THREADS >= 32) * (rng.random() < 0.5)
        where = where % (CELLS // 4) + (CELLS // 4 * part).astype(np.int32)
    # Few accesses, so that about half of the programs have no race.
    what[rng.random(what.shape) < rng.choice([0.5, 0.8, 0.95])] = -1
    return what, where, rng.integers(0, 3, steps).astype(np.int32)


def has_race(what, where, syncs):
    """Any two accesses to a cell that are not ordered, one of them a write, not both atomic?"""
    accesses = {}
    for step, thread in zip(*np.nonzero(what >= 0), strict=True):
        accesses.setdefault(int(where[step, thread]), []).append(
            (int(step), int(thread), int(what[step, thread]))
        )
    for same in accesses.values():
        for (s, t, a), (r, u, b) in itertools.combinations(same, 2):
            writes = {a, b} & {WRITE, ATOMIC, VOLATILE_WRITE}
            if t == u or not writes or not {a, b} & {READ, WRITE}:
                continue
            between = set(syncs[min(s, r) : max(s, r)].tolist())
            same_block = t // THREADS == u // THREADS
            same_warp = same_block and t % THREADS // 32 == u % THREADS // 32
            if not ((same_block and 1 in between) or (same_warp and 2 in between)):
                return True
    return False


@pytest.mark.parametrize("policy", POLICIES)
def test_all_races_and_no_others(policy):
    rng, found = np.random.default_rng(11), []
    emulator = Emulator(check=True, policy=policy, seed=5)
    cp = emulator.cp
    kernel = cp.RawModule(code=PRELUDE + SOURCE, name_expressions=("interpret",)).get_function("interpret")
    for number in range(150):
        what, where, syncs = program(rng)
        arguments = [cp.asarray(array) for array in (what, where, syncs)]
        arguments += [np.int32(len(syncs)), cp.zeros(CELLS, cp.uint32), cp.empty(BLOCKS * THREADS, cp.uint32)]
        emulator.reports.clear()
        with contextlib.suppress(KernelFault):
            kernel((BLOCKS,), (THREADS,), tuple(arguments))
        expected = has_race(what, where, syncs)
        assert {report.kind for report in emulator.reports} == ({"race"} if expected else set()), (
            f"program {number}"
        )
        found.append(expected)
    assert 0.2 < np.mean(found) < 0.8
