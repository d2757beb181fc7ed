"""The steps in their order: cropped ROIs in, gray levels out, a failure in the place of what failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..io import RoiFailure
from ..measures import Stopwatch
from ..settings import Settings
from ..types import DiscretizedRoi, Image, Mask, Record, Roi
from .crop import crop
from .discretize import discretize
from .resample import resample
from .resegment import resegment

# Resampled boxes take 16 bytes a voxel, gray levels 2: only so many ROIs are held in between at a time.
GROUP_PER_THREAD = 4

S = TypeVar("S", Roi, DiscretizedRoi)

__all__ = ["crop_all", "to_levels"]


def crop_all(image: Image, masks: Iterable[Mask]) -> list[Roi | RoiFailure]:
    """Cut every mask out of the image."""
    found: list[Roi | RoiFailure] = []
    for mask in masks:
        try:
            found.append(crop(image, mask))
        except InputError as error:
            found.append(RoiFailure(mask.name, mask.label, error))
    return found


def to_levels(
    rois: Sequence[Roi | RoiFailure],
    settings: Settings,
    backend: str,
    threads: int = 1,
    memory_limit: int = 2 * 2**30,
    watch: Stopwatch | None = None,
) -> list[DiscretizedRoi | RoiFailure]:
    """Resample, re-segment and discretize ROIs.

    Parameters
    ----------
    rois : sequence of Roi or RoiFailure
        Failures pass through.
    settings : Settings
    backend, threads, memory_limit
        As in `fasttex.extract`.
    watch : Stopwatch, optional
        Gets the seconds of each step.

    Returns
    -------
    list of DiscretizedRoi or RoiFailure
        One for each of `rois`, in their order.
    """
    watch = watch or Stopwatch()
    done: list[DiscretizedRoi | RoiFailure] = []
    size = GROUP_PER_THREAD * threads
    for group in (rois[first : first + size] for first in range(0, len(rois), size)):
        with watch.stage("resample"):
            sampled = _each(group, lambda sound: resample(sound, settings, backend, threads, memory_limit))
        with watch.stage("discretize"):
            kept = _each(sampled, lambda sound: [_attempt_resegment(roi, settings) for roi in sound])
            done += _each(kept, lambda sound: discretize(sound, settings, backend, threads, memory_limit))
    return _with_contested(done) if settings.spacing_mm is not None else done


def _attempt_resegment(roi: Roi, settings: Settings) -> Roi | InputError:
    try:
        return resegment(roi, settings)
    except InputError as error:
        return error


def _each(
    rois: Sequence[Roi | RoiFailure], step: Callable[[list[Roi]], Sequence[S | InputError]]
) -> list[S | RoiFailure]:
    """Apply a step to the ROIs that have not failed; what fails in it becomes a failure in its place."""
    sound = [roi for roi in rois if isinstance(roi, Roi)]
    results = iter(zip(sound, step(sound), strict=True))
    done: list[S | RoiFailure] = []
    for roi in rois:
        if isinstance(roi, RoiFailure):
            done.append(roi)
            continue
        before, after = next(results)
        done.append(RoiFailure(before.name, before.label, after) if isinstance(after, InputError) else after)
    return done


def _with_contested(rois: Sequence[DiscretizedRoi | RoiFailure]) -> list[DiscretizedRoi | RoiFailure]:
    """Record how many voxels of each ROI belong to another too: ROIs are resampled one by one."""
    sound = [roi for roi in rois if isinstance(roi, DiscretizedRoi)]
    if len(sound) < 2:
        return list(rois)
    boxes = {id(r): tuple(slice(s, s + n) for s, n in zip(r.start, r.shape, strict=True)) for r in sound}
    claims = np.zeros([max(box[axis].stop for box in boxes.values()) for axis in range(3)], dtype=np.uint16)
    for roi in sound:
        claims[boxes[id(roi)]] += roi.morphological_mask
    return [
        r
        if isinstance(r, RoiFailure)
        else replace(r, records=(*r.records, _contested(r, claims[boxes[id(r)]])))
        for r in rois
    ]


def _contested(roi: DiscretizedRoi, claims: NDArray[np.uint16]) -> Record:
    contested = np.count_nonzero(roi.morphological_mask & (claims > 1))
    return {"step": "overlap", "voxels_contested": int(contested)}
