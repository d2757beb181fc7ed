"""Gray levels of ROIs, ready for counting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, LevelRangeError
from .arrays import MAX_LEVELS, BoolArray, FloatArray, IntArray, LevelArray, Record, Shape, Triple


@dataclass(frozen=True, eq=False)
class IvhValues:
    """Intensities of one ROI on the axis of its intensity-volume histogram (IBSI: P88C).

    Attributes
    ----------
    values : ndarray of float64, shape (n_voxels,)
        ``low + k·step`` with whole k; any values from `low` to `high` where `step` is 0.
    low, high : float
        Ends of the axis, in the unit of `values`.
    step : float
        Between two intensities of the axis; 0 for a continuous axis.
    """

    values: FloatArray
    low: float
    high: float
    step: float = 1.0


@dataclass(frozen=True, eq=False)
class DiscretizedRoi:
    """Gray levels of one ROI (or of one slice of it), ready for counting.

    Attributes
    ----------
    buffer : ndarray of uint8 or uint16
        C-contiguous, shape (z, y, x); `levels` with zeros around, at least `pad` voxels on each side.
    pad : tuple of int
        Zeros in front of `levels` along (z, y, x); 0 along the axis across which a slice was cut.
    shape : tuple of int
        Shape of `levels`.
    n_levels : int
        Number of gray levels; levels inside are 1 to ``n_levels``, 0 is outside.
    level_values : ndarray of int64, shape (n_levels,)
        The gray level that each level stands for: 1 to ``n_levels``, unless levels were compacted.
    morphological_mask : ndarray of bool
        Shape of `levels`, C-contiguous. Differs from ``levels > 0`` where re-segmentation took voxels.
    intensities : ndarray of float64, shape (n_voxels,)
        Of the voxels with a level, in C order, before discretization; empty for a slice.
    spacing_mm : tuple of float
        Along (z, y, x).
    name, label, start, records
        As in `Roi`.
    ivh : IvhValues, optional
        For the family of that name; None unless it is asked for.
    surroundings : ndarray, optional
        Shape (z, y, x), any real dtype: the image around and within the box of `levels`, resampled and
        rounded like its intensities; for the family local_intensity, None unless it is asked for.
    surroundings_start : tuple of int
        Index (z, y, x) in `surroundings` of voxel (0, 0, 0) of `levels`.
    """

    buffer: LevelArray
    pad: Shape
    shape: Shape
    n_levels: int
    level_values: IntArray
    morphological_mask: BoolArray
    intensities: FloatArray
    spacing_mm: Triple = (1.0, 1.0, 1.0)
    name: str = "1"
    label: int = 1
    start: Shape = (0, 0, 0)
    records: tuple[Record, ...] = ()
    ivh: IvhValues | None = None
    surroundings: NDArray[Any] | None = None
    surroundings_start: Shape = (0, 0, 0)

    @property
    def levels(self) -> LevelArray:
        """The interior of `buffer`: shape (z, y, x), 0 outside. A view."""
        return self.buffer[tuple(slice(p, p + n) for p, n in zip(self.pad, self.shape, strict=True))]

    @cached_property
    def n_voxels(self) -> int:
        """Voxels with a level."""
        return len(self.intensities) or int(np.count_nonzero(self.buffer))

    @cached_property
    def intensity_range(self) -> tuple[float, float]:
        """Lowest and highest of `intensities`, which are not empty."""
        return float(self.intensities.min()), float(self.intensities.max())

    @classmethod
    def from_levels(
        cls,
        levels: NDArray[Any],
        *,
        spacing_mm: Triple = (1.0, 1.0, 1.0),
        n_levels: int | None = None,
        pad: int = 1,
        name: str = "1",
        label: int = 1,
    ) -> DiscretizedRoi:
        """Take an array of gray levels as it is (the `identity` discretization).

        Parameters
        ----------
        levels : ndarray of int, shape (z, y, x)
            1 to `n_levels` inside the ROI, 0 outside.
        spacing_mm : tuple of float
            Along (z, y, x).
        n_levels : int, optional
            The highest level present, unless said otherwise.
        pad : int
            The largest distance, in voxels, at which neighbors will be looked for.
        name, label
            As in `Mask`.

        Raises
        ------
        InputError
            Not 3 axes, not integers, or no voxel inside.
        LevelRangeError
            Levels below 0, above `n_levels` or above 65,535.
        """
        levels = np.asarray(levels)
        check_kind(levels.ndim, levels.dtype, pad)
        low, high = (int(levels.min()), int(levels.max())) if levels.size else (0, 0)
        n_levels = check_range(low, high, n_levels)
        inside = np.ascontiguousarray(levels > 0)
        buffer = padded_zeros((levels.shape[0], levels.shape[1], levels.shape[2]), (pad,) * 3, n_levels)
        roi = cls(
            buffer=buffer,
            pad=(pad, pad, pad),
            shape=(levels.shape[0], levels.shape[1], levels.shape[2]),
            n_levels=n_levels,
            level_values=np.arange(1, n_levels + 1),
            morphological_mask=inside,
            intensities=levels[inside].astype(np.float64),
            spacing_mm=spacing_mm,
            name=name,
            label=label,
        )
        roi.levels[...] = levels
        return roi

    def padded(self, pad: int) -> DiscretizedRoi:
        """The same ROI with at least `pad` zeros around it; itself where it has them already."""
        z, y, x = (0 if p == 0 else max(p, pad) for p in self.pad)
        wanted = (z, y, x)
        if wanted == self.pad:
            return self
        buffer = padded_zeros(self.shape, wanted, self.n_levels)
        roi = replace(self, buffer=buffer, pad=wanted)
        roi.levels[...] = self.levels
        return roi

    def slices(self, axis: int) -> Iterator[DiscretizedRoi]:
        """Its slices across `axis` that hold a voxel: shape (1, rows, columns), no zeros along axis 0."""
        order = (axis, *(a for a in range(3) if a != axis))
        buffer: LevelArray = np.ascontiguousarray(self.buffer.transpose(order))
        inside = np.ascontiguousarray(self.morphological_mask.transpose(order))
        pad, shape = ([t[a] for a in order] for t in (self.pad, self.shape))
        spacing = [self.spacing_mm[a] for a in order]
        for s in range(shape[0]):
            plane = buffer[pad[0] + s : pad[0] + s + 1]
            if plane.any():
                yield replace(
                    self,
                    buffer=plane,
                    pad=(0, pad[1], pad[2]),
                    shape=(1, shape[1], shape[2]),
                    morphological_mask=inside[s : s + 1],
                    intensities=np.empty(0),
                    ivh=None,
                    surroundings=None,
                    spacing_mm=(spacing[0], spacing[1], spacing[2]),
                )


def padded_zeros(shape: Shape, pad: Shape, n_levels: int) -> LevelArray:
    """A buffer of zeros for levels of `shape` with `pad` zeros on each side: uint8 up to 255 levels."""
    full = tuple(n + 2 * p for n, p in zip(shape, pad, strict=True))
    levels: LevelArray = np.zeros(full, dtype=np.uint8 if n_levels <= 255 else np.uint16)
    return levels


def check_kind(ndim: int, dtype: np.dtype[Any], pad: int) -> None:
    """Refuse an array, wherever it lies, that cannot hold levels."""
    if ndim != 3:
        hint = "; for one slice pass levels[None]" if ndim == 2 else ""
        raise InputError(f"levels has {ndim} axes, expected 3 (z, y, x){hint}")
    if pad < 1:
        raise InputError(f"pad is {pad}, expected at least 1: every voxel's neighbors are looked at")
    if dtype.kind not in "iu":
        raise InputError(f"levels has dtype {dtype}, expected integers; discretize intensities first")


def check_range(low: int, high: int, n_levels: int | None = None) -> int:
    """Refuse numbers that are no levels; say how many levels there are."""
    if high < 1 and low >= 0:
        raise InputError("levels holds no voxel above 0: the ROI is empty")
    n_levels = high if n_levels is None else n_levels
    if low < 0 or high > n_levels or n_levels > MAX_LEVELS:
        raise LevelRangeError(
            f"levels run from {low} to {high}, expected 0 outside and 1 to {min(n_levels, MAX_LEVELS)}; "
            "shift them, or discretize with fewer levels"
        )
    return n_levels
