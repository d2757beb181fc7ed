"""Moran's I and Geary's C against the sums over all pairs."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fasttex.errors import InputError
from fasttex.features import spatial

spacings = st.tuples(*[st.sampled_from([0.5, 0.977, 1.0, 2.0, 3.0, 7.3])] * 3)


@st.composite
def rois(draw, longest=8):
    """An intensity mask, its intensities and spacing; offsets up to 1e9."""
    inside = draw(hnp.arrays(np.bool_, st.tuples(*[st.integers(1, longest)] * 3)))
    inside[draw(st.sampled_from(list(np.ndindex(inside.shape))))] = True
    values = st.integers(-40, 40).map(lambda n: n / 4)
    x = draw(hnp.arrays(np.float64, int(inside.sum()), elements=values, fill=st.nothing()))
    return inside, x + draw(st.sampled_from([0.0, 0.0, -7.25, 1e9])), draw(spacings)


def pairs(inside, d, spacing_mm):
    """Σ w, Σ w·d₁·d₂ and Σ w·d₁², correctly rounded."""
    p = np.argwhere(inside) * np.array(spacing_mm)
    distance = np.sqrt(((p[:, None] - p) ** 2).sum(axis=-1))
    w = np.divide(1, distance, out=np.zeros_like(distance), where=distance > 0)
    return math.fsum(w.flat), math.fsum((w * np.outer(d, d)).flat), math.fsum((w * d[:, None] ** 2).flat)


def features(roi):
    sums = spatial.pair_sums(*roi)
    return float(spatial.moran_i_index(sums)), float(spatial.geary_c_measure(sums))


def direct(inside, x, spacing_mm):
    """The manual's formulas; the x are quarters, so their differences from one of them are exact."""
    n, x = len(x), x - x[0]
    d = x - math.fsum(x) / n
    w, products, _ = pairs(inside, d, spacing_mm)
    p = np.argwhere(inside) * np.array(spacing_mm)
    differences = math.fsum(
        2 * (x[k] - x[m]) ** 2 / math.dist(p[k], p[m]) for k in range(n) for m in range(k)
    )
    variation = math.fsum(d**2)
    if not w or not variation:
        return math.nan, math.nan
    return n / w * products / variation, (n - 1) / (2 * w) * differences / variation


@given(rois(longest=5))
def test_definitions(roi):
    assert features(roi) == pytest.approx(direct(*roi), rel=1e-12, abs=1e-12, nan_ok=True)


@given(rois())
def test_transforms_keep_their_bound(roi):
    """Both ways of summing, on every ROI, also where only the other one would be used."""
    inside, x, spacing_mm = roi
    d = spatial._deviations(x)
    exact = pairs(inside, d, spacing_mm)
    padded = spatial._padded_shape(inside.shape)
    around = np.indices([2 * n - 1 for n in inside.shape]).reshape(3, -1).T - np.array(inside.shape) + 1
    distance = np.sqrt(((around * np.array(spacing_mm)) ** 2).sum(axis=1))
    k = (1 / distance[distance > 0]).sum()
    unit = 8 * 2**-52 * math.log2(max(2, math.prod(padded))) * k
    n = len(d)
    bounds = unit * n, unit * (d**2).sum(), unit * math.sqrt(n * (d**4).sum())
    found = spatial._by_transforms(inside, d, spacing_mm, padded)
    assert all(abs(a - b) <= bound for a, b, bound in zip(found, exact, bounds, strict=True))
    one_by_one = spatial._pair_by_pair(np.argwhere(inside) * np.array(spacing_mm), d)
    scales = exact[0], pairs(inside, abs(d), spacing_mm)[1], exact[2]
    assert all(abs(a - b) <= 1e-14 * s for a, b, s in zip(one_by_one, exact, scales, strict=True))


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (3.0, 0.977, 0.977)])
def test_both_ways_agree_on_a_ball(spacing_mm):
    z, y, x = np.indices((17, 21, 19)) - np.array([8, 10, 9])[:, None, None, None]
    inside = z**2 + y**2 + x**2 <= 64
    d = spatial._deviations(np.random.default_rng(1).normal(size=int(inside.sum())) + (x + y)[inside])
    assert len(d) ** 2 > 4 * math.prod(spatial._padded_shape(inside.shape))
    found = spatial._by_transforms(inside, d, spacing_mm, spatial._padded_shape(inside.shape))
    one_by_one = spatial._pair_by_pair(np.argwhere(inside) * np.array(spacing_mm), d)
    assert found == pytest.approx(one_by_one, rel=1e-12)


