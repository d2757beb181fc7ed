"""City-block distance to the border of a mask."""

from __future__ import annotations

from math import prod

import numpy as np

from ...types import Batch, DiscretizedRoi
from ..contract import DistanceArray
from .counting import for_masks, launch_shares, table
from .device import Device
from .launch import launch
from .ragged import mask_of, spread, starts
from .transfer import download, upload


def border_distance(batch: Batch[DiscretizedRoi]) -> list[DistanceArray]:
    """See `Backend.border_distance`."""
    axes = (1, 2) if batch.planar else (0, 1, 2)
    return for_masks(
        batch, lambda item: 3 * prod(item.shape), lambda device, items: _measure(device, items, axes)
    )


def _measure(device: Device, items: tuple[DiscretizedRoi, ...], axes: tuple[int, ...]) -> list[DistanceArray]:
    shapes = np.array([item.shape for item in items], dtype=np.int64)
    sizes = shapes.prod(axis=1)
    begin, size = starts(sizes), int(sizes.sum())
    masks = upload(device, [mask_of(item) for item in items], np.uint8)
    distances = device.cp.empty(size, dtype=np.uint16)
    threads = device.configuration.threads
    launch(
        device,
        "begin_distances",
        min(-(-size // threads), device.n_processors * 8),
        {"masks": masks, "n": np.int64(size), "distances": distances},
        block=(threads,),
    )
    given = {"items": table(device, begin, *shapes.T), "distances": distances}
    for axis in axes:
        n_lines = sizes // np.maximum(1, shapes[:, axis])
        lines = spread(device, np.stack([np.zeros_like(n_lines), n_lines], axis=1), most=threads)
        launch_shares(device, "border_distance", lines, given, template={"AXIS": axis})
    flat = download(distances)
    return [
        flat[start : start + prod(item.shape)].reshape(item.shape)
        for start, item in zip(begin.tolist(), items, strict=True)
    ]
