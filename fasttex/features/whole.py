"""The families that are computed from a whole ROI, without matrices of directions or slices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..matrices.surface import surface
from ..types import Batch, DiscretizedRoi, FloatArray, IvhValues
from .chunks import Options
from .feature import Feature
from .intensity_histogram import intensity_histogram
from .intensity_statistics import intensity_statistics
from .ivh import ivh_features
from .local_intensity import local_intensity
from .morphology import morphology_features

__all__ = ["WHOLE_FAMILIES", "whole_features"]


def whole_features(
    batch: Batch[DiscretizedRoi], family: str, features: Sequence[Feature[Any]], options: Options
) -> list[FloatArray]:
    """Rows of one of `WHOLE_FAMILIES`, a row per ROI, in the order of `features`."""
    if family == "morphology":
        with options.watch.stage("count"):
            meshes = surface(batch)
        with options.watch.stage("features"):
            return [
                morphology_features(item, mesh, features, memory_limit=options.memory_limit)
                for item, mesh in zip(batch.items, meshes, strict=True)
            ]
    with options.watch.stage("features"):
        return [WHOLE_FAMILIES[family](item, options) for item in batch.items]


def _local_intensity(item: DiscretizedRoi, options: Options) -> FloatArray:
    """Where levels came without an image, the ROI stands for its surroundings."""
    around, start = item.surroundings, item.surroundings_start
    if around is None:
        around, start = np.full(item.shape, np.nan), (0, 0, 0)
        around[item.levels > 0] = item.intensities
    inside = np.zeros(around.shape, dtype=np.bool_)
    inside[tuple(slice(s, s + n) for s, n in zip(start, item.shape, strict=True))] = item.levels > 0
    return local_intensity(around, inside, item.spacing_mm)


def _intensity_statistics(item: DiscretizedRoi, options: Options) -> FloatArray:
    return intensity_statistics(item.intensities, excess_kurtosis=options.convention.excess_kurtosis)


def _intensity_histogram(item: DiscretizedRoi, options: Options) -> FloatArray:
    return intensity_histogram(item, excess_kurtosis=options.convention.excess_kurtosis)


def _ivh(item: DiscretizedRoi, options: Options) -> FloatArray:
    """Where levels came without an image, they are the intensities."""
    axis = item.ivh
    if axis is None:
        axis = IvhValues(item.intensities, 1.0, float(item.level_values[-1]))
    return ivh_features(axis)


#: From one ROI to its row; morphology needs meshes, which are counted for the whole batch.
WHOLE_FAMILIES: dict[str, Callable[[DiscretizedRoi, Options], FloatArray]] = {
    "local_intensity": _local_intensity,
    "intensity_statistics": _intensity_statistics,
    "intensity_histogram": _intensity_histogram,
    "ivh": _ivh,
}
