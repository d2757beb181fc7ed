"""flash-radiomics: C kernels under PyRadiomics' names."""

import csv
import logging
import os

import numpy as np

from ._cases import Case
from ._names import ours_by, snake

REQUIREMENTS = (
    "flash-radiomics", "numpy", "h5py", "SimpleITK", "pykwalify", "PyWavelets", "scipy", "scikit-image",
    "scikit-learn", "trimesh",
)  # fmt: skip
DISTRIBUTION = "flash-radiomics"
FAMILIES = ("glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm")
AGGREGATION = "3d_averaged"
NOTE = (
    "its wheel names no requirements, they are installed beside it; GLDM compared with NGLDM; feature "
    "classes on arrays, as its extractor always writes HDF5 (which is part of file_to_csv)."
)
SKIP = ()
_TEXTURES = ("GLCM", "GLRLM", "GLSZM", "GLDZM", "NGTDM", "GLDM")


def _run(classes: tuple[str, ...], image: np.ndarray, case: Case, **bins: float) -> dict[str, float]:
    import flash_radiomics as flash

    mask, found = case.mask.astype(np.uint8), {}
    for name in classes:
        features = getattr(flash, f"Radiomics{name}")(
            image, mask, backend="cpu", num_threads=1, spacing=case.spacing_mm[::-1], **bins
        )
        features.enableAllFeatures()
        found.update({f"original_{name.lower()}_{key}": v for key, v in features.execute().items()})
    return found


def _bins(case: Case) -> dict[str, float]:
    if case.bin_width is not None:
        return {"binWidth": case.bin_width}
    return {"binCount": int(case.name.split("-")[-1])}


def textures_from_levels(case: Case):
    return lambda: _run(_TEXTURES, case.levels, case, binWidth=1)


def textures(case: Case):
    return lambda: _run(_TEXTURES, case.image, case, **_bins(case))


def everything(case: Case):
    return lambda: _run(("FirstOrder", "Shape", *_TEXTURES), case.image, case, **_bins(case))


def values(row: str, output: dict) -> dict:
    ours, found = ours_by("pyradiomics_name"), {}
    for name, value in output.items():
        if name.startswith("original_gldzm_"):
            found[f"gldzm_{snake(name.rpartition('_')[2])}"] = float(value)
        elif name in ours:
            found[ours[name]] = float(value)
    return found


def file_to_csv(image: str, mask: str, output: str) -> None:
    from flash_radiomics import RadiomicsFeatureExtractor

    logging.disable(logging.ERROR)
    extractor = RadiomicsFeatureExtractor(backend="cpu", binWidth=25, num_threads=1)
    extractor.disableAllFeatures()
    for name in ("firstorder", "shape", *(n.lower() for n in _TEXTURES)):
        extractor.enableFeatureClassByName(name)
    hdf5 = f"{output}.h5"
    found = extractor.execute(image, mask, label=1, output_hdf5_path=hdf5, case_id="1", roi_id="1")
    with open(output, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([list(found), list(found.values())])
    os.remove(hdf5)
