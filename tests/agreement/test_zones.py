import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_cases import assert_same, batch_of, blobs, check, check_everything, noise, run, spiral, widened
from strategies import batches, touching_offsets

from fasttex.kernels import reference


@given(data=st.data(), batch=batches())
def test_equals_the_reference(fast_backend, data, batch):
    check(fast_backend, "zones", batch, offsets=data.draw(touching_offsets(batch.planar)))


@given(data=st.data(), batch=batches())
def test_any_distances(fast_backend, data, batch):
    seed = data.draw(st.integers(0, 9))
    random = np.random.default_rng(seed)
    distances = [random.integers(0, 65_536, item.shape).astype(np.uint16) for item in batch.items]
    check(fast_backend, "zones", batch, distances=distances)


def test_required_volumes(fast_backend):
    check_everything(fast_backend, "zones")


def test_uint16_buffers(backend):
    batch = batch_of(noise((4, 5, 33), 2))
    assert_same(run(backend, "zones", widened(batch)), run(backend, "zones", batch))


def test_layout_of_distances(backend):
    batch = batch_of(noise((4, 5, 18), 2))
    distances = reference.border_distance(batch)
    turned = [np.ascontiguousarray(d[::-1, :, ::-1])[::-1, :, ::-1] for d in distances]
    expected = run(backend, "zones", batch)
    assert_same(run(backend, "zones", batch, distances=[np.asfortranarray(d) for d in distances]), expected)
    assert_same(run(backend, "zones", batch, distances=turned), expected)


def test_counts_above_65535(fast_backend):
    side = 48
    batch = batch_of(np.full((side,) * 3, 3))
    distances = run(fast_backend, "border_distance", batch)
    (rows,) = run(fast_backend, "zones", batch, distances=distances)
    assert rows.tolist() == [[3, side**3, 1, 1]]

    apart = np.zeros((2 * 41, 2 * 41, 2 * 41), dtype=np.int64)
    apart[::2, ::2, ::2] = 1
    batch = batch_of(apart)
    (rows,) = run(fast_backend, "zones", batch, distances=run(fast_backend, "border_distance", batch))
    assert rows.tolist() == [[1, 1, 1, 41**3]]


def test_large_zones(fast_backend):
    batch = batch_of(spiral((6, 120, 121)))
    distances = run(fast_backend, "border_distance", batch)
    check(fast_backend, "zones", batch, distances=distances)


@pytest.mark.parametrize("n_levels", [2, 32, 300])
def test_a_million_voxels(both_fast_backends, n_levels):
    numba, cpp = both_fast_backends
    batch = batch_of(blobs((100, 100, 100), n_levels), noise((99, 101, 103), n_levels))
    distances = run(numba, "border_distance", batch)
    assert_same(
        run(cpp, "zones", batch, distances=distances), run(numba, "zones", batch, distances=distances)
    )


def test_without_distances(fast_backend):
    batch = batch_of(blobs((6, 9, 33), 4), noise((5, 6, 7), 3))
    check(fast_backend, "zones", batch, distances=None)
