"""What travels through fasttex. Axes are always (z, y, x); lengths in mm carry ``_mm``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from .errors import InputError, LevelRangeError

Triple = tuple[float, float, float]
Shape = tuple[int, int, int]
Record = Mapping[str, Any]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
LevelArray = NDArray[np.unsignedinteger[Any]]  # uint8 up to 255 levels, else uint16

MAX_LEVELS = 65_535


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
    records : tuple of mapping
        What each step did, in order: the provenance.
    """

    name: str
    label: int
    intensities: NDArray[Any]
    morphological_mask: BoolArray
    intensity_mask: BoolArray
    grid: Grid
    start: Shape
    records: tuple[Record, ...] = ()

    def with_record(self, step: str, /, **values: Any) -> Roi:
        """The same ROI with one more record."""
        return replace(self, records=(*self.records, {"step": step, **values}))


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

    @property
    def levels(self) -> LevelArray:
        """The interior of `buffer`: shape (z, y, x), 0 outside. A view."""
        return self.buffer[tuple(slice(p, p + n) for p, n in zip(self.pad, self.shape, strict=True))]

    @cached_property
    def n_voxels(self) -> int:
        """Voxels with a level."""
        return int(np.count_nonzero(self.buffer))

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
        if levels.ndim != 3:
            hint = "; for one slice pass levels[None]" if levels.ndim == 2 else ""
            raise InputError(f"levels has {levels.ndim} axes, expected 3 (z, y, x){hint}")
        if pad < 1:
            raise InputError(f"pad is {pad}, expected at least 1: every voxel's neighbors are looked at")
        if levels.dtype.kind not in "iu":
            raise InputError(
                f"levels has dtype {levels.dtype}, expected integers; discretize intensities first"
            )
        low, high = (int(levels.min()), int(levels.max())) if levels.size else (0, 0)
        if high < 1 and low >= 0:
            raise InputError("levels holds no voxel above 0: the ROI is empty")
        n_levels = high if n_levels is None else n_levels
        if low < 0 or high > n_levels or n_levels > MAX_LEVELS:
            raise LevelRangeError(
                f"levels run from {low} to {high}, expected 0 outside and 1 to {min(n_levels, MAX_LEVELS)}; "
                "shift them, or discretize with fewer levels"
            )
        buffer = padded_zeros((levels.shape[0], levels.shape[1], levels.shape[2]), (pad,) * 3, n_levels)
        roi = cls(
            buffer=buffer,
            pad=(pad, pad, pad),
            shape=(levels.shape[0], levels.shape[1], levels.shape[2]),
            n_levels=n_levels,
            level_values=np.arange(1, n_levels + 1),
            morphological_mask=np.ascontiguousarray(levels > 0),
            intensities=levels[levels > 0].astype(np.float64),
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
                    spacing_mm=(spacing[0], spacing[1], spacing[2]),
                )


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
        Threads that share the items among them. Results do not depend on it.
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


@dataclass(frozen=True, eq=False)
class Neighborhood:
    """Counts of one pass over the neighborhoods of a ROI: NGTDM and NGLDM at once.

    Attributes
    ----------
    difference_sums : ndarray of int64, shape (n_levels, n_offsets + 1)
        ``[i - 1, c]``: sum of ``|c·i − t|`` over the voxels of level i that have c neighbors inside the
        ROI, of level sum t. Divided by c these are IBSI's grey tone differences. i and t count in
        `level_values`.
    voxels : ndarray of int64, shape (n_levels, n_offsets + 1)
        ``[i - 1, c]``: how many voxels of level i have c neighbors inside the ROI.
    dependences : ndarray of int64, shape (n_levels, n_offsets + 1)
        ``[i - 1, k - 1]``: how many voxels of level i have dependence k: itself and the neighbors whose
        level differs by at most alpha.
    """

    difference_sums: IntArray
    voxels: IntArray
    dependences: IntArray


def padded_zeros(shape: Shape, pad: Shape, n_levels: int) -> LevelArray:
    """A buffer of zeros for levels of `shape` with `pad` zeros on each side: uint8 up to 255 levels."""
    full = tuple(n + 2 * p for n, p in zip(shape, pad, strict=True))
    levels: LevelArray = np.zeros(full, dtype=np.uint8 if n_levels <= 255 else np.uint16)
    return levels


@dataclass(frozen=True, eq=False)
class Glcm:
    """Gray level co-occurrence matrices of one ROI or slice (IBSI: LFYI).

    Attributes
    ----------
    counts : ndarray of int64, shape (n_offsets, n_levels, n_levels)
        ``[a, i - 1, j - 1]``: how often level i has level j at ``offsets[a]``; each pair in one
        direction only.
    offsets : ndarray of int32, shape (n_offsets, 3)
        In voxels, (z, y, x).
    level_values : ndarray of int64, shape (n_levels,)
        As in `DiscretizedRoi`.
    """

    counts: IntArray
    offsets: NDArray[np.int32]
    level_values: IntArray

    @property
    def symmetric(self) -> IntArray:
        """The counts with each pair counted in both directions, as IBSI's features want them."""
        return self.counts + self.counts.swapaxes(-1, -2)


@dataclass(frozen=True, eq=False)
class Glrlm:
    """Gray level run length matrices of one ROI or slice (IBSI: TP0I).

    Attributes
    ----------
    counts : ndarray of int64, shape (n_offsets, n_levels, longest run)
        ``[a, i - 1, r - 1]``: runs of level i that are r voxels long along ``offsets[a]``.
    offsets, level_values
        As in `Glcm`.
    n_voxels : int
        Voxels of the ROI: ``(counts * r).sum()`` for every offset.
    """

    counts: IntArray
    offsets: NDArray[np.int32]
    level_values: IntArray
    n_voxels: int


@dataclass(frozen=True, eq=False)
class Zones:
    """Zones of equal level of one ROI or slice (IBSI: 9SAK and VMDZ).

    Attributes
    ----------
    rows : ndarray of int64, shape (n_rows, 4)
        (level, size, border distance, count), sorted. Level counts from 1, in `level_values`.
    level_values : ndarray of int64, shape (n_levels,)
        As in `DiscretizedRoi`.
    n_voxels : int
        Voxels of the ROI: sum of size × count.
    """

    rows: IntArray
    level_values: IntArray
    n_voxels: int


@dataclass(frozen=True, eq=False)
class Ngtdm:
    """Neighborhood gray tone differences of one ROI or slice (IBSI: IPET).

    Attributes
    ----------
    difference_sums, voxels : ndarray of int64, shape (n_levels, n_neighbors + 1)
        As in `Neighborhood`, by level and number of neighbors.
    level_values : ndarray of int64, shape (n_levels,)
        As in `DiscretizedRoi`.
    """

    difference_sums: IntArray
    voxels: IntArray
    level_values: IntArray


@dataclass(frozen=True, eq=False)
class Ngldm:
    """Neighboring gray level dependences of one ROI or slice (IBSI: REK0).

    Attributes
    ----------
    counts : ndarray of int64, shape (n_levels, n_neighbors + 1)
        ``[i - 1, k - 1]``: voxels of level i with dependence k.
    level_values : ndarray of int64, shape (n_levels,)
        As in `DiscretizedRoi`.
    """

    counts: IntArray
    level_values: IntArray
