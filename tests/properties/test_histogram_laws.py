"""The histogram's features against the sums of the IBSI manual, and laws that they keep."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasttex import Settings
from fasttex.features.intensity_histogram import FEATURES, intensity_histogram
from fasttex.features.intensity_statistics import FEATURES as STATISTICS
from fasttex.features.intensity_statistics import intensity_statistics
from fasttex.preprocess import crop, discretize
from fasttex.types import DiscretizedRoi, Grid, Image, Mask

NAMES = [f.name for f in FEATURES]
FAR = 2**31 - 1


def features(levels, **options):
    roi = DiscretizedRoi.from_levels(np.asarray(levels).reshape(1, 1, -1), **options)
    return dict(zip(NAMES, intensity_histogram(roi).tolist(), strict=True))


def compacted(values):
    """Gray levels with gaps, numbered from 1."""
    image = Image(
        np.asarray(values, dtype=float).reshape(1, 1, -1), Grid((1, 1, len(values)), (1.0, 1.0, 1.0))
    )
    roi = crop(image, Mask("a", 1, np.ones(image.grid.shape, dtype=bool), (0, 0, 0)))
    recipe = Settings(discretization="identity", families=["glcm", "intensity_histogram"])
    return discretize([roi], recipe, "reference", memory_limit=100_000)[0]


def definition(levels, n_levels):
    """Bin by bin, as the manual has it."""
    n = [levels.count(i) for i in range(1, n_levels + 1)]
    p = [c / len(levels) for c in n]
    mean = math.fsum(i * q for i, q in enumerate(p, 1))
    found = {
        "mean": mean,
        "variance": math.fsum((i - mean) ** 2 * q for i, q in enumerate(p, 1)),
        "median": float(np.percentile(levels, 50)),
        "minimum": min(levels),
        "maximum": max(levels),
        "range": max(levels) - min(levels),
        "mean_absolute_deviation": math.fsum(abs(i - mean) * q for i, q in enumerate(p, 1)),
        "entropy": -math.fsum(q * math.log2(q) for q in p if q),
        "uniformity": math.fsum(q * q for q in p),
        "mode": min((i for i, c in enumerate(n, 1) if c == max(n)), key=lambda i: (abs(i - mean), i)),
    }
    if n_levels > 1:
        inner = [(n[i + 1] - n[i - 1]) / 2 for i in range(1, n_levels - 1)]
        gradient = [n[1] - n[0], *inner, n[-1] - n[-2]]
        found["maximum_histogram_gradient"] = max(gradient)
        found["maximum_histogram_gradient_gray_level"] = gradient.index(max(gradient)) + 1
        found["minimum_histogram_gradient"] = min(gradient)
        found["minimum_histogram_gradient_gray_level"] = gradient.index(min(gradient)) + 1
    return found


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.integers(0, 6))
def test_definitions(levels, beyond):
    n_levels = max(levels) + beyond
    found = features(levels, n_levels=n_levels)
    for name, value in definition(levels, n_levels).items():
        assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-12), name


@given(st.lists(st.integers(1, 99), min_size=1, max_size=30))
def test_rows_shared_with_intensity_statistics_are_those_of_the_levels(levels):
    """All but energy and root mean square, and one by one."""
    found = features(levels)
    expected = intensity_statistics(np.asarray(levels, dtype=float))
    shared = [f.name for f in STATISTICS if f.name in found]
    assert len(shared) == 16
    for f, value in zip(STATISTICS, expected, strict=True):
        if f.name in found:
            assert np.array_equal(found[f.name], value, equal_nan=True)


@given(st.lists(st.sampled_from([1, 2, 3, 7, 8, 60, 300, 3000]), min_size=1, max_size=30))
def test_compacted_levels_keep_the_whole_axis(levels):
    """Few levels, far apart, are renumbered to save memory; the histogram keeps the empty bins between."""
    expected = features(levels)
    roi = compacted(levels)
    assert roi.n_levels == len(set(levels)) or max(levels) < 60
    found = dict(zip(NAMES, intensity_histogram(roi).tolist(), strict=True))
    assert np.array_equal(list(found.values()), list(expected.values()), equal_nan=True)


def test_bins_up_to_the_highest_level_there_can_be_take_no_memory():
    roi = compacted([5, 5, 5, 7, FAR])
    assert roi.level_values.tolist() == [5, 7, FAR]
    found = dict(zip(NAMES, intensity_histogram(roi).tolist(), strict=True))
    assert (found["maximum"], found["mode"], found["entropy"]) == (FAR, 5, pytest.approx(1.3709505944546687))
    assert (found["maximum_histogram_gradient"], found["maximum_histogram_gradient_gray_level"]) == (1.5, 4)
    assert (found["minimum_histogram_gradient"], found["minimum_histogram_gradient_gray_level"]) == (-1, 6)


def test_mode_of_equally_frequent_levels_is_the_nearest_to_the_mean():
    assert features([1, 1, 5, 5, 6])["mode"] == 5  # mean 3.6
    assert features([1, 1, 5, 5])["mode"] == 1  # as near to 3 as 5 is, and lower
    assert features([1, 2, 9])["mode"] == 2


def test_a_single_bin_has_no_gradient():
    found = features([1, 1])
    undefined = [name for name, value in found.items() if np.isnan(value)]
    assert undefined == [name for name in NAMES if "gradient" in name]
    assert (found["entropy"], found["uniformity"], found["skewness"], found["kurtosis"]) == (0, 1, 0, 0)


def test_no_voxel_at_all():
    roi = DiscretizedRoi.from_levels(np.ones((1, 1, 1), dtype=int))
    roi.levels[...] = 0
    assert np.isnan(intensity_histogram(roi)).all()


def test_kurtosis_by_convention():
    roi = DiscretizedRoi.from_levels(np.array([[[1, 1, 2, 4]]]))
    at = NAMES.index("kurtosis")
    difference = intensity_histogram(roi, excess_kurtosis=False)[at] - intensity_histogram(roi)[at]
    assert difference == pytest.approx(3)
