"""Connected zones of equal level, in one pass with union-find.

A voxel looks only at neighbors that come before it in memory. Those of its own level make a bit mask, for a
whole row at once. Neighbors that touch one another are in one zone already, so a table tells one neighbor of
each separate group: none begins a zone, one lends its label, more unite zones. Labels are kept for two
planes; sizes and distances are summed per label, and added to the zone's first label in the end.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...types import Batch, DiscretizedRoi, IntArray, LevelArray
from ..contract import DistanceArray, Offsets
from . import jit
from .jit import compiled, inlined, read, write

Masks = NDArray[np.uint16]
Groups = NDArray[np.uint32]


def zones(
    batch: Batch[DiscretizedRoi], offsets: Offsets, distances: list[DistanceArray] | None
) -> list[IntArray]:
    """See `Backend.zones`."""
    if distances is None:
        distances = [np.zeros(item.shape, dtype=np.uint16) for item in batch.items]
    offsets = jit.forward(offsets)
    groups = _groups(tuple(map(tuple, offsets.tolist())))
    return jit.each(
        batch, lambda item, far: _zones(jit.bordered(item, offsets), offsets, groups, far), distances
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


def _zones(item: DiscretizedRoi, offsets: Offsets, groups: Groups, distance: DistanceArray) -> IntArray:
    labels = np.zeros((2, item.buffer[0].size), dtype=jit.counter(item))
    kinds = read(item.buffer.dtype), read(np.int64, 3), read(np.int64, 2), read(np.uint32), read(np.uint16, 3)
    find = compiled(_find, *kinds, write(labels.dtype, 2))
    steps = np.stack([jit.flat_steps(item, offsets), offsets[:, 0]], axis=1)
    far = np.ascontiguousarray(distance)
    found = find(item.buffer.reshape(-1), jit.row_spans(item), steps, groups, far, labels)
    return _rows(*(column.astype(np.uint64) for column in found))


def _rows(level: NDArray[np.uint64], size: NDArray[np.uint64], near: NDArray[np.uint64]) -> IntArray:
    """Count zones alike; the three values share 64 bits: 16, 16, and 32 for sizes below 2**32."""
    near_bits, size_bits = (np.uint64(int(column.max(initial=0)).bit_length()) for column in (near, size))
    key, count = np.unique((level << size_bits | size) << near_bits | near, return_counts=True)
    one = np.uint64(1)
    columns = (
        key >> near_bits >> size_bits,
        key >> near_bits & (one << size_bits) - one,
        key & (one << near_bits) - one,
        count,
    )
    return np.stack([column.astype(np.int64) for column in columns], axis=1)


def _find(
    levels: LevelArray, spans: IntArray, steps: IntArray, groups: Groups, distance: DistanceArray,
    labels: NDArray[Any],
) -> tuple[NDArray[np.uint16], NDArray[Any], NDArray[np.uint16]]:  # fmt: skip
    """Level, size and smallest distance of every zone."""
    depth, height, width = distance.shape
    plane, known, n = labels.shape[1], labels.reshape(-1), 0
    masks, sources = np.empty(width, dtype=np.uint16), np.empty(len(steps), dtype=np.int64)
    parents, sizes, kinds, near = labels[0, :0], labels[0, :0], masks[:0], masks[:0]
    for z in range(depth):
        for y in range(height):
            if n + width > parents.size:
                capacity = 2 * n + width
                parents, sizes = _longer(parents, capacity), _longer(sizes, capacity)
                kinds, near = _longer(kinds, capacity), _longer(near, capacity)
            first, last, left = spans[z, y]
            for a in range(len(steps)):
                step, planes_back = steps[a]
                sources[a] = (z - planes_back) % 2 * plane + (first - step) % plane
            _match(levels, first, last, steps, masks)
            target = z % 2 * plane + first % plane
            for x in range(last - first):
                level = levels[first + x]
                if level == 0:
                    continue
                label, group = n, groups[masks[x]]
                if group == 0:
                    parents[n], sizes[n], kinds[n], near[n], n = n, 0, level, 65_535, n + 1
                else:
                    label = _united(group, groups, known, sources, x, parents)
                known[target + x] = label
                sizes[label] += 1
                near[label] = min(near[label], distance[z, y, left + x])
    return _roots(parents[:n], sizes, kinds, near)


@inlined
def _match(levels: LevelArray, first: int, last: int, steps: IntArray, masks: Masks) -> None:
    """Set bit a where the neighbor one step back along offset a has the voxel's level."""
    row = levels[first:last]
    masks[: row.size] = 0
    for a in range(len(steps)):
        before = levels[first - steps[a, 0] : last - steps[a, 0]]
        for x in range(row.size):
            masks[x] |= np.uint16(row[x] == before[x]) << a


@inlined
def _united(
    group: int, groups: Groups, known: NDArray[Any], sources: IntArray, x: int, parents: NDArray[Any]
) -> Any:
    """Label for a voxel with this group of neighbors and those left in its mask: their zones become one."""
    label = np.int64(known[sources[(group >> 16) - 1] + x])
    group = groups[group & 0xFFFF]
    while group != 0:
        label = _root(parents, label)
        other = _root(parents, np.int64(known[sources[(group >> 16) - 1] + x]))
        label, other = min(label, other), max(label, other)
        parents[other] = label
        group = groups[group & 0xFFFF]
    return label


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


@inlined
def _roots(
    parents: NDArray[Any], sizes: NDArray[Any], kinds: NDArray[np.uint16], near: NDArray[np.uint16]
) -> tuple[NDArray[np.uint16], NDArray[Any], NDArray[np.uint16]]:
    """Add every label to its parent, which is smaller, then close the gaps."""
    for label in range(parents.size - 1, -1, -1):
        parent = parents[label]
        if parent != label:
            sizes[parent] += sizes[label]
            near[parent] = min(near[parent], near[label])
    n = 0
    for label in range(parents.size):
        if parents[label] == label:
            sizes[n], kinds[n], near[n], n = sizes[label], kinds[label], near[label], n + 1
    return kinds[:n].copy(), sizes[:n].copy(), near[:n].copy()
