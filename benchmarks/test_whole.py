"""The families of whole ROIs, by the compiled extension and by their NumPy definitions."""

import numpy as np
import pytest
from volumes import ellipsoid

import fasttex
from fasttex.backends import compiled
from fasttex.features import whole
from fasttex.features.compute import feature_columns

FAMILIES = ("morphology", "local_intensity", "intensity_statistics", "intensity_histogram", "ivh")


def batch_of(n_voxels, kind):
    image, mask = ellipsoid(n_voxels)
    image = image if kind == "whole_numbers" else image * np.float64(0.3)
    return fasttex.prepare(fasttex.discretize(image, mask, threads=1))


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
@pytest.mark.parametrize("kind", ["whole_numbers", "fractions"])
@pytest.mark.parametrize("n_voxels", [1_000, 1_000_000])
@pytest.mark.parametrize("family", FAMILIES)
def test_family(benchmark, monkeypatch, family, n_voxels, kind, engine):
    if compiled() is None:
        pytest.skip("the compiled extension is not here")
    batch = batch_of(n_voxels, kind)
    definition = row(monkeypatch, batch, family)
    extension = compiled() if engine == "compiled" else None
    monkeypatch.setattr(whole, "compiled", lambda: extension)
    found = benchmark(lambda: fasttex.compute_features(batch, [family]).values[0])
    assert np.array_equal(np.isnan(found), np.isnan(definition))
    np.testing.assert_allclose(found, definition, rtol=1e-9, atol=1e-12)


def row(monkeypatch, batch, family):
    with monkeypatch.context() as patch:
        patch.setattr(whole, "compiled", lambda: None)
        found = fasttex.compute_features(batch, [family])
    assert found.columns == feature_columns([family])
    return found.values[0]


@pytest.mark.parametrize("families", [FAMILIES, ("intensity_statistics",)], ids=["all", "statistics"])
@pytest.mark.parametrize("n_voxels", [1_000, 1_000_000])
def test_extract(benchmark, families, n_voxels):
    """From arrays to a table, on one thread."""
    image, mask = ellipsoid(n_voxels)
    table = benchmark(lambda: fasttex.extract(image, mask, {"families": families}, threads=1))
    benchmark.extra_info["stages_ms"] = {name: round(s * 1e3, 2) for name, s in table.timings.items()}
    assert table.rows[0].voxels == np.count_nonzero(mask)
