"""A mask or label map as labels with their boxes, found in one pass and without a volume per label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backends import compiled
from ..errors import InputError
from ..types import Mask, Shape

# find_objects keeps a table up to the highest label; larger ones are numbered anew first.
_DIRECT_LABELS = 65_535
# Above it float64 no longer tells whole numbers apart.
_MAX_FLOAT_LABEL = 2**53

Box = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Labels of a volume.

    Attributes
    ----------
    codes : ndarray of int, shape (z, y, x)
        0 outside. The voxels as they came where these serve, else the labels numbered anew.
    labels : dict
        For each label, rising, its code and its box (z, y, x).
    """

    codes: NDArray[Any]
    labels: dict[int, tuple[int, Box]]

    def cut(self, label: int, name: str) -> Mask:
        """Cut out the voxels of one label."""
        code, box = self.labels[label]
        inside = np.ascontiguousarray(self.codes[box] == code)
        return Mask(name, label, inside, (box[0].start, box[1].start, box[2].start))


def find_labels(voxels: NDArray[Any], threshold: float | None, what: str) -> LabelMap:
    """Labels of a volume: its whole numbers > 0, its only nonzero value, or all voxels >= `threshold`.

    Raises
    ------
    InputError
        NaN, infinite or negative values, or several values that are no whole numbers and no threshold.
    """
    low, high = voxels.min(), voxels.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InputError(
            f"{what} holds NaN or infinite values, expected a mask or labels; set them to 0 first"
        )
    if threshold is not None:
        codes, labels = (voxels >= threshold).view(np.uint8), [1]
    elif low < 0:
        raise InputError(
            f"{what} holds negative values (down to {low}), expected 0 outside and labels > 0; "
            "set them to 0, or pass threshold= if it is a map of probabilities or distances"
        )
    elif voxels.dtype.kind == "f" and not _is_integral(voxels):
        codes, labels = _single_value(voxels, what), [1]
    elif high > _DIRECT_LABELS:
        codes, labels = _renumber(voxels, what)
    else:
        codes = voxels
        if voxels.dtype.kind == "f":
            codes = voxels.astype(np.uint8 if high <= 255 else np.uint16)
        labels = list(range(1, int(high) + 1))
    boxes = _boxes(codes, max(len(labels), 1))
    return LabelMap(
        codes,
        {label: (code, box) for code, (label, box) in enumerate(zip(labels, boxes, strict=False), 1) if box},
    )


def _boxes(codes: NDArray[Any], n_codes: int) -> list[Box | None]:
    """The box of each of the codes 1 to `n_codes`, found in one pass; None where one does not occur."""
    extension = compiled()
    found = None if extension is None else extension.label_boxes(codes, n_codes)
    if found is None:
        from scipy import ndimage

        boxes: list[Box | None] = ndimage.find_objects(codes, n_codes)
        return boxes
    return [
        (slice(z, z_stop), slice(y, y_stop), slice(x, x_stop)) if z_stop else None
        for z, y, x, z_stop, y_stop, x_stop in found.tolist()
    ]


def _is_integral(voxels: NDArray[Any]) -> bool:
    """Whether all values are whole numbers; plane by plane, since a volume of remainders would be large."""
    return all(bool((plane == np.rint(plane)).all()) for plane in voxels)


def _single_value(voxels: NDArray[Any], what: str) -> NDArray[np.uint8]:
    """1 where a volume has its only nonzero value."""
    values = np.empty(0, dtype=voxels.dtype)
    for plane in voxels:
        values = np.union1d(values, plane[plane != 0])
        if values.size > 1:
            raise InputError(
                f"{what} holds several values that are no whole numbers (such as {values[0]:.6g} and "
                f"{values[1]:.6g}), expected labels or one nonzero value; for a probability map say what is "
                "inside, such as threshold=0.5"
            )
    inside: NDArray[np.uint8] = np.not_equal(voxels, 0).view(np.uint8)
    return inside


def _renumber(voxels: NDArray[Any], what: str) -> tuple[NDArray[Any], list[int]]:
    """Codes 1, 2, ... for labels too large for a table, and the labels in that order."""
    values = np.zeros(1, dtype=voxels.dtype)
    for plane in voxels:
        values = np.union1d(values, plane[plane != 0])
    if voxels.dtype.kind == "f" and values[-1] > _MAX_FLOAT_LABEL:
        raise InputError(
            f"{what} holds the label {values[-1]:.6g}, expected at most 2**53; store labels as integers"
        )
    codes = np.empty(voxels.shape, dtype=np.uint16 if values.size <= 2**16 else np.uint32)
    for z, plane in enumerate(voxels):
        codes[z] = np.searchsorted(values, plane)
    return codes, [int(v) for v in values[1:]]


def union(masks: list[Mask], name: str) -> Mask:
    """Several masks as one, with the first one's label."""
    if len(masks) == 1 and masks[0].name == name:
        return masks[0]
    start: Shape = tuple(min(m.start[a] for m in masks) for a in range(3))  # type: ignore[assignment]
    stop = [max(m.start[a] + m.inside.shape[a] for m in masks) for a in range(3)]
    inside = np.zeros([e - s for s, e in zip(start, stop, strict=True)], dtype=np.bool_)
    for mask in masks:
        offsets = [m - s for m, s in zip(mask.start, start, strict=True)]
        inside[tuple(slice(o, o + n) for o, n in zip(offsets, mask.inside.shape, strict=True))] |= mask.inside
    return Mask(name, masks[0].label, inside, start)
