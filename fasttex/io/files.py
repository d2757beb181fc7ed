"""Reading a file through SimpleITK, after the checks that ITK does not make."""

from __future__ import annotations

import hashlib
import math
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..types import Grid
from .geometry import grid_from_itk
from .headers import (
    check_gzip,
    check_meta_complete,
    check_raw_complete,
    data_file,
    inflate_exactly,
    is_gzip,
    nifti_data_path,
    nifti_header,
    read_exactly,
    truncated,
)

# They read files whose names stand inside the file or follow from it, unchecked.
_FORMATS_REFUSED = ("StimulateImageIO", "Bruker2dseqImageIO")
_FORMATS_UNCHECKED = ("GiplImageIO", "MRCImageIO", "VTKImageIO")
_FORMATS_WITHOUT_SPACING = ("BMPImageIO", "JPEGImageIO", "PNGImageIO")


def read_file(path: Path, memory_limit: int) -> tuple[NDArray[Any], Grid, dict[str, Any]]:
    """Voxels (z, y, x) of an image file, their grid, and the record of reading.

    Raises
    ------
    InputError
        Missing, a folder, no image, damaged, more than `memory_limit` bytes, several volumes or
        components, or a header that points outside its folder.
    """
    import SimpleITK as sitk

    _check_regular(path)
    detached = data_file(path)
    with _warnings(sitk) as heard:
        reader = sitk.ImageFileReader()
        file_format = reader.GetImageIOFromFileName(str(path))
        if not file_format or file_format in _FORMATS_REFUSED:
            if is_gzip(path):
                check_gzip(path)
            raise InputError(
                f"{path} is no image that can be read; allowed are NIfTI-1, NRRD, MetaImage and the like; "
                "open NIfTI-2 with nibabel and pass that image"
            )
        reader.SetFileName(str(path))
        reader.SetImageIO(file_format)
        with _itk_errors(path):
            reader.ReadImageInformation()
        item = item_bytes(sitk.GetPixelIDValueAsString(reader.GetPixelID()))
        check_layout(reader.GetSize(), reader.GetNumberOfComponents(), item, memory_limit, str(path))
        grid = grid_from_itk(
            reader.GetSize(), reader.GetSpacing(), reader.GetOrigin(), reader.GetDirection(), str(path)
        )
        voxels = _read_voxels(path, reader, file_format, math.prod(grid.shape), item)
    record = {"kind": "file", "path": str(path), "format": file_format.removesuffix("ImageIO")}
    record["spacing"] = "assumed" if file_format in _FORMATS_WITHOUT_SPACING else "header"
    record["sha256"] = _sha256(path)
    if detached is not None:
        record["sha256_data"] = _sha256(detached)
    if len(reader.GetSize()) == 4:
        record["squeezed"] = "last of 4 axes, length 1"
    return (
        voxels.reshape(grid.shape),
        grid,
        record | ({"warnings": list(dict.fromkeys(heard))} if heard else {}),
    )


def check_layout(
    size: tuple[int, ...], components: int, item_bytes: int, memory_limit: int, what: str
) -> None:
    """Refuse colors, several volumes, and more bytes than allowed. `size` is in (x, y, z, t) order."""
    shape = " x ".join(str(n) for n in reversed(size))
    if components != 1:
        raise InputError(
            f"{what} has {components} components per voxel (colors or vectors), expected 1; "
            "pick or compute one component and save it"
        )
    if not 2 <= len(size) <= 4 or (len(size) == 4 and size[3] != 1):
        raise InputError(
            f"{what} has {len(size)} axes ({shape}, x last), expected 3 (z, y, x) or a single slice; "
            "pick one volume and save it, or pass it as an array"
        )
    n_bytes = math.prod(size) * item_bytes
    if n_bytes > memory_limit:
        raise InputError(
            f"{what}: the header promises {shape} voxels of {item_bytes} bytes, {_size(n_bytes)} in all, but "
            f"memory_limit is {_size(memory_limit)}; raise memory_limit, crop the image, or check the header"
        )


def _check_regular(path: Path) -> None:
    if path.is_dir():
        raise InputError(
            f"{path} is a folder, expected an image file; DICOM series are not read from folders: "
            "convert the series to NIfTI or NRRD first"
        )
    if not path.exists():
        raise InputError(f"{path} is not there; check the path; a relative one starts in the current folder")
    if not path.is_file():
        raise InputError(
            f"{path} is a device or pipe, expected an image file; save the image to a file first"
        )
    if not os.access(path, os.R_OK):
        raise InputError(f"{path} may not be read by this user; change its permissions")
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty (0 bytes); copy or export it anew")


def item_bytes(pixel_type: str) -> int:
    """Bytes per component, from ITK's words for it, such as "vector of 16-bit signed integer"."""
    bits = re.search(r"(\d+)-bit", pixel_type)
    return int(bits[1]) // 8 * (2 if "complex" in pixel_type else 1) if bits else 8


