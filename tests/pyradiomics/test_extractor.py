"""The extractor: keys, order, errors, and what is shared."""

import logging
import math
import pickle

import numpy as np
import pytest
import SimpleITK as sitk
from pyradiomics.cases import images

from fasttex.errors import KernelUnavailableError
from fasttex.pyradiomics import getFeatureClasses, imageoperations
from fasttex.pyradiomics.featureextractor import RadiomicsFeatureExtractor

DIAGNOSTICS = [
    "Versions_PyRadiomics", "Versions_Numpy", "Versions_SimpleITK", "Versions_PyWavelet", "Versions_Python",
    "Configuration_Settings", "Configuration_EnabledImageTypes", "Image-original_Hash",
    "Image-original_Dimensionality", "Image-original_Spacing", "Image-original_Size", "Image-original_Mean",
    "Image-original_Minimum", "Image-original_Maximum", "Mask-original_Hash", "Mask-original_Spacing",
    "Mask-original_Size", "Mask-original_BoundingBox", "Mask-original_VoxelNum", "Mask-original_VolumeNum",
    "Mask-original_CenterOfMassIndex", "Mask-original_CenterOfMass",
]  # fmt: skip


def only(extractor, **features):
    extractor.disableAllFeatures()
    extractor.enableFeaturesByName(**features)
    return extractor


def test_keys_and_their_order():
    found = RadiomicsFeatureExtractor().execute(*images())
    keys = list(found)
    assert keys[: len(DIAGNOSTICS)] == [f"diagnostics_{name}" for name in DIAGNOSTICS]
    features = keys[len(DIAGNOSTICS) :]
    assert len(features) == 107
    classes = list(dict.fromkeys(key.split("_")[1] for key in features))
    assert classes == ["shape", "firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm"]
    assert all(isinstance(found[key], np.ndarray) and found[key].ndim == 0 for key in features)
    assert all(math.isfinite(found[key]) for key in features)


def test_the_result_says_who_computed():
    found = RadiomicsFeatureExtractor().execute(*images())
    assert found["diagnostics_Versions_PyRadiomics"].startswith("none: fasttex")
    assert "pyradiomics-3.1" in found["diagnostics_Versions_PyRadiomics"]


def test_classes_come_as_they_were_enabled():
    extractor = only(
        RadiomicsFeatureExtractor(additionalInfo=False),
        ngtdm=["Strength", "Busyness"],
        firstorder=["Mean"],
        shape=[],
    )
    extractor.enableImageTypes(Square={})
    keys = [key for key in extractor.execute(*images()) if "_shape_" not in key]
    assert keys == [
        f"{image}_{feature}"
        for image in ("original", "square")
        for feature in ("ngtdm_Strength", "ngtdm_Busyness", "firstorder_Mean")
    ]


def test_files_and_images_give_the_same(tmp_path):
    image, mask = images()
    paths = tmp_path / "image.nrrd", tmp_path / "mask.nrrd"
    sitk.WriteImage(image, paths[0])
    sitk.WriteImage(mask, paths[1])
    extractor = only(RadiomicsFeatureExtractor(additionalInfo=False), glcm=[], shape=[])
    found, expected = extractor.execute(str(paths[0]), paths[1]), extractor.execute(image, mask)
    assert {k: v.tobytes() for k, v in found.items()} == {k: v.tobytes() for k, v in expected.items()}


def test_every_image_is_as_if_alone():
    """Classes that share levels and counts give what they give by themselves."""
    image, mask = images()
    found = RadiomicsFeatureExtractor(additionalInfo=False, binWidth=30).execute(image, mask)
    for name, cls in getFeatureClasses().items():
        if name.startswith("shape"):
            continue
        alone = cls(image, mask, binWidth=30)
        alone.enableAllFeatures()
        for feature, value in alone.execute().items():
            assert found[f"original_{name}_{feature}"] == value, feature


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"resampledPixelSpacing": [0.7, 0.7, 2], "padDistance": 2},
        {"preCrop": True, "padDistance": 1},
        {"resegmentRange": [-1.5, 1.5], "resegmentMode": "sigma", "normalize": True},
    ],
)
def test_all_labels_at_once(settings):
    image, mask = images()
    extractor = only(RadiomicsFeatureExtractor(additionalInfo=False, **settings), firstorder=[], glszm=[])
    extractor.enableImageTypes(Original={}, Square={}, Wavelet={})
    found = extractor.execute_labels(image, mask)
    assert list(found) == [1, 7]
    for label in found:
        alone = extractor.execute(image, mask, label=label)
        assert list(found[label]) == list(alone)
        for key in alone:
            np.testing.assert_array_equal(found[label][key], alone[key], err_msg=key)


