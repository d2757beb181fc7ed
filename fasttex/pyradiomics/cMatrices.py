"""Matrices of gray levels: PyRadiomics' functions of that name, for segments.

All take levels from 1 to `Ng` inside a mask; images and masks may have two or three axes, (z, y, x). The
arrays are float64 with a first axis of length 1. Distances are in voxels; `force2Ddimension` is the axis
across which no neighbor is looked for where `force2D` is set.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from ..errors import GeometryMismatchError, InputError, KernelUnavailableError
from ..matrices.ngtdm import tone_differences
from ..matrices.zones import size_rows
from ..types import FloatArray, Ngtdm
from .angles import Angles, angles_of, checked_distances, require
from .counting import planar_axis
from .counts import Counts
from .neighbors import checked_alpha

__all__ = [
    "calculate_glcm",
    "calculate_gldm",
    "calculate_glrlm",
    "calculate_glszm",
    "calculate_ngtdm",
    "generate_angles",
]


def calculate_glcm(
    image: Any, mask: Any, distances: Any, Ng: int, force2D: Any, force2Ddimension: Any, /, *voxels: Any
) -> tuple[FloatArray, Angles]:
    """Count pairs of levels, each in one direction (IBSI: LFYI).

    Returns
    -------
    matrix : ndarray of float64, shape (1, Ng, Ng, n_angles)
    angles : ndarray of int32, shape (n_angles, n_axes)
    """
    segment = _Segment(image, mask, Ng, force2D, force2Ddimension, voxels)
    angles = segment.angles(distances)
    matrix = np.zeros((len(angles), Ng, Ng))
    if segment.counts is not None:
        rows = segment.counts.level_values - 1
        matrix[:, rows[:, None], rows] = segment.counts.glcm(segment.spatial(angles))
    return _with_angles_last(matrix), angles


def calculate_glrlm(
    image: Any, mask: Any, Ng: int, Nr: int, force2D: Any, force2Ddimension: Any, /, *voxels: Any
) -> tuple[FloatArray, Angles]:
    """Count runs of equal level along each angle (IBSI: TP0I).

    Returns
    -------
    matrix : ndarray of float64, shape (1, Ng, Nr, n_angles)
        0 along angles of which no line meets two voxels.
    angles : ndarray of int32, shape (n_angles, n_axes)
    """
    segment = _Segment(image, mask, Ng, force2D, force2Ddimension, voxels)
    angles = segment.angles([1])
    matrix = np.zeros((len(angles), Ng, Nr))
    if segment.counts is not None:
        counts = segment.counts.glrlm(segment.spatial(angles)).counts
        if counts.shape[2] > Nr and counts[:, :, Nr:].any():
            _too_small("Nr", Nr, "the longest run")
        kept = counts[:, :, :Nr]
        matrix[:, segment.counts.level_values - 1, : kept.shape[2]] = kept
    return _with_angles_last(matrix), angles


def calculate_glszm(
    image: Any, mask: Any, Ng: int, Ns: int, force2D: Any, force2Ddimension: Any, /, *voxels: Any
) -> FloatArray:
    """Count connected zones of equal level (IBSI: 9SAK).

    Returns
    -------
    ndarray of float64, shape (1, Ng, largest size)
        At least one column.
    """
    segment = _Segment(image, mask, Ng, force2D, force2Ddimension, voxels)
    segment.angles([1])
    if segment.counts is None:
        return np.zeros((1, Ng, 1))
    zones = segment.counts.zones(segment.across)
    ranks, sizes, counts = size_rows(zones).T
    largest = int(sizes.max())
    if largest > Ns:
        _too_small("Ns", Ns, "the largest zone")
    matrix = np.zeros((1, Ng, largest))
    matrix[0, zones.level_values[ranks - 1] - 1, sizes - 1] = counts
    return matrix


def calculate_gldm(
    image: Any,
    mask: Any,
    distances: Any,
    Ng: int,
    alpha: int,
    force2D: Any,
    force2Ddimension: Any,
    /,
    *voxels: Any,
) -> FloatArray:
    """Count voxels by level and dependence (IBSI: REK0).

    Returns
    -------
    ndarray of float64, shape (1, Ng, 2·n_neighbors + 1)
        ``[0, i - 1, k - 1]``: voxels of level i with dependence k, which counts the voxel itself.
    """
    segment = _Segment(image, mask, Ng, force2D, force2Ddimension, voxels)
    angles = segment.angles(distances, bidirectional=True)
    matrix = np.zeros((1, Ng, 2 * len(angles) + 1))
    if segment.counts is not None:
        counts = segment.counts.neighborhood(segment.spatial(angles), checked_alpha(alpha)).dependences
        matrix[0, segment.counts.level_values - 1, : counts.shape[1]] = counts
    return matrix


def calculate_ngtdm(
    image: Any, mask: Any, distances: Any, Ng: int, force2D: Any, force2Ddimension: Any, /, *voxels: Any
) -> FloatArray:
    """Sum by how much levels differ from the mean of their neighbors (IBSI: IPET).

    Returns
    -------
    ndarray of float64, shape (1, Ng, 3)
        Voxels, sum of differences, and level. Voxels without a neighbor count, with difference 0.
    """
    segment = _Segment(image, mask, Ng, force2D, force2Ddimension, voxels)
    angles = segment.angles(distances, bidirectional=True)
    matrix = np.zeros((1, Ng, 3))
    matrix[0, :, 2] = np.arange(1, Ng + 1)
    if segment.counts is not None:
        found = segment.counts.neighborhood(segment.spatial(angles), 0)
        levels = segment.counts.level_values
        s, n = tone_differences(Ngtdm(found.difference_sums, found.voxels, levels), lone_voxels=True)
        matrix[0, levels - 1, 0], matrix[0, levels - 1, 1] = n, s
    return matrix


def generate_angles(
    size: Any, distances: Any, bidirectional: Any, force2D: Any, force2Ddimension: Any, /
) -> Angles:
    """List the offsets at some distances that fit in a box.

    Parameters
    ----------
    size : sequence of int
        Voxels of the box along each axis.
    distances : sequence of int
        Largest components of the offsets, in voxels.
    bidirectional, force2D : bool
        Whether opposite offsets are listed as well; whether none goes along `force2Ddimension`.
    force2Ddimension : int

    Returns
    -------
    ndarray of int32, shape (n_angles, len(size))

    Examples
    --------
    >>> generate_angles([2, 2, 2], [1], False, True, 0).tolist()
    [[0, 1, 1], [0, 1, 0], [0, 1, -1], [0, 0, 1]]
    """
    box, wanted = [int(n) for n in size], checked_distances(distances)
    across = planar_axis(force2D, force2Ddimension)
    return require(angles_of(box, wanted, bool(bidirectional), across), wanted, box).copy()


class _Segment:
    """The arguments of the functions, checked."""

    def __init__(
        self, image: Any, mask: Any, Ng: int, force2D: Any, force2Ddimension: Any, voxels: tuple[Any, ...]
    ) -> None:
        if voxels:
            raise KernelUnavailableError(
                "kernelRadius and voxels ask for a matrix per voxel, which is not counted here yet; leave "
                "them out for one matrix per mask"
            )
        levels, inside = np.asarray(image), np.asarray(mask) != 0
        if levels.shape != inside.shape:
            raise GeometryMismatchError(
                f"Dimensions of image and mask do not match: {levels.shape} and {inside.shape}"
            )
        if levels.ndim not in (2, 3):
            raise InputError(f"the image has {levels.ndim} axes, expected 2 or 3 (z, y, x)")
        self.size, self.ndim = levels.shape, levels.ndim
        self.across = planar_axis(force2D, force2Ddimension)
        if self.ndim == 2:
            levels, inside = levels[None], inside[None]
            self.across = None if self.across is None else self.across + 1
        found = levels[inside].astype(np.int64)
        if len(found) and not 1 <= found.min() <= found.max() <= Ng:
            raise _LevelError(
                f"levels run from {found.min()} to {found.max()}, expected 1 to {Ng} (Ng) in the mask"
            )
        self.counts = Counts(np.ascontiguousarray(inside), found) if len(found) else None

    def angles(self, distances: Any, bidirectional: bool = False) -> Angles:
        """The angles of all that fit in the image."""
        across = self.across if self.ndim == 3 or self.across is None else self.across - 1
        wanted = checked_distances(np.asarray(distances).astype(np.int64).tolist())
        return require(angles_of(self.size, wanted, bidirectional, across), wanted, self.size).copy()

    def spatial(self, angles: Angles) -> Angles:
        """The angles along three axes."""
        return np.ascontiguousarray(np.pad(angles, ((0, 0), (3 - self.ndim, 0))))


class _LevelError(InputError, IndexError):
    """Levels beyond what the arguments say; an IndexError, as in PyRadiomics."""


def _too_small(name: str, value: int, what: str) -> NoReturn:
    raise _LevelError(f"{name} is {value}, less than {what}; pass the number of voxels in the mask")


def _with_angles_last(matrix: FloatArray) -> FloatArray:
    return np.ascontiguousarray(np.moveaxis(matrix, 0, -1))[None]
