"""Every load and store of the kernels is looked at: bounds, races, uninitialised reads, in many orders."""

import pytest
from cuda_cases import KERNELS, batch_for, expected, names_for
from kernel_cases import assert_same, run

ORDERS = [("forward", 0), ("reverse", 0)]
ORDERS += [(policy, seed) for seed in range(9) for policy in ("shuffled", "preempting")]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("policy", "seed"), ORDERS)
def test_no_report(configured, emulator, kernel, policy, seed):
    layout = {"blocks_per_item": 1 + seed % 3, "threads": (32, 64, 128)[seed % 3]}
    layout |= {"shared_bytes": (None, 4096, 0)[seed % 3]}
    names = names_for(kernel)
    with configured(**layout) as cuda, emulator.checking(policy=policy, seed=seed) as reports:
        for name in names if seed == 0 else [names[seed % len(names)]]:
            assert_same(run(cuda, kernel, batch_for(kernel, name)), expected(kernel, name))
        assert reports == []
