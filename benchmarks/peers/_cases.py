"""The data of the comparison, as files that every venv can read.

``python -m peers._cases FOLDER CASE...`` makes what is not there yet, and prints which cases there are.
"""

import dataclasses
import json
import os
import sys
from pathlib import Path

import numpy as np

_SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000, "1M": 1_000_000}
_BIN_WIDTH = 25


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """One image with one ROI; axes (z, y, x).

    Attributes
    ----------
    image : ndarray of int16
    mask : ndarray of bool
    levels : ndarray of int32
        1 to `n_levels` inside, 0 outside.
    spacing_mm : tuple of float
    bin_width, bin_origin : float, optional
        None for `n_levels` bins from minimum to maximum.
    files : tuple of str
        Image and mask as NIfTI.
    """

    name: str
    image: np.ndarray
    mask: np.ndarray
    levels: np.ndarray
    n_levels: int
    spacing_mm: tuple[float, float, float]
    bin_width: float | None
    bin_origin: float | None
    files: tuple[str, str]


def load(folder: str, name: str) -> Case:
    """Read a case; arrays are C-contiguous."""
    here = Path(folder) / name
    described = json.loads((here / "case.json").read_text(encoding="utf-8"))
    arrays = {key: np.load(here / f"{key}.npy") for key in ("image", "mask", "levels")}
    files = (str(here / "image.nii"), str(here / "mask.nii"))
    spacing = tuple(described.pop("spacing_mm"))
    return Case(name=name, **arrays, files=files, spacing_mm=spacing, **described)


def make(folder: Path, name: str) -> bool:
    """Write a case unless it is there; False where its data are missing."""
    here = folder / name
    if (here / "case.json").is_file():
        return True
    made = _real(name) if "-width-" in name else _synthetic(name)
    if made is None:
        return False
    image, mask, levels, spacing, origin = made
    here.mkdir(parents=True, exist_ok=True)
    for key, array in {"image": image, "mask": mask, "levels": levels.astype(np.int32)}.items():
        np.save(here / f"{key}.npy", np.ascontiguousarray(array))
    _write_nifti(here, image, mask, spacing)
    described = {
        "n_levels": int(levels.max()),
        "spacing_mm": spacing,
        "bin_width": None if origin is None else float(_BIN_WIDTH),
        "bin_origin": origin,
    }
    (here / "case.json").write_text(json.dumps(described), encoding="utf-8")
    return True


def _synthetic(name: str):
    from volumes import ellipsoid, levels

    texture, size, n_levels = name.split("-")
    if texture == "volume":
        image = np.random.default_rng(0).integers(-1000, 1000, (128, 256, 256)).astype(np.int16)
        return image, image > -2000, np.ones(image.shape), (1.5, 0.7, 0.7), None
    image, mask = ellipsoid(_SIZES[size], texture=texture)
    return image, mask, levels(_SIZES[size], int(n_levels), texture), (1.0, 1.0, 1.0), None


def _real(name: str):
    import SimpleITK as sitk

    root = os.environ.get("FASTTEX_TEST_DATA")
    if not root:
        return None
    data = Path(root) / "data"
    paths = {
        "ibsi_ct": (
            data / "ibsi1_ct_phantom" / "image.nii.gz",
            data / "ibsi1_ct_phantom" / "mask.nii.gz",
        ),
        "brain1": (
            data / "pyradiomics" / "brain1_image.nrrd",
            data / "pyradiomics" / "brain1_label.nrrd",
        ),
    }[name.split("-")[0]]
    image, mask = (sitk.ReadImage(str(path)) for path in paths)
    values, inside = sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(mask) > 0
    lowest = int(values[inside].min())
    origin = float(lowest - lowest % _BIN_WIDTH)
    levels = np.where(inside, (values - origin) // _BIN_WIDTH + 1, 0)
    return values.astype(np.int16), inside, levels, image.GetSpacing()[::-1], origin


def _write_nifti(here: Path, image: np.ndarray, mask: np.ndarray, spacing: tuple[float, ...]) -> None:
    import SimpleITK as sitk

    for key, array in {"image": image, "mask": mask.astype(np.uint8)}.items():
        picture = sitk.GetImageFromArray(array)
        picture.SetSpacing(tuple(float(s) for s in spacing[::-1]))
        sitk.WriteImage(picture, str(here / f"{key}.nii"))


if __name__ == "__main__":
    print(json.dumps([name for name in sys.argv[2:] if make(Path(sys.argv[1]), name)]))