def cube(n, seed=0):
    x = np.random.default_rng(seed).integers(-99, 99, n**3).astype(np.float64)
    return np.ones((n, n, n), dtype=bool), x, (1.0, 2.0, 0.5)


@pytest.mark.parametrize("n", [3, 12])
@pytest.mark.parametrize(("scale", "offset"), [(1.0, 1e9), (-4.0, 0.0), (2.0**-1000, 0.0), (2.0**1000, 0.0)])
def test_intensity_units_do_not_matter(n, scale, offset):
    inside, x, spacing_mm = cube(n)
    assert features((inside, scale * x + offset, spacing_mm)) == pytest.approx(
        features((inside, x, spacing_mm)), rel=1e-12
    )


@pytest.mark.parametrize("n", [3, 12])
def test_space_does_not_matter(n):
    """Other units of length, other axes first, backwards, and with a margin."""
    inside, x, spacing_mm = cube(n)
    box = x.reshape(inside.shape)
    expected = pytest.approx(features((inside, x, spacing_mm)), rel=1e-12)
    assert features((inside, x, (1000.0, 2000.0, 500.0))) == expected
    assert features((inside, box.transpose(2, 0, 1).ravel(), (0.5, 1.0, 2.0))) == expected
    assert features((inside, box[::-1, :, ::-1].ravel(), spacing_mm)) == expected
    assert features((np.pad(inside, 3), x, spacing_mm)) == expected


def test_sign_of_the_correlation():
    z, y, x = np.indices((6, 6, 6))
    inside, mm = np.ones((6, 6, 6), dtype=bool), (1.0, 1.0, 1.0)
    ramp = features((inside, x.ravel().astype(float), mm))
    board = features((inside, ((x + y + z) % 2).ravel().astype(float), mm))
    assert ramp[0] > 0 > board[0]
    assert ramp[1] < 1 < board[1]


@pytest.mark.parametrize("n", [0, 1, 2, 700])
def test_undefined(n):
    """No voxel, one voxel, and flat ROIs of either way of summing."""
    inside = np.ones((7, 10, 10) if n == 700 else (1, 1, n), dtype=bool)
    assert np.isnan(features((inside, np.full(n, 0.1), (1.0, 1.0, 1.0)))).all()


def test_two_voxels_far_apart_take_no_memory():
    inside = np.zeros((300, 300, 300), dtype=bool)
    inside[0, 0, 0] = inside[-1, -1, -1] = True
    sums = spatial.pair_sums(inside, np.array([0.0, 1.0]), (1.0, 1.0, 1.0), memory_limit=1000)
    assert spatial.moran_i_index(sums) == spatial.geary_c_measure(sums) - 2 == -1


def test_memory_is_estimated_and_refused():
    inside, x, spacing_mm = cube(40)
    estimate = 8 * spatial._VOLUMES * math.prod(spatial._padded_shape(inside.shape))
    with pytest.raises(InputError, match="memory_limit") as error:
        spatial.pair_sums(inside, x, spacing_mm, memory_limit=estimate - 1)
    assert "raise memory_limit" in str(error.value)
    spatial.pair_sums(*cube(12))  # imports what it needs
    tracemalloc.start()
    spatial.pair_sums(inside, x, spacing_mm, memory_limit=estimate)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0.5 * estimate < peak < estimate
