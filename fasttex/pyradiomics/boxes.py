"""The smallest box around a label."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backends import compiled

__all__ = ["box_of"]

# The compiled search looks for all labels up to the highest.
_DIRECT_LABELS = 65_535

Box = tuple[slice, slice, slice]


def box_of(voxels: NDArray[Any], label: int) -> Box | None:
    """The smallest box that holds a label, in a volume (z, y, x) or a slice (y, x); None without one."""
    voxels = voxels.reshape((1,) * (3 - voxels.ndim) + voxels.shape)
    extension = compiled()
    if extension is not None and voxels.dtype.kind in "iu" and voxels.flags.c_contiguous:
        low, high = (0 if voxels.dtype.kind == "u" else int(voxels.min())), int(voxels.max())
        if not low <= label <= high:
            return None
        if low >= 0 and high <= _DIRECT_LABELS and label > 0:
            z, y, x, z_stop, y_stop, x_stop = extension.label_boxes(voxels, high)[int(label) - 1].tolist()
            return (slice(z, z_stop), slice(y, y_stop), slice(x, x_stop)) if z_stop else None
    inside = voxels == label
    sides: list[slice] = []
    for axis in range(3):
        within = inside[tuple(sides)]  # no wider than what the axes before have left
        held = np.flatnonzero(within.any(axis=tuple(a for a in range(3) if a != axis)))
        if not len(held):
            return None
        sides.append(slice(int(held[0]), int(held[-1]) + 1))
    return (sides[0], sides[1], sides[2])
