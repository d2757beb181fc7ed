"""Rows of the families of whole ROIs from the compiled extension; their definitions are the NumPy rows.

Both agree within 1e-12 of the sum of the absolute terms of a definition, and where a feature is undefined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..matrices.cubes import area_table, volume_table
from ..types import Batch, DiscretizedRoi, FloatArray, IvhValues, Surface, Triple
from .chunks import Options
from .local_intensity import disks, reach

__all__ = ["COMPILED", "compiled_morphology", "ivh_axis", "surroundings_of"]

#: Along one axis of a box; determinants of longer ones do not fit in 64 bits.
LONGEST_SIDE = 2**19


def compiled_morphology(
    extension: Any, batch: Batch[DiscretizedRoi], meshes: Sequence[Surface]
) -> FloatArray | None:
    """Rows of `morphology.FEATURES`, or None for boxes too long to be looked at here."""
    if any(max(item.shape) > LONGEST_SIDE for item in batch.items):
        return None
    areas = [area_table((float(z), float(y), float(x))) for z, y, x in (m.spacing_mm for m in meshes)]
    cases = [mesh.cases for mesh in meshes]
    return _rows(extension.morphology(batch.items, cases, areas, volume_table(), batch.threads))


def _intensity_statistics(extension: Any, batch: Batch[DiscretizedRoi], options: Options) -> FloatArray:
    samples = [item.intensities for item in batch.items]
    return _rows(extension.intensity_statistics(samples, options.convention.excess_kurtosis, batch.threads))


def _intensity_histogram(extension: Any, batch: Batch[DiscretizedRoi], options: Options) -> FloatArray:
    excess = options.convention.excess_kurtosis
    return _rows(extension.intensity_histogram(batch.items, excess, batch.threads))


def _ivh(extension: Any, batch: Batch[DiscretizedRoi], options: Options) -> FloatArray:
    return _rows(extension.ivh([ivh_axis(item) for item in batch.items], batch.threads))


def _local_intensity(extension: Any, batch: Batch[DiscretizedRoi], options: Options) -> FloatArray:
    from ..kernels.cpp._arrays import native

    around = [surroundings_of(item) for item in batch.items]
    images = [native(image) for image, _ in around]
    starts = [start for _, start in around]
    spheres = [_sphere(item.spacing_mm) for item in batch.items]
    reaches = [reach(item.spacing_mm) for item in batch.items]
    return _rows(extension.local_intensity(batch.items, images, starts, spheres, reaches, batch.threads))


@lru_cache(maxsize=64)
def _sphere(spacing_mm: Triple) -> NDArray[np.int32]:
    """Rows (dz, dy, half-width) of the sphere's upper half."""
    rows = [(dz, dy, width) for dz, disk in enumerate(disks(spacing_mm)) for dy, width in disk]
    return np.array(rows, dtype=np.int32).reshape(-1, 3)


def surroundings_of(item: DiscretizedRoi) -> tuple[NDArray[Any], tuple[int, int, int]]:
    """The image around a ROI; where levels came without an image, the ROI stands for its surroundings."""
    if item.surroundings is not None:
        return item.surroundings, item.surroundings_start
    around = np.full(item.shape, np.nan)
    around[item.levels > 0] = item.intensities
    return around, (0, 0, 0)


def ivh_axis(item: DiscretizedRoi) -> IvhValues:
    """The axis of a ROI's histogram; where levels came without an image, they are the intensities."""
    return item.ivh or IvhValues(item.intensities, 1.0, float(item.level_values[-1]))


def _rows(found: Any) -> FloatArray:
    return np.asarray(found, dtype=np.float64)


#: From the extension and a batch to a row per ROI.
COMPILED: dict[str, Callable[[Any, Batch[DiscretizedRoi], Options], FloatArray]] = {
    "local_intensity": _local_intensity,
    "intensity_statistics": _intensity_statistics,
    "intensity_histogram": _intensity_histogram,
    "ivh": _ivh,
}
