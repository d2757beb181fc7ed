"""Boxes, grids and masks: what is taken, and what is refused with a text that helps."""

import logging

import numpy as np
import pytest
import SimpleITK as sitk

from fasttex.errors import EmptyRoiError, GeometryMismatchError, InputError, LabelNotFoundError, SettingsError
from fasttex.pyradiomics import imageoperations as operations

S = np.s_


def make(values, *, spacing=(1.0, 1.5, 2.0), origin=(3.0, 4.0, 5.0)):
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    return image


def ramp(shape=(8, 9, 10), dtype=np.int16):
    return make(np.arange(np.prod(shape)).reshape(shape).astype(dtype))


def mask_of(part, shape=(8, 9, 10), label=1, dtype=np.uint8):
    inside = np.zeros(shape, dtype=dtype)
    inside[part] = label
    return make(inside)


IMAGE, MASK = ramp(), mask_of(S[2:5, 3:6, 1:8])


def moved(mask, *, origin=None, spacing=None, direction=None):
    copy = sitk.Image(mask)
    if origin:
        copy.SetOrigin(origin)
    if spacing:
        copy.SetSpacing(spacing)
    if direction:
        copy.SetDirection(direction)
    return copy


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.uint32, np.int64])
def test_the_box_holds_lowest_and_highest_index_by_axis(dtype):
    box, corrected = operations.checkMask(IMAGE, mask_of(S[2:5, 3:6, 1:8], label=7, dtype=dtype), label="7")
    assert box.tolist() == [1, 7, 3, 5, 2, 4]
    assert corrected is None


def test_the_box_of_one_label_among_several():
    inside = sitk.GetArrayFromImage(MASK)
    inside[7, 8, 9] = 2
    inside[7, 0, 0] = 2
    box, _ = operations.checkMask(IMAGE, make(inside), label=2)
    assert box.tolist() == [0, 9, 0, 8, 7, 7]


def test_two_axes():
    box, _ = operations.checkMask(
        make(np.zeros((4, 5)), spacing=(1, 1), origin=(0, 0)),
        make(np.ones((4, 5), np.uint8), spacing=(1, 1), origin=(0, 0)),
    )
    assert box.tolist() == [0, 4, 0, 3]


@pytest.mark.parametrize("part", [S[2, 3, 4], S[2, 3, 1:8]])
def test_a_roi_of_too_few_axes(part):
    with pytest.raises(ValueError, match=r"single voxel|minimumROIDimensions asks for 2"):
        operations.checkMask(IMAGE, mask_of(part))


def test_axes_asked_for():
    assert operations.checkMask(IMAGE, mask_of(S[2, 3, 1:8]), minimumROIDimensions=1)[0].tolist() == [
        1,
        7,
        3,
        3,
        2,
        2,
    ]
    with pytest.raises(InputError, match="asks for 3"):
        operations.checkMask(IMAGE, mask_of(S[2, 3:5, 1:8]), minimumROIDimensions=3)


def test_the_size_must_be_exceeded():
    operations.checkMask(IMAGE, MASK, minimumROISize=62)
    with pytest.raises(ValueError, match="63 voxels"):
        operations.checkMask(IMAGE, MASK, minimumROISize=63)


@pytest.mark.parametrize("label", [2, 300, -1])
def test_a_label_that_is_not_there(label):
    with pytest.raises(LabelNotFoundError, match="holds 1"):
        operations.checkMask(IMAGE, MASK, label=label)
    with pytest.raises(ValueError, match="holds no label at all"):
        operations.checkMask(IMAGE, mask_of(S[0:0]), label=label)


def test_a_label_that_is_no_number():
    with pytest.raises(SettingsError, match="expected a whole number"):
        operations.checkMask(IMAGE, MASK, label="tumor")


