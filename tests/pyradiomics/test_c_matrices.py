"""The functions of cMatrices agree with the definitions, entry by entry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pyradiomics import definitions as d

from fasttex.errors import BackendError, GeometryMismatchError, InputError, KernelUnavailableError
from fasttex.pyradiomics import cMatrices

DISTANCES = st.sampled_from([[1], [2], [1, 2], [3], [3, 1], [1, 2, 3]])


@st.composite
def cases(draw):
    """Levels, mask, highest level, distances, the axis of slices or None."""
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=5))
    Ng = draw(st.integers(1, 5))
    levels = draw(
        hnp.arrays(
            draw(st.sampled_from([np.int32, np.int64, np.float64])), shape, elements=st.integers(1, Ng)
        )
    )
    mask = draw(hnp.arrays(np.bool_, shape))
    across = draw(st.one_of(st.none(), st.integers(0, len(shape) - 1)))
    return levels, mask, Ng, draw(DISTANCES), across


def planar(across):
    return across is not None, across or 0


@given(cases())
def test_pairs(case):
    levels, mask, Ng, distances, across = case
    offsets = d.angles(mask.shape, distances, across)
    arguments = (levels, mask, np.array(distances), Ng, *planar(across))
    if not offsets:
        with pytest.raises(BackendError, match="voxels apart"):
            cMatrices.calculate_glcm(*arguments)
        return
    matrix, angles = cMatrices.calculate_glcm(*arguments)
    assert angles.dtype == np.int32
    assert [tuple(a) for a in angles.tolist()] == offsets
    assert np.array_equal(np.moveaxis(matrix[0], -1, 0), d.glcm(levels.astype(int), mask, Ng, offsets))


@given(cases())
def test_runs(case):
    levels, mask, Ng, _, across = case
    offsets, Nr = d.angles(mask.shape, [1], across), max(mask.shape)
    if not offsets:
        return
    matrix, angles = cMatrices.calculate_glrlm(levels, mask, Ng, Nr, *planar(across))
    assert [tuple(a) for a in angles.tolist()] == offsets
    assert np.array_equal(np.moveaxis(matrix[0], -1, 0), d.glrlm(levels.astype(int), mask, Ng, Nr, offsets))


@given(cases())
def test_zones(case):
    levels, mask, Ng, _, across = case
    offsets = d.angles(mask.shape, [1], across, both=True)
    if not offsets:
        return
    matrix = cMatrices.calculate_glszm(levels, mask, Ng, max(1, mask.sum()), *planar(across))
    expected = d.zones(levels.astype(int), mask, offsets)
    found = {(i + 1, s + 1): matrix[0, i, s] for i, s in np.argwhere(matrix[0]).tolist()}
    assert found == expected
    assert matrix.shape == (1, Ng, max((size for _, size in expected), default=1))


@given(cases(), st.integers(0, 3))
def test_dependences(case, alpha):
    levels, mask, Ng, distances, across = case
    offsets = d.angles(mask.shape, distances, across, both=True)
    if not offsets:
        return
    matrix = cMatrices.calculate_gldm(levels, mask, np.array(distances), Ng, alpha, *planar(across))
    assert np.array_equal(matrix[0], d.gldm(levels.astype(int), mask, Ng, alpha, offsets))


@given(cases())
def test_tone_differences(case):
    levels, mask, Ng, distances, across = case
    offsets = d.angles(mask.shape, distances, across, both=True)
    if not offsets:
        return
    matrix = cMatrices.calculate_ngtdm(levels, mask, np.array(distances), Ng, *planar(across))
    expected = d.ngtdm(levels.astype(int), mask, Ng, offsets)
    assert np.array_equal(matrix[0][:, [0, 2]], expected[:, [0, 2]])
    np.testing.assert_allclose(matrix[0][:, 1], expected[:, 1], rtol=1e-12, atol=1e-12)


@given(
    hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=5),
    DISTANCES,
    st.booleans(),
    st.integers(0, 3),
)
def test_angles(size, distances, both, dimension):
    across = dimension if dimension < len(size) else None  # another axis than there are: none
    expected = d.angles(size, distances, across, both)
    if not expected:
        with pytest.raises(RuntimeError):
            cMatrices.generate_angles(size, distances, both, True, dimension)
        return
    found = cMatrices.generate_angles(np.array(size), np.array(distances), both, True, dimension)
    assert [tuple(a) for a in found.tolist()] == expected


def test_a_distance_given_twice():
    assert cMatrices.generate_angles([2, 2], [1, 1], False, False, 0).tolist() == [
        [1, 1], [1, 0], [1, -1], [0, 1], [0, -1], [-1, 1], [-1, 0], [-1, -1],
    ]  # fmt: skip
    assert len(cMatrices.generate_angles([2, 2], [1, 1], True, False, 0)) == 16


def test_many_levels_that_are_not_there():
    levels = np.array([[[1, 900, 900, 70_000]]])
    matrix = cMatrices.calculate_glszm(levels, levels > 0, 70_000, 4, False, 0)
    assert matrix.shape == (1, 70_000, 2)
    assert (matrix[0, 0, 0], matrix[0, 899, 1], matrix[0, 69_999, 0]) == (1, 1, 1)


def test_errors():
    levels, mask = np.ones((3, 4, 5), dtype=int), np.ones((3, 4, 5), dtype=bool)
    with pytest.raises(KernelUnavailableError, match="kernelRadius"):
        cMatrices.calculate_glcm(levels, mask, [1], 1, False, 0, 1, np.zeros((3, 1)))
    with pytest.raises(GeometryMismatchError, match="do not match"):
        cMatrices.calculate_glcm(levels, mask[1:], [1], 1, False, 0)
    with pytest.raises(IndexError, match="1 to 2"):
        cMatrices.calculate_glcm(3 * levels, mask, [1], 2, False, 0)
    with pytest.raises(IndexError, match="expected 1 to"):
        cMatrices.calculate_ngtdm(0 * levels, mask, [1], 2, False, 0)
    with pytest.raises(IndexError, match="Nr is 1"):
        cMatrices.calculate_glrlm(levels, mask, 1, 1, False, 0)
    with pytest.raises(IndexError, match="Ns is 5"):
        cMatrices.calculate_glszm(levels, mask, 1, 5, False, 0)
    with pytest.raises(RuntimeError, match="voxels apart"):
        cMatrices.calculate_glcm(levels, mask, [9], 1, False, 0)
    with pytest.raises(InputError, match="2 or 3"):
        cMatrices.calculate_glcm(levels[0, 0], mask[0, 0], [1], 1, False, 0)
    with pytest.raises(TypeError):
        cMatrices.calculate_glcm(levels, mask, [1], 1)
