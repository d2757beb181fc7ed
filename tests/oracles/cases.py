"""The ROIs of the golden file: small, seeded, and between them every special case of the definitions."""

from dataclasses import replace

import numpy as np
from oracles.ibsi import phantom

from fasttex.backends import prepare
from fasttex.features.aggregate import DIRECTED_NAMES
from fasttex.features.compute import compute_features
from fasttex.types import DiscretizedRoi


def _noise():
    rng = np.random.Generator(np.random.PCG64(20))
    levels = rng.integers(1, 9, (6, 7, 8))
    return DiscretizedRoi.from_levels(np.where(rng.random(levels.shape) < 0.8, levels, 0))


def _compacted():
    """Levels that stand for values with gaps, up to 2³¹."""
    rng = np.random.Generator(np.random.PCG64(21))
    roi = DiscretizedRoi.from_levels(rng.integers(0, 6, (4, 5, 6)))
    return replace(roi, level_values=np.array([1, 4, 900, 70_000, 2**31]))


def _smooth():
    """Long runs, large zones and intensities of both signs."""
    z, y, x = np.indices((5, 12, 13))
    intensities = 40.0 * np.sin(0.4 * x + 0.3 * z) + 25.0 * np.cos(0.35 * y)
    inside = (z - 2) ** 2 * 6 + (y - 6) ** 2 + (x - 6) ** 2 <= 42
    roi = DiscretizedRoi.from_levels(np.where(inside, np.floor(intensities / 8).astype(int) + 10, 0), pad=2)
    return replace(roi, intensities=intensities[inside])


def _one_voxel():
    return DiscretizedRoi.from_levels(np.full((1, 1, 1), 3))


ROIS = {
    "phantom": lambda: DiscretizedRoi.from_levels(phantom()[0]),
    "noise": _noise,
    "compacted": _compacted,
    "smooth": _smooth,
    "planar": lambda: DiscretizedRoi.from_levels(_noise().levels[2:3]),
    "flat": lambda: DiscretizedRoi.from_levels(np.full((2, 3, 4), 5)),
    "one_voxel": _one_voxel,
    "distance_2": _smooth,
}


def values(case, backend):
    """All features of a case in all aggregations: column to value."""
    wider = {"distance": 2, "alpha": 1} if case == "distance_2" else {}
    batch = prepare(ROIS[case](), backend=backend)
    found = compute_features(batch, aggregations=DIRECTED_NAMES, **wider)
    return dict(zip(found.columns, found.values[0].tolist(), strict=True))
