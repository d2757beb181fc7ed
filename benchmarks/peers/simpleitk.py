"""SimpleITK: resampling. Every installation of fasttex has it."""

import numpy as np

from ._cases import Case

REQUIREMENTS = ()
DISTRIBUTION = "SimpleITK"
FAMILIES = ()
AGGREGATION = "3d_averaged"
NOTE = "conversions from and to arrays are included."
SKIP = ()
VENV = "fasttex"


def resample(case: Case):
    import SimpleITK as sitk

    def run():
        picture = sitk.GetImageFromArray(case.image)
        picture.SetSpacing(case.spacing_mm[::-1])
        size = [int(n * mm) for n, mm in zip(case.image.shape, case.spacing_mm, strict=True)][::-1]
        resampled = sitk.Resample(
            picture, size, sitk.Transform(), sitk.sitkLinear, (0.0,) * 3, (1.0,) * 3,
            picture.GetDirection(), 0.0, sitk.sitkFloat64,
        )  # fmt: skip
        return sitk.GetArrayViewFromImage(resampled), resampled

    return run


def values(row: str, output: tuple) -> dict[str, np.ndarray]:
    return {"values": np.asarray(output[0])}
