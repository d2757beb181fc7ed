"""Peaks of the intensity averaged over a small sphere (IBSI: 9ST6).

A sphere is a stack of disks, a disk a stack of rows. Slice by slice, rows of half-width r are made from those
of r − 1 by adding a voxel at each end, disks by adding rows, and each disk is added to the spheres above and
below. Nothing is subtracted, so nothing cancels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..preprocess.crop import bounding_box
from ..types import BoolArray, FloatArray, Shape, Triple
from .feature import Feature, divide, evaluate

T = TypeVar("T", bound=np.generic)

__all__ = ["FEATURES", "RADIUS_MM", "Spheres", "disks", "local_intensity", "reach"]

#: Radius of a sphere of 1 cm³.
RADIUS_MM = 10 * (3 / (4 * math.pi)) ** (1 / 3)


def reach(spacing_mm: Triple) -> Shape:
    """How many voxels the sphere reaches from its center along (z, y, x).

    Examples
    --------
    >>> reach((3.0, 1.0, 10.0))
    (2, 6, 0)
    """
    z, y, x = (int(RADIUS_MM // s) for s in spacing_mm)
    return z, y, x


@dataclass(frozen=True, eq=False)
class Spheres:
    """The voxels of the intensity mask, and the spheres around them.

    Attributes
    ----------
    surroundings, inside, spacing_mm
        As in `local_intensity`; at least one voxel is inside.
    """

    surroundings: NDArray[Any]
    inside: BoolArray
    spacing_mm: Triple

    @cached_property
    def intensities(self) -> FloatArray:
        """Of the voxels inside, in C order."""
        return self.surroundings[self.inside].astype(np.float64)

    @cached_property
    def means(self) -> FloatArray:
        """Mean intensity of the sphere around each voxel inside, in C order."""
        box = bounding_box(self.inside)
        here = self.inside[box]
        margin, stack = reach(self.spacing_mm), disks(self.spacing_mm)
        x = self.surroundings.astype(np.float64)
        finite = np.isfinite(x)
        base = float(self.intensities[0])  # the mean of x − base has more digits, where x has an offset
        around = _with_margin(np.where(finite, x, base) - base, box, margin)
        present = _with_margin(finite, box, margin)
        sums = _sphere_sums(around, here.shape, stack)[here]
        if present.all():
            counts = np.full_like(sums, _voxels(stack))
        else:
            counts = _sphere_sums(present.astype(np.float64), here.shape, stack)[here]
        return np.asarray(base + divide(sums, counts))


def local_intensity_peak(x: Spheres) -> float:
    """Mean of the sphere around the voxel of highest intensity; of several, the highest mean."""
    return float(x.means[x.intensities == x.intensities.max()].max())


def global_intensity_peak(x: Spheres) -> float:
    """Highest mean of the spheres around all voxels of the ROI."""
    return float(x.means.max())


FEATURES: tuple[Feature[Spheres], ...] = (
    Feature("local_intensity_peak", "VJGA", local_intensity_peak, "intensity"),
    Feature("global_intensity_peak", "0F91", global_intensity_peak, "intensity"),
)


def local_intensity(
    surroundings: NDArray[Any],
    inside: BoolArray,
    spacing_mm: Triple,
) -> FloatArray:
    """Compute the two peaks of one ROI (IBSI: VJGA and 0F91).

    A sphere of 1 cm³ holds the voxels whose centers lie at most 6.2 mm from its own, of the whole image and
    not of the ROI alone. Voxels beyond the image's border do not exist, and voxels that hold NaN or infinity
    are left out likewise: the mean is that of the others.

    Parameters
    ----------
    surroundings : ndarray, any real dtype, shape (z, y, x)
        Intensities of the image around the ROI: its box and, on each side, `reach` voxels or as many as the
        image has.
    inside : ndarray of bool, shape (z, y, x)
        The intensity mask, where intensities are finite.
    spacing_mm : tuple of float
        Along (z, y, x).

    Returns
    -------
    ndarray of float64, shape (2,)
        In the order of `FEATURES`; NaN where no voxel is inside. The error of a mean is at most n·ε times the
        mean of |x − x₀| over the sphere's n voxels, where x₀ is the intensity of one voxel of the ROI and
        ε = 2⁻⁵², and one rounding; integers come out exactly but for the division.

    Examples
    --------
    >>> image = np.array([[[0.0, 4.0, 2.0, 2.0]]])
    >>> local_intensity(image, image > 0, (5.0, 5.0, 5.0))
    array([2.        , 2.66666667])
    """
    if not inside.any():
        return np.full(len(FEATURES), np.nan)
    row: FloatArray = evaluate(FEATURES, Spheres(surroundings, inside, spacing_mm))[0]
    return row


Disk = list[tuple[int, int]]


def disks(spacing_mm: Triple) -> list[Disk]:
    """The sphere's disks at dz = 0, 1, 2 …: the dy of their rows, and the half-width of each in voxels."""
    sz, sy, sx = spacing_mm
    nz, ny, nx = reach(spacing_mm)
    dx2 = (np.arange(nx + 1) * sx) ** 2
    disks: list[Disk] = []
    for dz in range(nz + 1):
        widths = [
            np.count_nonzero((dz * sz) ** 2 + (dy * sy) ** 2 + dx2 <= RADIUS_MM**2) - 1
            for dy in range(-ny, ny + 1)
        ]
        disks.append([(dy, int(width)) for dy, width in enumerate(widths, -ny) if width >= 0])
    return disks


def _voxels(disks: list[Disk]) -> int:
    """Voxels of the whole sphere."""
    areas = [sum(2 * width + 1 for _, width in disk) for disk in disks]
    return areas[0] + 2 * sum(areas[1:])


def _with_margin(x: NDArray[T], box: tuple[slice, slice, slice], margin: Shape) -> NDArray[T]:
    """The box and exactly `margin` voxels on each side; zeros where `x` ends."""
    lacking = [
        (max(0, m - b.start), max(0, b.stop + m - n)) for b, m, n in zip(box, margin, x.shape, strict=True)
    ]
    kept = tuple(slice(max(0, b.start - m), b.stop + m) for b, m in zip(box, margin, strict=True))
    return np.pad(x[kept], lacking)


def _sphere_sums(x: FloatArray, shape: tuple[int, ...], disks: list[Disk]) -> FloatArray:
    """Sums over the sphere around each voxel of a box of `shape`; `x` is that box with its margin."""
    nz, ny, nx = ((n - m) // 2 for n, m in zip(x.shape, shape, strict=True))
    depth, height, width = shape
    total = np.zeros(shape)
    for z, plane in enumerate(x, -nz):
        rows = [plane[:, nx : nx + width]]
        for r in range(1, nx + 1):
            ends = plane[:, nx - r : nx - r + width] + plane[:, nx + r : nx + r + width]
            rows.append(rows[-1] + ends)
        for dz, disk in enumerate(disks):
            centers = [center for center in {z - dz, z + dz} if 0 <= center < depth]
            if not centers:
                continue
            disk_sums = np.zeros((height, width))
            for dy, r in disk:
                disk_sums += rows[r][ny + dy : ny + dy + height]
            for center in centers:
                total[center] += disk_sums
    return total
