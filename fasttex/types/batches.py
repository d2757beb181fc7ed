"""What kernels take: a batch of items of one kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from .arrays import BoolArray, FloatArray, IntArray

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Batch(Generic[T]):
    """Items on a backend: the unit that kernels work on. One ROI is a batch of one.

    Attributes
    ----------
    items : tuple
        `DiscretizedRoi` for the matrix kernels, `Sampling` for `resample`, `Binning` for `discretize`.
    backend : str
        Name of the backend that counts.
    threads : int
        Threads that share the items, and slabs of large items. Results do not depend on it.
    planar : bool
        True for a batch of slices: neighbors and borders are looked for within the slice alone.
    owners : tuple of int
        For each item the index of the ROI that it belongs to; slices share one.
    """

    items: tuple[T, ...]
    backend: str
    threads: int = 1
    planar: bool = False
    owners: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.owners:
            object.__setattr__(self, "owners", tuple(range(len(self.items))))

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, eq=False)
class AxisTable:
    """Where the new voxels of one axis lie between the old ones: ``a[lower]·(1 − w) + a[upper]·w``.

    Attributes
    ----------
    lower, upper : ndarray of int64, shape (n_new,)
        Indices of old voxels; equal where ``weight`` is 0, so that no voxel beyond is touched.
    weight : ndarray of float64, shape (n_new,)
        In [0, 1). All 0 for nearest neighbor.
    """

    lower: IntArray
    upper: IntArray
    weight: FloatArray


@dataclass(frozen=True, eq=False)
class Sampling:
    """What `resample` needs of one volume: the old voxels and a table per axis (z, y, x).

    ``source`` has any real dtype, bool included, and any strides.
    """

    source: NDArray[Any]
    axes: tuple[AxisTable, AxisTable, AxisTable]


@dataclass(frozen=True, eq=False)
class Binning:
    """What `discretize` needs of one ROI.

    Attributes
    ----------
    intensities : ndarray
        Shape (z, y, x), any real dtype, any strides.
    inside : ndarray of bool
        Same shape, any strides: the intensity mask.
    rule : str
        ``"fbs"``: ``floor((x − origin) / width) + 1``.
        ``"fbn"``: ``min(floor(n_levels·(x − origin) / width) + 1, n_levels)``, width = max − min.
        ``"edges"``: the number of `edges` that are <= x (``numpy.digitize``).
        ``"identity"``: x itself.
        In every rule the level is then clipped to 1 … `n_levels`. Arithmetic is float64.
    n_levels : int
        At most 65,535.
    pad : int
        Zeros around the levels, on each side of each axis.
    origin, width : float
        As `rule` says. A width of 0 (a flat ROI) gives level 1 everywhere.
    edges : ndarray of float64
        Rising; used by ``"edges"`` alone.
    """

    intensities: NDArray[Any]
    inside: BoolArray
    rule: str
    n_levels: int
    pad: int = 1
    origin: float = 0.0
    width: float = 1.0
    edges: FloatArray = field(default_factory=lambda: np.empty(0))