def _read_voxels(path: Path, reader: Any, file_format: str, n_voxels: int, item: int) -> NDArray[Any]:
    """Read the voxels, flat or in (t, z, y, x) order, certain to be all there."""
    if file_format == "NiftiImageIO":
        header = nifti_header(path)
        source = nifti_data_path(path, header)
        dtype = header.dtype()
        stored = 0 if dtype is None else n_voxels * dtype.itemsize
        as_stored = None if header.is_scaled else dtype  # ITK would copy them once more
        if as_stored is not None or is_gzip(source):
            take = inflate_exactly if is_gzip(source) else read_exactly
            raw = take(source, header.offset, stored)
            if as_stored is not None:
                return raw.view(as_stored)
            del raw
        elif source.stat().st_size - header.offset < stored:
            raise truncated(source, max(source.stat().st_size - header.offset, 0), stored)
    elif file_format == "MetaImageIO":
        check_meta_complete(path, n_voxels * item)
    elif file_format in _FORMATS_UNCHECKED:
        check_raw_complete(path, file_format, n_voxels * item)
    with _itk_errors(path):
        image = reader.Execute()
    return voxels_of(image)


class _Owner:
    """Lends the buffer of a SimpleITK image to NumPy and keeps it alive as long as an array needs it.

    The copy of the image shares its buffer: who changes the original in place gets a buffer of its own.
    """

    def __init__(self, image: Any) -> None:
        import SimpleITK as sitk

        # In this order: a view of an image that shares its buffer would copy it.
        self.__array_interface__ = sitk.GetArrayViewFromImage(image).__array_interface__
        self.image = sitk.Image(image)


def voxels_of(image: Any) -> NDArray[Any]:
    """Lend the voxels of a SimpleITK image, last axis first, read-only and without a copy."""
    return np.asarray(_Owner(image))


@contextmanager
def _itk_errors(path: Path) -> Iterator[None]:
    """Turn what ITK throws, a C++ stack, into one line."""
    try:
        yield
    except RuntimeError as error:
        if re.search("allocate memory|bad_alloc", str(error)):
            raise MemoryError(f"the system grants no memory for the voxels of {path}") from None
        raise InputError(
            f"{path} cannot be read: {_first_reason(str(error))}; check that it is whole, or export it anew "
            "as .nii.gz or .nrrd"
        ) from None


def _first_reason(text: str) -> str:
    """Pick the line that says why, without source files, line numbers and addresses."""
    lines = [
        re.sub(r"^.*?(ERROR|WARNING): ?(\w+ ?\(0x[0-9a-f]+\): ?)?", "", t).strip() for t in text.splitlines()
    ]
    lines = [re.sub(r"\w+ ?\(0x[0-9a-f]+\): ?", "", t) for t in lines]
    telling = [t for t in lines if t and not re.match(r"Exception thrown|\S+\.(cxx|hxx|h|cpp):\d+|In /", t)]
    nested = [t for t in telling if t.startswith("[nrrd]")]
    return (nested or telling or ["ITK gives no reason"])[-1 if nested else 0].rstrip(".:")[:200]


_LOCK = threading.Lock()
_LISTENERS: dict[int, list[str]] = {}
_BEFORE: list[Any] = []


@contextmanager
def _warnings(sitk: Any) -> Iterator[list[str]]:
    """Collect what ITK warns of in this thread, which would go to stderr.

    ITK knows one logger per process: it is lent while any thread reads, then given back. Messages of
    threads that are not reading here go where they went before.
    """
    heard: list[str] = []
    me = threading.get_ident()
    with _LOCK:
        if not _LISTENERS:
            _BEFORE.append(_logger(sitk).SetAsGlobalITKLogger())
        _LISTENERS[me] = heard
    try:
        yield heard
    finally:
        with _LOCK:
            del _LISTENERS[me]
            if not _LISTENERS:
                _BEFORE.pop().SetAsGlobalITKLogger()


@cache
def _logger(sitk: Any) -> Any:
    class Logger(sitk.LoggerBase):  # type: ignore[misc]
        def _hear(self, text: str) -> None:
            heard = _LISTENERS.get(threading.get_ident())
            if heard is not None:
                heard.append(_first_reason(text))
            elif _BEFORE:
                _BEFORE[0].DisplayWarningText(text)

        DisplayText = DisplayErrorText = DisplayWarningText = _hear
        DisplayGenericOutputText = DisplayDebugText = _hear

    return Logger()


def _size(n_bytes: int) -> str:
    """Write a number of bytes for people."""
    value, units = float(n_bytes), iter(("bytes", "kB", "MB", "GB", "TB", "PB"))
    unit = next(units)
    while value >= 1000 and unit != "PB":
        value, unit = value / 1000, next(units)
    return f"{value:.4g} {unit}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
