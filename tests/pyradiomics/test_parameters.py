"""Parameter files and settings are checked at the door."""

import logging

import pytest

from fasttex.errors import SettingsError
from fasttex.pyradiomics.featureextractor import RadiomicsFeatureExtractor
from fasttex.pyradiomics.parameters import DEFAULTS, read_parameters

ALL = ["firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm", "shape", "shape2D"]


def written(tmp_path, text, name="params.yaml"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_nothing_gives_the_defaults():
    extractor = RadiomicsFeatureExtractor()
    assert extractor.settings == DEFAULTS
    assert extractor.enabledImagetypes == {"Original": {}}
    assert list(extractor.enabledFeatures) == [name for name in ALL if name != "shape2D"]


def test_a_file_begins_anew_and_arguments_win(tmp_path):
    path = written(
        tmp_path,
        "setting: {binWidth: 10, label: 255}\n"
        "imageType: {Original: {}, LoG: {sigma: [1, 2.5], binWidth: 5}}\n"
        "featureClass: {glcm: [Contrast], shape: }\n"
        "voxelSetting: {kernelRadius: 2, initValue: nan}\n",
    )
    extractor = RadiomicsFeatureExtractor(path, binWidth=7)
    assert extractor.settings == {
        **DEFAULTS,
        "binWidth": 7,
        "label": 255,
        "kernelRadius": 2,
        "initValue": "nan",
    }
    assert extractor.enabledImagetypes == {"Original": {}, "LoG": {"sigma": [1, 2.5], "binWidth": 5}}
    assert extractor.enabledFeatures == {"glcm": ["Contrast"], "shape": None}


def test_a_file_without_classes_enables_all(tmp_path):
    path = written(tmp_path, '{"setting": {"binCount": 16}}', "params.json")
    extractor = RadiomicsFeatureExtractor(str(path))
    assert list(extractor.enabledFeatures) == ALL
    assert extractor.enabledImagetypes == {"Original": {}}


def test_a_dict_and_json_are_parameters_too():
    given = {"setting": {"binWidth": 3}, "imageType": {"Wavelet": {}}, "featureClass": {"ngtdm": []}}
    extractor = RadiomicsFeatureExtractor(given)
    assert extractor.settings["binWidth"] == 3
    extractor.loadJSONParams('{"featureClass": {"glszm": null}}')
    assert extractor.enabledFeatures == {"glszm": None}
    assert "binWidth" not in extractor.settings


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("setting: {binWdith: 25}", r"unknown 'binWdith' \(did you mean 'binWidth'\?\)"),
        ("setting: {binWidth: -1}", "binWidth"),
        ("setting: {binWidth: wide}", "binWidth"),
        ("setting: {binCount: 1.5}", "binCount"),
        ("setting: {force2Ddimension: 3}", "force2Ddimension"),
        ("setting: {interpolator: sitkCubic}", "sitkCubic"),
        ("setting: {interpolator: 77}", "interpolator is 77"),
        ("setting: {weightingNorm: taxi}", "weightingNorm"),
        ("setting: {resegmentMode: both}", "resegmentMode"),
        ("setting: {distances: [0]}", "distances"),
        ("setting: {resampledPixelSpacing: [1, -1, 1]}", "resampledPixelSpacing"),
        ("setting: {wavelet: haarr}", "haarr"),
        ("voxelSetting: {binWidth: 1}", "voxelSetting: unknown 'binWidth'"),
        ("inputImage: {Original: {}}", "imageType"),
        ("imageTypes: {Original: {}}", "unknown 'imageTypes'"),
        ("imageType: {Wavelet: }", "imageType"),
        ("imageType: {Laplace: {}}", "'Laplace' is not known"),
        ("imageType: {LoG: {sigma: 3}}", "sigma"),
        ("featureClass: {glcn: }", "'glcn' is not known"),
        ("featureClass: {glcm: [Contrasts]}", "'Contrasts' is not known"),
        ("- setting", "no mapping"),
        ("setting: [", "does not parse"),
    ],
)
def test_a_file_with_mistakes_is_refused(tmp_path, text, reason):
    with pytest.raises(ValueError, match=reason):
        RadiomicsFeatureExtractor(written(tmp_path, text))


def test_a_missing_file_is_an_oserror():
    with pytest.raises(OSError, match="does not exist"):
        RadiomicsFeatureExtractor("nowhere.yaml")


def test_every_key_may_be_null():
    from fasttex.pyradiomics.parameters import _Setting, _VoxelSetting

    given = {
        "setting": dict.fromkeys(_Setting.__struct_fields__),
        "voxelSetting": dict.fromkeys(_VoxelSetting.__struct_fields__),
    }
    assert read_parameters(given).setting == given["setting"]


def test_unknown_arguments_pass_with_one_warning(caplog):
    with caplog.at_level(logging.WARNING, "fasttex.pyradiomics"):
        extractor = RadiomicsFeatureExtractor(
            additionInfo=True, featureClass=["shape"], enableCExtensions=True
        )
    (record,) = caplog.records
    assert "'additionInfo' (did you mean 'additionalInfo'?)" in record.getMessage()
    assert "enableCExtensions" not in record.getMessage()
    assert extractor.settings["additionInfo"] is True


def test_known_arguments_are_checked():
    with pytest.raises(SettingsError, match="binWidth"):
        RadiomicsFeatureExtractor(binWidth="wide")
