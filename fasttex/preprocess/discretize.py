"""Gray levels from intensities, by the rule that the settings ask for."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..backends import get_backend
from ..errors import EmptyRoiError, InputError, LevelRangeError
from ..kernels.reference.discretize import raw_level
from ..matrices.memory import affordable_levels, counts_bytes
from ..measures import round_up
from ..settings import Settings
from ..types import Batch, Binning, DiscretizedRoi, FloatArray, IntArray, IvhValues, LevelArray, Roi
from .crop import box_of, values_inside
from .ivh import ivh_values

MAX_LISTED_BINS = 256  # in the record of a ROI
MAX_LEVEL_VALUE = 2**31 - 1  # keeps every integer sum of the kernels within 64 bits


class _Inside(NamedTuple):
    """The intensities of a ROI, in C order, and between which they lie: looked for once."""

    values: FloatArray
    low: float
    high: float


@dataclasses.dataclass(frozen=True, eq=False)
class _Plan:
    """One ROI on the way: what the kernel needs, and what stays beside it."""

    roi: Roi
    inside: _Inside
    binning: Binning
    level_values: IntArray
    record: dict[str, Any]
    ivh: IvhValues | None
    surroundings: NDArray[Any] | None


def discretize(
    rois: Sequence[Roi], settings: Settings, backend: str, threads: int = 1, memory_limit: int = 2 * 2**30
) -> list[DiscretizedRoi | InputError]:
    """Assign gray levels to the voxels of the intensity mask (IBSI: 4R0B).

    Parameters
    ----------
    rois : sequence of Roi
    settings : Settings
        `discretization` and what belongs to it; `distance` sets the padding.
    backend : str
        Name of the backend that assigns.
    threads : int
    memory_limit : int
        In bytes. Where the matrices of a ROI would need more, its levels are compacted to those present.

    Returns
    -------
    list of DiscretizedRoi or InputError
        An error in the place of a ROI that cannot be discretized.
    """
    plans = [_plan_or_error(roi, settings, memory_limit) for roi in rois]
    binnings = tuple(p.binning for p in plans if isinstance(p, _Plan))
    buffers = iter(get_backend(backend).discretize(Batch(binnings, backend, threads)))
    return [_finish(p, next(buffers)) if isinstance(p, _Plan) else p for p in plans]


def _plan_or_error(roi: Roi, settings: Settings, memory_limit: int) -> _Plan | InputError:
    try:
        return _plan(_cut_to_box(roi), settings, memory_limit)
    except InputError as error:
        return error


def _cut_to_box(roi: Roi) -> Roi:
    """Leave the interpolation's margin behind."""
    if not roi.intensity_mask.any():
        raise EmptyRoiError(f"ROI {roi.name!r} is empty")
    box = box_of(roi)
    return dataclasses.replace(
        roi,
        intensities=roi.intensities[box],
        morphological_mask=roi.morphological_mask[box],
        intensity_mask=roi.intensity_mask[box],
        start=(roi.start[0] + box[0].start, roi.start[1] + box[1].start, roi.start[2] + box[2].start),
    )


def _plan(roi: Roi, settings: Settings, memory_limit: int) -> _Plan:
    values = values_inside(roi.intensities, roi.intensity_mask)
    x = _Inside(values, float(values.min()), float(values.max()))
    choices = settings.choices
    families, rule = choices["families"], choices["discretization"]
    binning = Binning(roi.intensities, roi.intensity_mask, rule, 1, settings.distance)
    binning, clipped = _RULES[rule](binning, settings, x, roi.name)
    record = {"step": "discretize", **_described(binning), "clipped_voxels": clipped, "compacted": False}
    affordable = _affordable(
        tuple(families), max(roi.intensities.shape), memory_limit, settings.distance, settings.convention
    )
    level_values: IntArray | None = None
    if binning.n_levels > affordable:
        binning, level_values = _compacted(roi, binning, x, affordable, memory_limit)
        record["compacted"] = True
    if level_values is None:
        level_values = np.arange(1, binning.n_levels + 1, dtype=np.int64)
    return _Plan(
        roi,
        x,
        binning,
        level_values,
        record,
        ivh_values(x.values, settings) if "ivh" in families else None,
        _lean(roi.around, settings) if "local_intensity" in families else None,
    )


@lru_cache(maxsize=1024)
def _affordable(
    families: tuple[str, ...], longest: int, memory_limit: int, distance: int, convention: str
) -> int:
    """ROIs of the same longest side are alike."""
    return affordable_levels(families, longest, memory_limit, distance=distance, convention=convention)


def _lean(around: NDArray[Any], settings: Settings) -> NDArray[Any]:
    """The same numbers in a quarter of the memory, where they are whole: they wait for the features."""
    whole = settings.round_intensities and around.dtype.kind == "f"
    fits = whole and bool(around.min() > -(2**15) and around.max() < 2**15)
    return around.astype(np.int16) if fits else around


