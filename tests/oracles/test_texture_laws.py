"""What textures must do when an image changes in a known way; seeded examples through the whole pipeline."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import fasttex
from fasttex import Settings
from fasttex.settings import FAMILIES

TEXTURES = [family for family in FAMILIES if family[:2] in ("gl", "ng")]
SEEDS = range(5)


def volume(seed):
    image = np.random.default_rng(seed).normal(100, 40, (14, 20, 22))
    z, y, x = np.indices(image.shape)
    return image, (z - 7) ** 2 * 2 + (y - 10) ** 2 + (x - 11) ** 2 <= 64


def values(image, mask, **given):
    table = fasttex.extract(image, mask, Settings(families=TEXTURES, **given))
    return dict(zip(table.columns, table.rows[0].values.tolist(), strict=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_blurring_smooths(seed):
    image, mask = volume(seed)
    sharp, soft = (
        values(i, mask, bin_width=5, bin_origin=-200) for i in (image, gaussian_filter(image, 1.0))
    )
    assert soft["glcm_contrast__3d_averaged"] < sharp["glcm_contrast__3d_averaged"]
    for name in ("inverse_difference_moment", "angular_second_moment"):
        assert soft[f"glcm_{name}__3d_averaged"] > sharp[f"glcm_{name}__3d_averaged"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_shift_of_intensities_changes_no_texture_of_fixed_bin_number(seed):
    image, mask = volume(seed)
    image = np.rint(image)
    assert values(image, mask) == values(image + 1000, mask)


@pytest.mark.parametrize("seed", SEEDS)
def test_halving_the_bin_width_does_not_lower_joint_entropy(seed):
    image, mask = volume(seed)
    name = "glcm_joint_entropy__3d_merged"
    coarse, fine = (
        values(image, mask, bin_width=w, bin_origin=-200, aggregations=["3d_merged"])[name] for w in (16, 8)
    )
    assert fine >= coarse
