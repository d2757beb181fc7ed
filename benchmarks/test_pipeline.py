"""Features, and the whole way from image to table."""

import numpy as np
import pytest
from volumes import ellipsoid, levels

import fasttex
from fasttex.features.glcm import glcm_features

FAMILIES = ["intensity_statistics", "glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm"]


@pytest.mark.parametrize("n_levels", [32, 256])
def test_glcm_features_of_thirteen_directions(benchmark, n_levels):
    matrices = fasttex.glcm(fasttex.prepare(levels(100_000, n_levels)))
    found = benchmark(lambda: glcm_features(matrices))
    assert found.shape == (13, 25)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("n_voxels", [10_000, 100_000, 1_000_000])
def test_textures_of_one_roi(benchmark, fast_backend, n_voxels):
    """Matrices and features of levels that are at hand: statistics and the six textures, 3D averaged."""
    batch = fasttex.prepare(levels(n_voxels), backend=fast_backend)
    found = benchmark(lambda: fasttex.compute_features(batch, FAMILIES))
    assert np.isfinite(found.values).all()


@pytest.mark.parametrize("threads", [1, 2])
def test_extract_a_hundred_rois(benchmark, fast_backend, threads):
    """A label map of 100 cubes of 1,000 voxels in an image of 2 million."""
    image = np.random.default_rng(0).integers(-100, 200, (100, 140, 140)).astype(np.int16)
    labels = np.zeros(image.shape, dtype=np.uint8)
    for n in range(100):
        z, y, x = np.unravel_index(n, (4, 5, 5))
        labels[z * 20 : z * 20 + 10, y * 20 : y * 20 + 10, x * 20 : x * 20 + 10] = n + 1
    table = benchmark(lambda: fasttex.extract(image, labels, backend=fast_backend, threads=threads))
    assert [row.voxels for row in table.rows] == [1000] * 100
    assert np.isfinite(table.values).all()


def test_extract_one_roi_with_resampling(benchmark, fast_backend):
    image, mask = ellipsoid(100_000)
    recipe = fasttex.Settings(spacing_mm=1.5, round_intensities=True)
    table = benchmark(lambda: fasttex.extract(image, mask, recipe, backend=fast_backend, threads=1))
    assert table.rows[0].voxels > 20_000
