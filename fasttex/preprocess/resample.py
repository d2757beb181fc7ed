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
from ..settings import Settings
from ..types import AxisTable, Batch, FloatArray, Grid, IntArray, Roi, Sampling, Shape, Triple
from .crop import box_of, describe, refuse_non_finite
from .grid import axis_table, in_mm, local_margin, new_grid, positions_of, span_of, wanted_spacing, widened
from .spline import SPLINE_MARGIN, interpolate_spline

# Thousands of voxels are meant to land on exactly 0.5; rounding must not lose them (IBSI 1, C to E).
MASK_THRESHOLD = 0.5 - 1e-9
BYTES_PER_VOXEL = 8 + 8 + 1  # of a resampled box: intensities, the mask as it is interpolated, and cut off
BYTES_PER_COEFFICIENT = 3 * 8  # of the old voxels around the box: intensities, padded, and filtered


def resample(
    rois: Sequence[Roi], settings: Settings, backend: str, threads: int = 1, memory_limit: int = 2 * 2**30
) -> list[Roi | InputError]:
    """Interpolate intensities and masks of ROIs on the grid that the settings ask for.

    Where `settings` ask for local_intensity, ``Roi.around`` holds the image around the ROI on the new
    grid, and otherwise no more than the box.

    Parameters
    ----------
    rois : sequence of Roi
        Cropped with a margin of at least one voxel.
    settings : Settings
        `spacing_mm`, `interpolator`, `mask_interpolator`, `grid`, `resampled_dtype`, `round_intensities`.
    backend : str
        Name of the backend that interpolates; the cubic spline is the same for all.
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
            mask = next(volumes)
            values = _spline(roi, plan) if settings.interpolator == "cubic" else next(volumes)
            done.append(_collect(roi, plan, values, mask, settings))
        else:
            done.append(_rounded(_kept(roi, settings), settings) if plan is None else plan)
    return done


@dataclasses.dataclass(frozen=True, eq=False)
class _Plan:
    """What one ROI needs.

    Attributes
    ----------
    grid : Grid
        The new one.
    positions : sequence of ndarray
        Per axis where all its voxels lie, in old voxel indices.
    span, wide : sequence of ndarray
        Per axis the new voxels of the ROI's box, and of its surroundings.
    samplings : tuple of Sampling
        What the kernel makes: the mask, and (unless the spline does) the intensities.
    """

    grid: Grid
    positions: Sequence[FloatArray]
    span: Sequence[IntArray]
    wide: Sequence[IntArray]
    samplings: tuple[Sampling, ...]


def _plan(roi: Roi, settings: Settings, memory_limit: int) -> _Plan | InputError | None:
    """None where the spacing stays as it is."""
    spacing_mm = wanted_spacing(roi.grid, settings)
    if spacing_mm == roi.grid.spacing_mm:
        return None
    error = _too_large(roi, spacing_mm, settings, memory_limit)
    if error:
        return error
    grid = new_grid(roi.grid, spacing_mm, settings.grid)
    positions = positions_of(roi.grid, grid, settings.grid)
    span = span_of(roi, positions)
    if not all(len(axis) for axis in span):
        return _lost(roi, grid)
    wide = widened(span, positions, roi.grid, spacing_mm) if _wants_surroundings(settings) else span
    tables = _tables(roi.grid, positions, span, settings.mask_interpolator)
    samplings = [_sampling(roi.morphological_mask, roi.start, tables)]
    if settings.interpolator != "cubic":
        tables = _tables(roi.grid, positions, wide, settings.interpolator)
        samplings.append(_sampling(roi.around, roi.around_start, tables))
    return _Plan(grid, positions, span, wide, tuple(samplings))


def _too_large(roi: Roi, spacing_mm: Triple, settings: Settings, memory_limit: int) -> InputError | None:
    ratios = [s / t for s, t in zip(roi.grid.spacing_mm, spacing_mm, strict=True)]
    margins = local_margin(spacing_mm) if _wants_surroundings(settings) else (0, 0, 0)
    n_new = math.prod(
        min(n * ratio + 2 * margin, whole * ratio + 1)
        for n, whole, ratio, margin in zip(
            roi.intensities.shape, roi.grid.shape, ratios, margins, strict=True
        )
    )
    longest = max(n * ratio for n, ratio in zip(roi.grid.shape, ratios, strict=True))
    needed = max(n_new, longest) * BYTES_PER_VOXEL
    if settings.interpolator == "cubic":
        needed += BYTES_PER_COEFFICIENT * math.prod(
            min(n + 2 * (SPLINE_MARGIN + margin / ratio), whole)
            for n, whole, ratio, margin in zip(
                roi.intensities.shape, roi.grid.shape, ratios, margins, strict=True
            )
        )
    if needed <= memory_limit:
        return None
    return InputError(
        f"ROI {roi.name!r} would have a box of {n_new:.3g} voxels after resampling to "
        f"{in_mm(spacing_mm)}, which takes {needed / 1e9:.3g} GB; memory_limit is "
        f"{memory_limit / 1e9:.3g} GB: choose a coarser spacing_mm, or a higher memory_limit"
    )


def _wants_surroundings(settings: Settings) -> bool:
    return settings.families is None or "local_intensity" in settings.families


def _tables(
    grid: Grid, positions: Sequence[FloatArray], voxels: Sequence[IntArray], interpolator: str
) -> list[AxisTable]:
    """In indices of the whole old grid."""
    return [
        axis_table(p[k], n, 0, interpolator) for p, k, n in zip(positions, voxels, grid.shape, strict=True)
    ]


def _sampling(source: NDArray[Any], start: Shape, tables: Sequence[AxisTable]) -> Sampling:
    """The tables, and of the source (whose first voxel has index `start`) what they look at."""
    first = [int(t.lower.min()) for t in tables]
    box = tuple(
        slice(f - s, int(t.upper.max()) + 1 - s) for f, s, t in zip(first, start, tables, strict=True)
    )
    z, y, x = (AxisTable(t.lower - f, t.upper - f, t.weight) for t, f in zip(tables, first, strict=True))
    return Sampling(source[box], (z, y, x))


def _spline(roi: Roi, plan: _Plan) -> FloatArray:
    wanted = [p[k] for p, k in zip(plan.positions, plan.wide, strict=True)]
    return interpolate_spline(roi.around, roi.around_start, roi.grid.shape, wanted)


def _collect(
    roi: Roi, plan: _Plan, around: FloatArray, mask: FloatArray, settings: Settings
) -> Roi | InputError:
    """The ROI on its new grid."""
    inside = mask >= MASK_THRESHOLD
    if not inside.any():
        return _lost(roi, plan.grid)
    grid = plan.grid
    start = (int(plan.span[0][0]), int(plan.span[1][0]), int(plan.span[2][0]))
    around = around.astype(settings.resampled_dtype, copy=False)
    around_start = (int(plan.wide[0][0]), int(plan.wide[1][0]), int(plan.wide[2][0]))
    new = dataclasses.replace(
        roi,
        intensities=around[_box(start, inside.shape, around_start)],
        morphological_mask=inside,
        intensity_mask=inside,
        grid=grid,
        start=start,
        around=around,
        around_start=around_start,
        box=None,
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
        **describe(inside, start, grid.shape),
        volume_mm3=float(np.count_nonzero(inside) * grid.voxel_mm3),
    )
    return _rounded(new, settings)


def _kept(roi: Roi, settings: Settings) -> Roi:
    """The ROI on the grid that it has, with no more around than the families ask for."""
    if not _wants_surroundings(settings):
        return dataclasses.replace(roi, around=roi.intensities, around_start=roi.start)
    first, stop = [], []
    ends = zip(box_of(roi), roi.start, local_margin(roi.grid.spacing_mm), strict=True)
    for n, (box, start, margin), at in zip(roi.grid.shape, ends, roi.intensities.shape, strict=True):
        first.append(min(start, max(0, start + box.start - margin)))
        stop.append(max(start + at, min(n, start + box.stop + margin)))
    z, y, x = first
    around = roi.around[
        _box((z, y, x), tuple(b - a for a, b in zip(first, stop, strict=True)), roi.around_start)
    ]
    return dataclasses.replace(roi, around=around, around_start=(z, y, x))


def _box(start: Shape, shape: Sequence[int], origin: Shape) -> tuple[slice, ...]:
    """Of an array whose first voxel has index `origin`, the part of `shape` that begins at index `start`."""
    return tuple(slice(s - o, s - o + n) for s, n, o in zip(start, shape, origin, strict=True))


def _rounded(roi: Roi, settings: Settings) -> Roi:
    if not settings.round_intensities or roi.intensities.dtype.kind != "f":
        return roi
    around = np.rint(roi.around)
    intensities = around[_box(roi.start, roi.intensities.shape, roi.around_start)]
    return dataclasses.replace(roi, intensities=intensities, around=around).with_record(
        "round", to="nearest, ties to even"
    )


def _lost(roi: Roi, grid: Grid) -> EmptyRoiError:
    return EmptyRoiError(
        f"ROI {roi.name!r} ({np.count_nonzero(roi.morphological_mask)} voxels) has no voxel left after "
        f"resampling to {in_mm(grid.spacing_mm)}: choose a finer spacing_mm, or leave this ROI out"
    )
