"""One pass over the neighborhoods gives two matrices: NGTDM (IBSI: IPET) and NGLDM (IBSI: REK0)."""

from __future__ import annotations

from ..backends import get_backend
from ..errors import SettingsError
from ..types import Batch, DiscretizedRoi, Ngldm, Ngtdm
from .batches import padded
from .offsets import neighbors

__all__ = ["ngtdm_ngldm"]


def ngtdm_ngldm(
    batch: Batch[DiscretizedRoi], *, distance: int = 1, alpha: int = 0
) -> tuple[list[Ngtdm], list[Ngldm]]:
    """Count both neighborhood matrices at once.

    Parameters
    ----------
    batch : Batch
        From `prepare`; levels 1 to ``n_levels`` inside each ROI and 0 outside, axes (z, y, x).
    distance : int, default 1
        As in `ngtdm` and `ngldm`.
    alpha : int, default 0
        As in `ngldm`.

    Returns
    -------
    list of Ngtdm, list of Ngldm
        One of each per ROI.
    """
    if alpha < 0:
        raise SettingsError(f"alpha is {alpha}, expected at least 0 gray levels")
    offsets = neighbors(distance, planar=batch.planar)
    batch = padded(batch, distance)
    found = get_backend(batch.backend).neighborhood(batch, offsets, alpha)
    pairs = list(zip(found, batch.items, strict=True))
    return (
        [Ngtdm(counts.difference_sums, counts.voxels, item.level_values) for counts, item in pairs],
        [Ngldm(counts.dependences, item.level_values) for counts, item in pairs],
    )
