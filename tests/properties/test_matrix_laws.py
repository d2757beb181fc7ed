"""Laws that matrices keep whatever the image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import batches, levels

from fasttex.backends import prepare
from fasttex.errors import SettingsError
from fasttex.matrices.batches import padded, slices
from fasttex.matrices.glcm import glcm
from fasttex.matrices.glcm import merge_slices as merge_glcms
from fasttex.matrices.glrlm import glrlm
from fasttex.matrices.glrlm import merge_offsets as merge_directions
from fasttex.matrices.neighborhood import ngtdm_ngldm
from fasttex.matrices.ngldm import ngldm
from fasttex.matrices.ngtdm import ngtdm, tone_differences
from fasttex.matrices.offsets import directions, neighbors, touching
from fasttex.matrices.zones import distance_rows, gldzm, glszm, merge_slices, size_rows, zones


def on(backend, batch):
    return type(batch)(items=batch.items, backend=backend.NAME, planar=batch.planar, owners=batch.owners)


@given(batch=batches())
def test_sums_are_voxels(batch, backend):
    batch = on(backend, batch)
    runs, found, (tones, dependences) = glrlm(batch), zones(batch), ngtdm_ngldm(batch, alpha=1)
    for k, item in enumerate(batch.items):
        n = item.n_voxels
        lengths = np.arange(1, runs[k].counts.shape[2] + 1)
        assert ((runs[k].counts * lengths).sum(axis=(1, 2)) == n).all()
        assert runs[k].counts[:, :, -1].any()
        assert merge_directions(runs[k]).n_voxels == n * len(runs[k].offsets)
        assert (found[k].rows[:, 1] * found[k].rows[:, 3]).sum() == n == found[k].n_voxels
        assert size_rows(found[k])[:, 2].sum() == distance_rows(found[k])[:, 2].sum()
        assert dependences[k].counts.sum() == tones[k].voxels.sum() == n
        s, counted = tone_differences(tones[k])
        assert (s >= 0).all()
        assert counted.sum() == n - tones[k].voxels[:, 0].sum()
        assert tone_differences(tones[k], lone_voxels=True)[1].sum() == n


@given(batch=batches(), distance=st.integers(1, 3))
def test_pairs_by_offset(batch, distance, backend):
    """An offset has as many pairs as the ROI and its shifted self have voxels in common; padding is no matter."""
    batch = on(backend, batch)
    for item, matrix in zip(batch.items, glcm(batch, distance=distance), strict=True):
        inside = np.pad(item.levels > 0, distance)
        for offset, counts in zip(matrix.offsets, matrix.counts, strict=True):
            shifted = np.roll(inside, tuple(-offset), (0, 1, 2))
            assert counts.sum() == (inside & shifted).sum()
        np.testing.assert_array_equal(matrix.symmetric, matrix.symmetric.swapaxes(1, 2))


@given(roi=levels(8))
def test_halving_the_levels_sums_blocks(roi, backend):
    """With two levels in one the coarse matrix is the 2 × 2 block sum of the fine one."""
    batch = prepare([np.where(roi > 0, (roi + 1) // 2, 0), roi], backend=backend.NAME)
    coarse, fine = (matrix.counts for matrix in glcm(batch))
    wide = np.zeros((len(fine), 8, 8), np.int64)
    wide[:, : fine.shape[1], : fine.shape[2]] = fine
    summed = wide.reshape(-1, 4, 2, 4, 2).sum(axis=(2, 4))
    n = coarse.shape[1]
    np.testing.assert_array_equal(coarse, summed[:, :n, :n])
    assert summed.sum() == coarse.sum()


@given(batch=batches(planar=False), axis=st.integers(0, 2))
def test_merged_slices_are_the_directions_within_slices(batch, axis, backend):
    batch = on(backend, batch)
    cut = slices(batch, axis)
    across = np.eye(3, dtype=bool)[axis]
    for roi, whole in enumerate(glcm(batch)):
        planes = [m for m, owner in zip(glcm(cut), cut.owners, strict=True) if owner == roi]
        merged = merge_glcms(planes)
        inside = {
            tuple(o[~across]): c for o, c in zip(whole.offsets, whole.symmetric, strict=True) if not o[across]
        }
        for offset, counts in zip(merged.offsets, merged.symmetric, strict=True):
            _, dy, dx = offset
            np.testing.assert_array_equal(counts, inside[dy, dx] if (dy, dx) in inside else inside[-dy, -dx])


@given(batch=batches())
def test_zone_matrices_agree_with_their_rows(batch, backend):
    batch = on(backend, batch)
    found = zones(batch)
    for of, dense in ((size_rows, glszm(batch)), (distance_rows, gldzm(batch))):
        for k, counts in enumerate(dense):
            rows = of(found[k])
            assert counts.sum() == rows[:, 2].sum()
            np.testing.assert_array_equal(counts[rows[:, 0] - 1, rows[:, 1] - 1], rows[:, 2])
    twice = merge_slices([found[0], found[0]])
    np.testing.assert_array_equal(twice.rows[:, :3], found[0].rows[:, :3])
    np.testing.assert_array_equal(twice.rows[:, 3], 2 * found[0].rows[:, 3])


@given(batch=batches())
def test_one_pass_equals_two(batch, backend):
    batch = on(backend, batch)
    tones, dependences = ngtdm_ngldm(batch)
    for a, b in zip(tones, ngtdm(batch), strict=True):
        np.testing.assert_array_equal(a.difference_sums, b.difference_sums)
    for c, d in zip(dependences, ngldm(batch), strict=True):
        np.testing.assert_array_equal(c.counts, d.counts)


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("distance", [1, 2, 3])
def test_offsets(distance, planar):
    half, full = directions(distance, planar=planar), neighbors(distance, planar=planar)
    assert len(half) == (4 if planar else 13)
    assert len(full) == (2 * distance + 1) ** (2 if planar else 3) - 1
    assert (abs(half).max(axis=1) == distance).all()
    both = {tuple(o) for o in np.concatenate([half, -half]).tolist()}
    assert len(both) == 2 * len(half)
    assert both <= {tuple(o) for o in full.tolist()}
    np.testing.assert_array_equal(half, touching(planar=planar) * distance)


def test_distance_is_at_least_one():
    with pytest.raises(SettingsError, match="distance is 0, expected at least 1 voxel"):
        directions(0)


def test_padding_is_added_where_it_is_missing(backend):
    batch = prepare(np.array([[[1, 2, 1]]]), backend=backend.NAME)
    assert padded(batch, 1) is batch
    assert padded(batch, 3).items[0].pad == (3, 3, 3)
    assert glcm(batch, distance=2)[0].counts.sum() == 1
