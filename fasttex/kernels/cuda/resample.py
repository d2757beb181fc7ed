"""Separable interpolation with tables."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ...types import Batch, FloatArray, Sampling
from .counting import in_groups, table
from .device import Device
from .discretize import source_dtype
from .ragged import starts
from .rows import launch_rows
from .transfer import download, upload


def resample(batch: Batch[Sampling]) -> list[FloatArray]:
    """See `Backend.resample`."""
    return in_groups(
        batch.items,
        lambda item: (source_dtype(item.source),),
        _bytes,
        _resample,
    )


def _bytes(item: Sampling) -> int:
    """Of old voxels, new ones, and the tables of the axes."""
    old, new = item.source.size * source_dtype(item.source).itemsize, _new_shape(item)
    return old + 8 * prod(new) + 24 * sum(new)


def _new_shape(item: Sampling) -> tuple[int, ...]:
    return tuple(axis.lower.size for axis in item.axes)


def _resample(device: Device, items: tuple[Sampling, ...], kinds: tuple[np.dtype[Any]]) -> list[FloatArray]:
    old = np.array([item.source.shape for item in items], dtype=np.int64)
    new = np.array([_new_shape(item) for item in items], dtype=np.int64)
    sizes = new.prod(axis=1)
    begin = starts(sizes)
    axes = [axis for item in items for axis in item.axes]
    z, y, x = starts(axis.lower.size for axis in axes).reshape(-1, 3).T
    results = device.cp.empty(int(sizes.sum()), np.float64)
    given = {
        "sources": upload(device, [item.source for item in items], kinds[0]),
        "items": table(
            device, starts(old.prod(axis=1)), old[:, 1], old[:, 2], begin, new[:, 1], new[:, 2], z, y, x
        ),
        "lower": upload(device, [axis.lower for axis in axes], np.int64),
        "upper": upload(device, [axis.upper for axis in axes], np.int64),
        "weights": upload(device, [axis.weight for axis in axes], np.float64),
        "results": results,
    }
    launch_rows(device, "resample", new, given, {"Source": kinds[0]})
    flat = download(results)
    return [
        flat[start : start + size].reshape(shape)
        for start, size, shape in zip(begin.tolist(), sizes.tolist(), new.tolist(), strict=True)
    ]
