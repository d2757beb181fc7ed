"""The CUDA backend on a GPU: a thousand small ROIs, and one large volume."""

from functools import cache

import pytest
from cuda_timing import WORK, assert_as_cpp, many_rois, one_volume, timing, upload_ms

from fasttex.kernels import cuda
from fasttex.kernels.cuda.detection import detect
from fasttex.kernels.cuda.device import array_module

ROUNDS = 20
many_rois, one_volume = cache(many_rois), cache(one_volume)
both = pytest.mark.parametrize(
    ("n_voxels", "made"),
    [(8_000_000, many_rois), (52_428_800, one_volume)],
    ids=["1000 ROIs of 8000 voxels", "one volume of 52 M voxels"],
)


@pytest.fixture(autouse=True)
def _on_a_gpu():
    found = detect()
    if not found.ok:
        pytest.skip(f"no GPU: {found.reason}; {found.hint}")


@both
@pytest.mark.parametrize("work", WORK)
def test_kernels(benchmark, n_voxels, made, work):
    """By the clock with levels on the card; `kernels_ms` of the extra info is by events."""
    assert_as_cpp(work, made())
    benchmark.extra_info["kernels_ms"] = timing(array_module(), work, made(), ROUNDS).kernels
    benchmark.pedantic(WORK[work], (cuda, made()), rounds=ROUNDS, warmup_rounds=2)


@both
def test_sending_levels(benchmark, n_voxels, made):
    benchmark.pedantic(upload_ms, (made(), 1), rounds=ROUNDS, warmup_rounds=1)
