"""Grids of another spacing, and where their voxels lie between the old ones."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from ..settings import Settings, Spacing
from ..types import AxisTable, FloatArray, Grid, IntArray, Roi, Triple
from .crop import bounding_box

__all__ = [
    "axis_table",
    "in_mm",
    "local_margin",
    "new_grid",
    "positions_of",
    "span_of",
    "wanted_spacing",
    "widened",
]

# The sphere of 1 cm³ that local intensity peaks are means of has a radius of 6.2 mm.
LOCAL_REACH_MM = 6.3


def wanted_spacing(grid: Grid, settings: Settings) -> Triple:
    """The spacing (z, y, x) that the settings ask for on this grid: 0 or None keeps an axis."""
    wanted = settings.spacing_mm
    if wanted is None:
        return grid.spacing_mm
    if not isinstance(wanted, Spacing):
        wanted = Spacing(wanted, wanted, wanted)
    z, y, x = grid.spacing_mm
    return (wanted.z or z, wanted.y or y, wanted.x or x)


def new_grid(grid: Grid, spacing_mm: Triple, align: str) -> Grid:
    """The grid of another spacing that covers the same space.

    Each axis has ``ceil(n·s/s')`` voxels. ``align="centers"`` shares the middle of the image (IBSI),
    ``"corners"`` the outer corner of the first voxel (ITK pipelines).
    """
    # A product such as 10 * 0.3 / 0.1 comes out a rounding error above 30: that is no 31st voxel.
    sizes = [
        max(1, math.ceil(n * s / t - 1e-9 * n * s / t))
        for n, s, t in zip(grid.shape, grid.spacing_mm, spacing_mm, strict=True)
    ]
    shape = (sizes[0], sizes[1], sizes[2])
    unplaced = dataclasses.replace(grid, shape=shape, spacing_mm=spacing_mm)
    first = [p[0] for p in positions_of(grid, unplaced, align)]
    origin = grid.world_mm(first)
    return dataclasses.replace(unplaced, origin_mm=(float(origin[0]), float(origin[1]), float(origin[2])))


def positions_of(old: Grid, new: Grid, align: str) -> list[FloatArray]:
    """Per axis where the new voxels lie, in old voxel indices."""
    positions = []
    for n, m, s, t in zip(old.shape, new.shape, old.spacing_mm, new.spacing_mm, strict=True):
        k = np.arange(m, dtype=np.float64)
        if s == t:
            positions.append(k)
        elif align == "centers":
            positions.append((n - 1) / 2 + (k - (m - 1) / 2) * t / s)
        else:
            positions.append((k + 0.5) * t / s - 0.5)
    return positions


def span_of(roi: Roi, positions: Sequence[FloatArray]) -> list[IntArray]:
    """Per axis the new voxels that may belong to the ROI: within a voxel of its box, and in the image."""
    spans = []
    box = bounding_box(roi.morphological_mask)
    for p, b, s, n in zip(positions, box, roi.start, roi.grid.shape, strict=True):
        near = (np.clip(p, 0, n - 1) > b.start + s - 1) & (np.clip(p, 0, n - 1) < b.stop + s)
        spans.append(np.flatnonzero(near & (p >= -0.5) & (p <= n - 0.5)))
    return spans


def axis_table(positions: FloatArray, n_old: int, start: int, interpolator: str) -> AxisTable:
    """Which old voxels each new one lies between.

    Parameters
    ----------
    positions : ndarray of float64
        In indices of the whole old axis; what lies outside takes the value at the border.
    n_old : int
        Voxels of the whole old axis.
    start : int
        Index of the first old voxel that is at hand (the crop's).
    interpolator : {"linear", "nearest"}
        Nearest goes up halfway between two voxels.
    """
    inside = np.clip(positions, 0, n_old - 1)
    if interpolator == "nearest":
        lower = np.minimum(np.floor(inside + 0.5), n_old - 1).astype(np.int64)
        weight = np.zeros(len(lower))
    else:
        lower = np.floor(inside).astype(np.int64)
        weight = inside - lower
    return AxisTable(lower - start, lower - start + (weight > 0), weight)


def local_margin(spacing_mm: Triple) -> tuple[int, ...]:
    """Voxels along (z, y, x) that local intensity looks at beyond the ROI's box."""
    return tuple(math.ceil(LOCAL_REACH_MM / s) for s in spacing_mm)


def widened(
    span: Sequence[IntArray], positions: Sequence[FloatArray], old: Grid, spacing_mm: Triple
) -> list[IntArray]:
    """Per axis the new voxels of `span` and local intensity's margin, as far as the image goes."""
    wide = []
    for k, p, n, margin in zip(span, positions, old.shape, local_margin(spacing_mm), strict=True):
        near = np.arange(max(0, k[0] - margin), min(len(p), k[-1] + margin + 1))
        wide.append(near[(p[near] >= -0.5) & (p[near] <= n - 0.5)])
    return wide


def in_mm(spacing_mm: Triple) -> str:
    """A spacing as error messages have it."""
    return ", ".join(f"{s:g}" for s in spacing_mm) + " mm (z, y, x)"
