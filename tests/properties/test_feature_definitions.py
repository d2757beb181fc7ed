"""Each family against the double sums of the IBSI manual, written as explicit loops over small matrices."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fasttex.features import glcm, gldzm, glrlm, glszm, intensity_statistics, ngldm, ngtdm
from fasttex.features.feature import evaluate
from fasttex.types import Glcm, Glrlm, Ngldm, Zones

RELATIVE = 1e-9


def values(draw, n):
    """Gray levels, mostly 1 to n, else with gaps, up to 2³¹."""
    gaps = draw(st.just([1] * n) | st.lists(st.integers(1, 9), min_size=n, max_size=n))
    far = draw(st.sampled_from([0, 0, 0, 2**31 - 100]))
    found = np.cumsum(gaps)
    found[-1] += far
    return found


@st.composite
def counts(draw, n_second=None):
    """A matrix that is not empty, with the gray levels of its rows."""
    n = draw(st.integers(1, 5))
    cell = st.integers(0, 4) | st.integers(0, 100_000)
    matrix = draw(hnp.arrays(np.int64, (n, n if n_second is None else draw(n_second)), elements=cell))
    matrix[draw(st.integers(0, n - 1)), 0] += 1
    return matrix, values(draw, n)


def entropy(ps):
    return -math.fsum(p * math.log2(p) for p in ps if p > 0)


def quotient(a, b):
    return a / b if b else math.nan


def same(found, expected, scale=0.0):
    """Agreement relative to the value, or to the sum of the absolute terms where terms cancel."""
    assert found == pytest.approx(expected, rel=RELATIVE, abs=RELATIVE * scale, nan_ok=True)


def glcm_definitions(matrix, v):
    """Features by name from symmetric counts, in exact fractions, and the sum of the absolute terms where they cancel."""
    n = Fraction(int(matrix.sum()))
    cells = [(int(v[i]), int(v[j]), int(matrix[i, j]) / n) for i, j in np.argwhere(matrix).tolist()]

    def total(term):
        return sum(term(i, j) * q for i, j, q in cells)

    difference, plus, px = {}, {}, {}
    for i, j, q in cells:
        difference[abs(i - j)] = difference.get(abs(i - j), 0) + q
        plus[i + j] = plus.get(i + j, 0) + q
        px[i] = px.get(i, 0) + q
    mu, n_g = total(lambda i, j: i), int(v[-1])
    sigma2 = total(lambda i, j: (i - mu) ** 2)
    mu_difference = total(lambda i, j: abs(i - j))
    mu_sum = total(lambda i, j: i + j)
    hxy, hx = entropy(q for *_, q in cells), entropy(px.values())
    hxy1 = -math.fsum(q * math.log2(px[i] * px[j]) for i, j, q in cells)
    hxy2 = -math.fsum(a * b * math.log2(a * b) for a, b in product(px.values(), repeat=2))
    found = {
        "joint_maximum": max(q for *_, q in cells),
        "joint_average": mu,
        "joint_variance": sigma2,
        "joint_entropy": hxy,
        "difference_average": mu_difference,
        "difference_variance": sum((k - mu_difference) ** 2 * q for k, q in difference.items()),
        "difference_entropy": entropy(difference.values()),
        "sum_average": mu_sum,
        "sum_variance": sum((k - mu_sum) ** 2 * q for k, q in plus.items()),
        "sum_entropy": entropy(plus.values()),
        "angular_second_moment": sum(q * q for *_, q in cells),
        "contrast": total(lambda i, j: (i - j) ** 2),
        "dissimilarity": total(lambda i, j: abs(i - j)),
        "inverse_difference": total(lambda i, j: Fraction(1, 1 + abs(i - j))),
        "normalized_inverse_difference": total(lambda i, j: 1 / (1 + Fraction(abs(i - j), n_g))),
        "inverse_difference_moment": total(lambda i, j: Fraction(1, 1 + (i - j) ** 2)),
        "normalized_inverse_difference_moment": total(lambda i, j: 1 / (1 + Fraction((i - j) ** 2, n_g**2))),
        "inverse_variance": 2 * sum(q / (i - j) ** 2 for i, j, q in cells if j > i),
        "correlation": quotient(total(lambda i, j: (i - mu) * (j - mu)), sigma2),
        "autocorrelation": total(lambda i, j: i * j),
        "cluster_tendency": total(lambda i, j: (i + j - 2 * mu) ** 2),
        "cluster_shade": total(lambda i, j: (i + j - 2 * mu) ** 3),
        "cluster_prominence": total(lambda i, j: (i + j - 2 * mu) ** 4),
        "information_correlation_1": quotient(hxy - hxy1, hx),
        "information_correlation_2": math.sqrt(max(0.0, 1 - math.exp(-2 * (hxy2 - hxy)))),
    }
    scales = {
        "correlation": 1.0,
        "cluster_shade": float(total(lambda i, j: abs(i + j - 2 * mu) ** 3)),
        "information_correlation_1": 4.0,
    }
    return {name: float(value) for name, value in found.items()}, scales


@given(counts())
def test_glcm(drawn):
    matrix, v = drawn
    stack = Glcm(np.stack([matrix, matrix * 0, matrix.T]), np.zeros((3, 3), np.int32), v)
    first, second = glcm.glcm_features([stack])  # the empty one is left out
    np.testing.assert_array_equal(first, second)
    expected, scales = glcm_definitions(matrix + matrix.T, v)
    for feature, value in zip(glcm.FEATURES, first, strict=True):
        wanted = expected.pop(feature.name)
        if feature.name == "information_correlation_2":  # a root magnifies the rounding near 0
            value, wanted = value**2, wanted**2
            scales[feature.name] = 10.0
        same(value, wanted, scales.get(feature.name, 0.0))
    assert not expected


def shared_definitions(rows, n_voxels):
    """The 17 definitions of GLRLM, GLSZM, GLDZM and NGLDM from rows (i, j, count), in order, in exact fractions."""
    n_s = sum(c for *_, c in rows)
    by_i, by_j = {}, {}
    for i, j, c in rows:
        by_i[i] = by_i.get(i, 0) + c
        by_j[j] = by_j.get(j, 0) + c

    def mean(term):
        return sum(term(i, j) * c for i, j, c in rows) / Fraction(n_s)

    mu_i, mu_j = mean(lambda i, j: i), mean(lambda i, j: j)
    found = [
        mean(lambda i, j: Fraction(1, j**2)),
        mean(lambda i, j: j**2),
        mean(lambda i, j: Fraction(1, i**2)),
        mean(lambda i, j: i**2),
        mean(lambda i, j: Fraction(1, i**2 * j**2)),
        mean(lambda i, j: Fraction(i**2, j**2)),
        mean(lambda i, j: Fraction(j**2, i**2)),
        mean(lambda i, j: i**2 * j**2),
        sum(c**2 for c in by_i.values()) / n_s,
        sum(c**2 for c in by_i.values()) / n_s**2,
        sum(c**2 for c in by_j.values()) / n_s,
        sum(c**2 for c in by_j.values()) / n_s**2,
        n_s / n_voxels,
        mean(lambda i, j: (i - mu_i) ** 2),
        mean(lambda i, j: (j - mu_j) ** 2),
        entropy(c / n_s for *_, c in rows),
        sum((c / n_s) ** 2 for *_, c in rows),
    ]
    return [float(value) for value in found]


def as_rows(matrix, v):
    return [(int(v[i]), j + 1, int(matrix[i, j])) for i, j in np.argwhere(matrix).tolist()]


@given(counts(n_second=st.integers(1, 7)), st.integers(1, 10**6))
def test_glrlm(drawn, n_voxels):
    matrix, v = drawn
    found = glrlm.glrlm_features([Glrlm(np.stack([matrix, matrix]), np.zeros((2, 3), np.int32), v, n_voxels)])
    for row in found:
        for value, expected in zip(row, shared_definitions(as_rows(matrix, v), n_voxels), strict=False):
            same(value, expected)


@given(counts(n_second=st.integers(1, 9)))
def test_ngldm(drawn):
    matrix, v = drawn
    (row,) = ngldm.ngldm_features([Ngldm(matrix, v)])
    for value, expected in zip(row, shared_definitions(as_rows(matrix, v), int(matrix.sum())), strict=True):
        same(value, expected)


@st.composite
def zones(draw):
    n = draw(st.integers(1, 4))
    size = st.integers(1, 5) | st.integers(1, 10**6)
    row = st.tuples(st.integers(1, n), size, st.integers(1, 9))
    keys = sorted(draw(st.sets(row, min_size=1, max_size=12)))
    rows = np.array([(*key, draw(st.integers(1, 50))) for key in keys], dtype=np.int64)
    return Zones(rows, values(draw, n), int((rows[:, 1] * rows[:, 3]).sum()))


@pytest.mark.parametrize(("compute", "column"), [(glszm.glszm_features, 1), (gldzm.gldzm_features, 2)])
@given(found=zones())
def test_zones(compute, column, found):
    cells = {}
    for row in found.rows.tolist():
        key = (int(found.level_values[row[0] - 1]), row[column])
        cells[key] = cells.get(key, 0) + row[3]
    expected = shared_definitions([(*key, c) for key, c in cells.items()], found.n_voxels)
    for value, wanted in zip(compute([found])[0], expected, strict=False):
        same(value, wanted)


def ngtdm_definitions(i, s, n):
    every = range(len(i))
    n_vc, n_gp = sum(n), len(i)
    p = [k / n_vc for k in n]
    pairs = list(product(every, repeat=2))
    weighted, total = math.fsum(p[a] * s[a] for a in every), math.fsum(s)
    spread = math.fsum(p[a] * p[b] * (i[a] - i[b]) ** 2 for a, b in pairs)
    change = math.fsum(abs(i[a] * n[a] - i[b] * n[b]) for a, b in pairs) / n_vc
    reach = math.fsum((p[a] + p[b]) * (i[a] - i[b]) ** 2 for a, b in pairs)
    return [
        1 / weighted if weighted else 1e6,
        spread / (n_gp * (n_gp - 1)) * total / n_vc if n_gp > 1 else 0.0,
        weighted / change if change else 0.0,
        math.fsum(abs(i[a] - i[b]) * (p[a] * s[a] + p[b] * s[b]) / (p[a] + p[b]) for a, b in pairs) / n_vc,
        reach / total if total else 0.0,
    ]


@given(st.data())
def test_ngtdm(data):
    n = data.draw(st.integers(1, 6))
    i = values(data.draw, n).tolist()
    s = data.draw(st.lists(st.just(0.0) | st.floats(0.01, 1e4), min_size=n, max_size=n))
    voxels = data.draw(st.lists(st.integers(1, 1000), min_size=n, max_size=n))
    m = ngtdm.ToneDifferences(np.array(i, np.float64), np.array(s), np.array(voxels))
    found = evaluate(ngtdm.FEATURES, m)[0]
    for value, expected in zip(found, ngtdm_definitions(i, s, voxels), strict=True):
        same(value, expected)


def percentile(ordered, q):
    place = q / 100 * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def intensity_definitions(x):
    n = len(x)
    ordered = sorted(x)
    mu, median = math.fsum(x) / n, percentile(ordered, 50)
    p10, p25, p75, p90 = (percentile(ordered, q) for q in (10, 25, 75, 90))
    m2, m3, m4 = (math.fsum((v - mu) ** power for v in x) / n for power in (2, 3, 4))
    flat = ordered[0] == ordered[-1]
    kept = [v for v in x if p10 <= v <= p90]
    mu_kept = math.fsum(kept) / len(kept) if kept else math.nan
    return [
        mu,
        m2,
        0.0 if flat else m3 / m2**1.5,
        0.0 if flat else m4 / m2**2 - 3,
        median,
        ordered[0],
        p10,
        p90,
        ordered[-1],
        p75 - p25,
        ordered[-1] - ordered[0],
        math.fsum(abs(v - mu) for v in x) / n,
        math.fsum(abs(v - mu_kept) for v in kept) / len(kept) if kept else math.nan,
        math.fsum(abs(v - median) for v in x) / n,
        quotient(math.sqrt(m2), mu),
        quotient(p75 - p25, p75 + p25),
        math.fsum(v * v for v in x),
        math.sqrt(math.fsum(v * v for v in x) / n),
    ]


@given(st.lists(st.integers(-3000, 3000).map(lambda n: n / 4), min_size=1, max_size=40))
def test_intensity_statistics(x):
    found = intensity_statistics.intensity_statistics(np.array(x))
    for value, expected in zip(found, intensity_definitions(x), strict=True):
        same(value, expected, 1.0)


@given(st.floats(-1e6, 1e6), st.integers(1, 50))
def test_flat_intensities(value, n):
    found = dict(
        zip(
            [f.name for f in intensity_statistics.FEATURES],
            intensity_statistics.intensity_statistics(np.full(n, value)),
            strict=True,
        )
    )
    zero = ["variance", "skewness", "kurtosis", "interquartile_range", "range", "mean_absolute_deviation"]
    assert all(found[name] == 0 for name in zero)
    assert found["mean"] == value
