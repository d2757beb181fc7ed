"""Bring the intensities of an image to a common scale, as MR needs, whose units are arbitrary."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, LabelNotFoundError
from ..settings import Settings
from ..types import FloatArray, Image, Mask

__all__ = ["normalize"]


def normalize(image: Image, settings: Settings, masks: Sequence[Mask] = ()) -> Image:
    """Normalize the intensities of a whole image, before anything is cut out of it.

    Parameters
    ----------
    image : Image
    settings : Settings
        * `normalize`: ``"z_score"``, (x − mean) / sd · scale with the population's standard deviation;
          ``"percentiles"``, (x − low) / (high − low) · scale of two percentiles, not clipped; ``"none"``.
        * `normalize_over`: whose finite voxels give these numbers. ``"image"``; ``"body"``, those above
          the image's mean, which leaves the air around the patient out; or the name of a ROI.
        * `intensity_unit` takes the place of the image's own, which after normalization is
          ``"arbitrary"``.
    masks : sequence of Mask
        The image's ROIs.

    Returns
    -------
    Image
        With float64 intensities, and what was done under ``"normalize"`` in its record, from where it goes
        into the record of each ROI; the very same image where there is nothing to do.

    Raises
    ------
    LabelNotFoundError
        No ROI has the name that `normalize_over` gives.
    InputError
        All intensities are equal, or none is finite.

    Examples
    --------
    >>> from fasttex.types import Grid
    >>> image = Image(np.array([[[0, 2, 4]]]), Grid((1, 1, 3), (1.0, 1.0, 1.0)))
    >>> recipe = Settings(normalize="percentiles", normalize_percentiles=(0, 100), normalize_scale=100)
    >>> normalize(image, recipe).intensities.tolist()
    [[[0.0, 50.0, 100.0]]]
    """
    if settings.normalize == "none":
        unit = settings.intensity_unit or image.intensity_unit
        return image if unit == image.intensity_unit else dataclasses.replace(image, intensity_unit=unit)
    choices = settings.choices
    over, scale = choices["normalize_over"], choices["normalize_scale"]
    x = _finite(_voxels(image, over, masks), over)
    record: dict[str, Any] = {"rule": settings.normalize, "over": over, "scale": scale, "voxels": len(x)}
    if settings.normalize == "z_score":
        center, width = float(x.mean()), float(x.std())
        record |= {"mean": center, "standard_deviation": width}
    else:
        low, high = np.percentile(x, choices["normalize_percentiles"]).tolist()
        center, width = low, high - low
        record |= {"percentiles": choices["normalize_percentiles"], "low": low, "high": high}
    if not width > 0:
        raise InputError(
            f"normalize {settings.normalize!r} over {over!r} divides by {width:g}: its {len(x)} voxels run "
            f"from {x.min():g} to {x.max():g}; choose another normalize_over, or normalize='none'"
        )
    intensities = image.intensities.astype(np.float64)
    intensities -= center
    intensities *= scale / width
    return dataclasses.replace(
        image,
        intensities=intensities,
        intensity_unit=settings.intensity_unit or "arbitrary",
        record={**image.record, "normalize": record},
    )


def _voxels(image: Image, over: str, masks: Sequence[Mask]) -> NDArray[Any]:
    """The intensities that the numbers are taken from."""
    if over == "image":
        return image.intensities.ravel()
    if over == "body":
        mean = image.intensities.mean(dtype=np.float64, where=np.isfinite(image.intensities))
        above: NDArray[Any] = image.intensities[image.intensities > mean]
        return above
    inside = np.zeros(image.grid.shape, dtype=np.bool_)
    for mask in (m for m in masks if m.name == over):
        box = tuple(slice(s, s + n) for s, n in zip(mask.start, mask.inside.shape, strict=True))
        inside[box] |= mask.inside
    if not inside.any():
        raise LabelNotFoundError(
            f"normalize_over is {over!r}, which no ROI is called, expected image, body or one of: "
            f"{', '.join(sorted({m.name for m in masks})) or 'none given'}"
        )
    found: NDArray[Any] = image.intensities[inside]
    return found


def _finite(x: NDArray[Any], over: str) -> FloatArray:
    found: FloatArray = x[np.isfinite(x)].astype(np.float64)
    if not len(found):
        raise InputError(f"normalize_over {over!r} has no finite intensity; repair the image")
    return found
