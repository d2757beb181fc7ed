"""One ROI of a SimpleITK image: the voxels that a mask holds with one label."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..backends import compiled
from ..errors import GeometryMismatchError, InputError, LabelNotFoundError
from ..types import BoolArray, FloatArray, IntArray, Shape, Triple
from .boxes import box_of
from .geometry import part_of, sides_of, size_of

__all__ = ["Region"]


@dataclass(frozen=True, eq=False)
class Region:
    """A ROI, cut to its box. Feature classes of one ROI may share it.

    Attributes
    ----------
    whole : SimpleITK.Image
        Intensities, 2D or 3D.
    labels : SimpleITK.Image
        Labels on the same grid, or on the window's.
    label : int
        Which of them.
    box : tuple of slice
        The smallest box that holds the ROI, (z, y, x), in the window; a 2D image counts as one slice.
    inside : ndarray of bool
        Shape of the box, C-contiguous.
    window : ndarray of int, optional
        The part of the image that is looked at, lowest and highest index per axis: x, x, y, y, z, z.
    """

    whole: Any
    labels: Any
    label: int
    box: tuple[slice, slice, slice]
    inside: BoolArray
    window: IntArray | None = None

    @classmethod
    def from_images(cls, image: Any, mask: Any, label: int = 1, window: IntArray | None = None) -> Region:
        """Find the voxels of a label.

        Parameters
        ----------
        image, mask : SimpleITK.Image
            Of the same size, 2D or 3D; one component per voxel.
        label : int, default 1
        window : ndarray of int, optional
            The result is that of the images cut to this part, as which the mask may be cut already.

        Raises
        ------
        InputError
            Image or mask missing, or not of this kind.
        GeometryMismatchError
            Image and mask differ in size.
        LabelNotFoundError
            No voxel has the label.
        """
        if image is None or mask is None:
            raise InputError("Missing input image or mask; pass two SimpleITK images")
        same_grid = image.GetSize() == mask.GetSize()
        if not same_grid and (window is None or mask.GetSize() != size_of(window)):
            raise GeometryMismatchError(
                f"the image has {image.GetSize()} voxels (x, y, z), the mask {mask.GetSize()}; "
                "resample one on the grid of the other"
            )
        voxels = _volume(mask)
        if window is not None and same_grid:
            voxels = np.ascontiguousarray(voxels[_sides(window)])
        box = box_of(voxels, label)
        if box is None:
            present = np.unique(voxels)
            raise LabelNotFoundError(
                f"label {label} is not in the mask, which holds "
                f"{', '.join(map(str, present[:20].tolist()))}{' …' if len(present) > 20 else ''}"
            )
        return cls(image, mask, label, box, np.ascontiguousarray(voxels[box] == label), window)

    @cached_property
    def image(self) -> Any:
        """The window's intensities, a SimpleITK image."""
        return self.whole if self.window is None else part_of(self.whole, self.window)

    @cached_property
    def mask(self) -> Any:
        """The window's labels, a SimpleITK image."""
        if self.window is None or self.labels.GetSize() != self.whole.GetSize():
            return self.labels
        return part_of(self.labels, self.window, np.uint32)

    @property
    def ndim(self) -> int:
        """Axes of the image, 2 or 3."""
        return int(self.whole.GetDimension())

    @cached_property
    def volume(self) -> NDArray[Any]:
        """Intensities of the window, (z, y, x): a view."""
        voxels = _volume(self.whole)
        return voxels if self.window is None else voxels[_sides(self.window)]

    @property
    def start(self) -> Shape:
        """Index of the box's first voxel, (z, y, x)."""
        z, y, x = (side.start for side in self.box)
        return (z, y, x)

    @cached_property
    def size(self) -> Shape:
        """Voxels of the window, (z, y, x)."""
        z, y, x = self.volume.shape
        return (z, y, x)

    @cached_property
    def spacing_mm(self) -> Triple:
        """Distance between voxels, (z, y, x); 1 across a 2D image."""
        spacing = [float(s) for s in self.whole.GetSpacing()[::-1]]
        z, y, x = [1.0] * (3 - len(spacing)) + spacing
        return (z, y, x)

    @cached_property
    def voxel_size(self) -> float:
        """Volume of a voxel in mm³; its area in mm² in a 2D image."""
        return float(np.prod(self.whole.GetSpacing()))

    @cached_property
    def n_voxels(self) -> int:
        """Voxels of the ROI."""
        return int(np.count_nonzero(self.inside))

    @cached_property
    def intensities(self) -> FloatArray:
        """Intensities of the ROI in C order: float64, shape (n_voxels,)."""
        box = self.volume[self.box]
        extension = compiled()
        if extension is not None and box.dtype.kind in "iuf" and box.dtype.itemsize <= 8:
            found: FloatArray = extension.values_inside(box, self.inside, self.n_voxels)
            return found
        return np.asarray(box[self.inside], dtype=np.float64)


def _sides(window: IntArray) -> tuple[slice, ...]:
    """A window's part of a volume, (z, y, x)."""
    sides = sides_of(window)
    return (slice(None),) * (3 - len(sides)) + sides


def _volume(image: Any) -> NDArray[Any]:
    voxels: NDArray[Any] = sitk.GetArrayViewFromImage(image)
    if image.GetNumberOfComponentsPerPixel() != 1 or voxels.ndim not in (2, 3):
        raise InputError(
            f"an image has {voxels.ndim} axes and {image.GetNumberOfComponentsPerPixel()} components per "
            "voxel, expected 2 or 3 axes and one component; take one component or time point"
        )
    return voxels if voxels.ndim == 3 else voxels.reshape(1, *voxels.shape)
