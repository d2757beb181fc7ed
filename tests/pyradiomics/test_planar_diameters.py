"""The compiled diameters within planes are those of the vertices that NumPy finds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasttex.backends import get_backend
from fasttex.errors import BackendUnavailableError
from fasttex.pyradiomics.diameters import planar_diameters
from fasttex.pyradiomics.mesh import edges_of


@pytest.fixture(scope="module")
def builds():
    try:
        cpp = get_backend("cpp")
    except BackendUnavailableError as error:
        pytest.skip(str(error))
    return [cpp.load(name) for name in cpp.BUILDS if not cpp.absent(name)]


@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 9), st.integers(1, 40), st.integers(1, 40)),
    share=st.sampled_from([0.02, 0.3, 0.7, 1.0]),
    spacing=st.tuples(*[st.sampled_from([0.5, 0.7, 1.0, 3.3])] * 3),
)
def test_as_numpy_finds_them(builds, seed, shape, share, spacing):
    mask = np.random.default_rng(seed).random(shape) < share
    expected = planar_diameters(edges_of(np.pad(mask, 1)), spacing)
    for build in builds:
        np.testing.assert_allclose(build.planar_diameters(mask, *spacing), expected, rtol=1e-14)


def test_of_a_block(builds):
    mask = np.ones((2, 3, 5), bool)
    for build in builds:
        found = build.planar_diameters(mask, 4.0, 1.0, 2.0)
        z, y, x = (2 * 4.0, 3 * 1.0, 5 * 2.0)
        # In the plane of a slice vertices lie half a voxel beyond the outermost ones, along one axis at a time.
        assert found[0] == pytest.approx(max(np.hypot(y - 1.0, x), np.hypot(y, x - 2.0)))
        assert found[1] == pytest.approx(max(np.hypot(z - 4.0, x), np.hypot(z, x - 2.0)))
        assert found[2] == pytest.approx(max(np.hypot(z - 4.0, y), np.hypot(z, y - 1.0)))
