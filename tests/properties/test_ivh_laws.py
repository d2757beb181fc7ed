"""The intensity-volume histogram against the sums of the IBSI manual, and how its axis is chosen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasttex import Settings
from fasttex.features.ivh import ivh_features
from fasttex.preprocess import crop, discretize, ivh_values
from fasttex.types import Grid, Image, IvhValues, Mask


def definition(values, low, high, step):
    """Intensity by intensity; whole numbers count steps, so that no division decides."""
    n = round((high - low) / step)
    places = [round((v - low) / step) for v in values]
    nu = [sum(p >= k for p in places) for k in range(n + 2)]
    volume = [max(nu[k] for k in range(n + 1) if 100 * k >= x * n) / len(values) for x in (10, 90)]
    intensity = [
        low + step * min(k for k in range(n + 2) if 100 * nu[k] <= x * len(values)) for x in (10, 90)
    ]
    return [*volume, *intensity, volume[0] - volume[1], intensity[0] - intensity[1]]


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=40),
    st.integers(0, 10),
    st.sampled_from([1.0, 2.5, 0.1]),
    st.sampled_from([1.0, -998.75, 0.05]),
)
def test_definitions(places, beyond, step, low):
    n = max(places) + beyond
    values = np.array([low + k * step for k in places])
    found = ivh_features(IvhValues(values, low, low + n * step, step))
    if n == 0:
        assert np.isnan(found[[0, 1, 4]]).all()
        assert found[[2, 3, 5]].tolist() == pytest.approx([low + step, low + step, 0])
        return
    assert found.tolist() == pytest.approx(definition(values.tolist(), low, low + n * step, step), rel=1e-12)


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=40, unique=True))
def test_a_continuous_axis_is_the_limit_of_ever_smaller_steps(values):
    x = np.round(np.array(values) * 64) / 64 + 1 / 128  # fractions of two, all of them off the whole numbers
    low, high = float(x.min()), float(x.max())
    if low == high:
        return
    found = ivh_features(IvhValues(x, low, high, 0.0))
    fine = ivh_features(IvhValues(x, low, high, 2.0**-20))
    assert found[[2, 3]] == pytest.approx(fine[[2, 3]], abs=2.0**-19)
    for at, share in ((0, 0.1), (1, 0.9)):
        assert found[at] == np.mean(x - low >= (high - low) * (10 if share < 0.5 else 90) / 100)
    assert found[4] == found[0] - found[1]


def axis(x, **given):
    return ivh_values(np.asarray(x, dtype=float), Settings(**given))


def ends(found):
    return found.low, found.high, found.step


def test_intensities_as_they_are():
    assert ends(axis([3, 1, 7])) == (1, 7, 1)
    assert ends(axis([3, 1, 7], resegment_range=[-500, 400])) == (-500, 400, 1)
    assert ends(axis([3, 1, 7], resegment_range=[None, 400])) == (1, 400, 1)
    assert ends(axis([3, 1, 7], resegment_range=[-0.5, 9.5])) == (0, 9, 1)
    assert ends(axis([3, 1.5, 7])) == (1.5, 7, 0)
    assert ends(axis([3, 1.5, 7], resegment_range=[0, None])) == (0, 7, 0)
    assert ends(axis([3, 2, 7], discretization="identity")) == (1, 7, 1)


def test_fixed_bin_size_takes_the_centers_of_bins():
    c = {"ivh_discretization": "fbs", "ivh_bin_width": 2.5}
    found = axis([-1000, -997.5, 0, 400], resegment_range=[-1000, 400], **c)
    assert ends(found) == (-998.75, 398.75, 2.5)
    assert found.values.tolist() == [-998.75, -996.25, 1.25, 398.75]
    found = axis([0.0, 2.5, 4], bin_origin=0, **c)
    assert ends(found) == (1.25, 3.75, 2.5)
    assert found.values.tolist() == [1.25, 3.75, 3.75]
    assert ends(axis([3.0, 4, 9], bin_origin="roi_minimum", **c)) == (4.25, 9.25, 2.5)
    assert axis([-9.0, 1], bin_origin=0, **c).values.tolist() == [1.25, 1.25]  # below: the nearest bin


def test_fixed_bin_number_takes_bin_numbers():
    found = axis([0.0, 1, 9.99, 10], ivh_discretization="fbn", ivh_bin_number=10)
    assert ends(found) == (1, 10, 1)
    assert found.values.tolist() == [1, 2, 10, 10]
    assert axis(np.arange(5.0), ivh_discretization="fbn").high == 1000
    assert ends(axis([4.0, 4], ivh_discretization="fbn")) == (1, 1, 1)


def test_a_roi_has_an_axis_where_the_family_is_asked_for():
    values = np.arange(24.0).reshape(2, 3, 4)
    roi = crop(Image(values, Grid((2, 3, 4), (1.0, 1.0, 1.0))), Mask("a", 1, values > 3, (0, 0, 0)))
    found = discretize([roi], Settings(families=["ivh"]), "reference")[0]
    assert found.ivh.values.tolist() == list(range(4, 24))
    assert found.records[-1]["ivh"] == {"low": 4, "high": 23, "bin_width": 1}
    assert all(s.ivh is None for s in found.slices(0))
    bare = discretize([roi], Settings(families=["glcm"]), "reference")[0]
    assert bare.ivh is None
    assert "ivh" not in bare.records[-1]


def test_no_voxel_at_all():
    assert np.isnan(ivh_features(IvhValues(np.empty(0), 0.0, 1.0))).all()
