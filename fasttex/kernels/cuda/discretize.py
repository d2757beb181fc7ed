"""Gray levels from intensities."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ...types import Batch, Binning, LevelArray
from .counting import in_groups, table
from .device import Device
from .ragged import starts
from .rows import launch_rows
from .transfer import download, upload, zeros

_RULES = {"fbs": 0, "fbn": 1, "edges": 2, "identity": 3}
#: Intensities of these types are sent as they are, others as the float64 in which they are binned.
_SOURCES = (np.uint8, np.int16, np.uint16, np.int32, np.float32)


def discretize(batch: Batch[Binning]) -> list[LevelArray]:
    """See `Backend.discretize`."""
    return in_groups(
        batch.items,
        lambda item: (source_dtype(item.intensities), _level_dtype(item)),
        _bytes,
        _discretize,
    )


def source_dtype(array: Any) -> np.dtype[Any]:
    """The type in which an array is sent to the device."""
    native = array.dtype.newbyteorder("=")
    return native if native in _SOURCES else np.dtype(np.float64)


def _level_dtype(item: Binning) -> np.dtype[Any]:
    return np.dtype(np.uint8 if item.n_levels <= 255 else np.uint16)


def _bytes(item: Binning) -> int:
    """Of intensities, the mask, levels and edges."""
    source = item.intensities.size * (source_dtype(item.intensities).itemsize + 1)
    return source + prod(_padded_shape(item)) * _level_dtype(item).itemsize + 8 * item.edges.size


def _padded_shape(item: Binning) -> tuple[int, ...]:
    return tuple(n + 2 * item.pad for n in item.intensities.shape)


def _discretize(
    device: Device, items: tuple[Binning, ...], kinds: tuple[np.dtype[Any], np.dtype[Any]]
) -> list[LevelArray]:
    source, level = kinds
    shapes = np.array([item.intensities.shape for item in items], dtype=np.int64)
    padded = [_padded_shape(item) for item in items]
    sizes = np.prod(padded, axis=1)
    rows = np.array([shape[2] for shape in padded])
    planes = np.array([shape[1] * shape[2] for shape in padded])
    pad = np.array([item.pad for item in items])
    begin = starts(sizes)
    levels = zeros(device, int(sizes.sum()), level)
    given = {
        "intensities": upload(device, [item.intensities for item in items], source),
        "inside": upload(device, [item.inside for item in items], np.uint8),
        "items": table(
            device,
            starts(shapes.prod(axis=1)),
            shapes[:, 1],
            shapes[:, 2],
            begin + pad * (planes + rows + 1),
            rows,
            planes,
            [_RULES[item.rule] for item in items],
            [item.n_levels for item in items],
            starts(item.edges.size for item in items),
            [item.edges.size for item in items],
        ),
        "scales": upload(device, [np.array([(item.origin, item.width) for item in items])], np.float64),
        "edges": upload(device, [item.edges for item in items] + [np.zeros(1)], np.float64),
        "levels": levels,
    }
    launch_rows(device, "discretize", shapes, given, {"Source": source, "Level": level})
    flat = download(levels)
    return [
        flat[start : start + size].reshape(shape)
        for start, size, shape in zip(begin.tolist(), sizes.tolist(), padded, strict=True)
    ]
