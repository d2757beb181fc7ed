"""What a reader of the numbers should know: the flags of a row, and the record of how it was made."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from . import __version__
from .conventions import NUMERICS
from .errors import EmptyRoiError
from .io import RoiFailure
from .settings import Settings
from .types import DiscretizedRoi, Image, Record

__all__ = [
    "failure_flags",
    "flags_of",
    "image_record",
    "recipe_record",
    "roi_record",
    "versions",
    "without_paths",
]

FEW_LEVELS = 8
FEW_VOXELS = 64
ISOTROPIC = 1.01  # longest voxel edge over the shortest
_LOOK_AT = 4096  # voxels, at first


def flags_of(roi: DiscretizedRoi, aggregations: Sequence[str]) -> tuple[str, ...]:
    """The flags of a ROI, as `fasttex.table.FLAGS` explains them, in alphabetical order."""
    steps = {record["step"]: record for record in roi.records}
    where = steps.get("resample", steps.get("crop", {}))
    three_d = any(a.startswith("3d") for a in aggregations)
    low, high = roi.intensity_range
    resegmented = steps.get("resegment", {})
    states = {
        "anisotropic_not_resampled": three_d and max(roi.spacing_mm) > ISOTROPIC * min(roi.spacing_mm),
        "clipped": steps["discretize"]["clipped_voxels"] > 0,
        "compacted": steps["discretize"]["compacted"],
        "disconnected": steps["crop"]["components"] > 1,
        "few_levels": not _has_levels(roi, FEW_LEVELS),
        "few_voxels": roi.n_voxels < FEW_VOXELS,
        "flat": low == high,
        "resegmented": bool(resegmented) and resegmented["voxels"] < resegmented["voxels_before"],
        "touches_border": where["touches_border"],
        "upsampled": steps.get("resample", {}).get("upsampled", False),
    }
    return tuple(name for name, holds in states.items() if holds)


def _has_levels(roi: DiscretizedRoi, n: int) -> bool:
    """Whether the ROI has at least `n` different gray levels: mostly its first voxels tell."""
    if roi.n_levels < n:
        return False
    buffer = roi.buffer.ravel()
    found = np.zeros(roi.n_levels + 1, dtype=np.int64)
    begin, size = 0, _LOOK_AT
    while begin < len(buffer):
        found += np.bincount(buffer[begin : begin + size], minlength=len(found))
        if np.count_nonzero(found[1:]) >= n:
            return True
        begin, size = begin + size, 2 * size
    return False


def failure_flags(failure: RoiFailure) -> tuple[str, ...]:
    """The flags of a ROI without features."""
    lost = isinstance(failure.error, EmptyRoiError) and "resampling" in str(failure.error)
    return ("failed", "lost_in_resampling") if lost else ("failed",)


def without_paths(failures: Iterable[RoiFailure], rois: Any) -> list[RoiFailure]:
    """The failures with `<rois>` for each file's path, as their texts go into tables that are shared."""
    given = (
        rois.values() if isinstance(rois, Mapping) else rois if isinstance(rois, (list, tuple)) else [rois]
    )
    paths = [os.fspath(path) for path in given if isinstance(path, (str, os.PathLike))]

    def hidden(text: str) -> str:
        for path in sorted(paths, key=len, reverse=True):
            text = text.replace(str(path), "<rois>")
        return text

    return [f._replace(error=type(f.error)(hidden(str(f.error)))) for f in failures]


def versions() -> dict[str, str]:
    """Versions of what takes part in the numbers: of the packages that are loaded."""
    found = {"fasttex": __version__, "numerics": str(NUMERICS), "python": platform.python_version()}
    for package in ("numpy", "scipy", "SimpleITK", "numba"):
        if package in sys.modules:
            found[package] = sys.modules[package].__version__
    return found


def image_record(image: Image) -> dict[str, Any]:
    """What was read, and the grid it lies on."""
    grid = image.grid
    return {
        **image.record,
        "shape": list(grid.shape),
        "spacing_mm": list(grid.spacing_mm),
        "origin_mm": list(grid.origin_mm),
        "direction": list(grid.direction),
        "intensity_unit": image.intensity_unit,
    }


def recipe_record(settings: Settings) -> dict[str, Any]:
    """Every setting as it took effect, and which of them nobody chose."""
    return {"recipe_id": settings.recipe_id, "settings": settings.resolved, "defaults": settings.defaults}


def roi_record(roi: DiscretizedRoi | RoiFailure) -> dict[str, Any]:
    """What each step did to a ROI, or why it failed."""
    if isinstance(roi, RoiFailure):
        return {
            "roi": roi.name,
            "label": roi.label,
            "error": str(roi.error),
            "class": type(roi.error).__name__,
        }
    steps: Sequence[Record] = roi.records
    return {"roi": roi.name, "label": roi.label, "steps": [dict(step) for step in steps]}
