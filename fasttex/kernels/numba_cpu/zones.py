"""Connected zones of equal level, in one pass with union-find.

A voxel looks only at neighbors that come before it in memory. Those of its own level make a bit mask, for
many voxels at once. Neighbors that touch one another are in one zone already, so a table tells one neighbor
of each separate group: none begins a zone, one lends its label, more unite zones. Labels are kept for two
planes; sizes and distances are summed per label, and added to the zone's first label in the end.

A slab begins with labels of its own. Those of its first and of its last plane are kept, and zones that meet
there are united before sizes and distances are added up.
"""

from __future__ import annotations

import functools
import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...types import Batch, DiscretizedRoi, IntArray, LevelArray
from ..contract import DistanceArray, Offsets
from . import jit
from .jit import INT, compiled, inlined, read, write
from .slabs import in_slabs

Masks = NDArray[np.uint16]
Groups = NDArray[np.uint32]
Zones = tuple[NDArray[Any], NDArray[Any], NDArray[np.uint16], NDArray[np.uint16]]

_SMALL = 16  # voxels
_AHEAD = 256  # voxels that are looked at together at least, beyond the row's end if need be


class Forest(NamedTuple):
    """Labels of a slab: their parents, and the size, level and smallest distance of each."""

    parents: NDArray[Any]
    sizes: NDArray[Any]
    kinds: NDArray[np.uint16]
    near: NDArray[np.uint16]
    planes: slice
    first: NDArray[Any]  # labels in the first plane, as it lies in the buffer
    last: NDArray[Any]


def zones(
    batch: Batch[DiscretizedRoi], offsets: Offsets, distances: list[DistanceArray] | None
) -> list[IntArray]:
    """See `Backend.zones`."""
    if distances is None:
        distances = [np.zeros(item.shape, dtype=np.uint16) for item in batch.items]
    offsets = jit.forward(offsets)
    groups = _groups(tuple(map(tuple, offsets.tolist())))
    return in_slabs(
        [(jit.bordered(item, offsets), far) for item, far in zip(batch.items, distances, strict=True)],
        batch.threads,
        lambda task, planes: _forest(*task, planes, offsets, groups),
        lambda task, forests: _rows(task[0], offsets, forests),
    )


@functools.cache
def _groups(offsets: tuple[tuple[int, ...], ...]) -> Groups:
    """For every mask of equal neighbors: a neighbor, and the mask without those that it touches by and by.

    Number of the neighbor, from 1, in the upper 16 bits, mask in the lower ones; 0 for a mask of none.
    """
    touching = [sum(1 << b for b, p in enumerate(offsets) if _beside(o, p, offsets)) for o in offsets]
    masks = np.arange(1 << len(offsets))
    group = lowest = masks & -masks
    for _ in offsets:
        for a, others in enumerate(touching):
            group = group | np.where(group >> a & 1, masks & others, 0)
    number = np.frexp(lowest)[1]
    groups: Groups = (number << 16 | masks ^ group).astype(np.uint32)
    return groups


def _beside(p: tuple[int, ...], q: tuple[int, ...], offsets: tuple[tuple[int, ...], ...]) -> bool:
    """Whether one offset leads from p to q, or from q to p."""
    step = tuple(b - a for a, b in zip(p, q, strict=True))
    return step in offsets or tuple(-s for s in step) in offsets


def _forest(
    item: DiscretizedRoi, distance: DistanceArray, planes: slice, offsets: Offsets, groups: Groups
) -> Forest:
    """Labels of a slab with what they stand for, and of the voxels in its first and its last plane."""
    labels = np.zeros((2, item.buffer[0].size), dtype=jit.counter(item))
    first = np.zeros(labels.shape[1], dtype=labels.dtype)
    kinds = read(item.buffer.dtype), read(np.int64, 3), read(np.int64, 2), read(np.uint32), read(np.uint16, 3)
    find = compiled(_find, *kinds, write(labels.dtype, 2), write(labels.dtype))
    far = np.ascontiguousarray(distance[planes])
    given = item.buffer.reshape(-1), jit.row_spans(item, planes), _steps(item, offsets), groups, far
    found: Zones = find(*given, labels, first)
    return Forest(*found, planes, first, labels[(len(far) - 1) % 2])


def _steps(item: DiscretizedRoi, offsets: Offsets) -> IntArray:
    """Steps in the flat buffer, and how many planes they go back."""
    return np.stack([jit.flat_steps(item, offsets), offsets[:, 0]], axis=1)


