"""Gray level run length matrices (IBSI: TP0I)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..backends import get_backend
from ..types import Batch, DiscretizedRoi, Glrlm, IntArray
from .batches import padded
from .offsets import touching

__all__ = ["glrlm", "merge_offsets", "merge_slices"]


def glrlm(batch: Batch[DiscretizedRoi]) -> list[Glrlm]:
    """Count the runs of equal gray level along each direction (IBSI: TP0I).

    Parameters
    ----------
    batch : Batch
        From `prepare`; levels 1 to ``n_levels`` inside each ROI and 0 outside, axes (z, y, x).

    Returns
    -------
    list of Glrlm
        One per ROI: ``counts[a, i - 1, r - 1]``, int64, shape (n_offsets, n_levels, longest run):
        how many runs of level i along ``offsets[a]`` are r voxels long.

    Examples
    --------
    >>> import numpy as np
    >>> from fasttex.backends import prepare
    >>> glrlm(prepare(np.array([[[1, 1, 2]]]), backend="reference"))[0].counts[0]
    array([[0, 1],
           [1, 0]])
    """
    offsets = touching(planar=batch.planar)
    batch = padded(batch, 1)
    counts = get_backend(batch.backend).glrlm(batch, offsets)
    return [
        Glrlm(_trimmed(c), offsets, item.level_values, item.n_voxels)
        for c, item in zip(counts, batch.items, strict=True)
    ]


def _trimmed(counts: IntArray) -> IntArray:
    """Without the run lengths beyond the longest run present."""
    by_length = np.bitwise_or.reduce(counts.reshape(-1, counts.shape[2]), axis=0)
    longest = int(by_length.nonzero()[0].max(initial=-1)) + 1
    return np.ascontiguousarray(counts[:, :, :longest])


def merge_offsets(matrix: Glrlm) -> Glrlm:
    """Sum the counts of all offsets: one matrix, of no single offset, with each voxel n_offsets times."""
    return replace(
        matrix,
        counts=matrix.counts.sum(axis=0, keepdims=True),
        offsets=np.zeros((1, 3), np.int32),
        n_voxels=matrix.n_voxels * len(matrix.offsets),
    )


def merge_slices(matrices: Sequence[Glrlm]) -> Glrlm:
    """Sum the counts of the slices of one ROI, offset by offset."""
    longest = max(matrix.counts.shape[2] for matrix in matrices)
    counts = np.zeros((*matrices[0].counts.shape[:2], longest), dtype=np.int64)
    for matrix in matrices:
        counts[:, :, : matrix.counts.shape[2]] += matrix.counts
    return replace(matrices[0], counts=counts, n_voxels=sum(matrix.n_voxels for matrix in matrices))
