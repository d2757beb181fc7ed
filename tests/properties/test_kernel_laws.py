"""Laws that hold for every image: what must not change the counts, and what must change them just so."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_cases import assert_same, batch_of, directions, neighbors, run
from strategies import batches, levels, offsets

from fasttex.types import Batch, Binning, DiscretizedRoi

MATRICES = ["glcm", "glrlm", "zones", "neighborhood"]


def counts(backend, kernel, array, turned=lambda offsets: offsets, n_levels=None):
    """One volume's result, with its directions and neighbors in the order that `turned` gives them."""
    batch = batch_of(array, n_levels=n_levels)
    options = {
        "offsets": np.ascontiguousarray(turned(neighbors() if kernel == "neighborhood" else directions()))
    }
    if kernel == "neighborhood":
        options["alpha"] = 1
    if kernel == "zones":
        options["distances"] = run(backend, "border_distance", batch)
    return run(backend, kernel, batch, **options)[0]


def without_empty_lengths(found):
    """Runs longer than any there is depend on the box: take them off."""
    longest = int(np.flatnonzero(found.any(axis=(0, 1))).max()) + 1
    return np.ascontiguousarray(found[:, :, :longest])


@given(data=st.data(), batch=batches(pad=2))
def test_pairs_by_offset(backend, data, batch):
    chosen = data.draw(offsets(batch.planar, 2))
    for item, found in zip(batch.items, run(backend, "glcm", batch, offsets=chosen), strict=True):
        inside = np.pad(item.levels > 0, 2)
        pairs = [int((inside & np.roll(inside, tuple(-o), (0, 1, 2))).sum()) for o in chosen]
        assert found.sum(axis=(1, 2)).tolist() == pairs


@given(batch=batches())
def test_every_voxel_is_in_one_zone_and_one_run_by_offset(backend, batch):
    distances = run(backend, "border_distance", batch)
    zones = run(backend, "zones", batch, distances=distances)
    runs = run(backend, "glrlm", batch)
    beside = run(backend, "neighborhood", batch, alpha=1)
    for item, rows, found, around in zip(batch.items, zones, runs, beside, strict=True):
        assert (rows[:, 1] * rows[:, 3]).sum() == item.n_voxels
        assert ((found * np.arange(1, found.shape[2] + 1)).sum(axis=(1, 2)) == item.n_voxels).all()
        by_level = np.bincount(item.levels[item.levels > 0], minlength=item.n_levels + 1)[1:]
        np.testing.assert_array_equal(around.voxels.sum(axis=1), by_level)
        np.testing.assert_array_equal(around.dependences.sum(axis=1), by_level)


@given(batch=batches())
def test_zone_rows_are_sorted_and_distinct(backend, batch):
    for rows in run(backend, "zones", batch):
        keys = [tuple(row[:3]) for row in rows.tolist()]
        assert keys == sorted(set(keys))
        assert (rows[:, 3] > 0).all()


@pytest.mark.parametrize("kernel", MATRICES)
@given(array=levels(), more=st.tuples(*[st.tuples(st.integers(0, 3), st.integers(0, 3))] * 3))
def test_padding_and_cropping(backend, kernel, array, more):
    small, large = (
        counts(backend, kernel, a, n_levels=int(array.max())) for a in (array, np.pad(array, more))
    )
    if kernel == "glrlm":
        small, large = without_empty_lengths(small), without_empty_lengths(large)
    assert_same(large, small)


@given(batch=batches(), pad=st.integers(1, 4))
def test_more_zeros_around(backend, batch, pad):
    wider = replace(batch, items=tuple(item.padded(pad) for item in batch.items))
    for kernel in MATRICES:
        assert_same(run(backend, kernel, wider), run(backend, kernel, batch))


@pytest.mark.parametrize("kernel", MATRICES)
@given(array=levels(), axis=st.integers(0, 2))
def test_flipping(backend, kernel, array, axis):
    sign = np.ones(3, dtype=np.int32)
    sign[axis] = -1
    found = counts(backend, kernel, np.flip(array, axis), lambda offsets: offsets * sign)
    assert_same(found, counts(backend, kernel, array))


@pytest.mark.parametrize("kernel", MATRICES)
@given(array=levels(), order=st.permutations(range(3)))
def test_permuting_axes(backend, kernel, array, order):
    found = counts(backend, kernel, array.transpose(order), lambda offsets: offsets[:, order])
    assert_same(found, counts(backend, kernel, array))


