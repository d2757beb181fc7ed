"""Work split into slabs: whole items, and planes of large items, shared by threads.

An item is split only where that pays: a slab has at least `WORTH_A_SLAB` voxels, and as many as its counts
have cells, since every slab of a split item counts for itself and is added to the item afterwards. Sums of
integers do not depend on their order: nor does any result on the number of threads.

Threads are Python's, as kernels run without its lock.
"""

from __future__ import annotations

import _thread
import functools
import math
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, TypeVar

from ...types import Binning, DiscretizedRoi, IntArray, Shape

Item = TypeVar("Item")
Part = TypeVar("Part")
Result = TypeVar("Result")

WORTH_A_SLAB = 2**15
SLABS_PER_THREAD = 2  # not all take equally long
SPLIT_FINELY = False  # for tests: slabs of one plane and all threads, whatever that costs

# A thread takes time to start, and waits for others' Python between kernels: below this it saves none. The
# second is for kernels that take but a nanosecond or two per voxel.
VOXELS_PER_THREAD = 2**17
VOXELS_PER_THREAD_IF_FAST = 2**19


def each(items: Sequence[Item], threads: int, task: Callable[[Item], Result]) -> list[Result]:
    """Do `task` for every item on so many threads; results in order."""
    tasks = [functools.partial(task, item) for item in items]
    return _share(tasks, _worthwhile(threads, items, VOXELS_PER_THREAD))


def in_slabs(
    items: Sequence[Item],
    threads: int,
    count: Callable[[Item, slice], Part],
    finish: Callable[[Item, list[Part]], Result],
    *,
    cells: Callable[[Item], int] = lambda item: 0,
    axis: int = 0,
    per_thread: int = VOXELS_PER_THREAD,
) -> list[Result]:
    """Finish every item with what `count` found in its slabs of planes, on so many threads; results in order.

    `cells`: how many numbers `count` returns for a slab. `axis`: that is cut; 1 makes slabs of rows.
    `per_thread`: voxels below which a thread costs more time than it saves.
    """
    threads = _worthwhile(threads, items, per_thread)
    split = _slabs_of(items, threads, cells, axis)

    def task(item: Item, slab: slice, n_slabs: int) -> Any:
        found = count(item, slab)
        return finish(item, [found]) if n_slabs == 1 else found

    pairs = zip(items, split, strict=True)
    found = iter(
        _share(
            [functools.partial(task, item, s, len(slabs)) for item, slabs in pairs for s in slabs], threads
        )
    )
    return [
        next(found) if len(slabs) == 1 else finish(item, list(islice(found, len(slabs))))
        for item, slabs in zip(items, split, strict=True)
    ]


def _worthwhile(threads: int, items: Sequence[Item], per_thread: int) -> int:
    return threads if SPLIT_FINELY else max(1, min(threads, sum(map(_voxels, items)) // per_thread))


def _share(tasks: Sequence[Callable[[], Result]], threads: int) -> list[Result]:
    """Do all tasks on some threads, of which this one is the first; results in order.

    Threads of `threading` and of pools wait for each other when they start, which leaves them on one
    processor for some milliseconds: as long as all the work may take. These do not.
    """
    left = deque(enumerate(tasks))
    results: dict[int, Result] = {}
    failures: list[BaseException] = []

    def work() -> None:
        while left and not failures:
            try:
                n, task = left.popleft()
            except IndexError:  # another thread was faster
                return
            try:
                results[n] = task()
            except BaseException as failure:
                failures.append(failure)

    def help_out(done: _thread.LockType) -> None:
        try:
            work()
        finally:
            done.release()

    helping = []
    for _ in range(min(threads, len(tasks)) - 1):
        done = _thread.allocate_lock()
        done.acquire()
        try:
            _thread.start_new_thread(help_out, (done,))
        except RuntimeError:  # the system grants no more: those that run do all the work
            break
        helping.append(done)
    work()
    for done in helping:
        done.acquire()  # waits until it is released
    if failures:
        raise failures[0]
    return [results[n] for n in range(len(tasks))]


def _slabs_of(
    items: Sequence[Item], threads: int, cells: Callable[[Item], int], axis: int
) -> list[list[slice]]:
    """Planes of the slabs of every item."""
    if threads < 2:
        return [[slice(0, shape_of(item)[axis])] for item in items]
    share = sum(map(_voxels, items)) // (SLABS_PER_THREAD * threads) + 1
    split = []
    for item in items:
        planes = shape_of(item)[axis]
        voxels = 1 if SPLIT_FINELY else max(share, WORTH_A_SLAB, cells(item))
        n = min(planes, max(1, _voxels(item) // voxels))
        split.append([slice(k * planes // n, (k + 1) * planes // n) for k in range(n)])
    return split


def added(parts: list[IntArray]) -> IntArray:
    """Sum of what the slabs of an item counted; takes the place of the first."""
    total, *others = parts
    for part in others:
        total += part
    return total


def shape_of(item: Any) -> Shape:
    """Planes, rows and columns that a kernel goes through for this item."""
    if isinstance(item, tuple):  # an item with more that belongs to it
        item = item[0]
    if isinstance(item, DiscretizedRoi):
        return item.shape
    if isinstance(item, Binning):
        z, y, x = item.intensities.shape
    else:
        z, y, x = (axis.weight.size for axis in item.axes)
    return z, y, x


def _voxels(item: Any) -> int:
    return math.prod(shape_of(item))
