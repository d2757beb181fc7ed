"""Neighborhood gray tone difference matrices (IBSI: IPET)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..types import Batch, DiscretizedRoi, FloatArray, IntArray, Ngtdm
from .neighborhood import ngtdm_ngldm

__all__ = ["merge_slices", "ngtdm", "tone_differences"]


def ngtdm(batch: Batch[DiscretizedRoi], *, distance: int = 1) -> list[Ngtdm]:
    """Sum by how much each voxel's gray level differs from the mean of its neighbors (IBSI: IPET).

    Parameters
    ----------
    batch : Batch
        From `prepare`; levels 1 to ``n_levels`` inside each ROI and 0 outside, axes (z, y, x).
    distance : int, default 1
        In voxels: neighbors are all voxels of the ROI of which no offset is larger.

    Returns
    -------
    list of Ngtdm
        One per ROI, integers by level and number of neighbors; `tone_differences` divides.

    Examples
    --------
    >>> import numpy as np
    >>> from fasttex.backends import prepare
    >>> tone_differences(ngtdm(prepare(np.array([[[1, 1, 3]]]), backend="reference"))[0])
    (array([1., 0., 2.]), array([2, 0, 1]))
    """
    return ngtdm_ngldm(batch, distance=distance)[0]


def tone_differences(matrix: Ngtdm, *, lone_voxels: bool = False) -> tuple[FloatArray, IntArray]:
    """IBSI's gray tone differences s_i, and the voxels n_i that they stem from.

    Parameters
    ----------
    matrix : Ngtdm
        Of one ROI or slice.
    lone_voxels : bool, default False
        Whether voxels without a neighbor count, with difference 0.

    Returns
    -------
    s : ndarray of float64, shape (n_levels,)
        In gray levels.
    n : ndarray of int64, shape (n_levels,)
    """
    n_neighbors = np.arange(1, matrix.voxels.shape[1])
    s: FloatArray = (matrix.difference_sums[:, 1:] / n_neighbors).sum(axis=1)
    n: IntArray = matrix.voxels[:, 0 if lone_voxels else 1 :].sum(axis=1)
    return s, n


def merge_slices(matrices: Sequence[Ngtdm]) -> Ngtdm:
    """Sum the difference sums and voxels of the slices of one ROI."""
    difference_sums, voxels = matrices[0].difference_sums.copy(), matrices[0].voxels.copy()
    for matrix in matrices[1:]:
        difference_sums += matrix.difference_sums
        voxels += matrix.voxels
    return replace(matrices[0], difference_sums=difference_sums, voxels=voxels)
