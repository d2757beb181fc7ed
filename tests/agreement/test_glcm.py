import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_cases import (
    assert_same,
    batch_of,
    blobs,
    check,
    check_everything,
    directions,
    neighbors,
    noise,
    run,
    widened,
)
from strategies import batches, offsets


@given(data=st.data(), distance=st.integers(1, 2))
def test_equals_the_reference(fast_backend, data, distance):
    batch = data.draw(batches(pad=distance))
    check(fast_backend, "glcm", batch, offsets=data.draw(offsets(batch.planar, distance)))


def test_required_volumes(fast_backend):
    check_everything(fast_backend, "glcm")


def test_long_lists_of_offsets(fast_backend):
    levels = noise((6, 7, 19), 40)
    check(fast_backend, "glcm", batch_of(levels, pad=3), offsets=neighbors(distance=3))
    check(fast_backend, "glcm", batch_of(levels), offsets=np.zeros((1, 3), dtype=np.int32))


@pytest.mark.parametrize("n_levels", [3, 128, 129, 255])
def test_uint16_buffers(backend, n_levels):
    batch = batch_of(noise((4, 5, 33), n_levels))
    assert_same(run(backend, "glcm", widened(batch)), run(backend, "glcm", batch))


def test_layout_of_levels(backend):
    levels = noise((4, 5, 18), 7)
    turned = np.ascontiguousarray(levels[:, ::-1])[:, ::-1]
    expected = run(backend, "glcm", batch_of(levels))
    assert_same(run(backend, "glcm", batch_of(np.asfortranarray(levels))), expected)
    assert_same(run(backend, "glcm", batch_of(turned)), expected)


@pytest.mark.parametrize("n_levels", [5, 200])
def test_counts_above_65535(fast_backend, n_levels):
    side = 48
    (counts,) = run(fast_backend, "glcm", batch_of(np.full((side,) * 3, 5), n_levels=n_levels))
    pairs = np.prod(side - abs(directions()), axis=1)
    assert (counts[:, 4, 4] == pairs).all()
    assert (counts.sum(axis=(1, 2)) == pairs).all()


@pytest.mark.parametrize("n_levels", [8, 64, 256])
def test_a_million_voxels(both_fast_backends, n_levels):
    numba, cpp = both_fast_backends
    batch = batch_of(blobs((100, 100, 100), n_levels), noise((99, 101, 103), n_levels))
    assert_same(run(cpp, "glcm", batch), run(numba, "glcm", batch))