def _described(binning: Binning) -> dict[str, Any]:
    """The rule and its bins, with all edges where they can be listed."""
    n, low, width = binning.n_levels, binning.origin, binning.width
    if binning.rule == "identity":
        return {"rule": "identity"}
    if binning.rule == "edges":
        return {"rule": "edges", "bin_edges": binning.edges.tolist()}
    if binning.rule == "fbn":
        width /= n
    found: dict[str, Any] = {"rule": binning.rule, "bin_origin": low, "bin_width": width}
    if n <= MAX_LISTED_BINS:
        found["bin_edges"] = [low + width * k for k in range(n + 1)]
    return found


def _fbn(binning: Binning, settings: Settings, x: _Inside, name: str) -> tuple[Binning, int]:
    n = settings.choices["bin_number"] if x.high > x.low else 1
    return dataclasses.replace(binning, origin=x.low, width=x.high - x.low, n_levels=n), 0


def _fbs(binning: Binning, settings: Settings, x: _Inside, name: str) -> tuple[Binning, int]:
    origin, width = settings.choices["bin_origin"], float(settings.bin_width or 0)
    origin = x.low if origin == "roi_minimum" else float(origin)
    highest = np.floor((x.high - origin) / width) + 1
    if not highest <= MAX_LEVEL_VALUE:
        raise LevelRangeError(
            f"bin_width {width:g} gives ROI {name!r} {highest:.3g} levels, expected at most "
            f"{MAX_LEVEL_VALUE}: its intensities run from {x.low:g} to {x.high:g}; "
            f"a bin_width of {round_up((x.high - origin) / 256)} gives about 256"
        )
    n_levels = max(1, int(highest))
    return (
        dataclasses.replace(binning, origin=origin, width=width, n_levels=n_levels),
        int(np.count_nonzero(x.values < origin)) if x.low < origin else 0,
    )


def _edges(binning: Binning, settings: Settings, x: _Inside, name: str) -> tuple[Binning, int]:
    edges = np.array(settings.bin_edges, dtype=np.float64)
    beyond = int(np.count_nonzero((x.values < edges[0]) | (x.values > edges[-1])))
    return dataclasses.replace(binning, edges=edges, n_levels=len(edges) - 1), beyond


def _identity(binning: Binning, settings: Settings, x: _Inside, name: str) -> tuple[Binning, int]:
    whole = bool((x.values == np.floor(x.values)).all())
    if not whole or x.low < 1 or x.high > MAX_LEVEL_VALUE:
        raise LevelRangeError(
            f"discretization 'identity' takes intensities as gray levels, but those of ROI {name!r} run from "
            f"{x.low:g} to {x.high:g}{'' if whole else ' and are not whole'}; expected "
            f"whole numbers from 1 to {MAX_LEVEL_VALUE}: choose another discretization, or shift them"
        )
    return dataclasses.replace(binning, n_levels=int(x.high)), 0


_RULES = {"fbn": _fbn, "fbs": _fbs, "edges": _edges, "identity": _identity}


def _compacted(
    roi: Roi, binning: Binning, x: _Inside, affordable: int, memory_limit: int
) -> tuple[Binning, IntArray]:
    """Number the levels that are present from 1, and keep what each stands for."""
    raw = np.clip(raw_level(x.values, binning), 1, binning.n_levels).astype(np.int64)
    level_values, level = np.unique(raw, return_inverse=True)
    if len(level_values) > affordable:
        longest = max(roi.intensities.shape)
        needed = max(counts_bytes(f, len(level_values), longest, 0) for f in ("glcm", "glrlm"))
        raise LevelRangeError(
            f"ROI {roi.name!r} has {len(level_values)} different gray levels; its matrices would take up to "
            f"{needed / 1e9:.3g} GB, memory_limit ({memory_limit / 1e9:.3g} GB) has room for {affordable}: "
            f"choose a bin_width of at least {round_up((x.high - x.low) / affordable)}, a bin_number "
            f"of at most {affordable}, or a higher memory_limit"
        )
    spread = np.zeros(roi.intensities.shape, dtype=np.int64)
    spread[roi.intensity_mask] = level + 1
    return Binning(spread, roi.intensity_mask, "identity", len(level_values), binning.pad), level_values


def _finish(plan: _Plan, buffer: LevelArray) -> DiscretizedRoi:
    roi, pad, ivh = plan.roi, plan.binning.pad, plan.ivh
    z, y, x = roi.intensities.shape
    before = [s - a for s, a in zip(roi.start, roi.around_start, strict=True)]
    n_levels = plan.binning.n_levels
    record = {**plan.record, "n_levels": n_levels, "voxels": len(plan.inside.values)}
    if ivh is not None:
        record["ivh"] = {"low": ivh.low, "high": ivh.high, "bin_width": ivh.step}
    found = DiscretizedRoi(
        buffer=buffer,
        pad=(pad, pad, pad),
        shape=(z, y, x),
        n_levels=n_levels,
        level_values=plan.level_values,
        morphological_mask=np.ascontiguousarray(roi.morphological_mask),
        intensities=plan.inside.values,
        spacing_mm=roi.grid.spacing_mm,
        name=roi.name,
        label=roi.label,
        start=roi.start,
        records=(*roi.records, record),
        ivh=ivh,
        surroundings=plan.surroundings,
        surroundings_start=(before[0], before[1], before[2]),
    )
    vars(found)["intensity_range"] = plan.inside[1:]  # where the cached property would keep it
    return found
