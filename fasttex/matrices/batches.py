"""Batches of padded items, and of slices."""

from __future__ import annotations

from dataclasses import replace

from ..errors import InputError
from ..types import Batch, DiscretizedRoi

__all__ = ["padded", "slices"]


def padded(batch: Batch[DiscretizedRoi], distance: int) -> Batch[DiscretizedRoi]:
    """Make sure of at least `distance` zeros around each item; the batch itself where all have them."""
    if all(pad == 0 or pad >= distance for item in batch.items for pad in item.pad):
        return batch
    return replace(batch, items=tuple(item.padded(distance) for item in batch.items))


def slices(batch: Batch[DiscretizedRoi], axis: int = 0) -> Batch[DiscretizedRoi]:
    """Cut every ROI into its slices, for the 2D and 2.5D methods.

    Parameters
    ----------
    batch : Batch
        From `prepare`.
    axis : int, default 0
        Across which to cut: 0, 1 or 2 for z, y or x.

    Returns
    -------
    Batch
        Planar: the slices that hold a voxel, ROI by ROI; ``owners`` says whose they are.

    Examples
    --------
    >>> import numpy as np
    >>> from fasttex.backends import prepare
    >>> cut = slices(prepare(np.array([[[1, 2]], [[0, 0]], [[2, 2]]]), backend="reference"))
    >>> len(cut), cut.planar, cut.owners
    (2, True, (0, 0))
    """
    if batch.planar:
        raise InputError("the batch holds slices already, expected whole ROIs; pass what `prepare` gave")
    if axis not in (0, 1, 2):
        raise InputError(f"axis is {axis}, expected 0, 1 or 2 for z, y or x")
    cut = [
        (owner, plane)
        for owner, item in zip(batch.owners, batch.items, strict=True)
        for plane in item.slices(axis)
    ]
    return replace(
        batch, items=tuple(plane for _, plane in cut), planar=True, owners=tuple(owner for owner, _ in cut)
    )
