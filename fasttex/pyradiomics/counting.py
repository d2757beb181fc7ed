"""From the intensities of a ROI to gray levels, and what is counted of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..types import MAX_LEVELS, FloatArray, IntArray
from .angles import Angles, angles_of, checked_distances, require
from .binning import digitize, edges_between
from .counts import BinnedCounts, Counts
from .region import Region

__all__ = ["Discretized", "planar_axis"]


def planar_axis(force2D: Any, force2Ddimension: Any) -> int | None:
    """The axis across which the slices lie that ``force2D`` keeps to: 0, 1 or 2 for z, y, x; else None."""
    return int(force2Ddimension) if force2D and int(force2Ddimension) in (0, 1, 2) else None


class Discretized:
    """A ROI's gray levels by some settings. The texture classes and first order may share it.

    Parameters
    ----------
    region : Region
    **settings
        ``binWidth`` and ``binCount`` make the levels, see `fasttex.pyradiomics.binning.getBinEdges`.

    Attributes
    ----------
    region : Region
    edges : ndarray
        Of the bins.
    counts : Counts
    """

    def __init__(self, region: Region, **settings: Any) -> None:
        self.region = region
        values = region.intensities
        # The edges are computed in the image's dtype, in which no value of it is rounded.
        lowest, highest = values.min(), values.max()
        ends = [region.volume.dtype.type(end) for end in (lowest, highest)]
        self.edges: NDArray[Any] = edges_between(*ends, **settings)
        edges = np.asarray(self.edges, dtype=np.float64)
        n_levels = int(np.searchsorted(edges, highest, side="right"))
        if n_levels <= MAX_LEVELS:
            self.counts: Counts = BinnedCounts(region, edges, n_levels)
        else:
            self.counts = Counts(region.inside, digitize(values, edges), region.spacing_mm)
        self.counts.span = float(highest - lowest)

    @property
    def levels(self) -> IntArray:
        """Of the ROI's voxels in C order, 1 and up: int64, shape (n_voxels,)."""
        return self.counts.levels

    @classmethod
    def from_images(cls, image: Any, mask: Any, label: int = 1, **settings: Any) -> Discretized:
        """Discretize the voxels of a mask's label; see `Region.from_images`."""
        return cls(Region.from_images(image, mask, label), **settings)

    @property
    def probabilities(self) -> FloatArray:
        """Share of voxels in each level present: float64, shape (n_present,)."""
        return np.asarray(self.counts.voxels_by_level / self.counts.n_voxels)

    def angles(self, settings: dict[str, Any], *, bidirectional: bool = False, runs: bool = False) -> Angles:
        """The angles of the settings, (z, y, x), less those longer than the ROI's box.

        Parameters
        ----------
        settings : dict
            ``distances`` (default [1]), ``force2D`` and ``force2Ddimension``.
        bidirectional : bool, default False
            Whether opposite angles are listed as well.
        runs : bool, default False
            Whether they are for runs, which know no distance but 1.
        """
        size: Sequence[int] = self.region.size
        distances = (1,) if runs else checked_distances(settings.get("distances", [1]))
        across = planar_axis(settings.get("force2D", False), settings.get("force2Ddimension", 0))
        every = require(angles_of(size, distances, bidirectional, across), distances, size)
        return self.counts.within(every)
