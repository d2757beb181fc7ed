"""Neighboring gray level dependence matrices (IBSI: REK0)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..types import Batch, DiscretizedRoi, Ngldm
from .neighborhood import ngtdm_ngldm

__all__ = ["merge_slices", "ngldm"]


def ngldm(batch: Batch[DiscretizedRoi], *, distance: int = 1, alpha: int = 0) -> list[Ngldm]:
    """Count the voxels by gray level and number of like neighbors (IBSI: REK0).

    Parameters
    ----------
    batch : Batch
        From `prepare`; levels 1 to ``n_levels`` inside each ROI and 0 outside, axes (z, y, x).
    distance : int, default 1
        In voxels: neighbors are all voxels of the ROI of which no offset is larger.
    alpha : int, default 0
        By how many gray levels a neighbor may differ and still be alike.

    Returns
    -------
    list of Ngldm
        One per ROI: ``counts[i - 1, k - 1]``, int64, shape (n_levels, n_neighbors + 1): how many voxels
        of level i have dependence k, which counts the voxel itself.

    Examples
    --------
    >>> import numpy as np
    >>> from fasttex.backends import prepare
    >>> ngldm(prepare(np.array([[[1, 1, 3]]]), backend="reference"))[0].counts[:, :3]
    array([[0, 2, 0],
           [0, 0, 0],
           [1, 0, 0]])
    """
    return ngtdm_ngldm(batch, distance=distance, alpha=alpha)[1]


def merge_slices(matrices: Sequence[Ngldm]) -> Ngldm:
    """Sum the counts of the slices of one ROI."""
    counts = matrices[0].counts.copy()
    for matrix in matrices[1:]:
        counts += matrix.counts
    return replace(matrices[0], counts=counts)
