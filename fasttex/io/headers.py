"""What must be known of a file before ITK may open it: where its data lie and whether all of it is there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

gzip_reader: Any
try:
    gzip_reader = import_module("isal.isal_zlib")  # the extra gzip: the same bytes in a third of the time
except ImportError:
    gzip_reader = import_module("zlib")

_HEADER_BYTES = 2**20
_CHUNK = 2**22
_NIFTI_TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip


def data_file(path: Path) -> Path | None:
    """Find the file that a detached header (MetaImage, NRRD) points to; None where the data follow it.

    Raises
    ------
    InputError
        It points outside its own folder, to several files, or to one that is not there. A header that
        came from elsewhere must not choose which files of this machine are read.
    """
    name = data_name(path)
    if name is None:
        return None
    if name.upper().startswith("LIST") or "%" in name:
        raise InputError(
            f"{path}: its header points to several data files ({name!r}); save it as one .nrrd or .nii.gz"
        )
    places = PurePosixPath(name), PureWindowsPath(name)
    if any(p.is_absolute() or p.drive or p.root or ".." in p.parts for p in places):
        raise InputError(
            f"{path}: its header points to the data file {name!r}, outside its own folder; allowed are files "
            "beside the header: move the data there and correct the header, or save both as one file"
        )
    if not (path.parent / name).is_file():
        raise InputError(
            f"{path}: its header points to the data file {name!r}, which is not there; copy both"
        )
    return path.parent / name


def data_name(path: Path) -> str | None:
    """What a detached header calls its data, whatever that is; None where the data follow it."""
    return _meta_data_file(path) if path.suffix.lower() in (".mha", ".mhd") else _nrrd_data_file(path)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEADER_BYTES)


def _nrrd_data_file(path: Path) -> str | None:
    head = _head(path)
    if not head.startswith(b"NRRD"):
        return None
    header, *rest = re.split(rb"\r\n\r\n|\n\n|\r\r", head, maxsplit=1)
    if not rest and len(head) == _HEADER_BYTES:
        raise InputError(
            f"{path}: its NRRD header does not end within {_HEADER_BYTES} bytes; save the image anew"
        )
    found = re.search(
        rb"^\s*data ?file:(.*)$", re.sub(rb"\r\n?", b"\n", header), re.IGNORECASE | re.MULTILINE
    )
    return os.fsdecode(found[1].strip()) if found else None


def _meta_header(path: Path) -> tuple[dict[str, str], int]:
    """Fields of a MetaImage header, with lower-case keys, and how many bytes it takes."""
    fields: dict[str, str] = {}
    end = 0
    for line in _head(path).splitlines(keepends=True):
        end += len(line)
        key, *value = re.split("[=:]", os.fsdecode(line), maxsplit=1)
        fields[key.strip().lower()] = value[0].strip() if value else ""
        if "elementdatafile" in fields:
            return fields, end
    raise InputError(f"{path} is no MetaImage: its header names no ElementDataFile; export the image anew")


def _meta_data_file(path: Path) -> str | None:
    name = _meta_header(path)[0]["elementdatafile"]
    return None if name.upper() == "LOCAL" else name


def check_meta_complete(path: Path, n_bytes: int) -> None:
    """Raise where a MetaImage holds less than `n_bytes` of data; MetaIO would say so on stderr only."""
    fields, start = _meta_header(path)
    flags = {key: fields.get(key, "").lower() for key in ("compresseddata", "binarydata")}
    if flags["binarydata"] == "false":
        return
    if flags["compresseddata"] == "true":
        size = fields.get("compresseddatasize", "")
        n_bytes = int(size) if size.isdigit() else 0
    detached = data_file(path)
    there = detached.stat().st_size if detached else path.stat().st_size - start
    if there < n_bytes:
        raise truncated(path, there, n_bytes)


def truncated(path: Path, there: int, wanted: int) -> InputError:
    """Make the error for a file that ends too early."""
    return InputError(
        f"{path} is truncated: it holds {there} bytes of data, its header promises {wanted}; "
        "copy or export it anew"
    )


@dataclass(frozen=True)
class NiftiHeader:
    """The fields of a NIfTI-1 or Analyze header that say where the voxels are."""

    order: str
    offset: int
    datatype: int
    is_scaled: bool
    is_single: bool

    def dtype(self) -> np.dtype[Any] | None:
        """Dtype of the voxels as stored; None for colors, complex and bits."""
        code = _NIFTI_TYPES.get(self.datatype)
        return None if code is None else np.dtype(self.order + code)


def nifti_header(path: Path) -> NiftiHeader:
    """Read the header of a NIfTI file, compressed or not, or the .hdr beside an .img."""
    path = _partner(path, "hdr") if re.search(r"\.img(\.gz)?$", path.name, re.IGNORECASE) else path
    head = b"".join(_inflate(path, 348)) if is_gzip(path) else _head(path)[:348]
    order = "<" if head[:4] == (348).to_bytes(4, "little") else ">"
    (datatype,) = np.frombuffer(head, order + "i2", 1, 70)
    offset, slope, intercept = np.frombuffer(head, order + "f4", 3, 108)
    is_scaled = bool(slope not in (0, 1) or (slope != 0 and intercept != 0))
    single = head[344:347] == b"n+1"
    return NiftiHeader(order, int(offset) if np.isfinite(offset) else 0, int(datatype), is_scaled, single)


def is_gzip(path: Path) -> bool:
    """Whether the file starts as a gzip file does."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def nifti_data_path(path: Path, header: NiftiHeader) -> Path:
    """Find where the voxels are: in the file itself, or in the .img beside a .hdr."""
    return path if header.is_single else _partner(path, "img")


