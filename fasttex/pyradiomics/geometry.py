"""Where a ROI lies in its mask and in its image, for images of SimpleITK."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..errors import GeometryMismatchError, InputError, LabelNotFoundError, SettingsError
from ..types import FloatArray
from .boxes import box_of

__all__ = [
    "ImageTypeError",
    "SizeMismatchError",
    "bounds_in",
    "grid_difference",
    "label_of",
    "like",
    "mask_array",
    "part_of",
    "roi_box",
    "roi_of",
    "sides_of",
    "size_of",
    "voxels",
]

IntArray = NDArray[np.int64]


class SizeMismatchError(GeometryMismatchError, RuntimeError):
    """Image and mask differ in size; also a RuntimeError, which PyRadiomics raises here."""


class ImageTypeError(InputError, RuntimeError):
    """A pixel type or a number of axes that cannot be used; PyRadiomics raises a RuntimeError."""


def label_of(settings: Mapping[str, Any]) -> int:
    """The label that the settings ask for, 1 where they ask for none."""
    label = settings.get("label", 1)
    try:
        return int(label)
    except (TypeError, ValueError):
        raise SettingsError(f"label is {label!r}, expected a whole number such as 1") from None


def mask_array(mask: sitk.Image) -> NDArray[Any]:
    """The labels of a mask as a view, axes reversed to (z, y, x).

    Raises
    ------
    ImageTypeError
        The mask is no scalar image of integers in 2 or 3 axes.
    """
    if not isinstance(mask, sitk.Image):
        raise TypeError(f"the mask is a {type(mask).__name__}, expected a SimpleITK.Image")
    labels: NDArray[Any] = sitk.GetArrayViewFromImage(mask)
    wrong = mask.GetNumberOfComponentsPerPixel() != 1 or mask.GetDimension() not in (2, 3)
    if wrong or labels.dtype.kind not in "iu":
        raise ImageTypeError(
            f"the mask has pixels of {mask.GetPixelIDTypeAsString()} in {mask.GetDimension()} axes, "
            "expected one integer per voxel in 2 or 3 axes; getMask makes one"
        )
    return labels


def voxels(image: sitk.Image) -> NDArray[Any]:
    """The intensities as a view, axes reversed to (z, y, x)."""
    if not isinstance(image, sitk.Image):
        raise TypeError(f"the image is a {type(image).__name__}, expected a SimpleITK.Image")
    values: NDArray[Any] = sitk.GetArrayViewFromImage(image)
    if image.GetNumberOfComponentsPerPixel() != 1 or values.dtype.kind not in "iuf":
        raise ImageTypeError(
            f"the image has pixels of {image.GetPixelIDTypeAsString()}, expected real numbers"
        )
    return values


def roi_box(mask: sitk.Image, label: int) -> IntArray:
    """The box around a label: the first index of each axis, then the extents in voxels, x first.

    Raises
    ------
    LabelNotFoundError
        The mask does not hold the label.
    """
    labels = mask_array(mask)
    box = box_of(labels, label)
    if box is None:
        raise LabelNotFoundError(_missing(labels, label))
    sides = box[3 - labels.ndim :][::-1]
    return np.array([*(s.start for s in sides), *(s.stop - s.start for s in sides)], dtype=np.int64)


def roi_of(mask: sitk.Image, label: int, box: IntArray) -> NDArray[np.bool_]:
    """The voxels of a label within its box, axes reversed to (z, y, x)."""
    n = len(box) // 2
    part = tuple(slice(a, a + m) for a, m in zip(box[n - 1 :: -1], box[: n - 1 : -1], strict=True))
    inside: NDArray[np.bool_] = mask_array(mask)[part] == label
    return inside


def sides_of(box: IntArray) -> tuple[slice, ...]:
    """The part of an array, axes (z, y, x), within a box x, x, y, y, z, z."""
    return tuple(slice(low, high + 1) for low, high in box.reshape(-1, 2)[::-1].tolist())


def size_of(box: IntArray) -> tuple[int, ...]:
    """The voxels of a box x, x, y, y, z, z along each axis, x first."""
    return tuple((box[1::2] - box[::2] + 1).tolist())


def part_of(image: sitk.Image, box: IntArray, dtype: Any = None) -> sitk.Image:
    """The part of an image of one component per voxel within a box x, x, y, y, z, z, in a pixel type.

    As `SimpleITK.Crop` and `SimpleITK.Cast` make it, whose fixed costs are larger than that of the copy.
    """
    within = sitk.GetArrayViewFromImage(image)[sides_of(box)]
    part = sitk.GetImageFromArray(np.ascontiguousarray(within, dtype))
    part.SetSpacing(image.GetSpacing())
    part.SetDirection(image.GetDirection())
    part.SetOrigin(image.TransformIndexToPhysicalPoint(box[::2].tolist()))
    return part


def grid_difference(image: sitk.Image, mask: sitk.Image, tolerance: float | None) -> str:
    """How the grids of image and mask differ; empty where they agree.

    Origin and spacing may differ by the tolerance times the image's spacing along x, the direction
    cosines by the tolerance itself, as ITK compares them. Without a tolerance, SimpleITK's own hold.
    """
    coordinate = sitk.ProcessObject.GetGlobalDefaultCoordinateTolerance() if tolerance is None else tolerance
    cosine = sitk.ProcessObject.GetGlobalDefaultDirectionTolerance() if tolerance is None else tolerance
    allowed = coordinate * image.GetSpacing()[0]
    found = []
    for name, limit in (("Origin", allowed), ("Spacing", allowed), ("Direction", cosine)):
        a, b = (np.array(getattr(x, f"Get{name}")()) for x in (image, mask))
        if not np.abs(a - b).max() <= limit:
            found.append(f"{name.lower()} {a.tolist()} and {b.tolist()}, allowed difference {limit:g}")
    return "; ".join(found)


def bounds_in(image: sitk.Image, mask: sitk.Image, box: IntArray) -> FloatArray:
    """The two outermost corners of a box of the mask, as continuous indices of the image.

    Returns
    -------
    array, float64, shape (2, axes)
        x first; the edge of the first voxel has the index -0.5.
    """
    n = mask.GetDimension()
    corners = (box[:n] - 0.5, box[:n] + box[n:] - 0.5)
    points = [mask.TransformContinuousIndexToPhysicalPoint(corner.tolist()) for corner in corners]
    return np.array([image.TransformPhysicalPointToContinuousIndex(point) for point in points])


def like(array: NDArray[Any], image: sitk.Image) -> sitk.Image:
    """An array, axes (z, y, x), as an image on the grid of another one."""
    made = sitk.GetImageFromArray(array)
    made.CopyInformation(image)
    return made


def choice(name: str, value: Any, allowed: Sequence[str]) -> str:
    """One of the words allowed for a setting."""
    if isinstance(value, str) and value in allowed:
        return value
    near = difflib.get_close_matches(str(value), allowed, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise SettingsError(f"{name} is {value!r}, expected one of {', '.join(allowed)}{hint}")


def _missing(labels: NDArray[Any], label: int) -> str:
    present = np.unique(labels)
    present = present[present != 0]
    few = ", ".join(map(str, present[:10].tolist())) + (", ..." if len(present) > 10 else "")
    return f"label {label} is not in the mask, which holds {few or 'no label at all'}"
