"""What is compiled for shapes gives what NumPy finds: to the bit, less rounding of lengths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyradiomics.regions import SPACINGS, masks

from fasttex.backends import get_backend
from fasttex.errors import BackendUnavailableError
from fasttex.features.ellipsoid import VoxelCenters, voxel_centers
from fasttex.pyradiomics import axes, cShape
from fasttex.pyradiomics.diameters import farthest, planar_diameters, row_ends
from fasttex.pyradiomics.mesh import edges_of, surface_places


@pytest.fixture(scope="module")
def builds():
    try:
        cpp = get_backend("cpp")
    except BackendUnavailableError as error:
        pytest.skip(str(error))
    return [cpp.load(name) for name in cpp.BUILDS if not cpp.absent(name)]


def diameters(mask, spacing):
    """Of planes, and between any two vertices, each pair of them."""
    edges = edges_of(np.pad(mask, 1))
    return (*planar_diameters(edges, spacing), farthest(row_ends(edges, 2) * (np.array(spacing) / 2)))


def check(builds, mask, spacing):
    places = surface_places(np.pad(mask, 1))
    centers = voxel_centers(mask)
    expected = diameters(mask, spacing)
    found = [build.mesh_diameters(mask, *spacing) for build in builds]
    for build, lengths in zip(builds, found, strict=True):
        assert lengths == found[0]
        assert lengths[3] >= max(lengths[:3])
        np.testing.assert_allclose(lengths, expected, rtol=1e-14)
        np.testing.assert_array_equal(build.surface_places(mask), places)
        n, first, second, low, high = build.voxel_centers(mask)
        extent = tuple(b - a + 1 for a, b in zip(low, high, strict=True))
        assert VoxelCenters(n, first, second, extent) == centers


@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 9), st.integers(1, 20), st.integers(1, 140)),
    n_voxels=st.integers(1, 30),
    spacing=SPACINGS,
)
def test_few_voxels(builds, seed, shape, n_voxels, spacing):
    random = np.random.default_rng(seed)
    mask = np.zeros(shape, dtype=bool)
    mask.flat[random.integers(0, mask.size, n_voxels)] = True
    check(builds, mask, spacing)


@given(mask=masks(), spacing=SPACINGS)
def test_small_masks(builds, mask, spacing):
    check(builds, mask, spacing)


@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 9), st.integers(1, 40), st.integers(1, 40)),
    share=st.sampled_from([0.02, 0.3, 0.7, 1.0]),
    spacing=st.tuples(*[st.sampled_from([0.5, 0.7, 1.0, 3.3, 50.0])] * 3),
)
def test_noise(builds, seed, shape, share, spacing):
    mask = np.random.default_rng(seed).random(shape) < share
    mask.flat[0] = True
    check(builds, mask, spacing)


@given(
    radii=st.tuples(*[st.floats(0.5, 9)] * 3), lean=st.floats(-0.9, 0.9), hole=st.booleans(), spacing=SPACINGS
)
def test_ellipsoids(builds, radii, lean, hole, spacing):
    z, y, x = np.indices((19, 19, 19)) - 9.0
    square = (z / radii[0]) ** 2 + ((y + lean * x) / radii[1]) ** 2 + (x / radii[2]) ** 2
    check(builds, (square <= 1) & ~(hole & (square < 0.3)) | (square == 0), spacing)


@pytest.mark.parametrize("width", [1, 63, 64, 65, 127, 128, 129, 200])
def test_widths_around_those_of_words(builds, width):
    for shape in ((1, 1, width), (2, 3, width)):
        check(builds, np.ones(shape, dtype=bool), (3.0, 1.0, 0.7))
        corners = np.zeros(shape, dtype=bool)
        corners[0, 0, 0] = corners[-1, -1, -1] = True
        check(builds, corners, (3.0, 1.0, 0.7))


def test_slices_that_differ_across_a_plane_between(builds):
    # Of each slice the voxels lie together; those of two neighbors lie far apart.
    mask = np.zeros((2, 2, 90), dtype=bool)
    mask[0, 0, :2] = mask[1, 1, -2:] = True
    check(builds, mask, (1.0, 1.0, 1.0))
    for build in builds:
        across_z, across_y, across_x, largest = build.mesh_diameters(mask, 1.0, 1.0, 1.0)
        assert (across_z, across_y, across_x) == pytest.approx((np.hypot(1, 89), np.hypot(1, 89), 1.0))
        assert largest == pytest.approx(np.sqrt(1 + 1 + 90**2))


@pytest.mark.parametrize("side", [np.nan, np.inf])
def test_lengths_that_are_none(builds, side):
    for build in builds:
        assert np.isnan(build.mesh_diameters(np.ones((2, 3, 5), bool), 1.0, side, 1.0)).all()


def test_of_a_block(builds):
    for build in builds:
        found = build.mesh_diameters(np.ones((2, 3, 5), bool), 4.0, 1.0, 2.0)
        z, y, x = (2 * 4.0, 3 * 1.0, 5 * 2.0)
        # In the plane of a slice vertices lie half a voxel beyond the outermost ones, along one axis at a time.
        assert found[0] == pytest.approx(max(np.hypot(y - 1.0, x), np.hypot(y, x - 2.0)))
        assert found[1] == pytest.approx(max(np.hypot(z - 4.0, x), np.hypot(z, x - 2.0)))
        assert found[2] == pytest.approx(max(np.hypot(z - 4.0, y), np.hypot(z, y - 1.0)))


@given(mask=masks(), spacing=SPACINGS, start=st.tuples(*[st.integers(0, 9)] * 3))
def test_without_the_extension(mask, spacing, start):
    here = cShape.coefficients(mask, spacing, start), axes.principal_variances(mask, spacing)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cShape, "compiled", lambda: None)
        patch.setattr(axes, "compiled", lambda: None)
        there = cShape.coefficients(mask, spacing, start), axes.principal_variances(mask, spacing)
    np.testing.assert_array_equal(here[1], there[1])
    assert here[0][:2] == there[0][:2]
    np.testing.assert_allclose(here[0][2], there[0][2], rtol=1e-14)