@given(array=levels())
def test_opposite_directions(backend, array):
    batch = batch_of(array)
    (forward,), (back,) = (run(backend, "glcm", batch, offsets=sign * directions()) for sign in (1, -1))
    np.testing.assert_array_equal(back, forward.swapaxes(1, 2))
    (forward,), (back,) = (run(backend, "glrlm", batch, offsets=sign * directions()) for sign in (1, -1))
    assert_same(back, forward)


@given(data=st.data(), array=st.integers(1, 5).flatmap(levels))
def test_relabelling_levels(backend, data, array):
    n = int(array.max())
    new = np.array([0, *data.draw(st.permutations(range(1, n + 1)))])
    to = new[1:] - 1
    old, found = ({k: counts(backend, k, a, n_levels=n) for k in MATRICES} for a in (array, new[array]))
    np.testing.assert_array_equal(found["glcm"][:, to][:, :, to], old["glcm"])
    np.testing.assert_array_equal(found["glrlm"][:, to], old["glrlm"])
    np.testing.assert_array_equal(found["neighborhood"].voxels[to], old["neighborhood"].voxels)
    rows = old["zones"].copy()
    rows[:, 0] = new[rows[:, 0]]
    assert sorted(rows.tolist()) == found["zones"].tolist()


@given(array=levels(3), first=st.integers(-100, 100), step=st.integers(1, 50))
def test_level_values_shift_and_scale(backend, array, first, step):
    """Sums of differences scale with the values and do not know where they start."""
    batch = batch_of(array, n_levels=3)
    values = first + step * np.arange(3)
    spread = replace(batch, items=(replace(batch.items[0], level_values=values),))
    (plain,), (found,) = (run(backend, "neighborhood", b) for b in (batch, spread))
    np.testing.assert_array_equal(found.difference_sums, step * plain.difference_sums)
    np.testing.assert_array_equal(found.dependences, plain.dependences)


@given(batch=batches())
def test_dependences_grow_with_alpha(backend, batch):
    highest = max(int(item.level_values[-1]) for item in batch.items)
    for found in run(backend, "neighborhood", batch, alpha=highest):
        np.testing.assert_array_equal(found.dependences, found.voxels)


@given(data=st.data(), origin=st.integers(-20, 0), width=st.integers(1, 7))
def test_halving_the_bins(backend, data, origin, width):
    """Two fine bins make a coarse one, so 2 × 2 fine cells make a coarse cell."""
    x = data.draw(levels(60)) - 20
    fine, coarse = 40, 20
    rois = []
    for n_levels, bin_width in ((fine, width), (coarse, 2 * width)):
        item = Binning(x, x > -20, "fbs", n_levels=n_levels, origin=origin - 20.0, width=float(bin_width))
        (buffer,) = run(backend, "discretize", Batch(items=(item,), backend="any"))
        rois.append(DiscretizedRoi.from_levels(buffer[1:-1, 1:-1, 1:-1], n_levels=n_levels))
    small, large = (run(backend, "glcm", Batch(items=(roi,), backend="any"))[0] for roi in rois)
    blocks = small.reshape(-1, coarse, 2, coarse, 2).sum(axis=(2, 4))
    np.testing.assert_array_equal(large, blocks)


@given(data=st.data())
def test_overlapping_rois_are_each_alone(backend, data):
    array = data.draw(levels(4))
    masks = data.draw(st.lists(levels(1, shape=array.shape), min_size=2, max_size=4))
    together = batch_of(*(np.maximum(array, 1) * mask for mask in masks), n_levels=4)
    for kernel in (*MATRICES, "border_distance"):
        alone = [run(backend, kernel, replace(together, items=(i,), owners=()))[0] for i in together.items]
        assert_same(run(backend, kernel, together), alone)
        assert_same(run(backend, kernel, replace(together, threads=2)), alone)


@given(array=levels(1), axis=st.integers(0, 2))
def test_border_distances_fall_by_one_at_most(backend, array, axis):
    batch = batch_of(array)
    (distance,) = run(backend, "border_distance", batch)
    assert ((distance > 0) == batch.items[0].morphological_mask).all()
    assert (abs(np.diff(np.pad(distance.astype(int), 1), axis=axis)) <= 1).all()
