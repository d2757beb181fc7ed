"""The box of a label, whatever array holds it; the part of images that a box holds."""

import numpy as np
import pytest
import SimpleITK as sitk

from fasttex.errors import GeometryMismatchError, LabelNotFoundError
from fasttex.pyradiomics import boxes, imageoperations
from fasttex.pyradiomics.boxes import box_of
from fasttex.pyradiomics.geometry import part_of
from fasttex.pyradiomics.masks import labels_for
from fasttex.pyradiomics.region import Region

BOX = np.s_[2:5, 3:6, 1:38]
DTYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8", ">i2")


@pytest.fixture(params=["compiled", "numpy"])
def engine(request, monkeypatch):
    if request.param == "numpy":
        monkeypatch.setattr(boxes, "compiled", lambda: None)
    elif boxes.compiled() is None:
        pytest.skip("there is no compiled extension")


def labels(dtype, label=1):
    made = np.zeros((8, 9, 40), dtype)
    made[2, 3, 37] = made[4, 4, 1] = made[3, 5, 20] = label
    made[7, 8, 39] = 9
    return made


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_box_in_every_dtype(engine, dtype):
    assert box_of(labels(dtype), 1) == BOX
    assert box_of(labels(dtype)[2], np.int64(1)) == np.s_[0:1, 3:4, 37:38]
    assert box_of(labels(dtype).T, 1) == BOX[::-1]  # not in C order
    assert box_of(labels(dtype)[:, ::2], 1) == np.s_[4:5, 2:3, 1:2]
    for absent in (2, -1, 300, 70_000, 2**40, 2**64, 2**70):
        assert box_of(labels(dtype), absent) is None


@pytest.mark.parametrize("dtype", [dtype for dtype in DTYPES if "u" not in dtype])
def test_negative_labels(engine, dtype):
    assert box_of(labels(dtype, -3), -3) == BOX
    assert box_of(labels(dtype, -3), 2**8 - 3) is None


def test_the_largest_labels(engine):
    for dtype in ("u1", "u2", "u4", "u8"):
        largest = np.iinfo(dtype).max
        assert box_of(labels(dtype, largest), int(largest)) == BOX
        assert box_of(labels(dtype, largest), -1) is None


def as_image(voxels):
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing((0.7, 1.3, 2.9)[: voxels.ndim])
    image.SetOrigin((-11.3, 5.7, 0.1)[: voxels.ndim])
    return image


@pytest.mark.parametrize(
    ("dtype", "label", "kept"),
    [
        ("u1", 1, True),
        ("i2", 9, True),
        ("u4", 1, True),
        ("u1", 300, False),
        ("i2", -1, False),
        ("i4", 2**32 - 1, False),
        ("i8", 1, False),
        ("f4", 1, False),
    ],
)
def test_masks_that_are_searched_as_they_are(dtype, label, kept):
    """Only where a cast to 32-bit unsigned integers would leave the label in the same voxels."""
    mask = as_image(labels(dtype))
    found = labels_for(mask, label)
    assert (found is mask) == kept
    assert kept or found.GetPixelID() == sitk.sitkUInt32


@pytest.mark.parametrize("flat", [False, True])
def test_a_part_is_what_simpleitk_crops(flat):
    image = as_image(np.arange(2880.0).reshape(8, 9, 40)[0 if flat else slice(None)])
    box = np.array([1, 37, 3, 5, 2, 4][: 4 if flat else 6])
    for dtype, pixels in ((None, sitk.sitkFloat64), (np.uint32, sitk.sitkUInt32)):
        cut = imageoperations.cropToTumorMask(image, image, box)[0]
        wanted = sitk.Cast(cut, pixels)
        found = part_of(image, box, dtype)
        assert found.GetPixelID() == pixels
        assert np.array_equal(sitk.GetArrayFromImage(found), sitk.GetArrayFromImage(wanted))
        for what in ("Origin", "Spacing", "Direction", "Size"):
            assert getattr(found, f"Get{what}")() == getattr(wanted, f"Get{what}")()


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("cut_already", [False, True])
def test_a_window_is_as_if_the_images_were_cut(flat, cut_already):
    part = np.s_[3] if flat else np.s_[:]
    image, mask = (
        as_image(np.random.default_rng(3).normal(size=(8, 9, 40))[part]),
        as_image(labels("i2")[part]),
    )
    window = np.array([0, 37, 2, 8, 1, 6][: 4 if flat else 6])
    cut = imageoperations.cropToTumorMask(image, mask, window)
    wanted = Region.from_images(*cut)
    found = Region.from_images(image, cut[1] if cut_already else mask, window=window)
    assert found.box == wanted.box
    assert found.size == wanted.size
    assert found.spacing_mm == wanted.spacing_mm
    assert found.ndim == wanted.ndim
    for name in ("inside", "volume", "intensities"):
        assert np.array_equal(getattr(found, name), getattr(wanted, name)), name
    for name in ("image", "mask"):
        a, b = (sitk.GetArrayFromImage(getattr(region, name)) for region in (found, wanted))
        assert np.array_equal(a, b)
        assert getattr(found, name).GetOrigin() == getattr(wanted, name).GetOrigin()


def test_windows_that_cannot_be():
    image, mask = as_image(np.zeros((8, 9, 40))), as_image(labels("u1"))
    with pytest.raises(LabelNotFoundError):
        Region.from_images(image, mask, window=np.array([0, 39, 0, 8, 5, 7]))
    with pytest.raises(GeometryMismatchError):
        Region.from_images(image, mask[1:], window=np.array([0, 37, 2, 8, 1, 6]))
