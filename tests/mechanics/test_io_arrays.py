"""Images that lie in memory: NumPy, SimpleITK, nibabel."""

import gc
import subprocess
import sys

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from numpy.testing import assert_allclose, assert_array_equal

from fasttex.errors import InputError, SettingsError
from fasttex.io import read_image

VOXELS = np.arange(24, dtype=np.int16).reshape(4, 3, 2)


def swapped(array):
    return array.astype(array.dtype.newbyteorder("S"))


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def test_voxels_of_simpleitk_are_lent_and_stay():
    source = sitk.GetImageFromArray(VOXELS)
    there = sitk.GetArrayViewFromImage(source)
    image = read_image(source)
    assert np.shares_memory(image.intensities, there)
    source[0, 0, 0] = 7
    source += 1
    del source
    gc.collect()
    assert_array_equal(image.intensities, VOXELS)


def test_import_loads_neither_simpleitk_nor_scipy():
    code = "import sys, fasttex.io; print(sorted({'SimpleITK', 'scipy', 'nibabel'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_array_has_assumed_spacing():
    image = read_image(VOXELS)
    assert image.intensities.dtype == np.int16
    assert image.grid.spacing_mm == (1, 1, 1)
    assert image.record["kind"] == "array"
    assert image.record["spacing"] == "assumed"
    assert image.record["shape"] == [4, 3, 2]
    assert "sha256" not in image.record


@pytest.mark.parametrize(
    ("given", "spacing_mm"), [(2, (2, 2, 2)), ((3, 2, 1), (3, 2, 1)), (np.float32(0.5), (0.5,) * 3)]
)
def test_spacing(given, spacing_mm):
    image = read_image(VOXELS, spacing_mm=given)
    assert image.grid.spacing_mm == spacing_mm
    assert image.record["spacing"] == "given"
    assert image.record["spacing_mm"] == spacing_mm


@pytest.mark.parametrize("given", [0, -1, (1, 1), (1, 1, np.inf), "1", "abc", (1, 2, 3, 4), [None] * 3])
def test_wrong_spacing(given):
    with pytest.raises(InputError, match=r"spacing_mm is .*expected one finite length > 0 in mm"):
        read_image(VOXELS, spacing_mm=given)


def test_slice():
    image = read_image(VOXELS[0], spacing_mm=(3, 2))
    assert image.intensities.shape == (1, 3, 2)
    assert image.grid.spacing_mm == (1, 3, 2)
    assert read_image(VOXELS[0].T, spacing_mm=(2, 3), axes="xyz").grid == image.grid


def test_xyz_is_the_other_order_of_array_and_spacing():
    image = read_image(VOXELS.transpose(2, 1, 0), spacing_mm=(1, 2, 3), axes="xyz")
    assert_array_equal(image.intensities, VOXELS)
    assert image.grid.spacing_mm == (3, 2, 1)


@pytest.mark.parametrize(
    "make",
    [np.asfortranarray, swapped, read_only, lambda a: a[::-1, ::2], lambda a: a.astype(np.uint32)[:, ::-1]],
    ids=["fortran", "swapped", "read-only", "sliced", "negative stride"],
)
def test_any_layout(make):
    array = make(VOXELS)
    before = array.copy()
    image = read_image(array)
    assert image.intensities.dtype.isnative
    assert_array_equal(image.intensities, before)
    assert_array_equal(array, before)
    assert np.shares_memory(image.intensities, array) == array.dtype.isnative


@pytest.mark.parametrize(
    ("dtype", "kept"),
    [
        (bool, np.uint8), (np.float16, np.float32), (np.longdouble, np.float64), (">f8", np.float64),
        (np.uint64, np.uint64), (np.int8, np.int8), (np.float32, np.float32),
    ],
)  # fmt: skip
def test_dtypes(dtype, kept):
    image = read_image(VOXELS.astype(dtype))
    assert image.intensities.dtype == kept
    assert image.record["dtype"] == np.dtype(kept).name
    assert image.record["dtype_read"].startswith(np.dtype(dtype).name)


@pytest.mark.parametrize("dtype", [complex, object, "U3", "M8[s]"])
def test_no_numbers(dtype):
    with pytest.raises(InputError, match="expected integers, floats or bool"):
        read_image(VOXELS.astype(dtype))


@pytest.mark.parametrize("array", [np.zeros((2, 2, 2, 2)), np.zeros(3), np.zeros((0, 3, 3))], ids=str)
def test_wrong_number_of_axes(array):
    with pytest.raises(InputError, match=r"an array of shape .*expected 3 axes \(z, y, x\)"):
        read_image(array)


def test_neither_lists_nor_masked_arrays():
    with pytest.raises(InputError, match="type list, expected a path"):
        read_image([[1, 2]])
    with pytest.raises(InputError, match="masked array"):
        read_image(np.ma.masked_equal(VOXELS, 3))


def test_wrong_words():
    with pytest.raises(SettingsError, match="axes is 'zxy'"):
        read_image(VOXELS, axes="zxy")
    with pytest.raises(SettingsError, match="intensity_unit is 'Hounsfield'"):
        read_image(VOXELS, intensity_unit="Hounsfield")


def test_hash_does_not_depend_on_layout():
    hashes = {
        read_image(a, hash_input=True).record["sha256"]
        for a in (VOXELS, np.asfortranarray(VOXELS), swapped(VOXELS), sitk.GetImageFromArray(VOXELS))
    }
    assert len(hashes) == 1
    assert hashes != {read_image(VOXELS + 1, hash_input=True).record["sha256"]}


