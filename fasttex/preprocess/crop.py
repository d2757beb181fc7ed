"""Cut a ROI and a margin out of an image."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..backends import compiled
from ..errors import InputError
from ..types import BoolArray, FloatArray, Image, Mask, Roi

LINEAR_MARGIN = 1  # voxels that linear interpolation looks beyond the ROI's box


def crop(image: Image, mask: Mask, margin: int = LINEAR_MARGIN) -> Roi:
    """Cut the box of a mask, and `margin` voxels around as far as the image goes.

    Cropping changes no number: what follows works on the grid of the whole image.

    Parameters
    ----------
    image : Image
    mask : Mask
        On the grid of `image`.
    margin : int
        In voxels; what linear interpolation looks at beyond the ROI.

    Returns
    -------
    Roi
        Its intensities are a view of the image's, and the whole of them stay at hand as ``around``.

    Raises
    ------
    InputError
        NaN or infinity among the intensities inside the ROI.
    """
    box = tuple(
        slice(max(0, s - margin), min(n, s + inside + margin))
        for s, inside, n in zip(mask.start, mask.inside.shape, image.grid.shape, strict=True)
    )
    start = (box[0].start, box[1].start, box[2].start)
    inside = np.zeros([b.stop - b.start for b in box], dtype=np.bool_)
    at = tuple(
        slice(s - first, s - first + n)
        for s, first, n in zip(mask.start, start, mask.inside.shape, strict=True)
    )
    inside[at] = mask.inside
    roi = Roi(
        name=mask.name,
        label=mask.label,
        intensities=image.intensities[box],
        morphological_mask=inside,
        intensity_mask=inside,
        grid=image.grid,
        start=start,
        around=image.intensities,
        around_start=(0, 0, 0),
    )
    refuse_non_finite(roi)
    if "normalize" in image.record:
        roi = roi.with_record("normalize", **image.record["normalize"])
    found = summary(mask.inside)
    z, y, x = (
        slice(a.start + first, a.start + stop)
        for a, first, stop in zip(at, found.first, found.stop, strict=True)
    )
    return replace(roi, box=(z, y, x)).with_record(
        "crop",
        **described(found, mask.start, roi.grid.shape),
        volume_mm3=float(found.voxels * roi.grid.voxel_mm3),
        components=found.components,
    )


def refuse_non_finite(roi: Roi) -> None:
    """Raise where an intensity inside the ROI is NaN or infinite."""
    if roi.intensities.dtype.kind != "f":
        return
    bad = ~np.isfinite(roi.intensities) & roi.morphological_mask
    if bad.any():
        where = np.argwhere(bad)[0] + roi.start
        raise InputError(
            f"ROI {roi.name!r} has NaN or infinity at {np.count_nonzero(bad)} of "
            f"{np.count_nonzero(roi.morphological_mask)} voxels, the first at index {tuple(where.tolist())} "
            "(z, y, x); expected finite intensities: repair the image, or leave these voxels out of the ROI"
        )


def values_inside(intensities: NDArray[Any], inside: BoolArray) -> FloatArray:
    """The intensities of the voxels of a mask, float64 in C order."""
    extension = compiled()
    if extension is None:
        return intensities[inside].astype(np.float64)
    from ..kernels.cpp._arrays import native

    found: FloatArray = extension.values_inside(native(intensities), inside, int(np.count_nonzero(inside)))
    return found


class Summary(NamedTuple):
    """What a mask looks like.

    Attributes
    ----------
    voxels : int
        Inside.
    components : int
        How many pieces the ROI has, voxels that share a corner being one piece.
    first, stop : tuple of int
        The smallest box, in the mask's indices (z, y, x); stop excluded.
    """

    voxels: int
    components: int
    first: tuple[int, int, int]
    stop: tuple[int, int, int]


def summary(inside: BoolArray) -> Summary:
    """Look at a mask that has a True voxel."""
    extension = compiled()
    if extension is not None:
        return Summary(*extension.mask_summary(np.ascontiguousarray(inside)))
    from scipy import ndimage

    z, y, x = _bounding_box(inside)
    components = int(ndimage.label(inside, structure=np.ones((3, 3, 3)))[1])
    first, stop = (z.start, y.start, x.start), (z.stop, y.stop, x.stop)
    return Summary(int(np.count_nonzero(inside)), components, first, stop)


def box_of(roi: Roi) -> tuple[slice, slice, slice]:
    """The smallest box that holds the ROI's morphological mask, in its indices."""
    return roi.box or bounding_box(roi.morphological_mask)


def bounding_box(inside: BoolArray) -> tuple[slice, slice, slice]:
    """The smallest box that holds every True voxel of a mask that has one."""
    if compiled() is None:
        return _bounding_box(inside)
    found = summary(inside)
    z, y, x = (slice(first, stop) for first, stop in zip(found.first, found.stop, strict=True))
    return z, y, x


def _bounding_box(inside: BoolArray) -> tuple[slice, slice, slice]:
    ranges = []
    for axis in range(3):
        hit = np.flatnonzero(inside.any(axis=tuple(a for a in range(3) if a != axis)))
        ranges.append(slice(int(hit[0]), int(hit[-1]) + 1))
    return ranges[0], ranges[1], ranges[2]


def describe(
    inside: BoolArray, start: tuple[int, int, int], shape: tuple[int, int, int]
) -> dict[str, object]:
    """Voxels, box in the grid's indices (z, y, x; stop excluded), whether it touches the grid's border."""
    return described(summary(inside), start, shape)


def described(found: Summary, start: tuple[int, int, int], shape: tuple[int, int, int]) -> dict[str, object]:
    """As `describe`, of a mask that was looked at already."""
    first = [f + s for f, s in zip(found.first, start, strict=True)]
    stop = [e + s for e, s in zip(found.stop, start, strict=True)]
    touches = any(f == 0 or e == n for f, e, n in zip(first, stop, shape, strict=True) if n > 1)
    return {"voxels": found.voxels, "box_start": first, "box_stop": stop, "touches_border": touches}
