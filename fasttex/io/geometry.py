"""From the (x, y, z) of files to grids in (z, y, x), and whether two grids are the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import GeometryMismatchError, InputError
from ..types import FloatArray, Grid, Triple

# Headers written by hand carry four digits; a gantry tilt that matters is far above this.
_ORTHONORMAL = 1e-3
_MAX_SHIFT = 0.01
_MM = {"meter": 1000.0, "micron": 0.001}


def grid_from_itk(
    size: Sequence[int],
    spacing: Sequence[float],
    origin: Sequence[float],
    direction: Sequence[float],
    what: str,
) -> Grid:
    """Grid of an ITK geometry in (x, y[, z[, t]]) order; time is left out, a slice becomes z = 1."""
    cosines = np.asarray(direction, dtype=np.float64).reshape(len(size), len(size))
    turn = np.eye(3)
    n = min(len(size), 3)
    turn[:n, :n] = cosines[:n, :n]
    if len(size) == 2:
        size, spacing, origin = (*size, 1), (*spacing, 1.0), (*origin, 0.0)
    return _grid(size[:3], np.asarray(spacing[:3], float), np.asarray(origin[:3], float), turn, what)


def grid_from_affine(shape: Sequence[int], affine: Any, unit: str, what: str) -> Grid:
    """Grid of a NIfTI affine: array axes (x, y, z), world axes right-anterior-superior.

    ITK's world is left-posterior-superior; turning the affine makes both readers agree.
    """
    matrix = np.asarray(affine, dtype=np.float64)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
        raise InputError(
            f"{what}: affine is {affine!r}, expected a finite 4 x 4 matrix; "
            "pass the array, axes='xyz' and spacing_mm= where the image has none"
        )
    matrix = np.diag([-1.0, -1.0, 1.0, 1.0]) @ matrix
    columns = matrix[:3, :3]
    lengths = np.sqrt((columns**2).sum(axis=0))
    scale = _MM.get(unit, 1.0)
    turn = columns / np.where(lengths > 0, lengths, 1.0)
    return _grid(shape, lengths * scale, matrix[:3, 3] * scale, turn, what)


def _grid(size: Sequence[int], spacing: FloatArray, origin: FloatArray, turn: FloatArray, what: str) -> Grid:
    """Grid of a geometry in (x, y, z); `turn` maps index axes to world axes."""
    if not (np.isfinite(spacing).all() and (spacing > 0).all()):
        raise InputError(
            f"{what}: the spacing in the header is {_numbers(spacing)} mm (x, y, z), expected three finite "
            "lengths > 0; correct the header, or pass the voxels as an array together with spacing_mm="
        )
    if not np.isfinite(origin).all():
        raise InputError(
            f"{what}: the origin in the header is {_numbers(origin)}, expected finite; correct the header"
        )
    if not np.allclose(turn.T @ turn, np.eye(3), rtol=0, atol=_ORTHONORMAL):
        raise InputError(
            f"{what}: its axes are not at right angles (direction {_numbers(turn.ravel())}); texture needs a "
            "grid without shear: resample the image to one, or correct the header"
        )
    z, y, x = (float(v) for v in spacing[::-1])
    # Adding 0 turns -0.0, which ITK's NIfTI reader leaves behind, into 0.0.
    oz, oy, ox = (float(v) + 0.0 for v in origin[::-1])
    cosines = tuple(float(v) + 0.0 for v in turn[::-1, ::-1].ravel())
    return Grid((int(size[2]), int(size[1]), int(size[0])), (z, y, x), (oz, oy, ox), cosines)


def read_spacing(spacing_mm: Any, ndim: int, axes: str) -> Triple:
    """Three lengths (z, y, x) of what a user gave: one length, three, or two for a single slice."""
    given = [spacing_mm] * 3 if isinstance(spacing_mm, Real) else spacing_mm
    try:
        lengths = [float(length) for length in given]
    except (TypeError, ValueError):
        lengths = []
    if axes == "xyz":
        lengths.reverse()
    if len(lengths) == 2 and ndim == 2:
        lengths.insert(0, 1.0)
    if len(lengths) != 3 or not all(np.isfinite(v) and v > 0 for v in lengths):
        order = ", ".join(axes)
        raise InputError(
            f"spacing_mm is {spacing_mm!r}, expected one finite length > 0 in mm or three of them ({order}), "
            "or two for a single 2-D slice"
        )
    return lengths[0], lengths[1], lengths[2]


def corner_distance_mm(a: Grid, b: Grid) -> float:
    """Measure the largest distance in mm between matching corners of two grids of the same shape.

    Corners are those of the outermost voxels, not their centers, so that a single slice of another
    thickness differs too.
    """
    corners = product(*((-0.5, n - 0.5) for n in a.shape))
    return max(float(np.linalg.norm(a.world_mm(c) - b.world_mm(c))) for c in corners)


def check_same_shape(shape: Sequence[int], image: Grid, what: str) -> None:
    """Raise `GeometryMismatchError` unless a ROI has as many voxels along each axis as the image."""
    if tuple(shape) == image.shape:
        return
    if tuple(shape[::-1]) == image.shape:
        hint = "its axes look reversed: pass axes='xyz', or transpose it"
    else:
        hint = "resample the ROI to the image's grid, or check which image it was drawn on"
    raise GeometryMismatchError(
        f"{what} has {_times(shape)} voxels (z, y, x), the image {_times(image.shape)}; {hint}"
    )


def check_same_grid(roi: Grid, image: Grid, header_spacing_mm: Triple | None, what: str) -> float:
    """Distance in mm between the corners of ROI and image; an error above 1 % of the smallest voxel edge.

    `header_spacing_mm` is the spacing that the image's header had before a user corrected it: the ROI's
    header may carry the same mistake, and that is no mismatch.
    """
    check_same_shape(roi.shape, image, what)
    candidates = [image]
    if header_spacing_mm is not None:
        candidates.append(replace(image, spacing_mm=header_spacing_mm))
    distance, closest = min(((corner_distance_mm(roi, c), c) for c in candidates), key=lambda pair: pair[0])
    limit = _MAX_SHIFT * min(closest.spacing_mm)
    if not distance <= limit:
        raise GeometryMismatchError(
            f"{what} lies up to {distance:.4g} mm away from the image's grid, allowed is 1 % of the smallest "
            f"voxel edge ({limit:.4g} mm): {_differences(roi, closest)}; resample the ROI to the image's "
            "grid, or check the export of both"
        )
    return distance


def _differences(roi: Grid, image: Grid) -> str:
    """Say what differs between two grids of the same shape, in words."""
    texts = []
    for word, a, b in (
        ("spacing", roi.spacing_mm, image.spacing_mm),
        ("origin", roi.origin_mm, image.origin_mm),
    ):
        if not np.allclose(a, b, rtol=1e-6, atol=1e-6):
            texts.append(f"{word} {_numbers(a)} instead of {_numbers(b)} mm (z, y, x)")
    turns = [np.asarray(g.direction).reshape(3, 3) for g in (roi, image)]
    if not np.allclose(turns[0], turns[1], rtol=0, atol=1e-6):
        texts.append(f"direction {_angle(turns[0], turns[1])}")
    return ", ".join(texts) or "many small differences"


def _angle(a: FloatArray, b: FloatArray) -> str:
    """How two direction matrices differ: flipped, or turned by so many degrees."""
    between = a @ b.T
    if np.linalg.det(between) < 0:
        return "flipped"
    # The sine resolves small angles, which the trace (a cosine) does not.
    sine = np.linalg.norm(between - between.T) / np.sqrt(8)
    return f"turned by {np.degrees(np.arctan2(sine, (np.trace(between) - 1) / 2)):.4g} degrees"


def _numbers(values: Iterable[float] | NDArray[Any]) -> str:
    return "(" + ", ".join(f"{v:.6g}" for v in values) + ")"


def _times(shape: Iterable[int]) -> str:
    return " x ".join(str(n) for n in shape)