@pytest.mark.parametrize(
    "mask",
    [
        moved(MASK, origin=(3.01, 4, 5)),
        moved(MASK, spacing=(1, 1.5, 2.01)),
        moved(MASK, direction=(1, 0, 0, 0, np.cos(0.001), -np.sin(0.001), 0, np.sin(0.001), np.cos(0.001))),
    ],
    ids=["origin", "spacing", "direction"],
)
def test_grids_that_differ(mask, caplog):
    with pytest.raises(GeometryMismatchError, match=r"allowed difference.*geometryTolerance"):
        operations.checkMask(IMAGE, mask)
    assert operations.checkMask(IMAGE, mask, geometryTolerance=0.1)[1] is None
    with caplog.at_level(logging.WARNING):
        box, corrected = operations.checkMask(IMAGE, mask, correctMask=True)
    assert "same grid" in caplog.text
    assert box.tolist() == [1, 7, 3, 5, 2, 4]
    assert corrected.GetOrigin() == IMAGE.GetOrigin()
    assert np.array_equal(sitk.GetArrayViewFromImage(corrected), sitk.GetArrayViewFromImage(MASK))


def test_sizes_that_differ():
    larger = mask_of(S[2:5, 3:6, 1:8], shape=(9, 9, 10))
    for kind in (RuntimeError, ValueError, GeometryMismatchError):  # the first is PyRadiomics'
        with pytest.raises(kind, match="correctMask"):
            operations.checkMask(IMAGE, larger)
    assert operations.checkMask(IMAGE, larger, correctMask=True)[0].tolist() == [1, 7, 3, 5, 2, 4]
    with pytest.raises(RuntimeError, match="2"):
        operations.checkMask(IMAGE, make(np.ones((4, 5), np.uint8), spacing=(1, 1), origin=(0, 0)))


def test_a_roi_outside_of_the_image():
    for operation in (operations.checkMask, operations.resampleImage):
        with pytest.raises(ValueError, match="reaches beyond the image"):
            operation(
                IMAGE, moved(MASK, origin=(300, 4, 5)), correctMask=True, resampledPixelSpacing=[1, 1, 1]
            )


def test_pixels_that_are_no_labels():
    with pytest.raises(RuntimeError, match="getMask makes one"):
        operations.checkMask(IMAGE, sitk.Cast(MASK, sitk.sitkFloat32))
    with pytest.raises(RuntimeError, match="expected real numbers"):
        operations.checkMask(sitk.Cast(IMAGE, sitk.sitkComplexFloat32), MASK)
    with pytest.raises(TypeError, match="ndarray"):
        operations.checkMask(IMAGE, sitk.GetArrayFromImage(MASK))


def test_get_mask():
    halves = sitk.Cast(MASK, sitk.sitkFloat32) * 1.6
    found = operations.getMask(halves)
    assert found.GetPixelID() == sitk.sitkUInt32
    assert sitk.GetArrayViewFromImage(found).max() == 1
    both = sitk.Compose(MASK, MASK * 2)
    assert operations.checkMask(IMAGE, operations.getMask(both, label=2, label_channel=1), label=2)[0][0] == 1
    with pytest.raises(LabelNotFoundError, match="holds \\[2\\]"):
        operations.getMask(both, label_channel=1)
    with pytest.raises(InputError, match="channels 0 to 1"):
        operations.getMask(both, label_channel=2)


@pytest.mark.parametrize(("pad", "size"), [(0, (7, 3, 3)), (1, (9, 5, 5)), (50, (10, 9, 8)), (-1, (5, 1, 1))])
def test_crop(pad, size):
    image, mask = operations.cropToTumorMask(IMAGE, MASK, [1, 7, 3, 5, 2, 4], padDistance=pad)
    assert image.GetSize() == mask.GetSize() == size
    first = image.GetOrigin()
    at = IMAGE.TransformPhysicalPointToIndex(first)
    assert image[0, 0, 0] == IMAGE[at]


def test_what_cannot_be_cropped():
    with pytest.raises(SettingsError, match=r"padDistance is 2\.5"):
        operations.cropToTumorMask(IMAGE, MASK, [1, 7, 3, 5, 2, 4], padDistance=2.5)
    with pytest.raises(InputError, match="boundingBox is None"):
        operations.cropToTumorMask(IMAGE, MASK, None)
    with pytest.raises(InputError, match="holds no voxel"):
        operations.cropToTumorMask(IMAGE, MASK, [1, 7, 3, 5, 2, 4], padDistance=-3)


