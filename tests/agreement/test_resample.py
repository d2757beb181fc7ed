import numpy as np
import pytest
from hypothesis import given
from kernel_cases import assert_same, check, check_everything, run, sampling
from strategies import REAL_DTYPES, batches_of, samplings

from fasttex.types import AxisTable, Batch, Sampling


@given(batch=batches_of(samplings()))
def test_equals_the_reference(fast_backend, batch):
    check(fast_backend, "resample", batch)


@pytest.mark.parametrize("dtype", ["?", *REAL_DTYPES])
@pytest.mark.parametrize("nearest", [False, True])
def test_every_dtype(fast_backend, dtype, nearest):
    source = (
        (np.random.default_rng(0).uniform(0, 200, (5, 6, 33)) - (dtype == "?") * 100).clip(0).astype(dtype)
    )
    check(fast_backend, "resample", sampling(source, (7, 4, 64), nearest))


def test_shapes(fast_backend):
    check_everything(fast_backend, "resample")


def test_sources_that_are_views(fast_backend):
    image = np.random.default_rng(1).normal(size=(12, 14, 70))
    for view in (
        image[2:7, 3:9, 5:38],
        image[::-2, ::-1, ::3],
        np.asfortranarray(image),
        image.transpose(2, 0, 1),
    ):
        check(fast_backend, "resample", sampling(view, (9, 10, 31)))


def test_falling_and_repeated_positions(fast_backend):
    source = np.random.default_rng(2).normal(size=(4, 5, 6))
    lower = np.array([3, 0, 2, 2, 1, 0])
    table = AxisTable(lower=lower, upper=lower + (lower < 3), weight=np.where(lower < 3, 0.3, 0.0))
    item = Sampling(source=source, axes=(table, table, table))
    check(fast_backend, "resample", Batch(items=(item,), backend="any"))


def test_nothing_is_contracted(backend):
    """A fused multiply-add would round once less: these sums are exact zeros only without it."""
    source = np.array([[[1.0, -1.0]]])
    weight = np.full(4, 0.5)
    weight[1:] = 0.1, 1 / 3, 0.7
    n = np.zeros(4, dtype=np.int64)
    one = AxisTable(lower=n[:1], upper=n[:1], weight=np.zeros(1))
    item = Sampling(source=source * 0.1, axes=(one, one, AxisTable(lower=n, upper=n + 1, weight=weight)))
    (found,) = run(backend, "resample", Batch(items=(item,), backend="any"))
    a, b = np.float64(0.1), np.float64(-0.1)
    assert found[0, 0].tolist() == [float(a * (1 - w) + b * w) for w in weight]


def test_a_million_voxels(both_fast_backends):
    numba, cpp = both_fast_backends
    source = np.random.default_rng(3).normal(0, 300, (60, 80, 81))
    for dtype in ("i2", "f4", "f8"):
        batch = sampling(source.astype(dtype), (101, 100, 99))
        assert_same(run(cpp, "resample", batch), run(numba, "resample", batch))