def test_simpleitk_image_is_lent_and_survives():
    source = sitk.GetImageFromArray(VOXELS)
    source.SetSpacing((1, 2, 3))
    source.SetOrigin((10, 20, 30))
    image = read_image(source)
    source[0, 0, 0] = 99
    del source
    assert_array_equal(image.intensities, VOXELS)
    assert image.grid.spacing_mm == (3, 2, 1)
    assert image.grid.origin_mm == (30, 20, 10)
    assert image.record["kind"] == "SimpleITK"
    assert image.record["spacing"] == "header"


def test_simpleitk_slice_and_single_volume():
    flat = read_image(sitk.GetImageFromArray(VOXELS[0]), spacing_mm=(2, 3))
    assert flat.grid.shape == (1, 3, 2)
    assert flat.grid.spacing_mm == (1, 2, 3)
    single = sitk.JoinSeries([sitk.GetImageFromArray(VOXELS)])
    assert_array_equal(read_image(single).intensities, VOXELS)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (sitk.GetImageFromArray(np.zeros((3, 4, 5, 3), np.uint8), isVector=True), "3 components"),
        (sitk.JoinSeries([sitk.GetImageFromArray(VOXELS)] * 2), "4 axes"),
        (sitk.LabelImageToLabelMap(sitk.GetImageFromArray(VOXELS.astype(np.uint8))), "LabelMapToLabel"),
        (sitk.Image([2, 2, 2], sitk.sitkComplexFloat32), "complex64"),
    ],
    ids=["vector", "series", "label map", "complex"],
)
def test_simpleitk_refused(source, text):
    with pytest.raises(InputError, match=text):
        read_image(source)


def test_nibabel_arrays_are_xyz_and_their_world_is_ras():
    affine = np.diag([2.0, 3.0, 4.0, 1.0])
    affine[:3, 3] = 10, 20, 30
    image = read_image(nibabel.Nifti1Image(VOXELS.transpose(2, 1, 0), affine))
    assert_array_equal(image.intensities, VOXELS)
    assert image.grid.spacing_mm == (4, 3, 2)
    assert image.grid.origin_mm == (30, -20, -10)
    assert image.grid.direction == (1, 0, 0, 0, -1, 0, 0, 0, -1)


@pytest.mark.parametrize("unit", ["mm", "unknown", "meter", "micron"])
def test_nibabel_agrees_with_file(tmp_path, unit, oblique_affine):
    source = nibabel.Nifti1Image(VOXELS, oblique_affine)
    source.header.set_xyzt_units(unit)
    nibabel.save(source, tmp_path / "a.nii.gz")
    by_file, by_nibabel = read_image(tmp_path / "a.nii.gz"), read_image(nibabel.load(tmp_path / "a.nii.gz"))
    assert_array_equal(by_file.intensities, by_nibabel.intensities)
    assert by_file.intensities.dtype == by_nibabel.intensities.dtype
    assert by_file.grid.shape == by_nibabel.grid.shape == (2, 3, 4)
    for field in ("spacing_mm", "origin_mm", "direction"):
        assert_allclose(getattr(by_file.grid, field), getattr(by_nibabel.grid, field), rtol=1e-5, atol=1e-6)


def test_nibabel_big_endian_and_scaled(tmp_path):
    nibabel.save(
        nibabel.Nifti1Image(VOXELS, np.eye(4), nibabel.Nifti1Header(endianness=">")), tmp_path / "b.nii.gz"
    )
    scaled = nibabel.Nifti1Image(VOXELS, np.eye(4))
    scaled.header.set_slope_inter(2, 1)
    nibabel.save(scaled, tmp_path / "s.nii.gz")
    for name in ("b.nii.gz", "s.nii.gz"):
        by_file, by_nibabel = read_image(tmp_path / name), read_image(nibabel.load(tmp_path / name))
        assert_array_equal(by_file.intensities, by_nibabel.intensities)
        assert by_file.intensities.dtype.isnative
        assert by_nibabel.intensities.dtype.isnative


@pytest.fixture
def oblique_affine():
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    affine = np.eye(4)
    affine[:3, :3] = turn * [0.7, 0.8, 2.5]
    affine[:3, 3] = -12.5, 30.25, 7
    return affine


def test_nibabel_refused():
    sheared = np.eye(4)
    sheared[0, 1] = 0.2
    with pytest.raises(InputError, match="right angles"):
        read_image(nibabel.Nifti1Image(VOXELS, sheared))
    with pytest.raises(InputError, match="4 axes"):
        read_image(nibabel.Nifti1Image(np.zeros((2, 2, 2, 2), np.int16), np.eye(4)))
    with pytest.raises(InputError, match="memory_limit is 10 bytes"):
        read_image(nibabel.Nifti1Image(VOXELS, np.eye(4)), memory_limit=10)
    with pytest.raises(InputError, match="3 components"):
        read_image(nibabel.Nifti1Image(np.zeros((2, 2, 2), [(c, "u1") for c in "RGB"]), np.eye(4)))
    with pytest.raises(InputError, match="affine is None"):
        read_image(nibabel.Nifti1Image(VOXELS, None))


def test_nibabel_slice_and_single_volume():
    assert read_image(nibabel.Nifti1Image(VOXELS[..., None], np.eye(4))).grid.shape == (2, 3, 4)
    assert read_image(nibabel.Nifti1Image(VOXELS[..., 0], np.eye(4))).grid.shape == (1, 3, 4)


def test_nibabel_truncated(tmp_path):
    nibabel.save(
        nibabel.Nifti1Image(np.random.default_rng(0).integers(0, 99, (9, 9, 9), np.int16), np.eye(4)),
        tmp_path / "a.nii",
    )
    data = (tmp_path / "a.nii").read_bytes()
    (tmp_path / "a.nii").write_bytes(data[:-100])
    with pytest.raises(InputError, match="the nibabel image cannot be read"):
        read_image(nibabel.load(tmp_path / "a.nii", mmap=False))
