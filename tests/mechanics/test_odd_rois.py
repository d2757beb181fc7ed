"""ROIs of odd shape and intensities of odd size give defined values, or NaN where the definition has none."""

import numpy as np
import pytest

import fasttex
from fasttex import Settings

RECIPE = Settings(spatial_autocorrelation="exact")


def row(image, mask, spacing_mm=1, settings=RECIPE):
    table = fasttex.extract(image, mask, settings, spacing_mm=spacing_mm)
    assert not np.isinf(table.values).any()
    return dict(zip(table.columns, table.rows[0].values.tolist(), strict=True)), table.rows[0].flags


def noise(shape=(9, 10, 11), seed=0):
    return np.random.default_rng(seed).normal(0, 50, shape)


def mask(*box, shape=(9, 10, 11)):
    found = np.zeros(shape, dtype=bool)
    found[box] = True
    return found


ONE, LINE, PLANE = np.s_[4, 5, 6], np.s_[4, 5, 2:9], np.s_[4, 2:8, 2:9]


@pytest.mark.parametrize(("box", "n"), [(ONE, 1), (LINE, 7), (PLANE, 42)], ids=["voxel", "line", "plane"])
def test_thin_rois(box, n):
    found, _ = row(noise(), mask(*box))
    assert found["morphology_volume_voxel_counting"] == n
    assert 0 < found["morphology_volume_mesh"] < n
    assert found["morphology_surface_area_mesh"] > 0
    assert found["morphology_maximum_3d_diameter"] > 0
    assert found["morphology_volume_density_convex_hull"] <= 1 + 1e-12
    flat = [found[f"morphology_{name}_axis_length"] for name in ("minor", "least")]
    assert {1: all(np.isnan(flat)), 7: flat == [0, 0], 42: flat[0] > 0 == flat[1]}[n]


def test_holes_and_pieces():
    hollow = mask(np.s_[1:8], np.s_[1:9], np.s_[1:10])
    hollow[3:6, 4:7, 4:7] = False
    hollow[4, 5, 5] = True
    found, flags = row(noise(), hollow)
    assert "disconnected" in flags
    assert found["morphology_volume_voxel_counting"] == hollow.sum()
    assert found["morphology_volume_density_convex_hull"] < 1


def test_a_roi_that_fills_the_image():
    image = noise()
    found, flags = row(image, np.ones(image.shape, dtype=bool))
    assert "touches_border" in flags
    assert found["morphology_volume_voxel_counting"] == image.size
    assert np.isfinite(found["local_intensity_global_intensity_peak"])
    assert found["morphology_volume_density_axis_aligned_bounding_box"] <= 1


def test_very_anisotropic_voxels_are_flagged():
    _, flags = row(noise(), mask(np.s_[2:7], np.s_[2:8], np.s_[2:9]), (10, 0.3, 0.3))
    assert "anisotropic_not_resampled" in flags


def test_an_enormous_offset_does_not_cancel():
    """Intensities of 1e9 with a small variation: second moments keep their digits."""
    inside = mask(np.s_[2:7], np.s_[2:8], np.s_[2:9])
    image = np.rint(noise())
    near, far = (row(i, inside)[0] for i in (image, image + 1e9))
    for name in ("variance", "skewness", "kurtosis", "mean_absolute_deviation"):
        assert far[f"intensity_statistics_{name}"] == pytest.approx(
            near[f"intensity_statistics_{name}"], rel=1e-9
        )
    for name in ("moran_i_index", "geary_c_measure"):
        assert far[f"morphology_{name}"] == pytest.approx(near[f"morphology_{name}"], rel=1e-9)
    textures = [c for c in near if c[:2] in ("gl", "ng")]
    assert [near[c] for c in textures] == [far[c] for c in textures]


def test_a_flat_roi():
    found, flags = row(np.full((9, 10, 11), 7.0), mask(np.s_[2:7], np.s_[2:8], np.s_[2:9]))
    assert "flat" in flags
    assert found["intensity_statistics_variance"] == found["intensity_statistics_skewness"] == 0
    assert found["local_intensity_local_intensity_peak"] == 7
    assert np.isnan(found["morphology_moran_i_index"])