def test_a_label_that_fails_leaves_the_others():
    image, mask = images()
    found = only(RadiomicsFeatureExtractor(), firstorder=["Mean"]).execute_labels(image, mask, [1, 3])
    assert found[1]["original_firstorder_Mean"] > 0
    assert list(found[3]) == ["diagnostics_Failed"]
    assert "3" in found[3]["diagnostics_Failed"]


def test_an_image_type_that_fails_leaves_the_others(monkeypatch, caplog):
    def broken(*_, **__):
        raise RuntimeError("no more memory")

    monkeypatch.setattr(imageoperations, "getGradientImage", broken)
    extractor = only(RadiomicsFeatureExtractor(additionalInfo=False), firstorder=["Mean"])
    extractor.enableImageTypes(Gradient={}, Original={}, Square={})
    with caplog.at_level(logging.ERROR, "fasttex.pyradiomics"):
        found = extractor.execute(*images())
    assert found["diagnostics_Failed_Gradient"] == "RuntimeError: no more memory"
    assert {"original_firstorder_Mean", "square_firstorder_Mean"} < set(found)
    assert "no more memory" in caplog.text


def test_scales_that_are_left_out_are_named():
    extractor = only(RadiomicsFeatureExtractor(additionalInfo=False), firstorder=["Mean"])
    extractor.enableImageTypes(LoG={"sigma": [2, 500.0]})
    found = extractor.execute(*images())
    assert "log-sigma-2-mm-3D_firstorder_Mean" in found
    assert "choose a smaller sigma" in found["diagnostics_Failed_log-sigma-500-0-mm-3D"]
    extractor.enableImageTypes(LoG={})
    assert "needs sigma" in extractor.execute(*images())["diagnostics_Failed_LoG"]


def test_a_class_that_fails_leaves_the_others(monkeypatch):
    def broken(self):
        raise RuntimeError("no more memory")

    monkeypatch.setattr(getFeatureClasses()["glrlm"], "execute", broken)
    found = only(RadiomicsFeatureExtractor(additionalInfo=False), glrlm=[], glcm=["Contrast"]).execute(
        *images()
    )
    assert found["diagnostics_Failed_original_glrlm"] == "RuntimeError: no more memory"
    assert "original_glcm_Contrast" in found


def test_mistakes_in_names():
    extractor = only(RadiomicsFeatureExtractor(), glcm=["Contrasts"])
    with pytest.raises(LookupError, match="Contrasts"):
        extractor.execute(*images())


def test_unknown_classes_and_types_are_warned_of(caplog):
    extractor = RadiomicsFeatureExtractor()
    with caplog.at_level(logging.WARNING, "fasttex.pyradiomics"):
        extractor.enableFeatureClassByName("glcn")
        extractor.enableImageTypeByName("Laplace")
    assert "glcn" in caplog.text
    assert "Laplace" in caplog.text
    assert "glcn" not in extractor.enabledFeatures
    assert "Laplace" not in extractor.enabledImagetypes


def test_the_methods_that_enable():
    extractor = RadiomicsFeatureExtractor()
    extractor.enableAllFeatures()
    assert "shape2D" in extractor.enabledFeatures
    extractor.enableFeatureClassByName("glcm", enabled=False)
    assert "glcm" not in extractor.enabledFeatures
    extractor.enableAllImageTypes()
    assert len(extractor.enabledImagetypes) == 10
    extractor.enableImageTypeByName("Original", enabled=False)
    assert "Original" not in extractor.enabledImagetypes
    extractor.disableAllImageTypes()
    assert extractor.enabledImagetypes == {}
    extractor.addProvenance(False)
    assert not any(key.startswith("diagnostics") for key in extractor.execute(*images()))


