"""Gray level co-occurrence matrices (IBSI: LFYI)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..backends import get_backend
from ..types import Batch, DiscretizedRoi, Glcm
from .batches import padded
from .offsets import directions

__all__ = ["glcm", "merge_offsets", "merge_slices"]


def glcm(batch: Batch[DiscretizedRoi], *, distance: int = 1, convention: str = "ibsi1") -> list[Glcm]:
    """Count the pairs of gray levels that lie `distance` voxels apart (IBSI: LFYI).

    Parameters
    ----------
    batch : Batch
        From `prepare`; levels 1 to ``n_levels`` inside each ROI and 0 outside, axes (z, y, x).
    distance : int, default 1
        In voxels, not in mm. Which offsets that means is the convention's choice.
    convention : str, default "ibsi1"
        As in `directions`.

    Returns
    -------
    list of Glcm
        One per ROI: ``counts[a, i - 1, j - 1]``, int64, shape (n_offsets, n_levels, n_levels):
        how often level i has level j at ``offsets[a]``. Each pair is counted in one direction
        only; `Glcm.symmetric` adds the other.

    Examples
    --------
    >>> import numpy as np
    >>> from fasttex.backends import prepare
    >>> glcm(prepare(np.array([[[1, 1, 2]]]), backend="reference"))[0].counts[0]
    array([[1, 1],
           [0, 0]])
    """
    offsets = directions(distance, planar=batch.planar, convention=convention)
    batch = padded(batch, distance)
    counts = get_backend(batch.backend).glcm(batch, offsets)
    return [Glcm(c, offsets, item.level_values) for c, item in zip(counts, batch.items, strict=True)]


def merge_offsets(matrix: Glcm) -> Glcm:
    """Sum the counts of all offsets: one matrix, of no single offset (0, 0, 0)."""
    return replace(
        matrix, counts=matrix.counts.sum(axis=0, keepdims=True), offsets=np.zeros((1, 3), np.int32)
    )


def merge_slices(matrices: Sequence[Glcm]) -> Glcm:
    """Sum the counts of the slices of one ROI, offset by offset."""
    counts = matrices[0].counts.copy()
    for matrix in matrices[1:]:
        counts += matrix.counts
    return replace(matrices[0], counts=counts)
