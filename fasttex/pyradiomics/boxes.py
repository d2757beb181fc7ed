"""The smallest box around a label."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backends import compiled

__all__ = ["box_of"]

Box = tuple[slice, slice, slice]


def box_of(voxels: NDArray[Any], label: int) -> Box | None:
    """The smallest box that holds a label, in a volume (z, y, x) or a slice (y, x); None without one."""
    voxels = voxels.reshape((1,) * (3 - voxels.ndim) + voxels.shape)
    extension, dtype = compiled(), voxels.dtype
    integers = dtype.kind in "iu" and dtype.isnative and isinstance(label, Integral)
    if extension is None or not integers or not voxels.flags.c_contiguous:
        return _box_of(voxels, label)
    if not np.iinfo(dtype).min <= label <= np.iinfo(dtype).max:
        return None
    found = extension.label_box(voxels, int(label) % 2**64)  # the bits of a negative one, too
    if found is None:
        return None
    z, y, x = map(slice, *found)
    return (z, y, x)


def _box_of(voxels: NDArray[Any], label: Any) -> Box | None:
    inside = voxels == label
    sides: list[slice] = []
    for axis in range(3):
        within = inside[tuple(sides)]  # no wider than what the axes before have left
        held = np.flatnonzero(within.any(axis=tuple(a for a in range(3) if a != axis)))
        if not len(held):
            return None
        sides.append(slice(int(held[0]), int(held[-1]) + 1))
    return (sides[0], sides[1], sides[2])
