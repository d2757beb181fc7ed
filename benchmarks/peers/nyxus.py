"""Nyxus: C++, reads files."""

from ._cases import Case

REQUIREMENTS = ("nyxus",)
DISTRIBUTION = "nyxus"
FAMILIES = ("glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm")
AGGREGATION = "3d_averaged"
NOTE = (
    "unequal work: no fixed bin width, it reads NIfTI files in 3D (included), its GLDZM and NGLDM take no number of levels, "
    "zeros count as background, intensities are shifted to begin at 0, NGTDM comes out as 0, and it has GLDM "
    "besides."
)
SKIP = ("*/ibsi_ct-*",)
_TEXTURES = ["*3D_GLCM*", "*3D_GLRLM*", "*3D_GLSZM*", "*3D_GLDZM*", "*3D_NGTDM*", "*3D_NGLDM*", "*3D_GLDM*"]
_LEVELS = ("3glcm", "3glrlm", "3glszm", "3gldm", "3ngtdm")
_NAMES = {
    "3GLCM_JMAX_AVE": "glcm_joint_maximum", "3GLCM_CONTRAST_AVE": "glcm_contrast",
    "3GLCM_JE_AVE": "glcm_joint_entropy", "3GLCM_CORRELATION_AVE": "glcm_correlation",
    "3GLCM_ASM_AVE": "glcm_angular_second_moment", "3GLRLM_SRE_AVE": "glrlm_short_runs_emphasis",
    "3GLRLM_LRE_AVE": "glrlm_long_runs_emphasis", "3GLRLM_RP_AVE": "glrlm_run_percentage",
    "3GLSZM_SAE": "glszm_small_zone_emphasis", "3GLSZM_LAE": "glszm_large_zone_emphasis",
    "3GLSZM_ZP": "glszm_zone_percentage", "3GLDZM_SDE": "gldzm_small_distance_emphasis",
    "3GLDZM_LDE": "gldzm_large_distance_emphasis", "3NGTDM_COARSENESS": "ngtdm_coarseness",
    "3NGTDM_CONTRAST": "ngtdm_contrast", "3NGTDM_BUSYNESS": "ngtdm_busyness",
    "3NGLDM_LDE": "ngldm_low_dependence_emphasis", "3NGLDM_HDE": "ngldm_high_dependence_emphasis",
    "3MEAN": "intensity_statistics_mean", "3SKEWNESS": "intensity_statistics_skewness",
    "3MEDIAN": "intensity_statistics_median", "3P10": "intensity_statistics_percentile_10",
    "3P90": "intensity_statistics_percentile_90", "3ENERGY": "intensity_statistics_energy",
    "3VOXEL_VOLUME": "morphology_volume_voxel_counting", "3AREA": "morphology_surface_area_mesh",
    "3MESH_VOLUME": "morphology_volume_mesh", "3SPHERICITY": "morphology_sphericity",
    "3MAJOR_AXIS_LEN": "morphology_major_axis_length",
}  # fmt: skip


def _extractor(features: list[str], n_levels: int):
    from nyxus import Nyxus3D

    extractor = Nyxus3D(features, n_feature_calc_threads=1)
    for family in _LEVELS:
        extractor.set_metaparam(f"{family}/greydepth=-{n_levels}")
    return extractor


def _featurize(case: Case, features: list[str]):
    extractor = _extractor(features, int(case.name.split("-")[-1]))
    return lambda: extractor.featurize_files([case.files[0]], [case.files[1]], False)


def textures(case: Case):
    return _featurize(case, _TEXTURES)


def everything(case: Case):
    return _featurize(case, ["*3D_ALL_INTENSITY*", "*3D_ALL_MORPHOLOGY*", *_TEXTURES])


def values(row: str, output) -> dict:
    return {ours: float(output[name].iloc[0]) for name, ours in _NAMES.items() if name in output.columns}


def file_to_csv(image: str, mask: str, output: str) -> None:
    features = ["*3D_ALL_INTENSITY*", "*3D_ALL_MORPHOLOGY*", *_TEXTURES]
    _extractor(features, 32).featurize_files([image], [mask], False).to_csv(output)
