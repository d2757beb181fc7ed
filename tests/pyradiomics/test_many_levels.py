"""ROIs of many gray levels: what does not fit is refused, says what would, and leaves the rest in place."""

import re

import numpy as np
import pytest
import SimpleITK as sitk
from pyradiomics.cases import images

from fasttex.errors import LevelRangeError
from fasttex.pyradiomics import binning, counts
from fasttex.pyradiomics.cMatrices import calculate_glcm
from fasttex.pyradiomics.featureextractor import RadiomicsFeatureExtractor
from fasttex.pyradiomics.glcm import RadiomicsGLCM
from fasttex.pyradiomics.gldm import RadiomicsGLDM
from fasttex.pyradiomics.glrlm import RadiomicsGLRLM


def extractor(*classes, **settings):
    made = RadiomicsFeatureExtractor(additionalInfo=False, **settings)
    made.disableAllFeatures()
    made.enableFeaturesByName(**{name: [] for name in classes})
    return made


def classes_of(found):
    return {key.split("_")[1] for key in found if not key.startswith("diagnostics")}


def test_a_width_that_is_far_too_small(shared_data):
    """brain1 has 666 intensities: so many levels of 800,000 are present, and counted."""
    folder = shared_data / "data" / "pyradiomics"
    brain = [sitk.ReadImage(folder / f"brain1_{part}.nrrd") for part in ("image", "label")]
    found = RadiomicsFeatureExtractor(additionalInfo=False, binWidth=0.001).execute(*brain)
    assert len(found) == 107
    assert not any("Failed" in key for key in found)


def test_a_class_that_does_not_fit_leaves_the_others(monkeypatch):
    monkeypatch.setattr(counts, "MEMORY_LIMIT", 1_000_000)
    wanted = extractor("shape", "glcm", "glrlm", "firstorder", binWidth=1)
    found = wanted.execute(*images())
    assert classes_of(found) == {"shape", "firstorder", "glrlm"}
    reason = found["diagnostics_Failed_original_glcm"]
    assert re.match(r"LevelRangeError: the 13 co-occurrence matrices of \d+ gray levels take [\d,]+", reason)
    width, count = re.search(
        r"set binWidth to at least (\S+), or binCount to at most (\d+),", reason
    ).groups()
    for fitting in ({"binWidth": float(width)}, {"binCount": int(count)}):
        wanted.settings.update(fitting)
        assert "glcm" in classes_of(wanted.execute(*images()))


@pytest.mark.parametrize(
    ("made", "settings", "limit"),
    [
        (RadiomicsGLCM, {}, 20_000),
        (RadiomicsGLCM, {"symmetricalGLCM": False}, 20_000),
        (RadiomicsGLCM, {"weightingNorm": "euclidean"}, 500_000),
        (RadiomicsGLRLM, {}, 20_000),
        (RadiomicsGLDM, {"distances": [1, 2]}, 20_000),
    ],
)
def test_refused_before_anything_is_allocated(monkeypatch, made, settings, limit):
    monkeypatch.setattr(counts, "MEMORY_LIMIT", limit)
    monkeypatch.setattr("fasttex.pyradiomics.glcm._BLOCK", 1)
    features = made(*images(), binWidth=5, **settings)
    with pytest.raises(LevelRangeError, match=r"gray levels take [\d,]+ bytes.*set binWidth to at least"):
        features.execute()
    assert not {"roi", "batch"} & set(vars(features.counts))


def test_more_levels_than_a_kernel_takes():
    rng = np.random.default_rng(0)
    image = sitk.GetImageFromArray(rng.permutation(42**3).reshape(42, 42, 42).astype(np.float64))
    found = extractor("glcm", "glszm", "firstorder", binWidth=1).execute(image, image >= 0)
    assert classes_of(found) == {"firstorder"}
    assert "co-occurrence" in found["diagnostics_Failed_original_glcm"]
    assert "74,088 gray levels, expected at most 65,535" in found["diagnostics_Failed_original_glszm"]
    assert "set binWidth to at least 1.2" in found["diagnostics_Failed_original_glszm"]


def test_an_image_of_too_many_bins_leaves_the_others(monkeypatch):
    wanted = extractor("firstorder", "glcm")
    wanted.enableImageTypes(Original={"binWidth": 1e-7}, Square={})
    found = wanted.execute(*images())
    assert "raise binWidth to at least" in found["diagnostics_Failed_original"]
    assert {key.split("_")[0] for key in found} == {"diagnostics", "square"}
    monkeypatch.setattr(binning, "_MOST_EDGES", 1000)
    wanted.enableImageTypes(Original={"binCount": 1001})
    assert "at most 1,000" in wanted.execute(*images())["diagnostics_Failed_original"]


def test_matrices_by_themselves(monkeypatch):
    monkeypatch.setattr(counts, "MEMORY_LIMIT", 1000)
    levels = np.arange(1, 28).reshape(3, 3, 3)
    with pytest.raises(ValueError, match=r"27 gray levels take 151,632 bytes.*use at most 2, or raise"):
        calculate_glcm(levels, levels > 0, [1], 27, False, 0)
