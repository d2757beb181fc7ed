"""The intensity peaks against the spheres, voxel by voxel."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fasttex.features.local_intensity import RADIUS_MM, local_intensity, reach

spacings = st.tuples(*[st.sampled_from([1.5, 2.0, 3.0, 6.203, 6.204, 10.0])] * 3)


@st.composite
def images(draw, values):
    """An image, a mask of it, finite inside, and the spacing."""
    image = draw(
        hnp.arrays(np.float64, st.tuples(*[st.integers(1, 7)] * 3), elements=values, fill=st.nothing())
    )
    inside = draw(hnp.arrays(np.bool_, image.shape)) & np.isfinite(image)
    if not inside.any():
        image[0, 0, 0], inside[0, 0, 0] = 1.0, True
    return image, inside, draw(spacings)


quarters = st.integers(-4000, 4000).map(lambda n: n / 4)


def peaks(image, inside, spacing_mm):
    """Both, from the definition in exact fractions."""
    everywhere = [tuple(i) for i in np.argwhere(np.isfinite(image)).tolist()]
    found = []
    for center in np.argwhere(inside).tolist():
        sphere = [
            Fraction(image[i])
            for i in everywhere
            if sum(((a - b) * s) ** 2 for a, b, s in zip(i, center, spacing_mm, strict=True)) <= RADIUS_MM**2
        ]
        found.append((image[tuple(center)], sum(sphere) / len(sphere)))
    highest = max(value for value, _ in found)
    return float(max(mean for value, mean in found if value == highest)), float(
        max(mean for _, mean in found)
    )


@given(images(quarters))
def test_definition(drawn):
    """Sums of quarters are exact; the quotient and its sum with the base are rounded."""
    np.testing.assert_allclose(local_intensity(*drawn), peaks(*drawn), rtol=1e-14, atol=1e-12)


@given(images(quarters | st.sampled_from([math.nan, math.inf, -math.inf])))
def test_voxels_that_are_not_finite_are_left_out(drawn):
    np.testing.assert_allclose(local_intensity(*drawn), peaks(*drawn), rtol=1e-14, atol=1e-12)


@given(images(quarters.map(lambda x: 1e9 + x)))
def test_enormous_offset(drawn):
    np.testing.assert_allclose(local_intensity(*drawn), peaks(*drawn), rtol=4e-16)


@given(images(st.floats(-1e6, 1e6)))
def test_stated_error(drawn):
    """n·ε times the mean of |x − x₀|, which is at most twice the largest |x|, and one rounding."""
    image, _, spacing_mm = drawn
    n = min(image.size, math.prod(2 * r + 1 for r in reach(spacing_mm)))
    bound = (n + 1) * 2**-52 * 2 * abs(image).max()
    np.testing.assert_allclose(local_intensity(*drawn), peaks(*drawn), rtol=0, atol=bound)


@given(images(quarters))
def test_axes_may_change_places(drawn):
    image, inside, spacing_mm = drawn
    turned = local_intensity(image.T[::-1], inside.T[::-1], spacing_mm[::-1])
    np.testing.assert_allclose(turned, local_intensity(*drawn), rtol=1e-14, atol=1e-12)


def scene():
    rng = np.random.default_rng(3)
    inside = np.zeros((30, 40, 40), dtype=bool)
    inside[12:16, 15:22, 18:26] = rng.random((4, 7, 8)) < 0.6
    return rng.integers(-1000, 1000, inside.shape).astype(np.float64), inside, (2.5, 0.9, 1.1)


def test_whole_sphere():
    """Around a voxel far from the border."""
    image, _, spacing_mm = scene()
    inside = np.zeros(image.shape, dtype=bool)
    inside[15, 20, 20] = True
    z, y, x = ((k - c) * s for k, c, s in zip(np.indices(image.shape), (15, 20, 20), spacing_mm, strict=True))
    mean = image[z**2 + y**2 + x**2 <= RADIUS_MM**2].mean()
    assert local_intensity(image, inside, spacing_mm) == pytest.approx([mean, mean], rel=1e-14)


def test_the_sphere_holds_what_lies_on_it():
    image = np.array([[[1.0, 2.0, 6.0, 7.0]]])
    assert local_intensity(image, image == 2, (RADIUS_MM,) * 3).tolist() == [3.0, 3.0]


def test_the_margin_suffices():
    """`reach` voxels around the ROI's box give what the whole image gives, bit by bit."""
    image, inside, spacing_mm = scene()
    box = tuple(
        slice(lo - r, hi + r) for lo, hi, r in zip((12, 15, 18), (16, 22, 26), reach(spacing_mm), strict=True)
    )
    assert (
        local_intensity(image[box], inside[box], spacing_mm) == local_intensity(image, inside, spacing_mm)
    ).all()
    less = tuple(slice(b.start + 1, b.stop) for b in box)
    assert (
        local_intensity(image[less], inside[less], spacing_mm) != local_intensity(image, inside, spacing_mm)
    ).any()


@pytest.mark.parametrize("dtype", ["i2", "i4", "f4", ">i2"])
def test_dtypes(dtype):
    image, inside, spacing_mm = scene()
    image = (image / 3).astype(dtype)
    found = local_intensity(image, inside, spacing_mm)
    assert (found == local_intensity(image.astype(np.float64), inside, spacing_mm)).all()


def test_input_is_left_alone():
    image, inside, spacing_mm = scene()
    image[0, 0, 0] = np.nan
    image.flags.writeable = inside.flags.writeable = False
    assert np.isfinite(local_intensity(image, inside, spacing_mm)).all()


def test_of_several_highest_voxels_the_highest_mean():
    image = np.array([[[0.0, 9.0, 0.0, 0.0, 0.0, 8.0, 9.0, 8.0]]])
    local, globe = local_intensity(image, image > 0, (5.0, 5.0, 5.0))
    assert local == pytest.approx(25 / 3)
    assert globe == pytest.approx(8.5)


def test_the_sphere_holds_what_lies_outside_the_roi():
    image = np.array([[[30.0, 3.0, 90.0]]])
    assert local_intensity(image, image < 9, (5.0, 5.0, 5.0)).tolist() == [41.0, 41.0]


def test_no_voxel():
    assert np.isnan(
        local_intensity(np.ones((2, 2, 2)), np.zeros((2, 2, 2), dtype=bool), (1.0, 1.0, 1.0))
    ).all()
