"""A small picture of a case: the slice that shows most of its ROIs, with their outlines."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..types import BoolArray, Image, Mask

__all__ = ["COLORS", "Thumbnail", "png", "thumbnail"]

#: Of outlines, one after the other; told apart with color-blind eyes too (Okabe and Ito).
COLORS = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (213, 94, 0), (204, 121, 167),
)  # fmt: skip

_SIDE = 192  # pixels of the longer side
_GRAYS = 64  # as many as eyes tell apart on a screen; fewer make smaller files


@dataclass(frozen=True)
class Thumbnail:
    """A picture and what is on it.

    Attributes
    ----------
    png : bytes
    shape : tuple of int
        Rows and columns.
    rois : tuple of (str, int)
        Names of the outlined ROIs, and which of `COLORS` each has.
    """

    png: bytes
    shape: tuple[int, int]
    rois: tuple[tuple[str, int], ...]


def thumbnail(image: Image, masks: Sequence[Mask]) -> Thumbnail:
    """Draw the slice in which most voxels belong to ROIs; rows and columns as they are stored."""
    z = _fullest(image, masks)
    height, width = image.intensities.shape[1:]
    _, dy, dx = image.grid.spacing_mm
    scale = _SIDE / max(height * dy, width * dx)
    shape = (max(1, round(height * dy * scale)), max(1, round(width * dx * scale)))
    pick = np.ix_(*(np.arange(n) * size // n for n, size in zip(shape, (height, width), strict=True)))
    pixels = _grays(image.intensities[z][pick])
    rois = []
    for n, mask in enumerate(masks):
        if 0 <= z - mask.start[0] < len(mask.inside):
            inside = np.zeros((height, width), bool)
            _, y, x = mask.start
            part = mask.inside[z - mask.start[0]]
            inside[y : y + part.shape[0], x : x + part.shape[1]] = part
            if part.any():
                pixels[_outline(inside[pick])] = _GRAYS + n % len(COLORS)
                rois.append((mask.name, n % len(COLORS)))
    levels = (np.arange(_GRAYS) * 255 // (_GRAYS - 1)).repeat(3)
    return Thumbnail(png(pixels, bytes([*levels.tolist(), *sum(COLORS, ())])), shape, tuple(rois))


def png(pixels: NDArray[np.uint8], palette: bytes) -> bytes:
    """An image of palette indices, shape (rows, columns), as a PNG file; three bytes per color."""
    height, width = pixels.shape
    lines = np.pad(pixels, ((0, 0), (1, 0)))  # each line begins with the number of its filter: 0, none
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0),
        b"PLTE": palette,
        b"IDAT": zlib.compress(lines.tobytes(), 9),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )


def _fullest(image: Image, masks: Sequence[Mask]) -> int:
    counts = np.zeros(len(image.intensities), int)
    for mask in masks:
        counts[mask.start[0] : mask.start[0] + len(mask.inside)] += mask.inside.sum(axis=(1, 2))
    return int(counts.argmax()) if counts.any() else len(counts) // 2


def _grays(intensities: NDArray[Any]) -> NDArray[np.uint8]:
    """The middle 99 % of the intensities from black to white."""
    values = intensities.astype(float)
    finite = values[np.isfinite(values)]
    low, high = np.quantile(finite, [0.005, 0.995]) if len(finite) else (0, 0)
    scaled = (values - low) / ((high - low) or 1) * (_GRAYS - 1)
    return np.clip(np.nan_to_num(scaled), 0, _GRAYS - 1).astype(np.uint8)


def _outline(inside: BoolArray) -> BoolArray:
    """The outermost two pixels."""
    return inside & ~_without_edge(_without_edge(inside))


def _without_edge(inside: BoolArray) -> BoolArray:
    near = np.pad(inside, 1)
    return inside & near[:-2, 1:-1] & near[2:, 1:-1] & near[1:-1, :-2] & near[1:-1, 2:]
