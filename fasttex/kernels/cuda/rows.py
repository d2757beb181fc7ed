"""Launches whose shares are rows: a warp per row, voxels along it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ...types import IntArray
from .counting import table
from .device import Device
from .launch import launch
from .ragged import shares, spread, starts
from .transfer import upload, zeros

__all__ = ["embed", "launch_rows"]

_WARP = 32


def launch_rows(
    device: Device, kernel: str, shapes: NDArray[Any], given: dict[str, Any], template: dict[str, Any]
) -> None:
    """Launch a kernel over all rows of some volumes.

    Parameters
    ----------
    device, kernel, given, template
        As in `launch`; the shares are added to what is given.
    shapes : ndarray of int64, shape (n_items, 3)
        Of the volumes, (z, y, x).
    """
    # Cut as if rows were whole warps, for a short row keeps a warp busy as well.
    warps = -(-shapes[:, 2] // _WARP)
    n_rows = shapes[:, 0] * shapes[:, 1]
    longest = np.maximum(1, 8192 // (_WARP * np.maximum(1, warps)))
    pieces = spread(device, np.stack([np.zeros_like(n_rows), n_rows], axis=1), most=longest)
    if not len(pieces):
        return
    rows = shares(pieces, 1)
    launch(
        device,
        kernel,
        len(rows),
        {**given, "shares": upload(device, [rows], np.int64)},
        block=(_WARP, device.configuration.threads // _WARP),
        template=template,
    )


def embed(
    device: Device,
    volumes: Sequence[NDArray[Any]],
    dtype: DTypeLike,
    first: IntArray,
    strides: IntArray,
    size: int,
) -> Any:
    """Put volumes on the device, with zeros around.

    Parameters
    ----------
    device : Device
    volumes : sequence of ndarray, shape (z, y, x)
    dtype : dtype
        Which they become.
    first : ndarray of int64, shape (n_items,)
        Where voxel (0, 0, 0) of each is put.
    strides : ndarray of int64, shape (n_items, 3)
        From voxel to voxel along (z, y, x), where it is put; 1 along x.
    size : int
        Of the whole buffer.
    """
    padded = zeros(device, size, dtype)
    shapes = np.array([volume.shape for volume in volumes], dtype=np.int64)
    begin = starts(volume.size for volume in volumes)
    given = {
        "dense": upload(device, volumes, dtype),
        "items": table(device, begin, shapes[:, 1], shapes[:, 2], first, strides[:, 1], strides[:, 0]),
        "padded": padded,
    }
    launch_rows(device, "embed", shapes, given, {"T": np.dtype(dtype)})
    return padded
