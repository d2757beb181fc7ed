"""All kernels on a GPU, against the fastest backend of the CPU: ``pytest -m gpu``.

The same tests run on the emulated card as well, so that they work on the day that there is a GPU.
"""

from typing import Any

import numpy as np
import pytest
from conftest import missing
from kernel_cases import (
    MATRICES,
    VOLUMES,
    assert_same,
    batch_of,
    binning,
    binnings_on_edges,
    blobs,
    noise,
    run,
    sampling,
    spiral,
    widened,
)

from fasttex.errors import BackendError
from fasttex.kernels import cuda
from fasttex.kernels.cuda import detection, device, ragged, selftest
from fasttex.types import Batch

KERNELS = (*MATRICES, "discretize", "resample")
JUDGE = selftest._judge()
REAL_CUPY = device.array_module  # tests on the emulated card put another in its place, when they run


@pytest.fixture(params=["emulated", pytest.param("gpu", marks=pytest.mark.gpu)])
def cp(request, monkeypatch):
    """CuPy, with an emulated card and with a real one."""
    detection._detect.cache_clear()
    if request.param == "emulated":
        request.getfixturevalue("emulator")
    else:
        monkeypatch.setattr(device, "array_module", REAL_CUPY)
        found = detection.detect()
        if not found.ok:
            missing("gpu", f"no GPU: {found.reason}; {found.hint}")
    ragged.forget()
    yield device.array_module()
    ragged.forget()
    detection._detect.cache_clear()


def intensities(kernel: str, *arrays: np.ndarray) -> Batch[Any]:
    """Arrays as a kernel takes them that counts no levels."""
    if kernel == "resample":
        shapes = [tuple(n * k // 7 + 1 for n, k in zip(x.shape, (9, 5, 11), strict=True)) for x in arrays]
        items = [sampling(x, shape).items for x, shape in zip(arrays, shapes, strict=True)]
        return Batch(tuple(item for one in items for item in one), "cuda")
    return Batch(tuple(binning(x, width=0.3, origin=-3.1, n_levels=64) for x in arrays), "cuda")


def batches(kernel: str, *levels: np.ndarray) -> Batch[Any]:
    """Levels for the kernels that count them, and numbers made of them for the others."""
    if kernel in MATRICES:
        return batch_of(*levels)
    return intensities(kernel, *(np.sin(x * 0.37) * 9 for x in levels))


def check(kernel: str, batch: Batch[Any]) -> None:
    assert_same(run(cuda, kernel, batch), run(JUDGE, kernel, batch))


@pytest.mark.parametrize("kernel", KERNELS)
def test_odd_volumes_alone(cp, kernel):
    for levels in VOLUMES.values():
        check(kernel, batches(kernel, levels))


@pytest.mark.parametrize("kernel", KERNELS)
def test_odd_volumes_together(cp, kernel):
    check(kernel, batches(kernel, *VOLUMES.values()))
    if kernel in MATRICES:
        check(kernel, widened(batch_of(VOLUMES["blobs"], VOLUMES["comb"])))


def test_edges_of_bins(cp):
    check("discretize", binnings_on_edges())


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    "levels",
    [
        lambda: noise((100, 100, 100), 32),
        lambda: blobs((64, 128, 123), 255),
        lambda: spiral((50, 141, 142)),
        lambda: np.ones((100, 100, 100), dtype=np.int64),
    ],
    ids=["noise", "blobs", "winding", "constant"],
)
def test_a_million_voxels(cp, kernel, levels):
    check(kernel, batches(kernel, levels()))


@pytest.mark.parametrize("kernel", KERNELS)
def test_300_small_rois(cp, kernel):
    random = np.random.default_rng(0)
    shapes = random.integers(1, 14, (300, 3)).tolist()
    check(kernel, batches(kernel, *(noise(tuple(shape), 20, n) for n, shape in enumerate(shapes))))


def test_the_self_test(cp):
    report = selftest.run()
    assert report.faults == []
    assert {check.kernel for check in report.checks} == set(KERNELS)


@pytest.mark.parametrize("kernel", KERNELS)
def test_out_of_memory(cp, kernel):
    """Eight ROIs of which two fit: the batch is cut. Then one for which there is no room at all."""
    side = 64
    batch = batches(kernel, *(noise((side, side, side), 8, n) for n in range(8)))
    expected = run(JUDGE, kernel, batch)
    pool = cp.get_default_memory_pool()
    ragged.forget()
    pool.free_all_blocks()
    held = pool.total_bytes()
    try:
        pool.set_limit(size=held + 2 * 24 * side**3)
        assert_same(run(cuda, kernel, batch), expected)
        ragged.forget()
        pool.free_all_blocks()
        pool.set_limit(size=held + side**3 // 2)
        with pytest.raises(BackendError, match=r"needs about \d+ bytes on the GPU"):
            run(cuda, kernel, batch)
    finally:
        pool.set_limit(size=0)
    assert_same(run(cuda, kernel, batch), expected)
