"""What the Numba kernels share: compiling, and the rows of a padded buffer.

Kernels are plain functions; `compiled` turns one into machine code for one explicit signature, at its
first call. Numba keeps the code beside this file, or in the user's own cache directory where that cannot
be written, or in ``NUMBA_CACHE_DIR``. Loading a cache runs what it holds: a ``NUMBA_CACHE_DIR`` that others
may write to is not used at all.

Never fastmath, so that floats round as in NumPy; never Numba's own threads, so that forked workers are safe.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numba
import numpy as np
from numba import types
from numpy.typing import DTypeLike, NDArray

from ...storage import is_private
from ...types import DiscretizedRoi, IntArray, LevelArray
from ..contract import Offsets

R = TypeVar("R")

_GAP = 256  # voxels outside that are gone through rather than to begin a stretch anew

INT, FLOAT = types.int64, types.float64
_TRIPLE = types.UniTuple(INT, 3)
_NATIVE = [np.dtype(t) for t in ("u1", "i2", "u2", "i4", "f4", "f8")]

# One thread compiles at a time, and no process forks meanwhile: the child would inherit locks, this one and
# those within Numba, that no thread of it ever releases.
_LOCK = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)


def compiled(function: Callable[..., R], *arguments: Any) -> Callable[..., R]:
    """Machine code of `function` for arguments of these Numba types; compiled or read once per process."""
    with _LOCK:  # else every thread of a batch would compile for itself
        return _compiled(function, arguments)


@functools.cache
def _compiled(function: Callable[..., R], arguments: tuple[Any, ...]) -> Callable[..., R]:
    jit = functools.partial(numba.jit, arguments, nopython=True, nogil=True, error_model="numpy")
    if not _cache_is_private():
        return jit()(function)  # type: ignore[no-any-return]
    try:
        return jit(cache=True)(function)  # type: ignore[no-any-return]
    except RuntimeError:  # no place to cache in at all
        return jit()(function)  # type: ignore[no-any-return]


def _cache_is_private() -> bool:
    """Whether nobody else can write to ``NUMBA_CACHE_DIR``; Numba's own choice of a folder is the user's."""
    return not numba.config.CACHE_DIR or is_private(numba.config.CACHE_DIR)


def inlined(function: Callable[..., R]) -> Callable[..., R]:
    """Let kernels of the same file call `function`, which is compiled with them.

    Of the same file only: Numba drops cached code when the kernel's file changes, and looks at no other.
    """
    return numba.extending.register_jitable(function)  # type: ignore[no-any-return]


@functools.cache
def read(dtype: DTypeLike, ndim: int = 1, layout: str = "C") -> Any:
    """Numba's type of an array that a kernel only reads."""
    return types.Array(numba.from_dtype(np.dtype(dtype)), ndim, layout, readonly=True)


@functools.cache
def write(dtype: DTypeLike, ndim: int = 1, layout: str = "C") -> Any:
    """Numba's type of an array that a kernel writes."""
    return types.Array(numba.from_dtype(np.dtype(dtype)), ndim, layout)


def bordered(item: DiscretizedRoi, offsets: Offsets) -> DiscretizedRoi:
    """Give the item at least as many zeros on each side as `offsets` reach; itself where it has them."""
    reach = np.abs(offsets).max(axis=0, initial=0)
    if all(p >= r for p, r in zip(item.pad, reach, strict=True)):
        return item
    grow = [max(0, int(r) - p) for p, r in zip(item.pad, reach, strict=True)]
    z, y, x = (p + g for p, g in zip(item.pad, grow, strict=True))
    buffer: LevelArray = np.pad(item.buffer, [(g, g) for g in grow])
    return replace(item, buffer=buffer, pad=(z, y, x))


def forward(offsets: Offsets) -> Offsets:
    """Turn offsets (of components -1, 0, 1) so that a voxel's predecessor comes before it in memory."""
    lead = np.take_along_axis(offsets, (offsets != 0).argmax(axis=1)[:, None], axis=1)
    turned: Offsets = offsets * lead
    return turned


def row_spans(item: DiscretizedRoi, planes: slice) -> IntArray:
    """Where the voxels inside begin and end in each row of these planes of ``levels``.

    Returns int64 of shape (z, y, 3): flat index in the buffer of the first, of the one behind the last (the
    same where none is inside), and the first one's x in ``levels``.
    """
    spans = np.empty((planes.stop - planes.start, item.shape[1], 3), dtype=np.int64)
    start = planes.start + item.pad[0], *item.pad[1:]
    find = compiled(_find_spans, read(item.buffer.dtype, 3), _TRIPLE, INT, write(np.int64, 3))
    find(item.buffer, start, item.shape[2], spans)
    return spans


def _find_spans(buffer: LevelArray, start: tuple[int, int, int], width: int, spans: IntArray) -> None:
    for z in range(spans.shape[0]):
        for y in range(spans.shape[1]):
            row = buffer[start[0] + z, start[1] + y, start[2] : start[2] + width]
            first, last = 0, width
            while first + 4 <= width and _empty(row, first):
                first += 4
            while first < width and row[first] == 0:
                first += 1
            while last - 4 > first and _empty(row, last - 4):
                last -= 4
            while last > first and row[last - 1] == 0:
                last -= 1
            left = ((start[0] + z) * buffer.shape[1] + start[1] + y) * buffer.shape[2] + start[2]
            spans[z, y, 0], spans[z, y, 1], spans[z, y, 2] = left + first, left + last, first


@inlined
def _empty(row: LevelArray, x: int) -> bool:
    """Whether none of four voxels is inside."""
    return (row[x] | row[x + 1] | row[x + 2] | row[x + 3]) == 0  # type: ignore[no-any-return]


def stretches(item: DiscretizedRoi, planes: slice) -> IntArray:
    """Begins and ends in the flat buffer, (n, 2), of stretches that hold all voxels inside of these planes.

    Rows are joined where it costs less to go through the voxels between them than to begin anew.
    """
    spans = row_spans(item, planes).reshape(-1, 3)
    n = compiled(_join, INT, write(np.int64, 2))(_GAP, spans)
    return spans[:n, :2].copy()


def _join(gap: int, spans: IntArray) -> int:
    """Make spans of rows into stretches, which take the place of the first spans; returns their number."""
    n = 0
    for first, last, _ in spans:
        if first == last:
            continue
        if n > 0 and first - spans[n - 1, 1] <= gap:
            spans[n - 1, 1] = last
        else:
            spans[n, 0], spans[n, 1], n = first, last, n + 1
    return n


def flat_steps(item: DiscretizedRoi, offsets: Offsets) -> IntArray:
    """Offsets as steps in the flat buffer."""
    _, height, width = item.buffer.shape
    steps: IntArray = offsets.astype(np.int64) @ np.array([height * width, width, 1])
    return steps


def native(array: NDArray[Any]) -> NDArray[Any]:
    """Give the array in a dtype that kernels are compiled for: float64 where it is none of them."""
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    dtype = array.dtype if array.dtype in _NATIVE else np.float64
    return np.require(array, dtype, "A")


def counter(item: DiscretizedRoi) -> Any:
    """Type that can count the voxels of `item`."""
    return np.uint32 if item.buffer.size < 2**32 else np.uint64
