from dataclasses import replace

import numpy as np
from hypothesis import given
from kernel_cases import assert_same, batch_of, blobs, check, check_everything, noise, run, widened
from strategies import batches


@given(batch=batches())
def test_equals_the_reference(fast_backend, batch):
    check(fast_backend, "border_distance", batch)


def test_required_volumes(fast_backend):
    check_everything(fast_backend, "border_distance")


def test_the_level_type_does_not_matter(backend):
    batch = batch_of(noise((4, 5, 33), 2, outside=0.05))
    assert_same(run(backend, "border_distance", widened(batch)), run(backend, "border_distance", batch))


def test_layout_of_levels(backend):
    levels = noise((7, 9, 18), 2, outside=0.02)
    turned = np.ascontiguousarray(levels[:, ::-1])[:, ::-1]
    expected = run(backend, "border_distance", batch_of(levels))
    assert_same(run(backend, "border_distance", batch_of(np.asfortranarray(levels))), expected)
    assert_same(run(backend, "border_distance", batch_of(turned)), expected)


def test_boxes(fast_backend):
    for shape in [(48, 48, 48), (5, 521, 523), (1, 600, 601), (1300, 3, 3)]:
        ramps = [np.minimum(np.arange(n) + 1, n - np.arange(n)) for n in shape]
        z, y, x = np.ix_(*ramps)
        batch = batch_of(np.ones(shape, dtype=np.int64))
        (found,) = run(fast_backend, "border_distance", batch)
        np.testing.assert_array_equal(found, np.minimum(np.minimum(z, y), x))
        (found,) = run(fast_backend, "border_distance", replace(batch, planar=True))
        np.testing.assert_array_equal(found, np.broadcast_to(np.minimum(y, x), shape))


def test_a_million_voxels(both_fast_backends):
    numba, cpp = both_fast_backends
    rare = noise((99, 101, 103), 2, outside=1e-4)
    batch = batch_of(blobs((100, 100, 100), 4), rare)
    assert_same(run(cpp, "border_distance", batch), run(numba, "border_distance", batch))