@pytest.mark.parametrize("wanted", [None, [1, 1], 1, [1, 1, -1], [None, 1, 1], [1, 1, float("nan")]])
def test_spacings_that_are_none(wanted):
    with pytest.raises(SettingsError, match="expected 3 lengths in mm"):
        operations.resampleImage(IMAGE, MASK, resampledPixelSpacing=wanted)


def test_resampling_refuses():
    with pytest.raises(SettingsError, match="did you mean 'sitkBSpline'"):
        operations.resampleImage(IMAGE, MASK, resampledPixelSpacing=[1, 1, 1], interpolator="sitkBspline")
    with pytest.raises(SettingsError, match="999"):
        operations.resampleImage(IMAGE, MASK, resampledPixelSpacing=[1, 1, 1], interpolator=999)
    with pytest.raises(SettingsError, match="padDistance"):
        operations.resampleImage(IMAGE, MASK, resampledPixelSpacing=[1, 1, 1], padDistance="5")
    with pytest.raises(ValueError, match="None"):
        operations.resampleImage(IMAGE, None, resampledPixelSpacing=[1, 1, 1])
    with pytest.raises(LabelNotFoundError):
        operations.resampleImage(IMAGE, MASK, resampledPixelSpacing=[1, 1, 1], label=2)


def test_a_spline_does_not_notice_what_lies_far_behind():
    values = np.random.default_rng(1).normal(size=(20, 30, 120))
    image, mask = make(values), mask_of(S[4:9, 3:9, 5:15], shape=values.shape)
    other = np.concatenate([values, np.full((20, 30, 60), 1e3)], axis=2)  # behind the reach of 40 voxels
    other[:, :, :75] = values[:, :, :75]
    wide = mask_of(S[4:9, 3:9, 5:15], shape=other.shape)
    a, _ = operations.resampleImage(image, mask, resampledPixelSpacing=[0.8, 0.8, 0.8])
    b, _ = operations.resampleImage(make(other), wide, resampledPixelSpacing=[0.8, 0.8, 0.8])
    assert a.GetSize() == b.GetSize()
    np.testing.assert_allclose(*map(sitk.GetArrayViewFromImage, (a, b)), rtol=0, atol=1e-12)


def test_what_cannot_be_normalized():
    with pytest.raises(InputError, match="all voxels of the image are 7"):
        operations.normalizeImage(make(np.full((3, 4, 5), 7, np.int16)))
    with pytest.raises(SettingsError, match="removeOutliers is -1"):
        operations.normalizeImage(IMAGE, removeOutliers=-1)
    with pytest.raises(SettingsError, match="normalizeScale is 'a'"):
        operations.normalizeImage(IMAGE, normalizeScale="a")
    with pytest.raises(RuntimeError, match="expected real numbers"):
        operations.normalizeImage(sitk.Compose(IMAGE, IMAGE))


@pytest.mark.parametrize("ends", [None, [], [1, 2, 3], [None, 100], 50])
def test_ranges_that_are_none(ends):
    with pytest.raises(SettingsError, match="resegmentRange is"):
        operations.resegmentMask(IMAGE, MASK, resegmentRange=ends)


def test_what_cannot_be_resegmented():
    with pytest.raises(EmptyRoiError, match=r"leaves 0 of 63 voxels.*run from 211 to 417"):
        operations.resegmentMask(IMAGE, MASK, resegmentRange=[5000, 6000])
    with pytest.raises(ValueError, match="leaves 1 of 63"):
        operations.resegmentMask(IMAGE, MASK, resegmentRange=[211, 211])
    with pytest.raises(SettingsError, match="did you mean 'sigma'"):
        operations.resegmentMask(IMAGE, MASK, resegmentRange=[0, 1], resegmentMode="sigmas")


def test_the_private_names_that_users_call():
    assert operations._checkROI(IMAGE, MASK).tolist() == [1, 3, 2, 7, 3, 3]
    assert operations._correctMask(IMAGE, moved(MASK, origin=(3.4, 4, 5))).GetOrigin() == IMAGE.GetOrigin()
