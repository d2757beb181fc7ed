"""Features of texture matrices: compiled twins and their definitions in NumPy, from the same counts."""

import numpy as np
import pytest
from volumes import levels

from fasttex import prepare
from fasttex.conventions import convention
from fasttex.features.compute import compute_features
from fasttex.features.correlation import maximal_correlation_coefficient
from fasttex.features.engine import ENGINES, features_engine, features_of_groups
from fasttex.features.families import MATRIX_FAMILIES
from fasttex.matrices.glcm import glcm
from fasttex.matrices.glrlm import glrlm
from fasttex.matrices.neighborhood import ngtdm_ngldm
from fasttex.matrices.zones import zones

IBSI = convention("ibsi1")
COUNT = {
    "glcm": glcm,
    "glrlm": glrlm,
    "glszm": zones,
    "gldzm": zones,
    "ngtdm": lambda batch: ngtdm_ngldm(batch)[0],
    "ngldm": lambda batch: ngtdm_ngldm(batch)[1],
}


@pytest.fixture(params=ENGINES)
def engine(request, monkeypatch):
    monkeypatch.setenv("FASTTEX_FEATURES", request.param)
    features_engine.cache_clear()
    yield request.param
    features_engine.cache_clear()


@pytest.mark.parametrize("n_levels", [32, 64, 256])
@pytest.mark.parametrize("family", COUNT)
def test_features(benchmark, family, n_levels, engine):
    """Of one ROI of 10,000 voxels: 13 matrices for GLCM and GLRLM, else one."""
    matrices = COUNT[family](prepare(levels(10_000, n_levels), backend="cpp"))
    rows, _ = benchmark(lambda: features_of_groups(family, [matrices], IBSI))
    expected = MATRIX_FAMILIES[family].compute(matrices, IBSI)
    np.testing.assert_allclose(rows, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("n_levels", [32, 64, 256])
def test_maximal_correlation_of_thirteen_directions(benchmark, n_levels, engine):
    matrices = glcm(prepare(levels(10_000, n_levels), backend="cpp"))
    found = benchmark(lambda: maximal_correlation_coefficient(matrices))
    assert len(found) == 13
    assert 0.5 < found.min() <= found.max() < 1


@pytest.mark.parametrize("n_rois", [1, 100])
def test_textures_of_small_rois(benchmark, n_rois, engine):
    """Counts and features of all six families, from levels of 1,000 voxels."""
    batch = prepare([levels(1_000)] * n_rois, backend="cpp")
    found = benchmark(lambda: compute_features(batch, list(COUNT)))
    assert found.values.shape == (n_rois, 95)
    assert (found.values == found.values[0]).all()
