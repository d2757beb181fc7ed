import numpy as np
import pytest
from hypothesis import given
from kernel_cases import assert_same, binning, check, check_everything, run
from strategies import REAL_DTYPES, batches_of, binnings

from fasttex.types import Batch

RULES = ("fbs", "fbn", "edges", "identity")


def _batch(*items):
    return Batch(items=items, backend="any")


@given(batch=batches_of(binnings()))
def test_equals_the_reference(fast_backend, batch):
    check(fast_backend, "discretize", batch)


@pytest.mark.parametrize("dtype", REAL_DTYPES)
@pytest.mark.parametrize("rule", RULES)
def test_every_dtype_and_rule(fast_backend, dtype, rule):
    x = np.random.default_rng(0).uniform(0, 200, (3, 4, 33)).astype(dtype)
    edges = np.arange(0, 200, 12.5)
    check(fast_backend, "discretize", _batch(binning(x, rule=rule, edges=edges)))


@pytest.mark.parametrize("n_levels", [1, 255, 256, 65_535])
@pytest.mark.parametrize("rule", RULES)
def test_numbers_of_levels(fast_backend, n_levels, rule):
    x = np.random.default_rng(1).integers(-70_000, 70_000, (3, 4, 65))
    span = float(x.max() - x.min())
    width = span if rule == "fbn" else span / n_levels
    check(fast_backend, "discretize", _batch(binning(x, rule=rule, n_levels=n_levels, width=width)))


def test_values_on_edges(fast_backend):
    check_everything(fast_backend, "discretize")


@pytest.mark.parametrize("rule", ["fbs", "fbn"])
def test_a_flat_roi(fast_backend, rule):
    check(fast_backend, "discretize", _batch(binning(np.full((2, 3, 4), 7.5), rule=rule, width=0.0)))


def test_a_million_voxels(both_fast_backends):
    numba, cpp = both_fast_backends
    random = np.random.default_rng(2)
    x = random.normal(0, 300, (100, 100, 101))
    items = []
    for dtype in ("i2", "f4", "f8"):
        y = x.astype(dtype)
        span = float(y.max()) - float(y.min())
        for n_levels in (64, 300):
            items += [binning(y, n_levels=n_levels, width=span / n_levels)]
            items += [binning(y, n_levels=n_levels, width=span, rule="fbn")]
    for item in items:
        assert_same(run(cpp, "discretize", _batch(item)), run(numba, "discretize", _batch(item)))
