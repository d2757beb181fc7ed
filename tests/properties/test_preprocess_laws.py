"""Laws of cropping, resampling, re-segmentation and discretization."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasttex import Settings
from fasttex.backends import put
from fasttex.errors import EmptyRoiError, InputError, LevelRangeError
from fasttex.kernels import reference
from fasttex.preprocess import crop, discretize, new_grid, resample, resegment
from fasttex.preprocess.resample import MASK_THRESHOLD, axis_table
from fasttex.types import Grid, Image, Mask, Sampling


def an_image(shape=(6, 9, 8), spacing=(3.0, 1.25, 0.977), seed=0, dtype=np.float64):
    values = np.random.default_rng(seed).normal(0, 100, shape).astype(dtype)
    return Image(values, Grid(shape, spacing))


def a_mask(shape, start, seed=0, density=0.7):
    inside = np.random.default_rng(seed).random(shape) < density
    inside.flat[0] = inside.flat[-1] = True
    return Mask("a", 1, inside, start)


def voxels_of(roi):
    """Indices in the grid of the whole image."""
    return np.argwhere(roi.morphological_mask) + roi.start


images = st.builds(
    an_image,
    st.tuples(*[st.integers(1, 9)] * 3),
    st.tuples(*[st.sampled_from([0.5, 0.977, 1.0, 2.0, 3.0])] * 3),
    st.integers(0, 99),
)
recipes = st.builds(
    Settings,
    spacing_mm=st.sampled_from([0.7, 1.0, 2.0, {"x": 1.5, "y": 0, "z": 0}, {"z": 1}]),
    interpolator=st.sampled_from(["linear", "nearest", "cubic"]),
    mask_interpolator=st.sampled_from(["linear", "nearest"]),
    grid=st.sampled_from(["centers", "corners"]),
)


@st.composite
def cases(draw):
    image = draw(images)
    start = tuple(draw(st.integers(0, n - 1)) for n in image.grid.shape)
    shape = tuple(draw(st.integers(1, n - s)) for n, s in zip(image.grid.shape, start, strict=True))
    return image, a_mask(shape, start, draw(st.integers(0, 99)))


@given(cases(), recipes)
def test_cropping_before_resampling_changes_nothing(case, recipe):
    image, mask = case
    near = resample([crop(image, mask)], recipe, "reference")[0]
    whole = resample([crop(image, mask, margin=99)], recipe, "reference")[0]
    assert type(near) is type(whole)
    if isinstance(near, EmptyRoiError):
        return
    assert near.grid == whole.grid
    assert np.array_equal(voxels_of(near), voxels_of(whole))
    assert np.array_equal(
        near.intensities[near.morphological_mask], whole.intensities[whole.morphological_mask]
    )


@given(cases(), recipes)
def test_a_roi_on_the_new_grid_is_what_the_whole_mask_interpolates_to(case, recipe):
    """No voxel of the ROI lies outside the box that is looked at."""
    image, mask = case
    roi = crop(image, mask, margin=99)
    found = resample([roi], recipe, "reference")[0]
    wanted = recipe.resolved["spacing_mm"]
    spacing = tuple(wanted.get(a) or s for a, s in zip("zyx", image.grid.spacing_mm, strict=True))
    grid = new_grid(image.grid, spacing, recipe.grid)
    tables = []
    outside = []
    for n, m, s, t in zip(image.grid.shape, grid.shape, image.grid.spacing_mm, spacing, strict=True):
        k = np.arange(m, dtype=float)
        p = k if s == t else (n - 1) / 2 + (k - (m - 1) / 2) * t / s
        if recipe.grid == "corners" and s != t:
            p = (k + 0.5) * t / s - 0.5
        tables.append(axis_table(p, n, 0, recipe.mask_interpolator))
        outside.append((p < -0.5) | (p > n - 0.5))
    whole = np.zeros(image.grid.shape, dtype=bool)
    whole[tuple(slice(s, s + n) for s, n in zip(mask.start, mask.inside.shape, strict=True))] = mask.inside
    values = reference.resample(put([Sampling(whole, tuple(tables))], "reference"))[0]
    expected = values >= MASK_THRESHOLD
    for axis, away in enumerate(outside):
        expected &= ~np.expand_dims(away, [a for a in range(3) if a != axis])
    got = np.zeros(grid.shape, dtype=bool)
    if not isinstance(found, EmptyRoiError):
        box = tuple(slice(s, s + n) for s, n in zip(found.start, found.intensities.shape, strict=True))
        got[box] = found.morphological_mask
    assert np.array_equal(got, expected)


def test_grid_of_ibsi_configuration_c():
    """204 × 201 × 60 voxels of 0.977 × 0.977 × 3 mm become 100 × 99 × 90 of 2 mm."""
    grid = new_grid(Grid((60, 201, 204), (3.0, 0.977, 0.977)), (2.0, 2.0, 2.0), "centers")
    assert grid.shape == (90, 99, 100)
    middle = [
        o + (n - 1) / 2 * s for o, n, s in zip(grid.origin_mm, grid.shape, grid.spacing_mm, strict=True)
    ]
    assert np.allclose(middle, [59 / 2 * 3.0, 100 * 0.977, 203 / 2 * 0.977], rtol=0, atol=1e-9)


def test_rounding_error_makes_no_extra_voxel():
    assert 6 * 0.1 / 0.3 > 2
    assert new_grid(Grid((6, 6, 6), (0.1, 0.1, 0.1)), (0.3, 0.3, 0.3), "centers").shape == (2, 2, 2)


def test_corners_share_the_outer_corner_of_the_first_voxel():
    grid = new_grid(Grid((4, 4, 4), (1.0, 1.0, 1.0)), (2.0, 2.0, 2.0), "corners")
    assert grid.shape == (2, 2, 2)
    assert grid.origin_mm == (0.5, 0.5, 0.5)


def test_mask_voxels_at_exactly_one_half_stay():
    """3 mm to 2 mm puts every third voxel halfway between two old ones."""
    image = Image(np.zeros((4, 1, 1)), Grid((4, 1, 1), (3.0, 1.0, 1.0)))
    roi = crop(image, Mask("a", 1, np.ones((2, 1, 1), dtype=bool), (1, 0, 0)))
    found = resample([roi], Settings(spacing_mm={"z": 2}), "reference")[0]
    z = [(n - 2.5) * 2 / 3 + 1.5 for n in range(6)]
    expected = [n for n in range(6) if 0.5 - 1e-9 <= z[n] <= 2.5 + 1e-9]
    assert np.flatnonzero(found.morphological_mask.ravel()).tolist() == [n - found.start[0] for n in expected]
    assert len(expected) == 4  # two of them at one half


def test_keeping_the_spacing_keeps_the_very_voxels():
    image, mask = an_image(), a_mask((3, 4, 5), (1, 2, 3))
    roi = crop(image, mask)
    found = resample([roi], Settings(spacing_mm={"x": 0, "y": None}), "reference")[0]
    assert found.intensities is roi.intensities


def test_unlike_axes_are_kept_apart():
    image, mask = an_image(), a_mask((3, 4, 5), (1, 2, 3))
    found = resample([crop(image, mask)], Settings(spacing_mm={"z": 1.5}), "reference")[0]
    assert found.grid.spacing_mm == (1.5, 1.25, 0.977)
    assert found.grid.shape == (12, 9, 8)


def test_roi_lost_in_resampling():
    image = an_image((5, 9, 9), (1.0, 1.0, 1.0))
    inside = np.ones((1, 1, 1), dtype=bool)
    found = resample([crop(image, Mask("dot", 1, inside, (2, 3, 3)))], Settings(spacing_mm=9), "reference")[0]
    assert isinstance(found, EmptyRoiError)
    assert "'dot' (1 voxels) has no voxel left after resampling to 9, 9, 9 mm" in str(found)


def test_a_spacing_far_too_fine_is_refused_before_memory_is_taken():
    roi = crop(an_image(), a_mask((3, 4, 5), (1, 2, 3)))
    found = resample([roi, roi], Settings(spacing_mm=1e-3), "reference", 1, 10**9)
    assert all("takes" in str(f) and "memory_limit is 1 GB: choose a coarser" in str(f) for f in found)
    assert all(isinstance(f, InputError) for f in found)
    line = resample([roi], Settings(spacing_mm={"x": 1e-9}), "reference", 1, 10**9)
    assert isinstance(line[0], InputError)


def test_resegmentation_is_closed_and_leaves_the_morphological_mask():
    image = Image(np.arange(8.0).reshape(2, 2, 2), Grid((2, 2, 2), (1.0, 1.0, 1.0)))
    roi = crop(image, Mask("a", 1, np.ones((2, 2, 2), dtype=bool), (0, 0, 0)))
    found = resegment(roi, Settings(resegment_range=[2, 5]))
    assert found.intensities[found.intensity_mask].tolist() == [2, 3, 4, 5]
    assert found.morphological_mask.all()
    assert roi.intensity_mask.all()
    sigma = resegment(roi, Settings(resegment_sigma=1))
    assert sigma.intensities[sigma.intensity_mask].tolist() == [2, 3, 4, 5]  # 3.5 ± 2.29
    both = resegment(roi, Settings(resegment_sigma=1, resegment_range=[4, None]))
    assert both.intensities[both.intensity_mask].tolist() == [4, 5]
    with pytest.raises(EmptyRoiError, match=r"no voxel between 50 and 60 \(its 8 voxels run from 0 to 7\)"):
        resegment(roi, Settings(resegment_range=[50, 60]))


def levels_of(values, **given):
    values = np.asarray(values)
    image = Image(values.reshape(1, 1, -1), Grid((1, 1, values.size), (1.0, 1.0, 1.0)))
    roi = crop(image, Mask("a", 1, np.ones((1, 1, values.size), dtype=bool), (0, 0, 0)))
    memory_limit = given.pop("memory_limit", 2**31)
    found = discretize([roi], Settings(**given), "reference", 1, memory_limit)[0]
    if isinstance(found, InputError):
        raise found
    return found


def test_rules_of_discretization():
    assert levels_of([0.0, 1, 2, 3, 4], bin_number=4).levels.ravel().tolist() == [1, 2, 3, 4, 4]
    assert levels_of([0.0, 24, 25, 49.9, 50], bin_width=25, bin_origin=0).levels.ravel().tolist() == [
        1,
        1,
        2,
        2,
        3,
    ]
    assert levels_of([7.0, 8, 9], bin_width=1, bin_origin="roi_minimum").levels.ravel().tolist() == [1, 2, 3]
    assert levels_of([0.0, 0.5, 1, 2], bin_edges=[0, 1, 2]).levels.ravel().tolist() == [1, 1, 2, 2]
    assert levels_of([3, 1, 7], discretization="identity").levels.ravel().tolist() == [3, 1, 7]


def test_intensities_beyond_the_bins_are_clipped_and_counted():
    found = levels_of([-9.0, 0, 30], bin_width=10, bin_origin=0)
    assert found.levels.ravel().tolist() == [1, 1, 4]
    assert found.records[-1]["clipped_voxels"] == 1
    found = levels_of([-9.0, 0, 1, 30], bin_edges=[0, 1, 2])
    assert found.levels.ravel().tolist() == [1, 1, 2, 2]
    assert found.records[-1]["clipped_voxels"] == 2


def test_flat_roi_is_one_level():
    assert levels_of([5.0, 5, 5]).n_levels == 1


@pytest.mark.parametrize("values", [[0, 1], [1.5, 2], [-1, 3], [2.0**40, 1]])
def test_identity_takes_levels_only(values):
    with pytest.raises(LevelRangeError, match="takes intensities as gray levels"):
        levels_of(values, discretization="identity")


def test_too_many_levels_are_compacted_and_keep_their_values():
    values = np.array([0.0, 5, 70_000, 1e6])
    found = levels_of(values, bin_width=1, bin_origin=0)
    assert found.n_levels == 4
    assert found.levels.ravel().tolist() == [1, 2, 3, 4]
    assert found.level_values.tolist() == [1, 6, 70_001, 1_000_001]
    assert found.records[-1]["compacted"]


def test_more_levels_than_memory_holds():
    values = np.arange(2000.0)
    with pytest.raises(LevelRangeError) as error:
        levels_of(values, bin_width=0.5, bin_origin=0, memory_limit=10_000_000)
    text = str(error.value)
    assert "2000 different gray levels" in text
    width = float(text.partition("bin_width of at least ")[2].partition(",")[0])
    assert levels_of(values, bin_width=width, bin_origin=0, memory_limit=10_000_000).n_levels > 20
    with pytest.raises(LevelRangeError, match=r"bin_width 1e-09 gives ROI 'a' 2e\+12 levels"):
        levels_of(values, bin_width=1e-9, bin_origin=0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_non_finite_inside_is_refused_and_outside_is_not(bad):
    image = an_image()
    image.intensities[2, 3, 4] = bad
    with pytest.raises(
        InputError, match=r"NaN or infinity at 1 of \d+ voxels, the first at index \(2, 3, 4\)"
    ):
        crop(image, Mask("a", 1, np.ones((3, 4, 5), dtype=bool), (1, 2, 3)))
    roi = crop(image, Mask("a", 1, np.ones((1, 1, 1), dtype=bool), (4, 5, 6)))
    assert dataclasses.is_dataclass(roi)
    near = crop(image, Mask("a", 1, np.ones((1, 1, 1), dtype=bool), (2, 3, 5)))
    found = resample([near], Settings(spacing_mm=0.3), "reference")[0]
    assert isinstance(found, InputError)
    assert "NaN or infinity" in str(found)
