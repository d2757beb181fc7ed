"""Images and regions of interest, on their way to gray levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .arrays import BoolArray, FloatArray, Record, Shape, Triple


@dataclass(frozen=True)
class Grid:
    """Where voxel centres lie.

    Attributes
    ----------
    shape : tuple of int
        Voxels along (z, y, x).
    spacing_mm : tuple of float
        Distance between voxel centres along (z, y, x), finite and > 0.
    origin_mm : tuple of float
        World position of the centre of voxel (0, 0, 0), as (z, y, x).
    direction : tuple of float
        The nine cosines of the 3 × 3 matrix from index axes to world axes, row by row, both in
        (z, y, x) order; the identity where the axes are not turned.
    """

    shape: Shape
    spacing_mm: Triple
    origin_mm: Triple = (0.0, 0.0, 0.0)
    direction: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

    def __post_init__(self) -> None:
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise InputError(
                f"a grid of shape {self.shape} holds no voxels; expected 3 axes (z, y, x), each >= 1"
            )
        if len(self.spacing_mm) != 3 or not all(np.isfinite(s) and s > 0 for s in self.spacing_mm):
            raise InputError(
                f"spacing_mm is {self.spacing_mm}, expected three finite lengths > 0 (z, y, x); "
                "correct the header, or pass arrays with spacing_mm="
            )

    def world_mm(self, index: Sequence[float]) -> FloatArray:
        """World position in mm, as (z, y, x), of a voxel index (z, y, x), which may be fractional."""
        turn = np.asarray(self.direction, dtype=np.float64).reshape(3, 3)
        position: FloatArray = np.asarray(self.origin_mm) + turn @ (
            np.asarray(self.spacing_mm) * np.asarray(index)
        )
        return position

    @property
    def voxel_mm3(self) -> float:
        """Volume of one voxel in mm³."""
        return float(np.prod(self.spacing_mm))


@dataclass(frozen=True, eq=False)
class Image:
    """Intensities on a grid.

    Attributes
    ----------
    intensities : ndarray
        Shape (z, y, x), any real dtype in native byte order, kept as it was read.
    grid : Grid
        Its shape equals ``intensities.shape``.
    intensity_unit : str
        ``"HU"``, ``"SUV"``, ``"arbitrary"`` or ``"unknown"``.
    record : mapping
        How it was read: kind of input, format, dtype, where the spacing comes from, sha256.
    """

    intensities: NDArray[Any]
    grid: Grid
    intensity_unit: str = "unknown"
    record: Record = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.intensities.shape != self.grid.shape:
            raise InputError(
                f"intensities of shape {self.intensities.shape} do not fit a grid of {self.grid.shape}"
            )


@dataclass(frozen=True, eq=False)
class Mask:
    """One region of interest, cut to its box.

    Attributes
    ----------
    name : str
        Name of the ROI; the label's digits where it has none.
    label : int
        Its value in the label map; 1 for masks given one by one.
    inside : ndarray of bool
        Shape of the box (z, y, x), True inside the ROI.
    start : tuple of int
        Index (z, y, x) of the box's first voxel in the image's grid.
    """

    name: str
    label: int
    inside: BoolArray
    start: Shape


@dataclass(frozen=True, eq=False)
class Roi:
    """A ROI with the intensities of its box, on its way through preprocessing.

    Attributes
    ----------
    name, label
        As in `Mask`.
    intensities : ndarray
        Shape of the box (z, y, x).
    morphological_mask, intensity_mask : ndarray of bool
        Shape of the box. Re-segmentation changes the intensity mask alone (IBSI's two masks).
    grid : Grid
        The whole image's grid, of which the box is a part.
    start : tuple of int
        Index (z, y, x) of the box's first voxel in `grid`.
    around : ndarray
        Intensities on `grid` of at least the box, and as much around it as the next steps look at.
    around_start : tuple of int
        Index (z, y, x) of the first voxel of `around` in `grid`.
    records : tuple of mapping
        What each step did, in order: the provenance.
    box : tuple of slice, optional
        The smallest box that holds the morphological mask, in its indices; None until it is looked for.
    """

    name: str
    label: int
    intensities: NDArray[Any]
    morphological_mask: BoolArray
    intensity_mask: BoolArray
    grid: Grid
    start: Shape
    around: NDArray[Any]
    around_start: Shape
    records: tuple[Record, ...] = ()
    box: tuple[slice, slice, slice] | None = None

    def with_record(self, step: str, /, **values: Any) -> Roi:
        """The same ROI with one more record."""
        return replace(self, records=(*self.records, {"step": step, **values}))
