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
    closed_form_runs,
    directions,
    noise,
    run,
    widened,
)
from strategies import batches, offsets


@given(data=st.data(), batch=batches())
def test_equals_the_reference(fast_backend, data, batch):
    check(fast_backend, "glrlm", batch, offsets=data.draw(offsets(batch.planar)))


def test_required_volumes(fast_backend):
    check_everything(fast_backend, "glrlm")


def test_uint16_buffers(backend):
    batch = batch_of(noise((4, 5, 33), 2))
    assert_same(run(backend, "glrlm", widened(batch)), run(backend, "glrlm", batch))


def test_layout_of_levels(backend):
    levels = noise((4, 5, 18), 3)
    turned = np.ascontiguousarray(levels[::-1])[::-1]
    expected = run(backend, "glrlm", batch_of(levels))
    assert_same(run(backend, "glrlm", batch_of(np.asfortranarray(levels))), expected)
    assert_same(run(backend, "glrlm", batch_of(turned)), expected)


@pytest.mark.parametrize("shape", [(48, 48, 48), (2, 3, 300), (300, 2, 3), (3, 270, 260), (1, 1, 70_000)])
def test_constant_boxes(fast_backend, shape):
    (counts,) = run(fast_backend, "glrlm", batch_of(np.full(shape, 3)))
    for offset, found in zip(directions(), counts, strict=True):
        np.testing.assert_array_equal(found[2], closed_form_runs(shape, offset))
        assert not found[:2].any()


def test_runs_of_every_length_along_every_direction(fast_backend):
    """From the border on and behind others; the longer ones take more than one look back."""
    n, lengths = 23, np.array([1, 4, 5, 11, 12, 13, 19, 20, 21, 3])
    along = np.repeat(np.arange(len(lengths)) % 3 + 1, lengths)
    z, y, x = np.indices((n, n, n))
    for offset in directions():
        place = (np.stack([z, y, x], axis=-1) * offset).sum(axis=-1) // abs(offset).sum()
        check(fast_backend, "glrlm", batch_of(along[place - place.min()]))


def test_counts_above_65535(fast_backend):
    levels = np.indices((48, 48, 48)).sum(axis=0) % 2 + 1
    (counts,) = run(fast_backend, "glrlm", batch_of(levels), offsets=np.array([[0, 0, 1]], dtype=np.int32))
    assert counts[0, :, 0].tolist() == [48**3 // 2] * 2
    (counts,) = run(fast_backend, "glrlm", batch_of(np.tile([1, 2], (300, 300, 1))))
    assert counts[directions().tolist().index([0, 0, 1])][:, 0].tolist() == [90_000, 90_000]


@pytest.mark.parametrize("n_levels", [4, 64, 300])
def test_a_million_voxels(both_fast_backends, n_levels):
    numba, cpp = both_fast_backends
    batch = batch_of(blobs((100, 100, 100), n_levels), noise((12, 301, 300), n_levels))
    assert_same(run(cpp, "glrlm", batch), run(numba, "glrlm", batch))
