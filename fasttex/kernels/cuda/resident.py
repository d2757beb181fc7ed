"""Gray levels that lie on a GPU: counted there, and copied to the host only where somebody looks at them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...types import DiscretizedRoi, Triple
from ...types.levels import check_kind, check_range
from .device import working
from .rows import embed
from .transfer import download

__all__ = ["ResidentRoi", "resident_roi"]


class ResidentRoi(DiscretizedRoi):
    """A `DiscretizedRoi` on a device; the host has its arrays once they are looked at.

    Attributes
    ----------
    on_device : array on the device
        Of which `buffer` is a copy.
    """

    on_device: Any

    def __getattr__(self, name: str) -> Any:
        """Copy to the host what it has not seen yet."""
        made: Any
        if name == "buffer":
            made = download(self.on_device)
        elif name == "morphological_mask":
            made = np.ascontiguousarray(self.levels > 0)
        elif name == "intensities":
            made = self.levels[self.morphological_mask].astype(np.float64)
        else:
            raise AttributeError(name)
        object.__setattr__(self, name, made)
        return made


def resident_roi(
    levels: Any, *, spacing_mm: Triple = (1.0, 1.0, 1.0), pad: int = 1, name: str = "1", label: int = 1
) -> ResidentRoi:
    """What `DiscretizedRoi.from_levels` makes, of levels that lie on a device and stay there.

    Raises
    ------
    InputError, LevelRangeError
        As there.
    """
    with working() as device:
        cp = device.cp
        dense = cp.asarray(levels) if hasattr(levels, "__cuda_array_interface__") else cp.from_dlpack(levels)
        check_kind(dense.ndim, np.dtype(dense.dtype), pad)
        low, high = (int(dense.min()), int(dense.max())) if dense.size else (0, 0)
        n_levels = check_range(low, high)
        shape = tuple(int(n) for n in dense.shape)
        z, y, x = (n + 2 * pad for n in shape)
        strides = np.array([[y * x, x, 1]], dtype=np.int64)
        dtype = np.dtype(np.uint8 if n_levels <= 255 else np.uint16)
        padded = embed(device, [dense], dtype, strides.sum(axis=1) * pad, strides, z * y * x)
        device.stream.synchronize()
    roi = object.__new__(ResidentRoi)
    values = {
        "pad": (pad,) * 3,
        "shape": shape,
        "n_levels": n_levels,
        "level_values": np.arange(1, n_levels + 1),
        "spacing_mm": spacing_mm,
        "name": name,
        "label": label,
        "on_device": padded.reshape(z, y, x),
    }
    for field, value in values.items():
        object.__setattr__(roi, field, value)
    return roi