def _partner(path: Path, end: str) -> Path:
    """Find the .hdr or .img that belongs to a file of the other kind."""
    stem = re.sub(r"\.(hdr|img)(\.gz)?$", "", path.name, flags=re.IGNORECASE)
    packed = path.name.lower().endswith(".gz")
    for ending in sorted(
        (f".{end}", f".{end.upper()}", f".{end}.gz"), key=lambda e: e.endswith("gz") != packed
    ):
        if (path.parent / (stem + ending)).is_file():
            return path.parent / (stem + ending)
    raise InputError(f"{path}: the file {stem}.{end} that belongs to it is not there; copy both")


def check_raw_complete(path: Path, file_format: str, n_bytes: int) -> None:
    """Raise where a GIPL, MRC or VTK file holds less than `n_bytes` of data, which ITK does not notice."""
    offset = {"GiplImageIO": 256, "MRCImageIO": 1024}.get(file_format, 0)
    if is_gzip(path):
        inflate_exactly(path, offset, n_bytes)
        return
    if file_format == "VTKImageIO":
        table = re.search(rb"LOOKUP_TABLE[^\n]*\n", _head(path))
        offset = table.end() if table else 0
    there = path.stat().st_size - offset
    if there < n_bytes:
        raise truncated(path, max(there, 0), n_bytes)


def read_exactly(path: Path, offset: int, n_bytes: int) -> NDArray[np.uint8]:
    """`n_bytes` bytes of a file from `offset`."""
    out = np.empty(n_bytes, dtype=np.uint8)
    with path.open("rb") as file:
        file.seek(offset)
        there = file.readinto(out.data)
    if there < n_bytes:
        raise truncated(path, there, n_bytes)
    return out


def inflate_exactly(path: Path, offset: int, n_bytes: int) -> NDArray[np.uint8]:
    """`n_bytes` bytes of a gzip file from `offset`, with all checksums compared up to its end.

    nifti_clib takes a short or damaged stream for a whole one and leaves garbage in the rest of the
    voxels, so compressed NIfTI is never left to it unchecked.
    """
    out = np.empty(n_bytes, dtype=np.uint8)
    position = -offset
    for piece in _inflate(path):
        begin, stop = max(-position, 0), min(len(piece), n_bytes - position)
        if stop > begin:
            out[position + begin : position + stop] = np.frombuffer(piece, np.uint8)[begin:stop]
        position += len(piece)
    if position < n_bytes:
        raise truncated(path, max(position, 0), n_bytes)
    return out


def check_gzip(path: Path) -> None:
    """Raise where a gzip file is damaged or truncated."""
    for _ in _inflate(path):
        pass


def _inflate(path: Path, stop: int | None = None) -> Iterator[bytes]:
    """Pieces of what a gzip file holds, `stop` bytes or all of it, never more than a chunk at once."""
    left = stop
    with path.open("rb") as file:
        stream, data = gzip_reader.decompressobj(31), file.read(_CHUNK)
        while left is None or left > 0:
            try:
                piece = stream.decompress(data, _CHUNK if left is None else left)
            except gzip_reader.error as error:
                raise InputError(
                    f"{path} is damaged: its gzip stream does not decode; copy it anew"
                ) from error
            yield piece
            left = None if left is None else left - len(piece)
            data = stream.unconsumed_tail
            if stream.eof:
                # Another member, zeros that tapes and block devices append, or nothing.
                data = stream.unused_data.lstrip(b"\0") or file.read(_CHUNK).lstrip(b"\0")
                if not data.startswith(b"\x1f\x8b"):
                    return
                stream = gzip_reader.decompressobj(31)
            elif not data:
                data = file.read(_CHUNK)
                # Without input zlib may still hold output, so only silence on both sides is the end.
                if not data and not piece:
                    raise InputError(
                        f"{path} is truncated: its gzip stream ends too early; copy or export it anew"
                    )