@pytest.mark.parametrize(
    ("change", "settings", "error", "reason"),
    [
        (None, {"label": 3}, ValueError, "3"),
        (None, {"minimumROISize": 10_000}, ValueError, "10"),
        ("one voxel", {}, ValueError, "voxel"),
        ("one voxel", {"minimumROIDimensions": 1}, ValueError, "voxel"),
        ("line", {}, ValueError, "minimumROIDimensions"),
        ("moved", {}, ValueError, "geometry"),
        ("moved away", {"correctMask": True}, ValueError, "image"),
        (None, {"resegmentRange": [50_000, 60_000]}, ValueError, "voxel"),
        (None, {"resegmentRange": [1, 2, 3]}, ValueError, "resegmentRange"),
    ],
)
def test_masks_that_cannot_be_used(change, settings, error, reason):
    image, mask = images()
    voxels = sitk.GetArrayFromImage(mask)
    if change in ("one voxel", "line"):
        voxels[:] = 0
        voxels[4, 6, 4 : 5 if change == "one voxel" else 8] = 1
        changed = sitk.GetImageFromArray(voxels)
        changed.CopyInformation(mask)
        mask = changed
    elif change:
        mask.SetOrigin((1000.0, 0.0, 0.0) if change == "moved away" else (-3.5, 4.5, 10.0))
    with pytest.raises(error, match=reason):
        RadiomicsFeatureExtractor(**settings).execute(image, mask)


@pytest.mark.parametrize("given", [None, 3, np.zeros((2, 2, 2)), "nowhere.nrrd"])
def test_what_is_no_image(given):
    with pytest.raises(ValueError, match="expected the path of a file or a SimpleITK image"):
        RadiomicsFeatureExtractor().execute(given, images()[1])


def test_maps_are_not_there_yet():
    with pytest.raises(KernelUnavailableError, match="voxelBased"):
        RadiomicsFeatureExtractor().execute(*images(), voxelBased=True)


def test_the_extractor_travels_and_can_be_subclassed():
    class Mine(RadiomicsFeatureExtractor):
        def execute(self, *args, **kwargs):
            found = super().execute(*args, **kwargs)
            return {key: value for key, value in found.items() if not key.startswith("diagnostics")}

    extractor = only(RadiomicsFeatureExtractor(binWidth=12), firstorder=["Mean"])
    again = pickle.loads(pickle.dumps(extractor))
    assert again.settings == extractor.settings
    assert again.enabledFeatures == extractor.enabledFeatures
    assert len(Mine().execute(*images())) == 107


def test_shape_of_a_slice():
    image, mask = images()
    image, mask = image[:, :, 4:5], mask[:, :, 4:5]
    found = only(RadiomicsFeatureExtractor(force2D=True, additionalInfo=False), shape2D=[]).execute(
        image, mask
    )
    assert len(found) == 9
    assert not only(RadiomicsFeatureExtractor(additionalInfo=False), shape2D=[]).execute(image, mask)


def test_an_image_of_two_axes():
    image, mask = images()
    found = RadiomicsFeatureExtractor(additionalInfo=False).execute(image[:, :, 4], mask[:, :, 4])
    assert len(found) == 93
    assert not any("_shape_" in key for key in found)


def test_settings_of_an_image_type_alone():
    image, mask = images()
    extractor = only(RadiomicsFeatureExtractor(binWidth=20, additionalInfo=False), glcm=["Contrast"])
    extractor.enableImageTypes(Original={"binWidth": 5}, Square={})
    found = extractor.execute(image, mask)
    alone = only(RadiomicsFeatureExtractor(binWidth=5, additionalInfo=False), glcm=["Contrast"])
    assert found["original_glcm_Contrast"] == alone.execute(image, mask)["original_glcm_Contrast"]
