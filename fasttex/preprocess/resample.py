"""Bring ROIs onto a grid of another spacing."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backends import get_backend
from ..errors import EmptyRoiError, InputError
from ..settings import Settings, Spacing
from ..types import AxisTable, Batch, FloatArray, Grid, IntArray, Roi, Sampling, Shape, Triple
from .crop import bounding_box, describe, refuse_non_finite

# Thousands of voxels are meant to land on exactly 0.5; rounding must not lose them (IBSI 1, C to E).
MASK_THRESHOLD = 0.5 - 1e-9
BYTES_PER_VOXEL = 8 + 8 + 1  # of a resampled box: intensities, the mask as it is interpolated, and cut off


def resample(
    rois: Sequence[Roi], settings: Settings, backend: str, threads: int = 1, memory_limit: int = 2 * 2**30
) -> list[Roi | InputError]:
    """Interpolate intensities and masks of ROIs on the grid that the settings ask for.

    Parameters
    ----------
    rois : sequence of Roi
        Cropped with a margin of at least one voxel.
    settings : Settings
        `spacing_mm`, `interpolator`, `mask_interpolator`, `grid`, `resampled_dtype`, `round_intensities`.
    backend : str
        Name of the backend that interpolates.
    threads : int
    memory_limit : int
        In bytes, for each ROI.

    Returns
    -------
    list of Roi or InputError
        An error in the place of a ROI that has no voxel on the new grid, more than memory holds, or NaN or
        infinity beside it.
    """
    plans = [_plan(roi, settings, memory_limit) for roi in rois]
    samplings = [s for plan in plans if isinstance(plan, _Plan) for s in plan.samplings]
    volumes = iter(get_backend(backend).resample(Batch(tuple(samplings), backend, threads)))
    done: list[Roi | InputError] = []
    for roi, plan in zip(rois, plans, strict=True):
        if isinstance(plan, _Plan):
            done.append(_collect(roi, plan, next(volumes), next(volumes), settings))
        else:
            done.append(_rounded(roi, settings) if plan is None else plan)
    return done


@dataclasses.dataclass(frozen=True, eq=False)
class _Plan:
    """The new grid, the ROI's first voxel on it, and what the kernel makes: intensities and mask."""

    grid: Grid
    start: Shape
    samplings: tuple[Sampling, Sampling]


def _plan(roi: Roi, settings: Settings, memory_limit: int) -> _Plan | InputError | None:
    """None where the spacing stays as it is."""
    spacing_mm = wanted_spacing(roi.grid, settings)
    if spacing_mm == roi.grid.spacing_mm:
        return None
    ratios = [s / t for s, t in zip(roi.grid.spacing_mm, spacing_mm, strict=True)]
    n_new = math.prod(n * ratio for n, ratio in zip(roi.intensities.shape, ratios, strict=True))
    longest = max(n * ratio for n, ratio in zip(roi.grid.shape, ratios, strict=True))
    if max(n_new, longest) * BYTES_PER_VOXEL > memory_limit:
        return InputError(
            f"ROI {roi.name!r} would have a box of {n_new:.3g} voxels after resampling to "
            f"{_mm(spacing_mm)}, which takes {n_new * BYTES_PER_VOXEL / 1e9:.3g} GB; memory_limit is "
            f"{memory_limit / 1e9:.3g} GB: choose a coarser spacing_mm, or a higher memory_limit"
        )
    grid = new_grid(roi.grid, spacing_mm, settings.grid)
    positions = _positions(roi.grid, grid, settings.grid)
    span = _span(roi, positions)
    if not all(len(axis) for axis in span):
        return _lost(roi, grid)

    def sampling(source: NDArray[Any], interpolator: str) -> Sampling:
        z, y, x = (
            axis_table(p[k], n, s, interpolator)
            for p, k, n, s in zip(positions, span, roi.grid.shape, roi.start, strict=True)
        )
        return Sampling(source, (z, y, x))

    return _Plan(
        grid,
        (int(span[0][0]), int(span[1][0]), int(span[2][0])),
        (
            sampling(roi.intensities, settings.interpolator),
            sampling(roi.morphological_mask, settings.mask_interpolator),
        ),
    )


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
    first = [p[0] for p in _positions(grid, unplaced, align)]
    origin = grid.world_mm(first)
    return dataclasses.replace(unplaced, origin_mm=(float(origin[0]), float(origin[1]), float(origin[2])))


def _positions(old: Grid, new: Grid, align: str) -> list[FloatArray]:
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


def _span(roi: Roi, positions: Sequence[FloatArray]) -> list[IntArray]:
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


def _collect(
    roi: Roi, plan: _Plan, intensities: FloatArray, mask: FloatArray, settings: Settings
) -> Roi | InputError:
    """The ROI on its new grid."""
    inside = mask >= MASK_THRESHOLD
    if not inside.any():
        return _lost(roi, plan.grid)
    grid = plan.grid
    new = dataclasses.replace(
        roi,
        intensities=intensities.astype(settings.resampled_dtype, copy=False),
        morphological_mask=inside,
        intensity_mask=inside,
        grid=grid,
        start=plan.start,
    )
    try:
        refuse_non_finite(new)
    except InputError as error:
        return error
    new = new.with_record(
        "resample",
        shape=list(grid.shape),
        spacing_mm=list(grid.spacing_mm),
        origin_mm=list(grid.origin_mm),
        upsampled=any(t < s for s, t in zip(roi.grid.spacing_mm, grid.spacing_mm, strict=True)),
        align=settings.grid,
        interpolator=settings.interpolator,
        mask_interpolator=settings.mask_interpolator,
        **describe(inside, plan.start, grid.shape),
        volume_mm3=float(np.count_nonzero(inside) * grid.voxel_mm3),
    )
    return _rounded(new, settings)


def _rounded(roi: Roi, settings: Settings) -> Roi:
    if not settings.round_intensities or roi.intensities.dtype.kind != "f":
        return roi
    return dataclasses.replace(roi, intensities=np.rint(roi.intensities)).with_record(
        "round", to="nearest, ties to even"
    )


def _lost(roi: Roi, grid: Grid) -> EmptyRoiError:
    return EmptyRoiError(
        f"ROI {roi.name!r} ({np.count_nonzero(roi.morphological_mask)} voxels) has no voxel left after "
        f"resampling to {_mm(grid.spacing_mm)}: choose a finer spacing_mm, or leave this ROI out"
    )


def _mm(spacing_mm: Triple) -> str:
    return ", ".join(f"{s:g}" for s in spacing_mm) + " mm (z, y, x)"
