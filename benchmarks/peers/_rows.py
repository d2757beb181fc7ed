"""What is compared: rows, on which cases, and what exactly is timed."""

from fnmatch import fnmatch

#: Row -> what is timed. Both sides begin with the same arrays.
ROWS = {
    "matrix_glcm": "GLCM of 13 directions from levels: the C function of PyRadiomics on contiguous int32 "
    "levels and a mask; fasttex.glcm on a prepared batch",
    "matrix_glrlm": "GLRLM of 13 directions, likewise",
    "matrix_glszm": "GLSZM, likewise; fasttex.zones without border distances, which gives rows, no dense matrix",
    "matrix_ngtdm": "NGTDM, likewise; fasttex.ngtdm counts NGLDM in the same pass",
    "matrix_ngldm": "GLDM, likewise; fasttex.ngldm counts NGTDM in the same pass",
    "matrix_all": "all matrices that the peer has, from levels to counts, features not included; fasttex's "
    "include border distances",
    "glcm_features": "GLCM features from counts: 24 of PyRadiomics with the maximal correlation coefficient, "
    "25 of pictologics (merged), 25 of fasttex, and the coefficient where the peer has it",
    "textures_from_levels": "arrays of levels to features, the texture families that the peer has",
    "textures": "arrays of intensities and mask to features, discretization included, the same families",
    "everything": "arrays of intensities and mask to first order, shape and the texture families; fasttex's "
    "shape includes the convex hull and densities",
    "discretize": "crop and 32 bins: fasttex.discretize, which also checks, counts pieces and records; "
    "numpy: box, minimum, maximum and np.digitize",
    "discretize_kernel": "32 bins of known range: the kernel alone; numpy: np.digitize with known edges",
    "resample": "trilinear from 0.7 x 0.7 x 1.5 mm to 1 mm, int16 array to float64 array, of a whole volume: "
    "the kernel with its tables; SimpleITK: sitk.Resample with its conversions",
    "file_to_csv": "fresh process: two NIfTI files to a CSV with first order, shape and textures, bin width "
    "25, imports included",
    "cold_start": "fresh process: imports, and everything of a ROI of 1,000 voxels",
    "memory": "peak resident memory of a fresh process that does everything",
}  # fmt: skip

_MATRICES = [
    "smooth-10k-32", "smooth-100k-32", "smooth-100k-256", "white-100k-64", "constant-100k-32",
    "smooth-1M-32",
]  # fmt: skip
_TEXTURES = ["smooth-10k-32", "smooth-100k-32", "smooth-100k-256", "white-100k-32", "smooth-1M-32"]

#: Row -> cases. Cases are named texture-voxels-levels, or after the data and its bin width.
CASES = {
    **dict.fromkeys(
        ["matrix_glcm", "matrix_glrlm", "matrix_glszm", "matrix_ngtdm", "matrix_ngldm", "matrix_all"],
        _MATRICES,
    ),
    "glcm_features": ["smooth-100k-32", "smooth-100k-256"],
    "textures_from_levels": _TEXTURES,
    "textures": ["smooth-10k-32", "smooth-100k-32", "smooth-1M-32"],
    "everything": ["smooth-10k-32", "smooth-100k-32", "ibsi_ct-width-25"],
    "discretize": ["smooth-100k-32", "smooth-1M-32", "ibsi_ct-width-25"],
    "discretize_kernel": ["smooth-100k-32", "smooth-1M-32"],
    "resample": ["volume-8M-32"],
    "file_to_csv": ["brain1-width-25"],
    "cold_start": ["smooth-1k-32"],
    "memory": ["smooth-100k-32", "smooth-1M-32"],
}

#: Rows that take a process of their own per measurement.
FRESH = ("file_to_csv", "cold_start", "memory")

#: Rows for NumPy and SimpleITK, which are no radiomics packages.
OF_TOOLS = ("discretize", "discretize_kernel", "resample")

#: What ``--quick`` leaves out.
NOT_QUICK = ["*/*-1M-*", "matrix_*/*100k-256", "matrix_*/smooth-10k-*", "*/white-*", "memory/*"]


def chosen(patterns: list[str], quick: bool) -> list[tuple[str, str]]:
    """Rows and cases, in order, that match one of the patterns of "row/case" (all if there are none)."""
    every = [(row, case) for row in ROWS for case in CASES[row]]
    return [
        (row, case)
        for row, case in every
        if any(fnmatch(f"{row}/{case}", p) for p in patterns or ["*"])
        and not (quick and any(fnmatch(f"{row}/{case}", p) for p in NOT_QUICK))
    ]
