from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from kernel_cases import assert_same, batch_of, blobs, check, check_everything, noise, run, spiral, widened
from strategies import batches

from fasttex.types import Batch, DiscretizedRoi


@given(batch=batches())
def test_equals_the_reference(fast_backend, batch):
    check(fast_backend, "surface", batch)


def test_required_volumes(fast_backend):
    check_everything(fast_backend, "surface")


@pytest.mark.parametrize("row", [*range(1, 18), 63, 64, 65, 127, 128, 300])
def test_rows_of_any_length(fast_backend, row):
    full = np.ones((2, 3, row), dtype=np.int64)
    check(
        fast_backend, "surface", batch_of(full, noise((3, 4, row), 2, row), noise((3, 4, row), 2, row, 0.9))
    )


def test_each_pattern(backend):
    """A box of one cube: its own pattern is there, and each voxel is each corner of a cube once."""
    bits = np.arange(256)[:, None] >> np.arange(8) & 1
    box = DiscretizedRoi.from_levels(np.ones((2, 2, 2), dtype=np.int64))
    items = tuple(replace(box, morphological_mask=corners.reshape(2, 2, 2) > 0) for corners in bits)
    for pattern, cases in enumerate(backend.surface(Batch(items=items, backend="any"))):
        assert cases[pattern] >= 1
        assert cases.sum() == 27
        np.testing.assert_array_equal(cases @ bits, bits[pattern].sum())


def test_the_mask_counts_and_not_the_levels(backend):
    levels = blobs((5, 6, 19), 3)
    item = batch_of(levels).items[0]
    fewer = levels.copy()
    fewer[::2] = 0
    resegmented = replace(batch_of(fewer).items[0], morphological_mask=item.morphological_mask)
    whole, found = (run(backend, "surface", Batch(items=(i,), backend="any")) for i in (item, resegmented))
    assert_same(found, whole)


def test_a_slice_is_one_voxel_thick(backend):
    batch = batch_of(noise((4, 5, 18), 3))
    slices = tuple(batch.items[0].slices(0))
    alone = batch_of(*(np.ascontiguousarray(s.levels) for s in slices))
    cut = replace(batch, items=slices, owners=(0,) * len(slices), planar=True)
    assert_same(run(backend, "surface", cut), run(backend, "surface", alone))


def test_the_level_type_does_not_matter(backend):
    batch = batch_of(noise((4, 5, 33), 2, outside=0.05))
    assert_same(run(backend, "surface", widened(batch)), run(backend, "surface", batch))


def test_layout_of_levels(backend):
    levels = noise((7, 9, 18), 2, outside=0.02)
    turned = np.ascontiguousarray(levels[:, ::-1])[:, ::-1]
    expected = run(backend, "surface", batch_of(levels))
    assert_same(run(backend, "surface", batch_of(np.asfortranarray(levels))), expected)
    assert_same(run(backend, "surface", batch_of(turned)), expected)


def test_a_million_voxels(both_fast_backends):
    numba, cpp = both_fast_backends
    dense, rare = noise((99, 101, 103), 2, outside=0.5), noise((99, 101, 103), 2, outside=1e-4)
    batch = batch_of(blobs((100, 100, 100), 4), dense, rare, (spiral((100, 100, 101)) == 1).astype(int))
    found = run(cpp, "surface", batch)
    assert_same(found, run(numba, "surface", batch))
    assert [cases.sum() for cases in found] == [np.prod([n + 1 for n in i.shape]) for i in batch.items]
