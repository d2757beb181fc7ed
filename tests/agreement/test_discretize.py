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


EDGES = {
    "none": [],
    "one": [7.0],
    "two": [7.0, 9.0],
    "even": np.arange(-3, 12.1, 0.1),
    "even in float32": np.arange(-3, 12.1, 0.1, dtype=np.float32),
    "last far away": [*np.arange(40) * 0.3, 1e6],
    "last right behind": [*np.arange(40) * 0.3, np.nextafter(39 * 0.3, 99)],
    "half a step off": [0.0, 1.0, 2.5, 3.0, 4.0, 5.0],
    "uneven": np.arange(30) ** 3,
    "twice the same": [0.0, 1.0, 1.0, 2.0, 3.0],
    "all the same": [2.0, 2.0, 2.0],
    "very close": 1 + np.arange(9) * 2.0**-52,
    "very far": np.array([-1e308, 0.0, 1e308, 1.1e308]),
}


@pytest.mark.parametrize("name", EDGES)
def test_edges_and_what_lies_beside_them(fast_backend, name):
    edges = np.asarray(EDGES[name], dtype=np.float64)
    middle = (edges[1:] / 2 + edges[:-1] / 2).tolist()
    x = np.array([*edges, *middle, -1e6, 0.0, 1e6, np.inf, -np.inf])
    beside = np.stack([np.nextafter(x, -np.inf), x, np.nextafter(x, np.inf)])[None]
    for n_levels in (1, len(edges) + 2):
        check(
            fast_backend, "discretize", _batch(binning(beside, rule="edges", edges=edges, n_levels=n_levels))
        )


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
