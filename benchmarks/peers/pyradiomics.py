"""PyRadiomics: C functions for matrices, NumPy for features."""

import csv
import logging

import numpy as np

from ._cases import Case
from ._names import ours_by

REQUIREMENTS = ("pyradiomics-bhklab",)
DISTRIBUTION = "pyradiomics-bhklab"
FAMILIES = ("glcm", "glrlm", "glszm", "ngtdm", "ngldm")
AGGREGATION = "3d_averaged"
NOTE = (
    "a repackaged PyRadiomics; GLDM compared with NGLDM. Kurtosis (not excess) and lengths of axes (by N, "
    "not N - 1) differ by definition."
)
SKIP = ()
_CLASSES = ("glcm", "glrlm", "glszm", "gldm", "ngtdm")


def _matrix(case: Case, *families: str):
    from radiomics import _cmatrices as c

    levels, mask, n = case.levels, np.ascontiguousarray(case.mask), case.n_levels
    near = np.array([1])
    calls = {
        "glcm": lambda: c.calculate_glcm(levels, mask, near, n, False, 0),
        "glrlm": lambda: c.calculate_glrlm(levels, mask, n, max(levels.shape), False, 0),
        "glszm": lambda: c.calculate_glszm(levels, mask, n, int(mask.sum()), False, 0),
        "ngtdm": lambda: c.calculate_ngtdm(levels, mask, near, n, False, 0),
        "ngldm": lambda: c.calculate_gldm(levels, mask, near, n, 0, False, 0),
    }
    return lambda: {family: calls[family]() for family in families}


def matrix_glcm(case: Case):
    return _matrix(case, "glcm")


def matrix_glrlm(case: Case):
    return _matrix(case, "glrlm")


def matrix_glszm(case: Case):
    return _matrix(case, "glszm")


def matrix_ngtdm(case: Case):
    return _matrix(case, "ngtdm")


def matrix_ngldm(case: Case):
    return _matrix(case, "ngldm")


def matrix_all(case: Case):
    return _matrix(case, *FAMILIES)


def _pictures(image: np.ndarray, case: Case):
    import SimpleITK as sitk

    pictures = [sitk.GetImageFromArray(array) for array in (image, case.mask.astype(np.uint8))]
    for picture in pictures:
        picture.SetSpacing(case.spacing_mm[::-1])
    return pictures


def glcm_features(case: Case):
    """The matrix is counted beforehand; then what the class computes from it, and its 24 features."""
    from radiomics.glcm import RadiomicsGLCM

    counted = RadiomicsGLCM(*_pictures(case.levels, case), binWidth=1)
    counted._initCalculation()
    names = [name for name, deprecated in counted.getFeatureNames().items() if not deprecated]
    ours = ours_by("pyradiomics_name")

    def run():
        counted._calculateCoefficients()
        found = {name: getattr(counted, f"get{name}FeatureValue")() for name in names}
        return {ours.get(f"original_glcm_{n}", n): float(v.item()) for n, v in found.items()}

    return run


def _extractor(classes: tuple[str, ...], **bins: float):
    from radiomics import featureextractor

    logging.getLogger("radiomics").setLevel(logging.ERROR)
    extractor = featureextractor.RadiomicsFeatureExtractor(additionalInfo=False, **bins)
    extractor.disableAllFeatures()
    for name in classes:
        extractor.enableFeatureClassByName(name)
    return extractor


def _bins(case: Case) -> dict[str, float]:
    if case.bin_width is not None:
        return {"binWidth": case.bin_width}
    return {"binCount": int(case.name.split("-")[-1])}


def textures_from_levels(case: Case):
    extractor = _extractor(_CLASSES, binWidth=1)
    return lambda: extractor.execute(*_pictures(case.levels, case))


def textures(case: Case):
    extractor = _extractor(_CLASSES, **_bins(case))
    return lambda: extractor.execute(*_pictures(case.image, case))


def everything(case: Case):
    extractor = _extractor(("firstorder", "shape", *_CLASSES), **_bins(case))
    return lambda: extractor.execute(*_pictures(case.image, case))


def values(row: str, output: dict) -> dict:
    if row.startswith("matrix_"):
        return _counts(output)
    if row == "glcm_features":
        return output
    ours = ours_by("pyradiomics_name")
    return {ours[name]: float(v) for name, v in output.items() if name in ours}


def _counts(output: dict) -> dict[str, np.ndarray]:
    found = {}
    if "glcm" in output:
        counts = output["glcm"][0][0].sum(axis=2)
        found["glcm"] = counts + counts.T
    if "glrlm" in output:
        found["glrlm"] = output["glrlm"][0][0].sum(axis=2)
    if "glszm" in output:
        found["glszm"] = output["glszm"][0]
    if "ngtdm" in output:
        found["ngtdm_n"], found["ngtdm_s"] = output["ngtdm"][0][:, 0], output["ngtdm"][0][:, 1]
    if "ngldm" in output:
        found["ngldm"] = output["ngldm"][0]
    return found


def file_to_csv(image: str, mask: str, output: str) -> None:
    extractor = _extractor(("firstorder", "shape", *_CLASSES), binWidth=25)
    found = extractor.execute(image, mask)
    with open(output, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([list(found), list(found.values())])
