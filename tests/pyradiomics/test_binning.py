"""Bins: the edges in the image's dtype, and levels that never differ from ``numpy.digitize`` on them."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pyradiomics import definitions as d

from fasttex.errors import InputError, LevelRangeError, SettingsError
from fasttex.pyradiomics.binning import binImage, digitize, getBinEdges
from fasttex.pyradiomics.counting import Discretized
from fasttex.pyradiomics.region import Region

WIDTHS = st.sampled_from([0.1, 0.01, 0.3, 1 / 3, 0.7, 1, 2.5, 25, 30.3, 1e-3])


@st.composite
def near_edges(draw, dtypes=(np.float32, np.float64)):
    """Values on multiples of the width, and one rounding step beside them, in a dtype."""
    dtype = draw(st.sampled_from(dtypes))
    width = draw(WIDTHS)
    times = draw(hnp.arrays(np.int64, st.integers(1, 60), elements=st.integers(-3000, 3000)))
    values = (times * width).astype(dtype)
    steps = draw(hnp.arrays(np.int64, len(values), elements=st.integers(-2, 2)))
    for _ in range(2):
        values = np.where(steps > 0, np.nextafter(values, dtype(np.inf)), values)
        values = np.where(steps < 0, np.nextafter(values, dtype(-np.inf)), values)
        steps -= np.sign(steps)
    return values, width


@given(near_edges())
def test_floats_beside_edges(case):
    values, width = case
    edges = d.edges(values, width)
    assert np.array_equal(getBinEdges(values, binWidth=width), edges)
    levels, used = binImage(values, binWidth=width)
    assert np.array_equal(used, edges)
    assert np.array_equal(levels, np.digitize(values, edges))
    assert np.array_equal(digitize(values.astype(np.float64), edges), np.digitize(values, edges))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", [0.1, 0.01, 0.3, 1 / 3, 1e-3, 7.3])
def test_many_floats_with_floating_edges(dtype, width):
    rng = np.random.default_rng(0)
    values = (np.rint(rng.normal(0, 300, 20_000)) * dtype(width)).astype(dtype)
    for shifted in (values, values + dtype(width / 2), values + dtype(1000)):
        edges = d.edges(shifted, width)
        assert np.array_equal(binImage(shifted, binWidth=width)[0], np.digitize(shifted, edges))


@given(
    hnp.arrays(
        st.sampled_from([np.int16, np.int32, np.uint16, np.int64]),
        st.integers(1, 40),
        elements=st.integers(0, 9000),
    ),
    st.sampled_from([1, 5, 25, 7.3, 0.5, 30.3]),
)
def test_whole_numbers(values, width):
    edges = d.edges(values, width)
    assert np.array_equal(getBinEdges(values, binWidth=width), edges)
    assert np.array_equal(binImage(values, binWidth=width)[0], np.digitize(values, edges))


@given(
    hnp.arrays(
        st.sampled_from([np.int16, np.float32, np.float64]), st.integers(1, 40), elements=st.integers(-90, 90)
    ),
    st.integers(1, 70),
)
def test_counted_bins(values, count):
    edges = d.edges(values, binCount=count)
    levels, used = binImage(values, binCount=count, binWidth=3)
    assert used.dtype == edges.dtype
    assert np.array_equal(used, edges)
    assert np.array_equal(levels, np.digitize(values, edges))
    assert 1 <= levels.min() <= levels.max() <= count


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16])
def test_narrow_integers_do_not_overflow(dtype):
    limits = np.iinfo(dtype)
    values = np.array([limits.min, 0, limits.max], dtype=dtype)
    edges = getBinEdges(values, binWidth=25)
    assert edges[0] <= limits.min < limits.max < edges[-1]
    assert np.array_equal(binImage(values, binWidth=25)[0], binImage(values.astype(np.int64), binWidth=25)[0])


def discretized(values, **settings):
    """The values as a ROI among other voxels."""
    image = np.full((3, len(values) + 2), values.max(), dtype=values.dtype)
    mask = np.zeros(image.shape, dtype=np.uint8)
    image[1, 1:-1], mask[1, 1:-1] = values, 1
    pair = (sitk.GetImageFromArray(a[None]) for a in (image, mask))
    return Discretized(Region.from_images(*pair), **settings)


def assert_levels_of(values, **settings):
    found = discretized(values, **settings)
    expected = np.digitize(values, d.edges(values, **settings))
    assert np.array_equal(found.levels, expected)
    present, times = np.unique(expected, return_counts=True)
    assert np.array_equal(found.counts.gray_levels, present)
    assert np.array_equal(found.probabilities, times / len(values))
    assert (found.counts.n_levels, found.counts.n_voxels) == (present[-1], len(values))
    roi = found.counts.roi
    inside = roi.levels[roi.levels > 0].astype(np.int64)
    assert np.array_equal(roi.level_values[inside - 1], expected)
    assert roi.buffer.dtype == (np.uint8 if roi.n_levels <= 255 else np.uint16)


@given(near_edges())
def test_levels_of_a_roi(case):
    assert_levels_of(case[0], binWidth=case[1])


@given(
    hnp.arrays(
        st.sampled_from([np.int16, np.uint8, np.float32]), st.integers(1, 40), elements=st.integers(0, 99)
    ),
    st.integers(1, 300),
)
def test_levels_of_a_roi_by_their_number(values, count):
    assert_levels_of(values, binCount=count)


def test_more_levels_than_bins_are_counted_in():
    assert_levels_of(np.array([0.0, 65_534.5, 65_533.0, 3.0]), binWidth=1)
    assert_levels_of(np.array([0.0, 65_535.5, 1e6, 3.0]), binWidth=1)
    assert_levels_of(np.arange(70_000)[::-1] // 2, binWidth=1)
    many = discretized(np.arange(70_000), binWidth=1)
    assert np.array_equal(many.levels, np.arange(1, 70_001))
    with pytest.raises(LevelRangeError, match="70,000 gray levels"):
        many.counts.roi  # noqa: B018


def test_only_voxels_inside_have_levels():
    image = np.arange(24).reshape(2, 3, 4) * 10
    mask = image > 50
    by_mask, by_index = binImage(image, mask, binWidth=25), binImage(image, np.where(mask), binWidth=25)
    assert np.array_equal(by_mask[0], by_index[0])
    assert not by_mask[0][~mask].any()
    assert by_mask[0].dtype == np.int64
    assert by_mask[0][mask].min() == 1


def test_defaults_and_given_none():
    values = np.array([5.0, 90.0])
    assert np.array_equal(getBinEdges(values), getBinEdges(values, binWidth=25))
    assert np.array_equal(getBinEdges(values, binCount=None), getBinEdges(values))
    assert np.array_equal(getBinEdges(np.array([5, 5]), binWidth=25), [0, 25, 50])
    assert np.array_equal(getBinEdges(np.array([25, 25]), binWidth=25), [25, 50])


@pytest.mark.parametrize("width", [0, -1, None, "wide", float("nan"), float("inf")])
def test_a_width_that_is_none(width):
    with pytest.raises(SettingsError, match="binWidth is"):
        getBinEdges(np.array([1.0, 2.0]), binWidth=width)


@pytest.mark.parametrize("count", [0, -1, 2.5, "many"])
def test_a_count_that_is_none(count):
    with pytest.raises(SettingsError, match="binCount is"):
        getBinEdges(np.array([1.0, 2.0]), binCount=count)


def test_values_that_have_no_bin():
    with pytest.raises(InputError, match="NaN or infinite"):
        getBinEdges(np.array([1.0, np.nan]), binWidth=1)
    with pytest.raises(InputError, match="no intensities"):
        getBinEdges(np.array([]), binWidth=1)
    with pytest.raises(LevelRangeError, match="raise binWidth"):
        getBinEdges(np.array([0.0, 1e12]), binWidth=1)
