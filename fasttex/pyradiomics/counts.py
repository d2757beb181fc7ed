"""Counts of one ROI's gray levels: what its texture classes share."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from ..backends import compiled, get_backend, put
from ..errors import LevelRangeError
from ..matrices.batches import padded
from ..matrices.memory import CELL
from ..measures import round_up
from ..types import (
    MAX_LEVELS,
    Batch,
    Binning,
    BoolArray,
    DiscretizedRoi,
    FloatArray,
    Glrlm,
    IntArray,
    LevelArray,
    Neighborhood,
    Triple,
    Zones,
    padded_zeros,
)
from .angles import Angles, angles_of
from .region import Region

__all__ = ["BinnedCounts", "Counts"]

T = TypeVar("T")

#: Levels up to which absent ones are kept: counting is fastest for levels without gaps.
_FEW_LEVELS = 255
#: Bytes that one feature class may take at a time for the counts of one image; may be set to another number.
MEMORY_LIMIT = 2 * 10**9


class Counts:
    """Counts of one ROI's gray levels, each made when it is first asked for.

    Parameters
    ----------
    inside : ndarray of bool
        Shape of the ROI's box, (z, y, x), C-contiguous.
    levels : ndarray of int, shape (n_voxels,)
        Of the voxels inside, in C order, 1 and up.
    spacing_mm : tuple of float
        Along (z, y, x).
    backend : str
        As in `fasttex.backends.get_backend`.

    Attributes
    ----------
    n_levels : int
        The highest level.
    n_voxels : int
    gray_levels : ndarray of int64
        The levels present, rising.
    voxels_by_level : ndarray of int64
        Voxels of each level present.
    span : float, optional
        Highest less lowest intensity; whoever knows it sets it, for what errors suggest.
    """

    span: float | None = None

    def __init__(
        self,
        inside: BoolArray,
        levels: IntArray,
        spacing_mm: Triple = (1.0, 1.0, 1.0),
        backend: str = "auto",
    ) -> None:
        self._levels = levels
        if int(levels.max()) < 16 * len(levels) + 2**16:
            found = np.bincount(levels)
            present = np.flatnonzero(found)
            self._keep(inside, present, found[present], spacing_mm, backend)
        else:
            self._keep(inside, *np.unique(levels, return_counts=True), spacing_mm, backend)

    def _keep(
        self, inside: BoolArray, present: IntArray, voxels: IntArray, spacing_mm: Triple, backend: str
    ) -> None:
        self.inside, self.gray_levels, self.voxels_by_level = inside, present, voxels
        self.n_levels, self.n_voxels = int(present[-1]), int(voxels.sum())
        self._spacing_mm, self._backend = spacing_mm, backend
        self._made: dict[tuple[Any, ...], Any] = {}

    @property
    def levels(self) -> IntArray:
        """Of the voxels inside, in C order: int64, shape (n_voxels,)."""
        return self._levels

    @cached_property
    def level_values(self) -> IntArray:
        """The level that each row of counts stands for: all up to the highest, or, of many, those present."""
        few = self.n_levels <= _FEW_LEVELS or 2 * len(self.gray_levels) > self.n_levels <= MAX_LEVELS
        return np.arange(1, self.n_levels + 1) if few else self.gray_levels

    @cached_property
    def present(self) -> IntArray:
        """Rows of counts whose level is present."""
        return np.searchsorted(self.level_values, self.gray_levels)

    @cached_property
    def roi(self) -> DiscretizedRoi:
        """The levels in a padded buffer, as the kernels take them."""
        values = self.level_values
        if len(values) > MAX_LEVELS:
            raise LevelRangeError(
                f"the ROI has {len(values):,} gray levels, expected at most {MAX_LEVELS:,}; "
                + self._that_fits(MAX_LEVELS)
            )
        z, y, x = self.inside.shape
        return DiscretizedRoi(
            buffer=self._buffer(values),
            pad=(1, 1, 1),
            shape=(z, y, x),
            n_levels=len(values),
            level_values=values,
            morphological_mask=self.inside,
            intensities=np.empty(0),
            spacing_mm=self._spacing_mm,
        )

    def _buffer(self, values: IntArray) -> LevelArray:
        """The place of each voxel's level among some, from 1 on, with zeros around."""
        ranks = self.levels if len(values) == self.n_levels else np.searchsorted(values, self.levels) + 1
        z, y, x = self.inside.shape
        buffer = padded_zeros((z, y, x), (1, 1, 1), len(values))
        buffer[1:-1, 1:-1, 1:-1][self.inside] = ranks
        return buffer

    @cached_property
    def batch(self) -> Batch[DiscretizedRoi]:
        """The ROI as a batch of one."""
        return put((self.roi,), self._backend)

    def within(self, angles: Angles) -> Angles:
        """The angles that are not longer than the ROI's box; two voxels of the ROI lie at no other."""
        shorter: Angles = angles[(abs(angles) < np.array(self.inside.shape)).all(axis=1)]
        return shorter

    def afford(self, what: str, bytes_per_level: int, power: int = 1) -> None:
        """Refuse, before anything is allocated, counts that would not fit.

        Parameters
        ----------
        what : str
            What is counted.
        bytes_per_level, power : int
            It takes ``bytes_per_level * n_levels**power``.

        Raises
        ------
        LevelRangeError
            That is more than `MEMORY_LIMIT`.
        """
        n_levels = len(self.level_values)
        needed = bytes_per_level * n_levels**power
        if needed > MEMORY_LIMIT:
            fits = int((MEMORY_LIMIT / bytes_per_level) ** (1 / power))
            raise LevelRangeError(
                f"the {what} of {n_levels:,} gray levels take {needed:,} bytes, "
                f"{__name__}.MEMORY_LIMIT is {MEMORY_LIMIT:,}; {self._that_fits(min(fits, MAX_LEVELS))}, "
                "or raise the limit"
            )

    def _that_fits(self, n_levels: int) -> str:
        """Settings that give at most so many levels."""
        if self.span is None or n_levels < 3:
            return f"use at most {n_levels:,}"
        width = round_up(self.span / (n_levels - 2))  # the first and last bin may be there for one value each
        return f"set binWidth to at least {width}, or binCount to at most {n_levels}"

    def glcm(self, angles: Angles) -> IntArray:
        """Count pairs at each angle, in one direction: int64 (n_angles, n_levels, n_levels)."""
        self.afford(f"{len(angles)} co-occurrence matrices", CELL * len(angles), 2)
        n = self.roi.n_levels
        if not len(angles):
            return np.zeros((0, n, n), dtype=np.int64)
        batch = padded(self.batch, int(abs(angles).max()))
        return get_backend(batch.backend).glcm(batch, angles)[0]

    def glrlm(self, angles: Angles) -> Glrlm:
        """Count runs along each angle; 0 along those of which no line meets two voxels of the ROI."""

        def count() -> Glrlm:
            if not len(angles):
                counts = np.zeros((0, self.roi.n_levels, 1), dtype=np.int64)
                return Glrlm(counts, angles, self.level_values, self.n_voxels)
            self.afford("run lengths", CELL * len(angles) * max(self.inside.shape))
            counts = get_backend(self.batch.backend).glrlm(self.batch, angles)[0]
            by_length = counts.sum(axis=1)
            longest = int(by_length.any(axis=0).nonzero()[0].max()) + 1
            counts = np.ascontiguousarray(counts[:, :, :longest])
            for a in np.flatnonzero(by_length[:, 0] == self.n_voxels):
                if not self._any_line_shared(angles[a]):
                    counts[a] = 0
            return Glrlm(counts, angles, self.level_values, self.n_voxels)

        return self._once(("glrlm", angles.tobytes()), count)

    def _any_line_shared(self, angle: Angles) -> bool:
        """Whether a line along an angle, of components -1, 0 and 1, meets two voxels of the ROI."""
        position = np.argwhere(self.inside)
        axis = int(np.flatnonzero(angle)[0])
        lines = position - position[:, [axis]] * (angle * angle[axis])
        return len(np.unique(lines, axis=0)) < len(lines)

    def zones(self, across: int | None) -> Zones:
        """Find zones of equal level; within the slices across an axis, unless that is None."""

        def count() -> Zones:
            batch = padded(self.batch, 1)
            offsets = np.ascontiguousarray(angles_of((2, 2, 2), (1,), across=across)[::-1])
            rows = get_backend(batch.backend).zones(batch, offsets, None)[0]
            return Zones(rows, self.level_values, self.n_voxels)

        return self._once(("zones", across), count)

    def neighborhood(self, angles: Angles, alpha: int) -> Neighborhood:
        """Sum level differences and count like neighbors at angles in both directions, in one pass."""

        def count() -> Neighborhood:
            if not len(angles):
                voxels = np.zeros((self.roi.n_levels, 1), dtype=np.int64)
                voxels[self.present, 0] = self.voxels_by_level
                return Neighborhood(np.zeros_like(voxels), voxels, voxels)
            self.afford("neighborhoods", 3 * CELL * (len(angles) + 1))
            batch = padded(self.batch, int(abs(angles).max()))
            return get_backend(batch.backend).neighborhood(batch, angles, alpha)[0]

        return self._once(("neighborhood", angles.tobytes(), alpha), count)

    def _once(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        if key not in self._made:
            self._made[key] = make()
        found: T = self._made[key]
        return found


class BinnedCounts(Counts):
    """The same for intensities and bins, of which the levels go from the image right into the buffer.

    Parameters
    ----------
    region : Region
    edges : ndarray of float64
        Rising.
    n_levels : int
        How many of them are at or below the highest intensity; at most 65,535.
    backend : str
        As in `fasttex.backends.get_backend`.
    """

    def __init__(self, region: Region, edges: FloatArray, n_levels: int, backend: str = "auto") -> None:
        binning = Binning(region.volume[region.box], region.inside, "edges", n_levels, edges=edges)
        kernels = get_backend(backend)
        (self._by_bin,) = kernels.discretize(Batch((binning,), kernels.NAME))
        found = level_counts(self._by_bin, n_levels)
        present = np.flatnonzero(found)
        self._keep(region.inside, present, found[present], region.spacing_mm, backend)

    @property
    def levels(self) -> IntArray:
        """Of the voxels inside, in C order: int64, shape (n_voxels,)."""
        return self._by_bin[1:-1, 1:-1, 1:-1][self.inside].astype(np.int64)

    def _buffer(self, values: IntArray) -> LevelArray:
        if len(values) == self.n_levels:
            return self._by_bin
        ranks = np.zeros(self.n_levels + 1, dtype=np.uint8 if len(values) <= 255 else np.uint16)
        ranks[values] = np.arange(1, len(values) + 1)
        return np.asarray(ranks[self._by_bin])


def level_counts(buffer: LevelArray, n_levels: int) -> IntArray:
    """How many voxels of a buffer have each level; level 0 is not counted: int64, shape (n_levels + 1,)."""
    extension = compiled()
    if extension is not None:
        found: IntArray = extension.level_counts(buffer, n_levels)
        return found
    found = np.bincount(buffer.ravel(), minlength=n_levels + 1)
    found[0] = 0
    return found
