"""What an image and a ROI look like between the steps (IBSI's diagnostic features)."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..settings import Settings
from ..types import Image, Mask, Roi
from .crop import bounding_box, crop
from .resample import resample

__all__ = ["image_diagnostics", "interpolated_image", "roi_diagnostics"]


def image_diagnostics(image: Image) -> dict[str, float]:
    """Describe an image: voxels and spacing in mm along each axis, and its intensities.

    Parameters
    ----------
    image : Image
        As it was read, or from `interpolated_image`.

    Returns
    -------
    dict of float by name
        ``img_dim_*``, ``vox_dim_*`` (mm), ``mean_int``, ``min_int`` and ``max_int``; * is x, y or z.

    Examples
    --------
    >>> from fasttex.types import Grid
    >>> found = image_diagnostics(Image(np.array([[[1, 2, 6]]]), Grid((1, 1, 3), (3.0, 1.0, 0.5))))
    >>> found["img_dim_x"], found["vox_dim_x"], found["mean_int"]
    (3, 0.5, 3.0)
    """
    return {
        **{f"img_dim_{a}": n for a, n in zip("zyx", image.grid.shape, strict=True)},
        **{f"vox_dim_{a}": s for a, s in zip("zyx", image.grid.spacing_mm, strict=True)},
        **_intensities(image.intensities),
    }


def roi_diagnostics(roi: Roi) -> dict[str, float]:
    """Describe a ROI: the grid, its two masks, and the intensities in the intensity mask.

    Parameters
    ----------
    roi : Roi
        After `crop`, `resample` or `resegment`, with a voxel in each mask.

    Returns
    -------
    dict of float by name
        ``int_mask_dim_*`` (voxels of the grid), ``int_mask_bb_dim_*`` and ``morph_mask_bb_dim_*`` (voxels of
        the smallest box around), ``int_mask_vox_count``, ``morph_mask_vox_count``, ``int_mask_mean_int``,
        ``int_mask_min_int``, ``int_mask_max_int``; * is x, y or z.
    """
    found: dict[str, float] = {f"int_mask_dim_{a}": n for a, n in zip("zyx", roi.grid.shape, strict=True)}
    for which, mask in (("int", roi.intensity_mask), ("morph", roi.morphological_mask)):
        for axis, box in zip("zyx", bounding_box(mask), strict=True):
            found[f"{which}_mask_bb_dim_{axis}"] = box.stop - box.start
        found[f"{which}_mask_vox_count"] = int(np.count_nonzero(mask))
    values = _intensities(roi.intensities[roi.intensity_mask])
    return found | {f"int_mask_{name}": value for name, value in values.items()}


def interpolated_image(image: Image, settings: Settings, backend: str, threads: int = 1) -> Image:
    """Resample and round a whole image as `resample` does around a ROI.

    Parameters
    ----------
    image : Image
        Its intensities are finite.
    settings : Settings
        As for `resample`.
    backend : str
        Name of the backend that interpolates.
    threads : int

    Returns
    -------
    Image
        Of the new grid, less the last voxels of an axis where their centers lie outside the image.

    Raises
    ------
    InputError
        NaN or infinity among the intensities.
    """
    everything = Mask("image", 1, np.ones(image.grid.shape, dtype=np.bool_), (0, 0, 0))
    found = resample([crop(image, everything)], settings, backend, threads, 2**62)[0]
    if not isinstance(found, Roi):
        raise found
    z, y, x = found.intensities.shape
    grid = dataclasses.replace(found.grid, shape=(z, y, x))
    return Image(found.intensities, grid, image.intensity_unit, image.record)


def _intensities(x: NDArray[Any]) -> dict[str, float]:
    return {
        "mean_int": float(x.mean(dtype=np.float64)),
        "min_int": float(x.min()),
        "max_int": float(x.max()),
    }
