"""Any kind of input as voxels (z, y, x) on a grid, with a record of what came."""

from __future__ import annotations

import hashlib
import math
import os
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, SettingsError
from ..types import Grid, Image, on_device
from .files import check_layout, item_bytes, read_file, voxels_of
from .geometry import grid_from_affine, grid_from_itk, read_spacing

MEMORY_LIMIT = 2 * 2**30
_UNITS = ("HU", "SUV", "arbitrary", "unknown")


@dataclass(frozen=True, eq=False)
class Volume:
    """What `load` returns: voxels (z, y, x), their grid, the record.

    ``n_axes`` is the number of axes that came, 2 for a slice; ``has_geometry`` is False for arrays, whose
    place in the world nobody knows.
    """

    voxels: NDArray[Any]
    grid: Grid
    record: dict[str, Any]
    n_axes: int = 3
    has_geometry: bool = True


def read_image(
    image: Any,
    *,
    spacing_mm: Any = None,
    axes: str = "zyx",
    memory_limit: int = MEMORY_LIMIT,
    hash_input: bool = False,
    intensity_unit: str = "unknown",
) -> Image:
    """Read an image from a file, an array, or an image of SimpleITK or nibabel.

    Parameters
    ----------
    image : path, ndarray, SimpleITK.Image or nibabel image
        Arrays have shape (z, y, x), or (y, x) for a single slice, of any real dtype, byte order and
        strides; they are neither written to nor copied without need.
    spacing_mm : float or sequence of float, optional
        Distance between voxel centers along `axes`; one length for all axes, or (y, x) for a slice.
        Replaces the header's; for arrays the default is 1 mm, and the record says ``assumed``.
    axes : {"zyx", "xyz"}, default "zyx"
        Order of the axes of arrays, and of `spacing_mm`.
    memory_limit : int
        Bytes; a file whose header promises more is refused before its voxels are read.
    hash_input : bool, default False
        Put the SHA-256 of the voxels into the record, for arrays and images in memory. For files the
        record always has the file's.
    intensity_unit : {"HU", "SUV", "arbitrary", "unknown"}
        What the intensities mean.

    Returns
    -------
    Image
        Axes (z, y, x), dtype as it came, in native byte order (bool as uint8, float16 as float32,
        long double as float64).

    Raises
    ------
    InputError
        It cannot be used as it came; the message says why and what to do.

    Examples
    --------
    >>> import numpy as np
    >>> image = read_image(np.zeros((4, 3, 2), dtype=np.int16), spacing_mm=(3, 1, 1))
    >>> image.grid.shape, image.grid.voxel_mm3, image.record["spacing"]
    ((4, 3, 2), 3.0, 'given')
    """
    if intensity_unit not in _UNITS:
        raise SettingsError(f"intensity_unit is {intensity_unit!r}, expected one of: {', '.join(_UNITS)}")
    volume = load(image, axes=axes, memory_limit=memory_limit, hash_input=hash_input)
    grid, record = volume.grid, volume.record
    if spacing_mm is not None:
        if volume.has_geometry:
            record["spacing_header_mm"] = grid.spacing_mm
        grid = replace(grid, spacing_mm=read_spacing(spacing_mm, volume.n_axes, axes))
        record["spacing"] = "given"
    record["spacing_mm"] = grid.spacing_mm
    return Image(volume.voxels, grid, intensity_unit, record)


def load(source: Any, *, axes: str, memory_limit: int, hash_input: bool) -> Volume:
    """Voxels of any kind of input; the record names what came and how it was stored."""
    if axes not in ("zyx", "xyz"):
        raise SettingsError(f"axes is {axes!r}, expected 'zyx' or 'xyz'")
    if isinstance(source, (str, os.PathLike)):
        voxels, grid, record = read_file(Path(os.fsdecode(source)), memory_limit)
        volume = Volume(voxels, grid, record)
    elif isinstance(source, np.ndarray):
        volume = _from_array(source, axes)
    elif type(source).__module__.partition(".")[0] == "SimpleITK" and hasattr(source, "GetDirection"):
        volume = _from_sitk(source)
    elif hasattr(source, "dataobj") and hasattr(source, "affine"):
        volume = _from_nibabel(source, memory_limit)
    elif on_device(source):
        raise InputError(
            "an input lies on a GPU, but images are cropped and resampled on the host: pass a copy, such as "
            "CuPy's image.get(); gray levels on a GPU are counted there, see fasttex.prepare"
        )
    else:
        raise InputError(
            f"an input is of type {type(source).__name__}, expected a path, a NumPy array, or an image of "
            "SimpleITK or nibabel; numpy.asarray turns many other kinds into an array"
        )
    voxels = _native(volume.voxels, volume.record)
    volume.record.update(shape=list(volume.grid.shape), spacing_mm=volume.grid.spacing_mm)
    if hash_input and "sha256" not in volume.record:
        volume.record["sha256"] = _hash(voxels)
    return replace(volume, voxels=voxels)


