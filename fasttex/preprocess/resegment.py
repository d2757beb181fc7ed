"""Take voxels out of the intensity mask by their intensity."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..errors import EmptyRoiError
from ..settings import Settings
from ..types import Roi


def resegment(roi: Roi, settings: Settings) -> Roi:
    """Keep voxels in a range, and within some standard deviations of the mean (IBSI: 5525 and 7ACA).

    Both limits are closed, and both together keep what each keeps. Mean and standard deviation
    (population) are those of the ROI before the range takes voxels away. The morphological mask stays.

    Raises
    ------
    EmptyRoiError
        No voxel is left.
    """
    if settings.resegment_range is None and settings.resegment_sigma is None:
        return roi
    x = roi.intensities[roi.intensity_mask].astype(np.float64)
    low, high = -np.inf, np.inf
    if settings.resegment_range is not None:
        low = -np.inf if settings.resegment_range[0] is None else settings.resegment_range[0]
        high = np.inf if settings.resegment_range[1] is None else settings.resegment_range[1]
    if settings.resegment_sigma is not None:
        low = max(low, x.mean() - settings.resegment_sigma * x.std())
        high = min(high, x.mean() + settings.resegment_sigma * x.std())
    kept = (x >= low) & (x <= high)
    if not kept.any():
        raise EmptyRoiError(
            f"ROI {roi.name!r} has no voxel between {low:g} and {high:g} (its {x.size} voxels run from "
            f"{x.min():g} to {x.max():g}): widen resegment_range or resegment_sigma"
        )
    inside = roi.intensity_mask.copy()
    inside[roi.intensity_mask] = kept
    return dataclasses.replace(roi, intensity_mask=inside).with_record(
        "resegment",
        lower=None if np.isinf(low) else float(low),
        upper=None if np.isinf(high) else float(high),
        voxels_before=int(x.size),
        voxels=int(np.count_nonzero(kept)),
        volume_mm3=float(np.count_nonzero(kept) * roi.grid.voxel_mm3),
    )
