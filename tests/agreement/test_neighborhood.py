from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_cases import assert_same, batch_of, blobs, check, check_everything, neighbors, noise, run, widened
from strategies import batches


@given(data=st.data(), distance=st.integers(1, 2), alpha=st.integers(0, 3) | st.just(70_000))
def test_equals_the_reference(fast_backend, data, distance, alpha):
    batch = data.draw(batches(pad=distance))
    check(fast_backend, "neighborhood", batch, offsets=neighbors(batch.planar, distance), alpha=alpha)


def test_required_volumes(fast_backend):
    check_everything(fast_backend, "neighborhood")


@pytest.mark.parametrize(("n_levels", "distance"), [(1259, 1), (1260, 1), (264, 2), (265, 2), (65_535, 1)])
def test_sums_around_the_end_of_16_bits(fast_backend, n_levels, distance):
    levels = noise((5, 5, 9), n_levels)
    levels[:, :, :5] = n_levels
    levels[2, 2, 2] = 1
    batch = batch_of(levels, n_levels=n_levels, pad=distance)
    check(fast_backend, "neighborhood", batch, offsets=neighbors(distance=distance), alpha=n_levels // 2)


def test_compacted_levels(fast_backend):
    batch = batch_of(noise((4, 5, 17), 4))
    values = np.array([2, 3, 70_000, 2_000_000_000])
    batch = replace(batch, items=tuple(replace(item, level_values=values) for item in batch.items))
    for alpha in (0, 1, 70_000):
        check(fast_backend, "neighborhood", batch, alpha=alpha)


def test_uint16_buffers(backend):
    batch = batch_of(noise((4, 5, 33), 9))
    assert_same(
        run(backend, "neighborhood", widened(batch), alpha=1), run(backend, "neighborhood", batch, alpha=1)
    )


def test_layout_of_levels(backend):
    levels = noise((4, 5, 18), 7)
    turned = np.ascontiguousarray(levels[:, :, ::-1])[:, :, ::-1]
    expected = run(backend, "neighborhood", batch_of(levels))
    assert_same(run(backend, "neighborhood", batch_of(np.asfortranarray(levels))), expected)
    assert_same(run(backend, "neighborhood", batch_of(turned)), expected)


def test_counts_above_65535(fast_backend):
    side = 48
    (found,) = run(fast_backend, "neighborhood", batch_of(np.full((side,) * 3, 3)))
    inner, edge = side - 2, 2
    expected = np.zeros(27, dtype=np.int64)
    expected[[7, 11, 17, 26]] = edge**3, 3 * inner * edge**2, 3 * inner**2 * edge, inner**3
    assert not found.difference_sums.any()
    np.testing.assert_array_equal(found.voxels[2], expected)
    np.testing.assert_array_equal(found.dependences[2], expected)


@pytest.mark.parametrize("n_levels", [4, 64, 300])
def test_a_million_voxels(both_fast_backends, n_levels):
    numba, cpp = both_fast_backends
    batch = batch_of(blobs((100, 100, 100), n_levels), noise((99, 101, 103), n_levels))
    for alpha in (0, 2):
        expected = run(numba, "neighborhood", batch, alpha=alpha)
        assert_same(run(cpp, "neighborhood", batch, alpha=alpha), expected)
