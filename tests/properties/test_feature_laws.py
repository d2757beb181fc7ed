"""Laws that features keep whatever the image."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import levels as any_levels
from strategies import shapes

from fasttex.backends import prepare
from fasttex.features.aggregate import DIRECTED_NAMES
from fasttex.features.columns import AGGREGATIONS, FAMILIES, column_name, parse_column
from fasttex.features.compute import compute_features
from fasttex.features.families import FEATURES
from fasttex.types import DiscretizedRoi

TEXTURE = [family for family in FEATURES if family != "intensity_statistics"]
THREE_D = ["3d_averaged", "3d_merged"]


@st.composite
def small(draw, shape=None):
    """Levels of a small ROI: few levels, so that runs and zones occur."""
    return draw(any_levels(draw(st.integers(1, 4)), shape or draw(shapes(longest=6))))


def features(levels, backend, families=TEXTURE, aggregations=THREE_D):
    found = compute_features(prepare(levels, backend=backend.NAME), families, aggregations=aggregations)
    return dict(zip(found.columns, found.values[0], strict=True))


def close(found, expected):
    """Equal but for the order in which directions are averaged; roots of rounding errors are compared squared."""
    assert list(found) == list(expected)
    for column, value in expected.items():
        power = 2 if "information_correlation_2" in column else 1
        wanted = pytest.approx(value**power, rel=1e-10, abs=1e-10, nan_ok=True)
        assert found[column] ** power == wanted, column


@given(data=st.data())
def test_turning_and_flipping_change_nothing_in_3d(data, backend):
    levels = data.draw(small())
    turned = np.transpose(levels, data.draw(st.permutations(range(3))))
    flipped = np.flip(turned, data.draw(st.lists(st.integers(0, 2), unique=True)))
    close(features(flipped, backend), features(levels, backend))


@given(levels=small(), more=st.integers(1, 3))
def test_room_around_changes_nothing(levels, more, backend):
    close(features(np.pad(levels, more), backend), features(levels, backend))


@given(data=st.data())
def test_slices_across_another_axis(data, backend):
    levels, axis = data.draw(small()), data.draw(st.integers(0, 2))
    planar = [name for name in DIRECTED_NAMES if not name.startswith("3d")]
    batch = prepare(levels, backend=backend.NAME)
    found = compute_features(batch, TEXTURE, aggregations=planar, slice_axis=axis)
    expected = features(np.moveaxis(levels, axis, 0), backend, aggregations=planar)
    close(dict(zip(found.columns, found.values[0], strict=True)), expected)


@given(data=st.data())
def test_one_slice_is_its_own_merger(data, backend):
    levels = data.draw(small(shape=(1, 4, 5)))
    found = features(levels, backend, aggregations=DIRECTED_NAMES)
    pairs = {"2_5d_direction_merged": "2d_averaged", "2_5d_merged": "2d_slice_merged", "2_5d": "2d"}
    for column, value in found.items():
        parsed = parse_column(column)
        if parsed.aggregation in pairs:
            other = column_name(parsed.family, parsed.feature, pairs[parsed.aggregation])
            np.testing.assert_equal(value, found[other])


@given(data=st.data())
def test_one_direction_averages_to_itself(data, backend):
    """A row of voxels has pairs along one direction alone, and the others are left out."""
    levels = data.draw(small(shape=(1, 1, data.draw(st.integers(2, 9)))))
    found = features(levels, backend, ["glcm"])
    for feature in FEATURES["glcm"]:
        averaged, merged = (found[column_name("glcm", feature.name, name)] for name in THREE_D)
        np.testing.assert_equal(averaged, merged)


@given(levels=small(), data=st.data())
def test_compacted_levels_give_the_same_features(levels, data, backend):
    """Leaving out the absent levels and naming the values of the others changes nothing."""
    gaps = data.draw(st.lists(st.integers(1, 40), min_size=4, max_size=4))
    values = np.concatenate([[0], np.cumsum(gaps)])
    spread = values[levels]
    present = np.unique(spread[spread > 0])
    compact = np.where(spread > 0, np.searchsorted(present, spread) + 1, 0)
    inside = spread[spread > 0].astype(np.float64)
    roi = replace(DiscretizedRoi.from_levels(compact), level_values=present, intensities=inside)
    close(features(roi, backend), features(spread, backend))


@given(levels=small())
def test_bounds(levels, backend):
    found = features(levels, backend)
    n_levels, n_voxels = int(levels.max()), np.count_nonzero(levels)
    tiny = 1e-12
    for column, value in found.items():
        parsed = parse_column(column)
        if np.isnan(value):
            assert parsed.family in ("glcm", "ngtdm", "morphology", "ivh", "intensity_histogram")
        elif parsed.feature.endswith("entropy"):
            cells = {"glcm": 2 * n_levels**2}.get(parsed.family, n_voxels * 13)
            assert 0 <= value <= np.log2(cells) + tiny
        elif (
            parsed.feature in ("joint_maximum", "angular_second_moment")
            or "inverse_d" in parsed.feature
            or parsed.feature.startswith("normalized")
            or parsed.feature.endswith("percentage")
        ):
            assert 0 < value <= 1 + tiny
        elif parsed.feature in ("correlation", "information_correlation_1"):
            assert -1 - tiny <= value <= 1 + tiny
        elif "variance" in parsed.feature:
            assert value >= 0


@given(arrays=st.lists(small(), min_size=2, max_size=4))
def test_together_is_each_alone(arrays, backend):
    together = compute_features(prepare(arrays, backend=backend.NAME), TEXTURE, aggregations=DIRECTED_NAMES)
    for row, levels in zip(together.values, arrays, strict=True):
        alone = features(levels, backend, aggregations=DIRECTED_NAMES)
        np.testing.assert_array_equal(row, list(alone.values()))


words = st.from_regex(r"[a-z0-9]+(_[a-z0-9]+)*", fullmatch=True)
images = st.just("") | st.from_regex(r"[a-z0-9.-]+(_[a-z0-9.-]+)*", fullmatch=True)


@given(st.sampled_from(FAMILIES), words, st.sampled_from(["", *AGGREGATIONS]), images)
def test_parse_column_undoes_column_name(family, feature, aggregation, image):
    parsed = parse_column(column_name(family, feature, aggregation, image))
    assert parsed == (family, feature, aggregation, image)
    assert column_name(*parsed) == column_name(family, feature, aggregation, image)
