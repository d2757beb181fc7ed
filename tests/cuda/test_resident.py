"""Levels that lie on a GPU are counted there, and nothing is copied to the host that nobody looks at."""

import numpy as np
import pytest
from kernel_cases import MATRICES, assert_same, noise, run

import fasttex
from fasttex.errors import InputError, LevelRangeError
from fasttex.kernels import cuda, reference
from fasttex.kernels.cuda import resident


@pytest.fixture
def cp(emulator, monkeypatch):
    """CuPy on the emulated device, whose self-test has passed elsewhere."""
    monkeypatch.setattr("fasttex.backends._require_cuda", lambda: None)
    return emulator.cp


class OnlyDlpack:
    """An array of a library that speaks DLPack alone."""

    def __init__(self, array):
        self._array = array

    def __dlpack_device__(self):
        return 2, 0

    def __dlpack__(self, **options):
        return self._array.__dlpack__(**options)


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "i8"])
@pytest.mark.parametrize("kernel", MATRICES)
def test_equals_the_reference(cp, kernel, dtype):
    levels = noise((4, 5, 33), 6).astype(dtype)
    batch = fasttex.prepare(cp.asarray(levels))
    assert batch.backend == "cuda"
    assert_same(
        run(cuda, kernel, batch), run(reference, kernel, fasttex.prepare(levels, backend="reference"))
    )


def test_dlpack(cp):
    levels = noise((4, 5, 33), 6).astype("i4")
    batch = fasttex.prepare(OnlyDlpack(cp.asarray(levels)))
    assert_same(
        run(cuda, "glcm", batch), run(reference, "glcm", fasttex.prepare(levels, backend="reference"))
    )


@pytest.mark.parametrize("kernel", ["glcm", "glrlm", "neighborhood", "border_distance", "surface"])
def test_stays_there(cp, monkeypatch, kernel):
    batch = fasttex.prepare(
        [cp.asarray(noise((3, 4, 9), 4)), cp.asarray(noise((2, 4, 40), 300))], backend="cuda"
    )
    monkeypatch.setattr(resident, "download", lambda array: pytest.fail("copied to the host"))
    run(cuda, kernel, batch)


def test_the_host_sees_what_it_looks_at(cp):
    levels = noise((3, 4, 9), 4)
    (item,) = fasttex.prepare(cp.asarray(levels), spacing_mm=(1, 2, 3)).items
    expected = fasttex.DiscretizedRoi.from_levels(levels, spacing_mm=(1, 2, 3))
    for name in ("buffer", "morphological_mask", "intensities", "levels", "level_values", "n_voxels"):
        np.testing.assert_array_equal(getattr(item, name), getattr(expected, name))
    with pytest.raises(AttributeError, match="colour"):
        item.colour  # noqa: B018


def test_features_are_the_same(cp):
    levels = noise((5, 6, 12), 5)
    families = ["glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm"]
    found = fasttex.compute_features(fasttex.prepare(cp.asarray(levels)), families)
    expected = fasttex.compute_features(fasttex.prepare(levels), families)
    np.testing.assert_array_equal(found.values, expected.values)


def test_matrices_of_slices_and_of_larger_distances(cp):
    levels = noise((4, 5, 12), 5)
    there, here = fasttex.prepare(cp.asarray(levels)), fasttex.prepare(levels, backend="reference")
    assert_same(
        [m.counts for m in fasttex.glcm(fasttex.slices(there), distance=2)],
        [m.counts for m in fasttex.glcm(fasttex.slices(here), distance=2)],
    )


@pytest.mark.parametrize(
    ("levels", "error", "said"),
    [
        (np.zeros((2, 2, 2), np.uint8), InputError, "the ROI is empty"),
        (np.ones((2, 2), np.uint8), InputError, r"levels\[None\]"),
        (np.ones((2, 2, 2)), InputError, "expected integers"),
        (np.full((2, 2, 2), -1), LevelRangeError, "run from -1"),
        (np.full((2, 2, 2), 70_000), LevelRangeError, "70000"),
    ],
)
def test_bad_levels(cp, levels, error, said):
    with pytest.raises(error, match=said):
        fasttex.prepare(cp.asarray(levels))


def test_another_backend_cannot_read_them(cp):
    with pytest.raises(InputError, match=r"levels\.get\(\)"):
        fasttex.prepare(cp.asarray(noise((2, 3, 4), 3)), backend="cpp")


def test_images_are_read_on_the_host(cp):
    with pytest.raises(InputError, match=r"image\.get\(\)"):
        fasttex.extract(cp.asarray(noise((2, 3, 4), 3)), noise((2, 3, 4), 3) > 0)


def test_what_lies_where(cp):
    array = cp.asarray(noise((2, 3, 4), 3))
    assert fasttex.types.on_device(array)
    assert fasttex.types.on_device(OnlyDlpack(array))
    assert not fasttex.types.on_device(array.get())
    assert not fasttex.types.on_device([1, 2])
