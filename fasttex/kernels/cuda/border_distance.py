"""City-block distance to the border of a mask."""

from __future__ import annotations

from math import prod

import numpy as np

from ...types import Batch, DiscretizedRoi
from ..contract import DistanceArray
from .counting import for_masks, launch_shares, table
from .device import Device
from .ragged import mask_of, spread, starts
from .rows import launch_rows
from .transfer import download, kept_on_device, upload


def border_distance(batch: Batch[DiscretizedRoi]) -> list[DistanceArray]:
    """See `Backend.border_distance`."""
    axes = (1,) if batch.planar else (1, 0)
    return for_masks(
        batch, lambda item: 3 * prod(item.shape), lambda device, items: _measure(device, items, axes)
    )


def _measure(device: Device, items: tuple[DiscretizedRoi, ...], axes: tuple[int, ...]) -> list[DistanceArray]:
    shapes = np.array([item.shape for item in items], dtype=np.int64)
    sizes = shapes.prod(axis=1)
    begin = starts(sizes)
    distances = device.cp.empty(int(sizes.sum()), dtype=np.uint16)
    given = {"items": table(device, begin, *shapes.T), "distances": distances}
    masks = upload(device, [mask_of(item) for item in items], np.uint8)
    launch_rows(device, "distance_along_rows", shapes, given | {"masks": masks}, {})
    for axis in axes:
        n_lines = sizes // np.maximum(1, shapes[:, axis])
        spans = np.stack([np.zeros_like(n_lines), n_lines], axis=1)
        lines = spread(device, spans, most=device.configuration.threads)
        launch_shares(device, "border_distance", lines, given, template={"AXIS": axis})
    flat = download(distances)
    return [
        kept_on_device(flat[first : first + size].reshape(item.shape), distances[first : first + size])
        for first, size, item in zip(begin.tolist(), sizes.tolist(), items, strict=True)
    ]
