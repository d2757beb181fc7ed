"""The kernels that a backend offers: the index of all of them.

A backend is a module with a ``NAME`` and one function per method of `Backend`. Kernels trust their
input (it was checked at the door), never raise on data, never write to what they are given, and return
the same integers and the same floats on every backend, at any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import KernelUnavailableError
from ..types import Batch, Binning, DiscretizedRoi, FloatArray, IntArray, LevelArray, Neighborhood, Sampling

Offsets = NDArray[np.int32]
DistanceArray = NDArray[np.uint16]


class Backend(Protocol):
    """One documented method per kernel."""

    NAME: str

    def discretize(self, batch: Batch[Binning]) -> list[LevelArray]:
        """Assign a gray level to every voxel inside (IBSI: 4R0B for FBS and FBN).

        Returns per item a C-contiguous buffer of shape (z + 2·pad, y + 2·pad, x + 2·pad): 0 outside and
        in the padding; uint8 up to 255 levels, else uint16. The rules stand in `Binning`.
        """
        ...

    def resample(self, batch: Batch[Sampling]) -> list[FloatArray]:
        """Interpolate on the grid that the tables span, in float64, along x, then y, then z.

        Each step is ``a[lower]*(1 - w) + a[upper]*w``, never contracted. Returns per item float64 of the
        tables' lengths (z, y, x). Nearest neighbor is the same with all weights 0.
        """
        ...

    def border_distance(self, batch: Batch[DiscretizedRoi]) -> list[DistanceArray]:
        """City-block distance of each voxel to the border of its morphological mask (IBSI: the map of GLDZM).

        A voxel beside the outside has distance 1; what lies beyond the array is outside; outside is 0.
        Steps go along all three axes, or within the slice for a planar batch. Returns per item uint16 of
        the shape of ``levels``.
        """
        ...

    def surface(self, batch: Batch[DiscretizedRoi]) -> list[IntArray]:
        """Count the corner patterns of the marching cubes of each morphological mask (IBSI: HCUG).

        The mask is taken with one more voxel of outside on every side, also across a slice. Every cube of
        2 × 2 × 2 voxel centers has a pattern: bit ``4·z + 2·y + x`` is set where its corner (z, y, x) is
        inside. Returns per item int64 (256,): how many cubes have each pattern, 0 included, so that they
        sum to (Z + 1)·(Y + 1)·(X + 1).
        """
        ...

    def glcm(self, batch: Batch[DiscretizedRoi], offsets: Offsets) -> list[IntArray]:
        """Count pairs of levels (IBSI: LFYI), each in one direction only.

        ``offsets``: int32 (n, 3) in (z, y, x), none longer than the items' padding. Returns per item
        int64 ``[a, i - 1, j - 1]``: how often a voxel of level i has level j at ``offsets[a]``.
        """
        ...

    def glrlm(self, batch: Batch[DiscretizedRoi], offsets: Offsets) -> list[IntArray]:
        """Count runs of equal levels (IBSI: TP0I).

        ``offsets``: components in -1, 0, 1. Returns per item int64 ``[a, i - 1, r - 1]``: how many
        maximal runs of level i along ``offsets[a]`` are r voxels long; the last axis is as long as the
        longest side of ``levels``.
        """
        ...

    def zones(
        self, batch: Batch[DiscretizedRoi], offsets: Offsets, distances: list[DistanceArray] | None
    ) -> list[IntArray]:
        """Find the connected zones of equal level (IBSI: 9SAK, and VMDZ for the distance).

        ``offsets``: one of each pair of opposite directions in which voxels touch (13, or 4 in a slice).
        ``distances``: per item uint16 of the shape of ``levels``; None, where nobody asks for it, gives
        distance 0. Returns per item int64 rows
        (level, size, distance, count), sorted, no two alike in the first three: how many zones of that
        level have that size, and that smallest distance among their voxels.
        """
        ...

    def neighborhood(self, batch: Batch[DiscretizedRoi], offsets: Offsets, alpha: int) -> list[Neighborhood]:
        """Sum level differences and count like neighbors (IBSI: IPET for NGTDM, REK0 for NGLDM).

        ``offsets``: all neighbors, both directions. ``alpha``: how far, in ``level_values``, a neighbor's
        level may differ and still be counted as dependent.
        """
        ...


KERNELS = ("discretize", "resample", "border_distance", "surface", "glcm", "glrlm", "zones", "neighborhood")


def missing(kernel: str) -> Callable[..., Any]:
    """Stand in for a kernel that a backend does not have yet: it raises when called."""

    def absent(*_: Any, **__: Any) -> NoReturn:
        raise KernelUnavailableError(
            f"this backend has no kernel {kernel!r} yet; choose another with backend="
        )

    absent.is_missing = True  # type: ignore[attr-defined]
    return absent
