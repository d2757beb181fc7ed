"""Image and ROI must lie on the same grid, wherever that lies and however it is turned."""

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from fasttex.errors import GeometryMismatchError
from fasttex.io import read_image, read_rois
from fasttex.io.geometry import corner_distance_mm
from fasttex.types import Grid

SPACING, ORIGIN = (0.5, 0.75, 3.0), (-100.0, 20.0, 35.0)


def rotation(degrees, axis=(1, 2, 3)):
    """3 x 3 matrix, row by row, of a turn about an axis (Rodrigues' formula)."""
    x, y, z = np.asarray(axis) / np.linalg.norm(axis)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return (np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k).ravel()


def itk(*, spacing=SPACING, origin=ORIGIN, direction=None, size=(30, 20, 10)):
    image = sitk.Image(size, sitk.sitkUInt8) + 1
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    image.SetDirection(rotation(25) if direction is None else direction)
    return image


def mismatch(roi, image=None):
    with pytest.raises(GeometryMismatchError) as caught:
        read_rois(roi, read_image(image or itk()))
    return str(caught.value)


@given(index=st.tuples(*[st.floats(-5, 40)] * 3), degrees=st.floats(0, 180))
def test_grid_agrees_with_itk(index, degrees):
    image = itk(direction=rotation(degrees))
    expected = image.TransformContinuousIndexToPhysicalPoint(index[::-1])
    assert_allclose(read_image(image).grid.world_mm(index), expected[::-1], rtol=1e-9, atol=1e-9)


@given(degrees=st.floats(0, 180), flip=st.booleans())
def test_nibabel_agrees_with_itk(degrees, flip):
    turn = rotation(degrees).reshape(3, 3) @ np.diag([-1.0 if flip else 1.0, 1, 1])
    affine = np.eye(4)
    affine[:3, :3] = np.diag([-1, -1, 1]) @ turn * SPACING
    affine[:3, 3] = np.array(ORIGIN) * [-1, -1, 1]
    a = read_image(itk(direction=turn.ravel())).grid
    b = read_image(nibabel.Nifti1Image(np.zeros((30, 20, 10), np.uint8), affine)).grid
    assert corner_distance_mm(a, b) < 1e-9


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha"])
def test_oblique_pair_passes_in_any_format(tmp_path, ending):
    sitk.WriteImage(itk(), str(tmp_path / f"roi{ending}"))
    result = read_rois(tmp_path / f"roi{ending}", read_image(itk()))
    assert result.masks[0].inside.shape == (10, 20, 30)
    assert result.record["max_corner_distance_mm"] < 1e-3


def test_a_small_turn_fails_with_mm_and_degrees():
    text = mismatch(itk(direction=rotation(25.2)))
    assert "mm away from the image's grid, allowed is 1 % of the smallest voxel edge (0.005 mm)" in text
    assert "direction turned by 0.2 degrees" in text
    assert "spacing" not in text
    assert "origin" not in text
    assert "resample the ROI to the image's grid, or check the export" in text


def test_shifted():
    text = mismatch(itk(origin=(-100, 20, 34)))
    assert "up to 1 mm away" in text
    assert "origin (34, 20, -100) instead of (35, 20, -100) mm (z, y, x)" in text


def test_other_spacing():
    assert "spacing (2.5, 0.75, 0.5) instead of (3, 0.75, 0.5)" in mismatch(itk(spacing=(0.5, 0.75, 2.5)))


def test_flipped():
    assert "direction flipped" in mismatch(itk(direction=(-rotation(25).reshape(3, 3)).ravel()))


def test_other_size():
    text = mismatch(itk(size=(30, 20, 9)))
    assert "the label map has 9 x 20 x 30 voxels (z, y, x), the image 10 x 20 x 30" in text


def test_one_slice_of_another_thickness_differs():
    flat = itk(size=(30, 20, 1))
    assert "spacing" in mismatch(itk(size=(30, 20, 1), spacing=(0.5, 0.75, 1)), flat)


@pytest.mark.parametrize(("shift", "passes"), [(0.0049, True), (0.0051, False)])
def test_one_percent_of_the_smallest_edge(shift, passes):
    roi = itk(origin=(-100 + shift, 20, 35))
    if passes:
        assert read_rois(roi, read_image(itk())).record["max_corner_distance_mm"] == pytest.approx(shift)
    else:
        mismatch(roi)


def test_arrays_take_the_grid_of_the_other():
    assert read_rois(np.ones((10, 20, 30)), read_image(itk())).masks[0].inside.all()
    assert read_rois(itk(), read_image(np.ones((10, 20, 30)))).masks[0].inside.all()


def test_spacing_corrected_by_hand():
    image = read_image(itk(), spacing_mm=(4, 1, 1))
    assert len(read_rois(itk(), image).masks) == 1
    assert len(read_rois(itk(spacing=(1, 1, 4)), image).masks) == 1
    with pytest.raises(GeometryMismatchError):
        read_rois(itk(spacing=(1, 1, 5)), image)


def test_corner_distance_is_the_largest():
    a = Grid((10, 1, 1), (1, 1, 1))
    b = Grid((10, 1, 1), (1.1, 1, 1))
    assert corner_distance_mm(a, b) == pytest.approx(0.95)
    assert corner_distance_mm(a, a) == 0