def _joined(item: DiscretizedRoi, offsets: Offsets, forests: list[Forest]) -> Zones:
    """One forest of those of all slabs, in which zones that meet are united."""
    if len(forests) == 1:
        return forests[0][:4]
    joined = [np.concatenate(parts) for parts in zip(*(forest[:4] for forest in forests), strict=True)]
    parents, *others = joined
    shifts = np.cumsum([len(forest.parents) for forest in forests])
    for begin, end in pairwise(shifts):
        parents[begin:end] += begin.astype(parents.dtype)
    steps = _steps(item, offsets)
    across, dtype = steps[steps[:, 1] > 0, 0].copy(), parents.dtype
    kinds = read(item.buffer.dtype), read(np.int64, 2), read(np.int64), read(dtype), read(dtype), INT, INT
    for (before, behind), shift in zip(pairwise(forests), shifts, strict=False):
        spans = jit.row_spans(item, slice(behind.planes.start, behind.planes.start + 1))[0]
        labels = before.last, behind.first, shift - len(before.parents), shift
        compiled(_meet, *kinds, write(dtype))(item.buffer.reshape(-1), spans, across, *labels, parents)
    return parents, others[0], others[1], others[2]


def _rows(item: DiscretizedRoi, offsets: Offsets, forests: list[Forest]) -> IntArray:
    """Count zones alike: small ones, which may be as many as voxels, in a table; others are sorted."""
    parents, *others = _joined(item, offsets, forests)
    thinnest = min((side for side in item.shape if side > 1), default=1)
    shape = item.n_levels + 1, _SMALL, (thinnest + 3) // 2  # hardly any voxel is farther from the border
    small = np.zeros(shape if math.prod(shape) <= parents.size else (*shape[:2], 0), dtype=np.uint32)
    kinds = write(parents.dtype), write(others[0].dtype), write(np.uint16), write(np.uint16)
    large = compiled(_close, *kinds, write(np.uint32, 3))(parents, *others, small)
    cells = np.flatnonzero(small)
    i, s, d = np.unravel_index(cells, small.shape)
    level, size, near = (
        np.concatenate(pair, dtype=np.uint64, casting="unsafe")
        for pair in zip((i, s + 1, d), large, strict=True)
    )
    # The three share 64 bits: 16, 16, and 32 for sizes below 2**32.
    near_bits, size_bits = (np.uint64(int(column.max(initial=0)).bit_length()) for column in (near, size))
    key = (level << size_bits | size) << near_bits | near
    few, count = np.unique(key[len(cells) :], return_counts=True)
    key, count = np.concatenate([key[: len(cells)], few]), np.concatenate([small.reshape(-1)[cells], count])
    order, one = key.argsort(kind="stable"), np.uint64(1)
    key = key[order]
    columns = (
        key >> near_bits >> size_bits,
        key >> near_bits & (one << size_bits) - one,
        key & (one << near_bits) - one,
        count[order],
    )
    return np.stack([column.astype(np.int64) for column in columns], axis=1)


def _find(
    levels: LevelArray, spans: IntArray, steps: IntArray, groups: Groups, distance: DistanceArray,
    labels: NDArray[Any], first_labels: NDArray[Any],
) -> Zones:  # fmt: skip
    depth, height, width = distance.shape
    plane, known, n = labels.shape[1], labels.reshape(-1), 0
    masks, sources = np.empty(plane + _AHEAD, dtype=np.uint16), np.empty(len(steps) + 1, dtype=np.int64)
    parents, sizes, kinds, near = labels[0, :0], labels[0, :0], masks[:0], masks[:0]
    for z in range(depth):
        seen = 0
        for y in range(height):
            if n + width >= parents.size:
                capacity = 2 * n + width + 1
                parents, sizes = _longer(parents, capacity), _longer(sizes, capacity)
                kinds, near = _longer(kinds, capacity), _longer(near, capacity)
            first, last, left = spans[z, y]
            if first == last:
                continue
            cell = first % plane
            if last > seen:
                begin = max(first, seen)
                seen = max(last, min(begin + _AHEAD, levels.size))
                _match(levels, begin, seen, steps, z > 0, masks[begin - first + cell :])
            for a in range(len(steps)):
                step, planes_back = steps[a]
                sources[a + 1] = (z - planes_back) % 2 * plane + (first - step) % plane
            sources[0] = target = z % 2 * plane + cell
            for x in range(np.uint64(last - first)):
                level = levels[np.uint64(first) + x]
                if level == 0:
                    continue
                group = groups[masks[np.uint64(cell) + x]]
                parents[n], sizes[n], kinds[n], near[n] = n, 0, level, 65_535
                lent = np.int64(known[np.uint64(sources[np.uint64(group >> 16)]) + x])
                label = lent if group > 0 else n
                n += int(group == 0)
                group = groups[group & 0xFFFF]
                while group != 0:
                    label = _united(label, np.int64(known[sources[group >> 16] + x]), parents)
                    group = groups[group & 0xFFFF]
                known[np.uint64(target) + x] = label
                sizes[label] += 1
                near[label] = min(near[label], distance[z, y, np.uint64(left) + x])
        for cell in range(plane if z == 0 else 0):
            first_labels[cell] = labels[0, cell]
    return parents[:n], sizes[:n], kinds[:n], near[:n]


