"""The compiled twins of the features against their definitions in NumPy, and against each other."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import backend_or_skip
from feature_cases import N_LEVELS, SEEDS, TOLERANCE, matrix, scales
from hypothesis import given
from hypothesis import strategies as st

from fasttex.conventions import Convention, convention
from fasttex.features import engine
from fasttex.features.correlation import _coefficients, maximal_correlation_coefficient
from fasttex.features.families import FEATURES, MATRIX_FAMILIES
from fasttex.types import Glcm, Zones

FAMILIES = tuple(MATRIX_FAMILIES)
IBSI = convention("ibsi1")
LONE = Convention("other", "chebyshev", excess_kurtosis=False, lone_voxels_in_ngtdm=True)
LEFT_OUT = ("glcm", "ngtdm")


@pytest.fixture(scope="module")
def twins():
    """Both builds of the extension."""
    cpp = backend_or_skip("cpp")
    for name in ("cpp-baseline", "cpp-avx2"):
        backend_or_skip(name)
    return [cpp.load(name) for name in ("baseline", "avx2")]


@pytest.fixture(scope="module", params=["baseline", "avx2"])
def twin(request):
    backend_or_skip(f"cpp-{request.param}")
    return backend_or_skip("cpp").load(request.param)


def rows_of(twin, family, matrices, threads=1, choices=IBSI):
    return engine._COMPILED[family](twin, matrices, choices, threads)


def check(family, m, found, expected):
    """Within 1e-12 of the sum of the absolute terms; undefined in the same places."""
    if family in LEFT_OUT:
        kept = ~np.isnan(found[:, 0])
        np.testing.assert_array_equal(np.isnan(found).all(axis=1), ~kept)
    else:
        kept = np.ones(len(found), dtype=bool)
    assert np.count_nonzero(kept) == len(expected)
    squared = [f.name == "information_correlation_2" for f in FEATURES[family]]
    for a, row, wanted in zip(np.flatnonzero(kept), found[kept], expected, strict=True):
        np.testing.assert_array_equal(np.isnan(row), np.isnan(wanted))
        limit = TOLERANCE * scales(family, m, a, wanted)
        off = abs(np.where(squared, row**2, row) - np.where(squared, wanted**2, wanted))
        wrong = ~np.isnan(wanted) & ~(off <= limit)
        names = [f.name for f, w in zip(FEATURES[family], wrong, strict=True) if w]
        assert not names, (names, row[wrong], wanted[wrong], limit[wrong])


@pytest.mark.parametrize("family", FAMILIES)
@given(seed=SEEDS, lone=st.booleans())
def test_twin_is_the_definition(twin, family, seed, lone):
    m = matrix(family, np.random.default_rng(seed))
    choices = LONE if lone else IBSI
    found = rows_of(twin, family, [m], choices=choices)
    check(family, m, found, MATRIX_FAMILIES[family].compute([m], choices))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("n", N_LEVELS)
def test_every_number_of_levels(twin, family, n):
    rng = np.random.default_rng(n)
    for _ in range(3):
        m = matrix(family, rng, n)
        check(family, m, rows_of(twin, family, [m]), MATRIX_FAMILIES[family].compute([m], IBSI))


@pytest.mark.parametrize("family", FAMILIES)
@given(seed=SEEDS)
def test_every_instruction_set_gives_the_same_bits(twins, family, seed):
    m = matrix(family, np.random.default_rng(seed))
    first, second = (rows_of(twin, family, [m]) for twin in twins)
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("family", FAMILIES)
def test_neither_threads_nor_neighbors_show(twin, family):
    rng = np.random.default_rng(5)
    matrices = [matrix(family, rng) for _ in range(60)] + [matrix(family, rng, 300) for _ in range(20)]
    alone = np.concatenate([rows_of(twin, family, [m]) for m in matrices])
    for threads in (1, 2, 5):
        assert rows_of(twin, family, matrices, threads).tobytes() == alone.tobytes()


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_gives_no_rows(twin, family):
    assert rows_of(twin, family, []).shape == (0, len(FEATURES[family]))


@pytest.mark.parametrize("family", FAMILIES)
def test_groups_of_rois(twin, family, monkeypatch):
    """Both engines say alike whose rows are whose."""
    monkeypatch.setattr(engine, "compiled", lambda: twin)
    rng = np.random.default_rng(6)
    groups = [[matrix(family, rng, n) for _ in range(k)] for n, k in ((5, 1), (9, 1), (2, 0), (3, 1))]
    found = {}
    for name in engine.ENGINES:
        monkeypatch.setattr(engine, "features_engine", lambda name=name: name)
        found[name] = engine.features_of_groups(family, groups, IBSI)
    np.testing.assert_array_equal(found["numpy"][1], found["compiled"][1])
    assert found["numpy"][0].shape == found["compiled"][0].shape


@pytest.mark.parametrize("family", FAMILIES)
def test_counts_need_not_lie_side_by_side(twin, family):
    m = matrix(family, np.random.default_rng(8), 7)
    name = {"glszm": "rows", "gldzm": "rows", "ngtdm": "voxels"}.get(family, "counts")
    spread = replace(m, **{name: np.asfortranarray(np.repeat(getattr(m, name), 2, axis=-1))[..., ::2]})
    assert rows_of(twin, family, [spread]).tobytes() == rows_of(twin, family, [m]).tobytes()


def test_counts_that_do_not_fit_are_refused(twin):
    bad = Glcm(np.zeros((1, 3, 3), np.int64), np.zeros((1, 3), np.int32), np.arange(2))
    with pytest.raises(ValueError, match="do not fit"):
        twin.glcm_features([bad], 1)
    rows = np.array([[2, 1, 1, 1], [1, 1, 1, 1]])
    with pytest.raises(ValueError, match="not sorted by level"):
        twin.zone_features([Zones(rows, np.arange(1, 3), 2)], 1, 1)


def correlations(twin, m, monkeypatch):
    """Of the definition and of the twin."""
    monkeypatch.setattr("fasttex.features.correlation.compiled", lambda: twin)
    found = []
    for name in ("numpy", "compiled"):
        monkeypatch.setattr("fasttex.features.correlation.features_engine", lambda name=name: name)
        found.append(maximal_correlation_coefficient([m]))
    return found


@given(seed=SEEDS)
def test_maximal_correlation(twins, seed):
    m = matrix("glcm", np.random.default_rng(seed))
    with pytest.MonkeyPatch.context() as patch:
        expected, found = correlations(twins[0], m, patch)
    np.testing.assert_allclose(found**2, expected**2, rtol=0, atol=1e-10, equal_nan=True)
    assert found.tobytes() == twins[1].maximal_correlation([m], 2).tobytes()


@given(seed=SEEDS, n=st.integers(2, 12))
def test_maximal_correlation_is_what_the_name_says(twins, seed, n):
    """The root of the second largest eigenvalue of Q, as it is written."""
    counts = np.random.default_rng(seed).integers(1, 60, (1, n, n))
    m = Glcm(counts, np.zeros((1, 3), np.int32), np.arange(1, n + 1))
    p = m.symmetric[0] / m.symmetric.sum()
    q = np.einsum("ik,jk,i,k->ij", p, p, 1 / p.sum(axis=1), 1 / p.sum(axis=0))
    second = np.sort(np.linalg.eigvals(q).real)[-2]
    for twin in twins:
        assert twin.maximal_correlation([m], 1)[0] ** 2 == pytest.approx(second, rel=0, abs=1e-9)


@given(seed=SEEDS)
def test_maximal_correlation_with_larger_denominators(twins, seed):
    """Q as it is written, with ε beside the products; the larger eigenvalues lie apart."""
    rng, epsilon = np.random.default_rng(seed), 1e-9
    m = Glcm(rng.integers(1, 60, (1, 9, 9)), np.zeros((1, 3), np.int32), np.arange(1, 10))
    p = m.symmetric[0] / m.symmetric.sum()
    q = p / (np.outer(p.sum(axis=1), p.sum(axis=0)) + epsilon) @ p.T
    *_, third, second, _ = np.sort(np.linalg.eigvals(q).real)
    plain = maximal_correlation_coefficient([m])[0] ** 2
    for twin in twins:
        unchanged, found = twin.lowered_correlation([m], 1, epsilon)[0] ** 2
        if second - third > 1e-4:
            assert found == pytest.approx(second, rel=0, abs=1e-13)
        assert found < plain == unchanged
        defined = np.square(_coefficients(m.symmetric[0], False, epsilon))
        np.testing.assert_allclose(defined, [plain, found], rtol=0, atol=1e-13)


def test_maximal_correlation_of_more_pairs_than_32_bits_count(twins):
    counts = np.random.default_rng(9).integers(0, 60, (1, 21, 21))
    for many in (2**22, 2**40):
        m, scaled = (Glcm(c, np.zeros((1, 3), np.int32), np.arange(1, 22)) for c in (counts, counts * many))
        for twin in twins:
            np.testing.assert_allclose(
                twin.maximal_correlation([scaled], 1), twin.maximal_correlation([m], 1), rtol=0, atol=1e-13
            )


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([[[7]]], [1.0]),  # one level
        (
            [[[7, 0], [0, 0]], [[1, 0], [0, 3]]],
            [0.0, 1.0],
        ),  # one level here, two in the ROI; two that never meet
        ([[[0, 0], [0, 0]], [[0, 0], [0, 3]]], [np.nan, 1.0]),  # no pair here, one level in the ROI
        ([[[0, 5], [5, 0]]], [1.0]),  # the second eigenvalue is −1
        ([[[1, 1], [1, 1]]], [0.0]),  # independent
        ([np.kron(np.eye(3, dtype=int), np.ones((2, 2), dtype=int))], [1.0]),  # three groups
    ],
)
def test_maximal_correlation_at_the_edges(twin, counts, expected, monkeypatch):
    counts = np.array(counts, dtype=np.int64)
    m = Glcm(counts, np.zeros((len(counts), 3), np.int32), np.arange(1, counts.shape[1] + 1))
    for found in correlations(twin, m, monkeypatch):
        np.testing.assert_allclose(found**2, np.square(expected), rtol=0, atol=1e-12)
