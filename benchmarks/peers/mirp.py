"""MIRP: NumPy, pandas, IBSI names."""

import logging
import re

import numpy as np

from ._cases import Case
from ._names import ours_by

REQUIREMENTS = ("mirp",)
DISTRIBUTION = "mirp"
FAMILIES = ("glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm")
AGGREGATION = "3d_averaged"
NOTE = (
    "arrays have no spacing there, so it has no row where voxels are not 1 mm cubes; none at a million voxels "
    "and at 256 levels, to keep the comparison short."
)
SKIP = ("*/*-1M-*", "*/ibsi_ct-*", "textures_from_levels/*-256")
_TEXTURES = ["cm", "rlm", "szm", "dzm", "ngtdm", "ngldm"]


def _run(families: list[str], **given):
    from mirp import extract_features

    logging.disable(logging.CRITICAL)
    return extract_features(
        base_feature_families=families,
        glcm_spatial_method="3d_average",
        glrlm_spatial_method="3d_average",
        glszm_spatial_method="3d",
        gldzm_spatial_method="3d",
        ngtdm_spatial_method="3d",
        ngldm_spatial_method="3d",
        **given,
    )[0]


def _bins(case: Case) -> dict:
    return {
        "base_discretisation_method": "fixed_bin_number",
        "base_discretisation_n_bins": int(case.name.split("-")[-1]),
    }


def textures_from_levels(case: Case):
    return lambda: _run(
        _TEXTURES,
        image=case.levels.astype(float),
        mask=case.mask,
        base_discretisation_method="none",
    )


def textures(case: Case):
    return lambda: _run(_TEXTURES, image=case.image.astype(float), mask=case.mask, **_bins(case))


def everything(case: Case):
    return lambda: _run(
        ["stat", "morph", *_TEXTURES], image=case.image.astype(float), mask=case.mask, **_bins(case)
    )


def values(row: str, output) -> dict:
    theirs = {re.sub(r"_<.*", "", name): ours for name, ours in ours_by("mirp_name").items()}
    found = {}
    for column in output.columns:
        plain = re.sub(r"(_3d_avg|_3d|_fbn_n\d+|_fbs_w[\d.]+|_none|_ld)+$", "", str(column))
        if plain in theirs and np.isscalar(output[column].iloc[0]):
            found[theirs[plain]] = float(output[column].iloc[0])
    return found


def file_to_csv(image: str, mask: str, output: str) -> None:
    _run(
        ["stat", "morph", *_TEXTURES],
        image=image,
        mask=mask,
        base_discretisation_method="fixed_bin_size_pyradiomics",
        base_discretisation_bin_width=25.0,
        ibsi_compliant=False,
    ).to_csv(output)
