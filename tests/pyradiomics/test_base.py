"""The interface of the feature classes: enabling, names, attributes, errors."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from pyradiomics.regions import as_images
from pyradiomics.values import CLASSES

from fasttex.errors import (
    GeometryMismatchError,
    InputError,
    KernelUnavailableError,
    LabelNotFoundError,
    SettingsError,
)
from fasttex.pyradiomics.base import RadiomicsFeaturesBase
from fasttex.pyradiomics.glcm import RadiomicsGLCM

NUMBERS = {
    "glcm": 24,
    "glrlm": 16,
    "glszm": 16,
    "gldm": 14,
    "ngtdm": 5,
    "firstorder": 18,
    "shape": 14,
    "shape2D": 9,
}


@pytest.fixture
def pair():
    rng = np.random.default_rng(1)
    return as_images(
        rng.integers(0, 200, (4, 5, 6)).astype(np.int16), rng.random((4, 5, 6)) < 0.8, (2.5, 1.2, 0.8)
    )


def made(name, pair, **settings):
    if name != "shape2D":
        return CLASSES[name](*pair, **settings)
    slices = [part[:, :, 1:2] for part in pair]
    return CLASSES[name](*slices, force2D=True, **settings)


@pytest.mark.parametrize("name", CLASSES)
def test_all_features_are_those_not_deprecated(name, pair):
    found = made(name, pair).execute()
    assert len(found) == NUMBERS[name]
    assert list(found) == [f for f, deprecated in CLASSES[name].getFeatureNames().items() if not deprecated]
    assert all(isinstance(value, np.ndarray) and value.shape == () for value in found.values())


@pytest.mark.parametrize("name", CLASSES)
def test_each_feature_alone(name, pair):
    together = made(name, pair).execute()
    for feature, deprecated in CLASSES[name].getFeatureNames().items():
        one = made(name, pair)
        get = getattr(one, f"get{feature}FeatureValue")
        if feature in one.REPLACED:
            with pytest.raises(DeprecationWarning, match=feature):
                get()
            continue
        value = get()
        assert np.shape(value) == ((1,) if one.AS_ARRAY else ())
        if not deprecated:
            np.testing.assert_equal(np.squeeze(value), together[feature])


def test_features_come_in_the_order_in_which_they_were_enabled(pair):
    one = RadiomicsGLCM(*pair)
    one.enableFeatureByName("JointEnergy")
    one.enableFeatureByName("Contrast")
    one.enableFeatureByName("Id", False)
    assert one.enabledFeatures == {"JointEnergy": True, "Contrast": True, "Id": False}
    assert list(one.execute()) == ["JointEnergy", "Contrast"] == list(one.featureValues)
    one.disableAllFeatures()
    assert one.enabledFeatures == {} == one.featureValues


def test_a_replaced_feature_is_left_out_with_a_message(pair, caplog):
    one = RadiomicsGLCM(*pair)
    one.enableFeatureByName("Dissimilarity")
    one.enableFeatureByName("Contrast")
    assert list(one.execute()) == ["Contrast"]
    assert "DifferenceAverage" in caplog.text


def test_an_unknown_feature_is_an_error(pair):
    with pytest.raises(LookupError, match="Feature not found: Energie"):
        RadiomicsGLCM(*pair).enableFeatureByName("Energie")


def test_a_class_of_a_user_has_its_own_features(pair):
    class Mine(RadiomicsGLCM):
        def getTwiceTheContrastFeatureValue(self):
            return 2 * self.getContrastFeatureValue()

    found = Mine(*pair).execute()
    assert len(found) == 25
    assert found["TwiceTheContrast"] == 2 * found["Contrast"]
    assert "TwiceTheContrast" not in RadiomicsGLCM.getFeatureNames()


def test_attributes(pair):
    one = RadiomicsGLCM(*pair, binWidth=20)
    mask = sitk.GetArrayFromImage(pair[1]) == 1
    assert np.array_equal(one.maskArray, mask)
    assert one.imageArray.shape == mask.shape
    assert not one.imageArray[~mask].any()
    assert one.coefficients["Ng"] == one.imageArray.max()
    assert np.array_equal(one.coefficients["grayLevels"], np.unique(one.imageArray[mask]))
    first_order = CLASSES["firstorder"](*pair, voxelArrayShift=5)
    assert np.array_equal(first_order.imageArray, sitk.GetArrayFromImage(pair[0]))
    assert np.array_equal(first_order.targetVoxelArray[0], sitk.GetArrayFromImage(pair[0])[mask])
    assert np.array_equal(first_order.discretizedImageArray, CLASSES["glcm"](*pair).imageArray)


def test_matrices_leave_out_what_is_empty(pair):
    one = RadiomicsGLCM(*pair)
    n = len(one.coefficients["grayLevels"])
    assert one.P_glcm.shape == (1, n, n, 13)
    np.testing.assert_allclose(one.P_glcm.sum(axis=(1, 2)), 1)
    assert RadiomicsGLCM(*pair, weightingNorm="euclidean").P_glcm.shape == (1, n, n, 1)
    assert CLASSES["ngtdm"](*pair).P_ngtdm.shape == (1, n, 3)
    for name in ("glrlm", "glszm", "gldm"):
        matrix = getattr(CLASSES[name](*pair), f"P_{name}")
        assert matrix.shape[:2] == (1, n)
        assert matrix.any(axis=(0, 1) if name != "glrlm" else (0, 1, 3)).all()


@pytest.mark.parametrize("name", CLASSES)
def test_voxel_maps_are_refused(name, pair):
    with pytest.raises(KernelUnavailableError, match="voxelBased"):
        made(name, pair, voxelBased=True)


def test_errors_of_users(pair):
    with pytest.raises(ValueError, match="Missing input image or mask"):
        RadiomicsGLCM(None, pair[1])
    with pytest.raises(LabelNotFoundError, match="label 7 is not in the mask, which holds 0, 1"):
        RadiomicsGLCM(*pair, label=7)
    with pytest.raises(GeometryMismatchError, match=r"\(6, 5, 4\) voxels"):
        RadiomicsGLCM(pair[0], pair[1][:, :, 1:])
    with pytest.raises(SettingsError, match="distances is"):
        RadiomicsGLCM(*pair, distances=1).execute()
    with pytest.raises(RuntimeError, match="lie \\[9\\] voxels apart"):
        RadiomicsGLCM(*pair, distances=[9]).execute()
    with pytest.raises(SettingsError, match="gldm_a is"):
        CLASSES["gldm"](*pair, gldm_a=1.5).execute()
    with pytest.raises(InputError, match="Shape features are only available in 3D"):
        CLASSES["shape"](*[part[:, :, 1] for part in pair])
    with pytest.raises(InputError, match="Shape2D can only be computed"):
        CLASSES["shape2D"](*pair)
    with pytest.raises(InputError, match="lies in 4 slices"):
        CLASSES["shape2D"](*pair, force2D=True)


@pytest.mark.parametrize(
    "kind", [sitk.sitkUInt8, sitk.sitkInt16, sitk.sitkUInt32, sitk.sitkFloat32, sitk.sitkInt64]
)
def test_masks_of_any_kind(kind, pair):
    expected = RadiomicsGLCM(*pair, label=1).execute()
    np.testing.assert_equal(RadiomicsGLCM(pair[0], sitk.Cast(pair[1], kind)).execute(), expected)


@pytest.mark.parametrize("label", [3, 70_000, -2])
def test_labels_large_and_negative(label, pair):
    inside = sitk.GetArrayFromImage(pair[1]).astype(np.int32)
    mask = sitk.GetImageFromArray(np.where(inside == 1, label, 5))
    np.testing.assert_equal(
        RadiomicsGLCM(pair[0], mask, label=label).execute(), RadiomicsGLCM(*pair).execute()
    )


def test_a_2d_image_is_one_slice(pair):
    flat = [part[:, :, 2] for part in pair]
    slab = [part[:, :, 2:3] for part in pair]
    for name in ("glcm", "glrlm", "glszm", "gldm", "ngtdm"):
        np.testing.assert_equal(CLASSES[name](*flat).execute(), CLASSES[name](*slab).execute())
    assert CLASSES["glcm"](*flat).imageArray.ndim == 2
    assert CLASSES["glcm"](*flat).maskArray.ndim == 2


def test_the_base_computes_nothing(pair):
    assert RadiomicsFeaturesBase.getFeatureNames() == {}
    assert RadiomicsFeaturesBase(*pair).execute() == {}
