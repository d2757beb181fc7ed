"""Laws of the cubic spline, and of the image that is kept around a ROI."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from fasttex import InputError, Settings
from fasttex.preprocess import crop, discretize, resample, spline
from fasttex.preprocess.diagnostics import interpolated_image
from fasttex.preprocess.spline import interpolate_spline
from fasttex.types import DiscretizedRoi, Grid, Image, Mask, Roi


def noise(shape, seed=0):
    return np.random.default_rng(seed).normal(0, 300, shape)


@given(st.integers(0, 99), st.integers(0, 250), st.sampled_from([0.3, 0.977, 1.7]), st.integers(1, 30))
def test_what_lies_40_voxels_away_does_not_matter(seed, first, step, n):
    """Cropping before the spline is the same as after it, to 1e-9 of the range of the intensities."""
    image = noise((3, 4, 300), seed)
    image[..., :: 7 + seed % 5] *= 10  # some voxels far from the others
    wanted = [np.arange(3.0), np.array([0.25, 2.5]), first + step * np.arange(n)]
    near = interpolate_spline(image, (0, 0, 0), image.shape, wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spline, "SPLINE_MARGIN", 10**6)
        whole = interpolate_spline(image, (0, 0, 0), image.shape, wanted)
    assert near.shape == whole.shape == (3, 2, n)
    assert np.abs(near - whole).max() <= 1e-9 * np.ptp(image)


@given(st.tuples(*[st.integers(1, 12)] * 3), st.integers(0, 99))
def test_the_spline_is_that_of_scipy(shape, seed):
    image = noise(shape, seed)
    wanted = [np.sort(np.random.default_rng(seed).uniform(0, n - 1, 5)) for n in shape]
    expected = ndimage.map_coordinates(image, np.meshgrid(*wanted, indexing="ij"), order=3, mode="nearest")
    found = interpolate_spline(image, (0, 0, 0), image.shape, wanted)
    # Its border is mirrored 12 copies of the border voxel away, on one axis after the other.
    assert np.allclose(found, expected, rtol=0, atol=1e-9 * max(1, np.abs(image).max()))


def test_voxels_cubics_and_borders():
    ramp = np.linspace(-2, 2, 120)
    image = (ramp**3 - ramp)[None, None, :]
    at = np.array([55.25, 60.5, 61])
    x = -2 + at * (ramp[1] - ramp[0])
    along = [np.zeros(1), np.zeros(1)]
    found = interpolate_spline(image, (0, 0, 0), image.shape, [*along, at])[0, 0]
    assert np.allclose(found, x**3 - x, rtol=0, atol=1e-12)
    beyond = interpolate_spline(image, (0, 0, 0), image.shape, [*along, np.array([-3, -0.4, 119.3])])[0, 0]
    assert np.allclose(beyond, image[0, 0, [0, 0, -1]], rtol=0, atol=1e-12)
    kept = interpolate_spline(image, (0, 0, 0), image.shape, [*along, np.array([3.0, 7.0])])
    assert np.array_equal(kept, image[..., [3, 7]])


@given(st.integers(0, 99))
def test_flipping_the_image_flips_the_result(seed):
    image = noise((4, 9, 30), seed)
    wanted = [np.arange(0, n - 0.9, 0.75) for n in image.shape]
    turned = [(n - 1 - p)[::-1] for n, p in zip(image.shape, wanted, strict=True)]
    found = interpolate_spline(image, (0, 0, 0), image.shape, wanted)
    flipped = interpolate_spline(image[::-1, ::-1, ::-1], (0, 0, 0), image.shape, turned)
    assert np.allclose(found, flipped[::-1, ::-1, ::-1], rtol=0, atol=1e-9)


def test_memory_of_the_spline_is_asked_for_first():
    image = Image(noise((60, 90, 90)), Grid((60, 90, 90), (1.0, 1.0, 1.0)))
    roi = crop(image, Mask("a", 1, np.ones((3, 3, 3), dtype=bool), (30, 45, 45)))
    found = resample([roi], Settings(spacing_mm=2, interpolator="cubic"), "reference", 1, 5_000_000)[0]
    assert isinstance(found, InputError)
    assert "takes 0.0" in str(found)
    linear = resample([roi], Settings(spacing_mm=2), "reference", 1, 5_000_000)[0]
    assert not isinstance(linear, InputError)


recipes = st.builds(
    Settings,
    spacing_mm=st.sampled_from([None, 1.6, 4.0, {"z": 2, "x": 0, "y": 0}]),
    interpolator=st.sampled_from(["linear", "nearest", "cubic"]),
    round_intensities=st.booleans(),
    grid=st.sampled_from(["centers", "corners"]),
    resampled_dtype=st.sampled_from(["float64", "float32"]),
    families=st.just(["local_intensity"]),
)


@given(st.tuples(*[st.integers(3, 16)] * 3), recipes, st.integers(0, 99))
def test_surroundings_are_the_whole_image_cut(shape, recipe, seed):
    """As far as a sphere of 1 cm³ reaches, resampled and rounded like the ROI itself."""
    image = Image(noise(shape, seed), Grid(shape, (3.0, 1.5, 0.977)))
    draw = np.random.default_rng(seed)
    start = tuple(int(draw.integers(0, n - 1)) for n in shape)
    mask = Mask(
        "a", 1, np.ones([min(3, n - s) for n, s in zip(shape, start, strict=True)], dtype=bool), start
    )
    (sampled,) = resample([crop(image, mask)], recipe, "reference")
    if isinstance(sampled, InputError):
        return
    (roi,) = discretize([sampled], recipe, "reference")
    whole = interpolated_image(image, recipe, "reference")
    around, at = roi.surroundings, roi.surroundings_start
    box = tuple(slice(s, s + n) for s, n in zip(at, roi.shape, strict=True))
    if recipe.round_intensities:
        assert around.dtype == np.int16  # whole numbers take a quarter of the memory
    assert np.array_equal(around[box][roi.levels > 0], roi.intensities)
    first = [s - a for s, a in zip(roi.start, at, strict=True)]
    there = tuple(slice(f, f + n) for f, n in zip(first, around.shape, strict=True))
    assert np.allclose(
        around, whole.intensities[there], rtol=0, atol=2e-6 if not recipe.round_intensities else 1
    )
    for axis in range(3):
        reach = math.floor(6.2035 / roi.spacing_mm[axis])
        stop = first[axis] + around.shape[axis]
        assert first[axis] <= max(0, roi.start[axis] - reach)
        assert stop >= min(whole.grid.shape[axis], roi.start[axis] + roi.shape[axis] + reach)


def test_surroundings_are_there_only_where_they_are_asked_for():
    image = Image(noise((9, 30, 40)).astype(np.int16), Grid((9, 30, 40), (3.0, 1.0, 1.0)))
    roi = crop(image, Mask("a", 1, np.ones((2, 3, 4), dtype=bool), (4, 10, 36)))
    (found,) = discretize(resample([roi], Settings(), "reference"), Settings(), "reference")
    assert isinstance(found, DiscretizedRoi)
    assert found.surroundings.shape == (2 + 2 * 3, 3 + 2 * 7, 4 + 7)
    assert found.surroundings_start == (3, 7, 7)
    assert np.array_equal(found.surroundings, image.intensities[1:9, 3:20, 29:40])
    assert all(s.surroundings is None for s in found.slices(0))
    few = Settings(families=["glcm"], spacing_mm=1.5)
    (found,) = resample([roi], few, "reference")
    assert found.around.shape == found.intensities.shape
    assert discretize([found], few, "reference")[0].surroundings is None


def test_nan_beside_the_roi_stays_there():
    image = Image(noise((9, 9, 9)), Grid((9, 9, 9), (1.0, 1.0, 1.0)))
    image.intensities[0, 0, 0] = np.nan
    roi = crop(image, Mask("a", 1, np.ones((4, 4, 4), dtype=bool), (5, 5, 5)))
    assert isinstance(resample([roi], Settings(spacing_mm=1.5), "reference")[0], Roi)
    found = resample([roi], Settings(spacing_mm=1.5, interpolator="cubic"), "reference")[0]
    assert isinstance(found, InputError)  # the prefilter has no limit: NaN along an axis reaches all of it
    assert "NaN or infinity" in str(found)