def _from_array(array: NDArray[Any], axes: str) -> Volume:
    if isinstance(array, np.ma.MaskedArray):
        raise InputError("a masked array came, expected a plain one; fill it and pass its mask as a ROI")
    if array.ndim not in (2, 3) or array.size == 0:
        raise InputError(
            f"an array of shape {array.shape} came, expected 3 axes ({', '.join(axes)}) or 2 for a slice, "
            "and at least one voxel; pick one volume, such as array[..., 0]"
        )
    voxels = np.asarray(array)
    voxels = voxels.T if axes == "xyz" else voxels
    voxels = voxels[None] if voxels.ndim == 2 else voxels
    z, y, x = voxels.shape
    record = {"kind": "array", "spacing": "assumed"}
    return Volume(voxels, Grid((z, y, x), (1.0, 1.0, 1.0)), record, array.ndim, has_geometry=False)


def _from_sitk(image: Any) -> Volume:
    size, what = image.GetSize(), "the SimpleITK image"
    item = item_bytes(image.GetPixelIDTypeAsString())
    # It is in memory already, so that no limit applies.
    check_layout(size, image.GetNumberOfComponentsPerPixel(), item, math.prod(size) * item, what)
    if 0 in size or "label" in image.GetPixelIDTypeAsString():
        raise InputError(
            f"{what} has size {size} and voxels of type {image.GetPixelIDTypeAsString()}, expected scalar "
            "voxels; turn a LabelMap into an image with SimpleITK.LabelMapToLabel"
        )
    grid = grid_from_itk(size, image.GetSpacing(), image.GetOrigin(), image.GetDirection(), what)
    return Volume(
        voxels_of(image).reshape(grid.shape), grid, {"kind": "SimpleITK", "spacing": "header"}, len(size)
    )


def _from_nibabel(image: Any, memory_limit: int) -> Volume:
    what = "the nibabel image"
    stored, shape = image.dataobj, tuple(int(n) for n in image.dataobj.shape)
    dtype = np.dtype(getattr(stored, "dtype", np.float64))
    if dtype.names is not None:
        check_layout(shape, len(dtype.names), dtype.itemsize, memory_limit, what)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    check_layout(shape, 1, dtype.itemsize, memory_limit, what)
    n_axes, shape = len(shape), (*shape, 1)[:3]
    units = getattr(getattr(image, "header", None), "get_xyzt_units", lambda: ("unknown", ""))
    grid = grid_from_affine(shape, image.affine, units()[0], what)
    try:
        voxels = np.asanyarray(stored).reshape(shape)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise InputError(
            f"{what} cannot be read: {error}; check that its file is whole, or export it anew"
        ) from error
    return Volume(voxels.T, grid, {"kind": "nibabel", "spacing": "header"}, n_axes)


def _native(voxels: NDArray[Any], record: dict[str, Any]) -> NDArray[Any]:
    """Bring voxels to a real dtype of native byte order; a copy only where the dtype changes."""
    dtype = voxels.dtype
    if dtype.kind not in "biuf":
        raise InputError(f"voxels have dtype {dtype}, expected integers, floats or bool; convert them first")
    record["dtype_read"] = dtype.name if dtype.isnative else f"{dtype.name}, swapped"
    if dtype.kind == "b":
        voxels = voxels.view(np.uint8)
    elif dtype.kind == "f" and dtype.itemsize not in (4, 8):
        voxels = voxels.astype(np.float32 if dtype.itemsize == 2 else np.float64)
    elif not dtype.isnative:
        voxels = voxels.astype(dtype.newbyteorder("="))
    record["dtype"] = voxels.dtype.name
    return voxels


def _hash(voxels: NDArray[Any]) -> str:
    """SHA-256 of the voxels in C order, slice by slice, so that no strided volume is copied whole."""
    digest = hashlib.sha256()
    for plane in voxels:
        digest.update(np.ascontiguousarray(plane).data)
    return digest.hexdigest()
