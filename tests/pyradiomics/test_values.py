"""Values of PyRadiomics 3.1, run by run: 34 with settings of every kind, and its own nine baselines."""

from __future__ import annotations

from typing import Any

import pytest
import SimpleITK as sitk
from pyradiomics.values import images, runs

from fasttex.pyradiomics.compare import TOLERANCE, difference
from fasttex.pyradiomics.featureextractor import RadiomicsFeatureExtractor


def assert_values(found: dict[str, Any], expected: dict[str, float]) -> None:
    """As close as rounding comes."""
    far = {key: difference(key, found, expected) for key in expected}
    wrong = [f"{key}: {found[key]!r}, expected {expected[key]!r}" for key in far if far[key] > TOLERANCE]
    assert not wrong, "\n".join(wrong)


def extract(image: sitk.Image, mask: sitk.Image, settings: dict, types: dict, wanted: list[str]) -> dict:
    extractor = RadiomicsFeatureExtractor(**settings)
    extractor.disableAllFeatures()
    for key in wanted:
        name, feature = key.split("_")[-2:]
        extractor.enabledFeatures.setdefault(name, []).append(feature)
    for name, features in extractor.enabledFeatures.items():
        extractor.enabledFeatures[name] = sorted(set(features))
    if types:
        extractor.disableAllImageTypes()
        extractor.enableImageTypes(**types)
    return extractor.execute(image, mask)


MORE = [
    "asymmetric", "binCount_17", "binWidth_0.01", "binWidth_0.1", "distances_1_2_3", "distances_2",
    "force2D_axis0", "force2D_axis1", "force2D_axis2", "gldm_a_1", "gldm_a_3", "label_1", "label_7", "label_8",
    "label_9", "lbp2d", "log_1_3", "normalize_outliers_shift", "per_type_binwidth", "pointwise_filters",
    "precrop_pad_log", "resample_bspline_float", "resample_bspline_keep_z", "resample_linear",
    "resample_nearest", "reseg_absolute", "reseg_relative", "reseg_sigma_shape", "wavelet_coif1",
    "wavelet_db2_level2", "weighting_euclidean", "weighting_infinity", "weighting_manhattan",
]  # fmt: skip
OWN = [
    "brain1", "brain1_2d", "brain1_FBN", "brain1_combined", "brain1_flatRegion", "brain1_normalization",
    "brain1_resampling", "brain1_resegmentation", "brain1_shape2D",
]  # fmt: skip


@pytest.mark.usefixtures("shared_data")
@pytest.mark.parametrize("case", MORE + OWN)
def test_settings_of_every_kind(case):
    chosen = [run for run in runs() if run.case == case]
    assert chosen
    for run in chosen:
        settings = {**run.settings, "label": run.label}
        found = extract(*images(run.image), settings, run.types, list(run.expected))
        assert_values(found, run.expected)


@pytest.mark.usefixtures("shared_data")
def test_every_run_is_compared():
    assert {run.case for run in runs()} == {*MORE, *OWN}
    assert sum(len(run.expected) for run in runs() if run.case in MORE) == 3264
    assert sum(len(run.expected) for run in runs() if run.case in OWN) == 674


@pytest.mark.usefixtures("shared_data")
def test_diagnostics():
    """What PyRadiomics says of brain1 and its ROI, before and after resampling and re-segmentation."""
    image, mask = images("brain1")
    settings = {"resampledPixelSpacing": [2, 2, 2], "resegmentRange": [-3, 3], "resegmentMode": "sigma"}
    found = extract(image, mask, settings, {}, ["original_firstorder_Mean"])
    spacing = (0.7812499999999999, 0.7812499999999999, 6.499999999999998)
    expected = {
        "Image-original_Hash": "5c9ce3ca174f0f8324aa4d277e0fef82dc5ac566",
        "Image-original_Dimensionality": "3D",
        "Image-original_Spacing": spacing,
        "Image-original_Size": (256, 256, 25),
        "Image-original_Mean": 385.6564080810547,
        "Image-original_Minimum": 0.0,
        "Image-original_Maximum": 3057.0,
        "Mask-original_Hash": "9dc2c3137b31fd872997d92c9a92d5178126d9d3",
        "Mask-original_Spacing": spacing,
        "Mask-original_Size": (256, 256, 25),
        "Mask-original_BoundingBox": (162, 84, 11, 47, 70, 7),
        "Mask-original_VoxelNum": 4137,
        "Mask-original_VolumeNum": 2,
        "Mask-original_CenterOfMassIndex": (186.98549673676578, 106.3562968334542, 14.38917089678511),
        "Mask-original_CenterOfMass": (46.47304432559825, 16.518518098863908, 15.529610829103234),
        "Image-interpolated_Spacing": (2.0, 2.0, 2.0),
        "Image-interpolated_Size": (30, 39, 34),
        "Image-interpolated_Mean": 598.916742081448,
        "Image-interpolated_Minimum": -128.0,
        "Image-interpolated_Maximum": 2253.0,
        "Mask-interpolated_BoundingBox": (5, 6, 7, 19, 27, 22),
        "Mask-interpolated_VoxelNum": 1915,
        "Mask-interpolated_VolumeNum": 2,
        "Mask-interpolated_CenterOfMass": (46.5383812010444, 16.490339425587454, 15.377154046997425),
        "Mask-interpolated_Mean": 820.533681462141,
        "Mask-interpolated_Maximum": 1334.0,
        "Mask-resegmented_VoxelNum": 1913,
        "Mask-resegmented_CenterOfMassIndex": (14.772085729221118, 14.26032409827496, 18.809722948248822),
        "Mask-resegmented_Mean": 820.0057501306848,
        "Mask-resegmented_Maximum": 1270.0,
    }
    for key, value in expected.items():
        here = found[f"diagnostics_{key}"]
        assert here == (value if isinstance(value, str) else pytest.approx(value, rel=1e-12)), key
