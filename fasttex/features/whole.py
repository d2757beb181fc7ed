"""The families that are computed from a whole ROI, without matrices of directions or slices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backends import compiled
from ..matrices.surface import surface
from ..types import Batch, DiscretizedRoi, FloatArray, Surface
from .chunks import Options
from .compiled_whole import COMPILED, compiled_morphology, ivh_axis, surroundings_of
from .engine import features_engine
from .feature import Feature
from .intensity_histogram import intensity_histogram
from .intensity_statistics import intensity_statistics
from .ivh import ivh_features
from .local_intensity import local_intensity
from .morphology import FEATURES as MORPHOLOGY
from .morphology import morphology_features

__all__ = ["WHOLE_FAMILIES", "whole_features"]


def whole_features(
    batch: Batch[DiscretizedRoi], family: str, features: Sequence[Feature[Any]], options: Options
) -> FloatArray:
    """Rows of one of the families of whole ROIs, a row per ROI, in the order of `features`."""
    extension = compiled() if features_engine() == "compiled" else None
    if family == "morphology":
        with options.watch.stage("count"):
            meshes = surface(batch)
        with options.watch.stage("features"):
            return _morphology(extension, batch, meshes, features, options)
    with options.watch.stage("features"):
        if extension is not None:
            return COMPILED[family](extension, batch, options)
        return np.array([WHOLE_FAMILIES[family](item, options) for item in batch.items])


def _morphology(
    extension: Any,
    batch: Batch[DiscretizedRoi],
    meshes: Sequence[Surface],
    features: Sequence[Feature[Any]],
    options: Options,
) -> FloatArray:
    """Moran's I and Geary's C, which follow the others where they are asked for, are never compiled."""
    rows = None if extension is None else compiled_morphology(extension, batch, meshes)
    rest = features if rows is None else features[len(MORPHOLOGY) :]
    if rows is not None and not rest:
        return rows
    further = np.array(
        [
            morphology_features(item, mesh, rest, memory_limit=options.memory_limit)
            for item, mesh in zip(batch.items, meshes, strict=True)
        ]
    )
    return further if rows is None else np.concatenate([rows, further], axis=1)


def _local_intensity(item: DiscretizedRoi, options: Options) -> FloatArray:
    around, start = surroundings_of(item)
    inside = np.zeros(around.shape, dtype=np.bool_)
    inside[tuple(slice(s, s + n) for s, n in zip(start, item.shape, strict=True))] = item.levels > 0
    return local_intensity(around, inside, item.spacing_mm)


def _intensity_statistics(item: DiscretizedRoi, options: Options) -> FloatArray:
    return intensity_statistics(item.intensities, excess_kurtosis=options.convention.excess_kurtosis)


def _intensity_histogram(item: DiscretizedRoi, options: Options) -> FloatArray:
    return intensity_histogram(item, excess_kurtosis=options.convention.excess_kurtosis)


def _ivh(item: DiscretizedRoi, options: Options) -> FloatArray:
    return ivh_features(ivh_axis(item))


#: From one ROI to its row; morphology needs meshes, which are counted for the whole batch.
WHOLE_FAMILIES: dict[str, Callable[[DiscretizedRoi, Options], FloatArray]] = {
    "local_intensity": _local_intensity,
    "intensity_statistics": _intensity_statistics,
    "intensity_histogram": _intensity_histogram,
    "ivh": _ivh,
}
