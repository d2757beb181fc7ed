"""The marching cubes of a ROI, by corner pattern (IBSI: HCUG)."""

from __future__ import annotations

from ..backends import get_backend
from ..types import Batch, DiscretizedRoi, Surface

__all__ = ["surface"]


def surface(batch: Batch[DiscretizedRoi]) -> list[Surface]:
    """Count the corner patterns of the marching cubes: all that area and volume of a mesh depend on.

    The mesh is that of the morphological mask with one voxel of outside around it (IBSI: HCUG).

    Parameters
    ----------
    batch : Batch
        From `prepare`. A slice is a volume one voxel thick.

    Returns
    -------
    list of Surface
        One per ROI: ``cases``, int64, shape (256,): how many cubes of 2 × 2 × 2 voxel centers have each
        pattern of corners inside. `area_mm2` and `volume_mm3` of `fasttex.matrices.mesh` take it.

    Examples
    --------
    >>> import numpy as np
    >>> from fasttex.backends import prepare
    >>> found = surface(prepare(np.array([[[1, 1]]]), backend="reference"))[0]
    >>> np.flatnonzero(found.cases)
    array([  1,   2,   3,   4,   8,  12,  16,  32,  48,  64, 128, 192])
    """
    counted = get_backend(batch.backend).surface(batch)
    return [Surface(cases, item.spacing_mm) for cases, item in zip(counted, batch.items, strict=True)]