@inlined
def _match(
    levels: LevelArray, begin: int, end: int, steps: IntArray, across_planes: bool, masks: Masks
) -> None:
    """Set bit a where the neighbor one step back along offset a has the voxel's level."""
    here = levels[begin:end]
    for x in range(here.size):
        masks[x] = 0
    for a in range(len(steps)):
        if across_planes or steps[a, 1] == 0:
            before, bit = levels[begin - steps[a, 0] : end - steps[a, 0]], np.uint16(1 << a)
            for x in range(here.size):
                masks[x] |= bit if here[x] == before[x] else np.uint16(0)


@inlined
def _united(label: Any, other: Any, parents: NDArray[Any]) -> Any:
    """Make the zones of two labels one; returns its label."""
    label, other = _root(parents, label), _root(parents, other)
    label, other = min(label, other), max(label, other)
    parents[other] = label
    return label


def _meet(
    levels: LevelArray, spans: IntArray, steps: IntArray, before: NDArray[Any], behind: NDArray[Any],
    shift_before: int, shift_behind: int, parents: NDArray[Any],
) -> None:  # fmt: skip
    """Unite zones of a plane with those of the plane before it, which belongs to another slab."""
    plane = before.size
    for first, last, _ in spans:
        left, n = first % plane, last - first
        here, labels = levels[first:last], behind[left : left + n]
        for step in steps:
            there = levels[first - step : last - step]
            others = before[left + plane - step : left + plane - step + n]
            done: Any = -1
            done_before: Any = -1  # along a row the same zones meet again and again
            for x in range(n):
                if here[x] == there[x] and here[x] > 0 and (labels[x] != done or others[x] != done_before):
                    done, done_before = np.int64(labels[x]), np.int64(others[x])
                    _united(done + shift_behind, done_before + shift_before, parents)


@inlined
def _root(parents: NDArray[Any], label: Any) -> Any:
    while parents[label] != label:
        parents[label] = parents[parents[label]]
        label = np.int64(parents[label])
    return label


@inlined
def _longer(array: NDArray[Any], capacity: int) -> NDArray[Any]:
    longer = np.empty(capacity, dtype=array.dtype)
    for n in range(array.size):  # compiles in a fraction of the time of longer[:n] = array
        longer[n] = array[n]
    return longer


def _close(
    parents: NDArray[Any], sizes: NDArray[Any], kinds: NDArray[np.uint16], near: NDArray[np.uint16],
    small: NDArray[np.uint32],
) -> tuple[NDArray[np.uint16], NDArray[Any], NDArray[np.uint16]]:  # fmt: skip
    """Add every label to its parent, which is smaller; count small zones in [level, size - 1, distance].

    Returns level, size and smallest distance of each of the others.
    """
    for label in range(parents.size - 1, -1, -1):
        parent = parents[label]
        if parent != label:
            sizes[parent] += sizes[label]
            near[parent] = min(near[parent], near[label])
    n = 0
    for label in range(parents.size):
        if parents[label] == label:
            if sizes[label] <= _SMALL and near[label] < small.shape[2]:
                small[kinds[label], sizes[label] - 1, near[label]] += 1
            else:
                sizes[n], kinds[n], near[n], n = sizes[label], kinds[label], near[label], n + 1
    return kinds[:n], sizes[:n], near[:n]
