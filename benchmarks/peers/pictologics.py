"""pictologics: Numba kernels, IBSI names."""

import numpy as np

from ._cases import Case
from ._names import ours_by

REQUIREMENTS = ("pictologics",)
DISTRIBUTION = "pictologics"
FAMILIES = ("glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm")
AGGREGATION = "3d_merged"
NOTE = (
    "needs Python 3.12; GLCM and GLRLM merged over directions, so fasttex's are too; its kernels were "
    "compiled before, and are read from their cache."
)
SKIP = ()


def matrix_all(case: Case):
    from pictologics.features import calculate_all_texture_matrices

    mask = case.mask.astype(np.uint8)
    return lambda: calculate_all_texture_matrices(case.levels, mask, case.n_levels)


def glcm_features(case: Case):
    from pictologics.features import calculate_all_texture_matrices, calculate_glcm_features

    mask = case.mask.astype(np.uint8)
    counts = calculate_all_texture_matrices(case.levels, mask, case.n_levels)["glcm"]
    return lambda: calculate_glcm_features(case.levels, mask, case.n_levels, glcm_matrix=counts)


def textures_from_levels(case: Case):
    from pictologics.features import calculate_all_texture_features

    return lambda: calculate_all_texture_features(case.levels, case.mask, case.n_levels)


def textures(case: Case):
    from pictologics.features import calculate_all_texture_features
    from pictologics.preprocessing import discretise_image

    n = int(case.name.split("-")[-1])

    def run():
        image = case.image.astype(np.float64)  # it takes floating point; int16 overflows
        levels = discretise_image(image, "FBN", roi_mask=case.mask, n_bins=n)
        return calculate_all_texture_features(levels, case.mask, n)

    return run


def everything(case: Case):
    """By its pipeline, which crops and is the faster way to all of it."""
    from pictologics import Image

    pipeline = _pipeline(
        {"method": "FBN", "n_bins": int(case.name.split("-")[-1])}
        if case.bin_width is None
        else {"method": "FBS", "bin_width": case.bin_width, "min_val": case.bin_origin}
    )

    def run():
        where = {"spacing": case.spacing_mm, "origin": (0.0, 0.0, 0.0)}
        image, mask = Image(array=case.image, **where), Image(array=case.mask.astype(np.uint8), **where)
        return dict(pipeline.run(image, mask, config_names=["it"])["it"])

    return run


def _pipeline(bins: dict):
    from pictologics import RadiomicsPipeline, set_num_threads

    set_num_threads(1)

    families = ["intensity", "morphology", "texture"]
    steps = [
        {"step": "discretise", "params": bins},
        {"step": "extract_features", "params": {"families": families}},
    ]
    return RadiomicsPipeline().add_config("it", steps)


def values(row: str, output: dict) -> dict:
    if row == "matrix_all":
        glcm = output["glcm"].sum(axis=0)
        runs = output["glrlm"].sum(axis=0)[:, 1:]  # its first column is for runs of no voxel
        return {**output, "glcm": glcm + glcm.T, "glrlm": runs}
    from pictologics.features import FEATURE_NAMES

    ours, found = ours_by("ibsi_code"), {}
    families = {"intensity": "intensity_statistics"}
    for group, names in FEATURE_NAMES.items():
        for name in names:
            code = name.rpartition("_")[2].replace("P001", "5QRC")
            key = f"{families.get(group, group)}_{code}"
            if name in output and key in ours and (row != "glcm_features" or group == "glcm"):
                found[ours[key]] = float(output[name])
    return found


def file_to_csv(image: str, mask: str, output: str) -> None:
    from pictologics import format_results, save_results

    pipeline = _pipeline({"method": "FBS", "bin_width": 25.0, "min_val": 0.0})
    found = pipeline.run(image, mask, config_names=["it"])
    save_results(format_results(found, fmt="wide"), output)
