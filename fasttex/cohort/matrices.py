"""The integer matrices of a case as one NumPy archive.

Each array is kept by its entries other than 0: where they are, as steps through the flat array, and what they
are, in the smallest unsigned type. All arrays of a case lie end to end in two members of the archive; a third
one lists what they are.
"""

from __future__ import annotations

import io
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..features.chunks import Taker
from ..matrices.offsets import directions, touching
from ..types import Glcm, Glrlm, IntArray, Ngldm, Ngtdm, Zones

__all__ = ["Counts", "Kept"]

#: The arrays of each kind of matrix; the place in this list is the kind in an archive.
_ARRAYS = {
    "glcm": ("counts",),
    "glrlm": ("counts",),
    "zones": ("rows",),
    "ngtdm": ("difference_sums", "voxels"),
    "ngldm": ("counts",),
}
_KINDS = list(_ARRAYS)
_KIND = {"glszm": "zones", "gldzm": "zones"}

Row = tuple[str, int]


class Counts:
    """Takes the matrices of a case as they are counted, and packs them."""

    def __init__(self) -> None:
        self._levels: dict[Row, IntArray] = {}
        self._held: dict[Row, list[tuple[int, ...]]] = {}
        self._entries: dict[Row, list[tuple[IntArray, IntArray]]] = {}

    def taker(self, recipe_id: str, rois: Sequence[int]) -> Taker:
        """Who takes the matrices of these ROIs; what was there of them is forgotten."""
        rows = [(recipe_id, roi) for roi in rois]
        for row in rows:
            self._held[row], self._entries[row] = [], []
        last: Sequence[Any] = ()

        def take(family: str, planar: bool, owners: Sequence[int], matrices: Sequence[Any]) -> None:
            nonlocal last
            if matrices is last:  # two families of one pass share its zones
                return
            last = matrices
            for owner, matrix in zip(owners, matrices, strict=True):
                self._add(rows[owner], _KIND.get(family, family), planar, matrix)

        return take

    def _add(self, row: Row, kind: str, planar: bool, matrix: Any) -> None:
        self._levels[row] = matrix.level_values
        for name in _ARRAYS[kind]:
            array = getattr(matrix, name)
            where = np.flatnonzero(array)
            shape = (*array.shape, 1)[:3]
            self._held[row].append((_KINDS.index(kind), planar, *shape, len(where)))
            self._entries[row].append((_small(np.diff(where, prepend=0)), _small(array.ravel()[where])))

    def packed(self, rows: Sequence[Row]) -> bytes:
        """A NumPy archive of the matrices of these rows, each a ``recipe_id`` and the index of a ROI."""
        levels = [self._levels.get(row, np.empty(0, np.int64)) for row in rows]
        entries = [entry for row in rows for entry in self._entries.get(row, [])]
        arrays = [(n, *told) for n, row in enumerate(rows) for told in self._held.get(row, [])]
        file = io.BytesIO()
        np.savez_compressed(
            file,
            arrays=np.array(arrays, np.int64).reshape(-1, 7),
            steps=_joined([steps for steps, _ in entries]),
            values=_joined([values for _, values in entries]),
            levels=np.concatenate([np.empty(0, np.int64), *levels]),
            n_levels=np.array([len(found) for found in levels], np.int64),
        )
        return file.getvalue()


def _small(array: IntArray) -> Any:
    return array.astype(np.min_scalar_type(int(array.max(initial=0))))


def _joined(arrays: list[Any]) -> Any:
    return np.concatenate([np.empty(0, np.uint8), *arrays])


class Kept:
    """The matrices of an archive that `Counts` packed.

    Parameters
    ----------
    packed : bytes
    """

    def __init__(self, packed: bytes) -> None:
        with np.load(io.BytesIO(packed), allow_pickle=False) as archive:
            found = {name: archive[name] for name in archive.files}
        self._steps, self._values = found["steps"], found["values"]
        self._levels = np.split(found["levels"], np.cumsum(found["n_levels"])[:-1])
        ends = np.cumsum(found["arrays"][:, -1]).tolist()
        self._arrays: dict[tuple[int, str, bool], list[tuple[list[int], int, int]]] = defaultdict(list)
        for (row, kind, planar, *shape, n), end in zip(found["arrays"].tolist(), ends, strict=True):
            self._arrays[row, _KINDS[kind], bool(planar)].append((shape, end - n, end))

    def planar(self, row: int) -> bool:
        """Whether there are matrices of slices."""
        return any(n == row and planar for n, _, planar in self._arrays)

    def matrices(self, row: int, family: str, planar: bool, settings: Mapping[str, Any]) -> Iterator[Any]:
        """Those of a row, or of its slices if `planar`, in the order in which they were counted."""
        kind = _KIND.get(family, family)
        arrays = (self._array(*told) for told in self._arrays[row, kind, planar])
        levels = self._levels[row]
        if kind == "glcm":
            offsets = directions(settings["distance"], planar=planar, convention=settings["convention"])
            return (Glcm(counts, offsets, levels) for counts in arrays)
        if kind == "glrlm":
            return (Glrlm(c, touching(planar=planar), levels, _weighed(c[0].sum(axis=0))) for c in arrays)
        if kind == "zones":
            return (Zones(r[:, :, 0], levels, int(r[:, 1, 0] @ r[:, 3, 0])) for r in arrays)
        if kind == "ngtdm":
            return (
                Ngtdm(sums[:, :, 0], voxels[:, :, 0], levels)
                for sums, voxels in zip(arrays, arrays, strict=True)
            )
        return (Ngldm(counts[:, :, 0], levels) for counts in arrays)

    def _array(self, shape: list[int], begin: int, end: int) -> IntArray:
        array = np.zeros(math.prod(shape), np.int64)
        array[np.cumsum(self._steps[begin:end], dtype=np.int64)] = self._values[begin:end]
        return array.reshape(shape)


def _weighed(runs: IntArray) -> int:
    """Voxels in so many runs of lengths 1, 2 and so on."""
    return int(runs @ np.arange(1, len(runs) + 1))
