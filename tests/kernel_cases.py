"""What all tests of kernels share: how to call each, what equal means, and the volumes that they must know."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from strategies import within

from fasttex.kernels import reference
from fasttex.kernels.contract import Backend
from fasttex.types import AxisTable, Batch, Binning, DiscretizedRoi, Neighborhood, Sampling

MATRICES = ("glcm", "glrlm", "zones", "neighborhood", "border_distance", "surface")


def directions(planar: bool = False) -> np.ndarray:
    """The 13 directions, or 4 in a slice."""
    return np.array([o for o in within(1, planar) if o > (0, 0, 0)], dtype=np.int32)


def neighbors(planar: bool = False, distance: int = 1) -> np.ndarray:
    """The 26 neighbors, or 8 in a slice; more at a larger distance."""
    return np.array(within(distance, planar), dtype=np.int32)


def run(backend: Backend, kernel: str, batch: Batch[Any], **options: Any) -> list[Any]:
    """Call a kernel: with all directions, the true distances and alpha 0, unless `options` say otherwise."""
    function = getattr(backend, kernel)
    if kernel in ("glcm", "glrlm"):
        options.setdefault("offsets", directions(batch.planar))
    if kernel == "zones":
        options.setdefault("offsets", directions(batch.planar))
        options.setdefault("distances", reference.border_distance(batch))
    if kernel == "neighborhood":
        options.setdefault("offsets", neighbors(batch.planar))
        options.setdefault("alpha", 0)
    return function(batch, **options)


def arrays(thing: Any) -> list[np.ndarray]:
    """Every array that an item, a batch, a result or a list of them holds, in order."""
    if isinstance(thing, np.ndarray):
        return [thing]
    if isinstance(thing, (list, tuple)):
        return [array for part in thing for array in arrays(part)]
    if isinstance(thing, dict):
        return arrays(list(thing.values()))
    if isinstance(thing, (Batch, Binning, DiscretizedRoi, Sampling, AxisTable, Neighborhood)):
        return arrays(list(vars(thing).values()))
    return []


def assert_same(found: Any, expected: Any) -> None:
    """Same shapes, dtypes and numbers; floats to the bit."""
    found, expected = arrays(found), arrays(expected)
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        assert a.flags.c_contiguous
        if a.dtype == np.float64:
            a, b = a.view(np.int64), b.view(np.int64)
        np.testing.assert_array_equal(a, b)


@contextmanager
def read_only(*given: Any) -> Iterator[None]:
    """Lock all arrays, and check afterwards that nothing was written to them all the same."""
    locked = [array for array in arrays(list(given)) if array.flags.writeable]
    before = [array.copy() for array in locked]
    for array in locked:
        array.flags.writeable = False
    try:
        yield
    finally:
        for array in locked:
            array.flags.writeable = True
    for array, copy in zip(locked, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def check(backend: Backend, kernel: str, batch: Batch[Any], **options: Any) -> None:
    """The backend equals the reference."""
    compare(backend, kernel, batch, run(reference, kernel, batch, **options), options)


def compare(
    backend: Backend, kernel: str, batch: Batch[Any], expected: list[Any], options: dict[str, Any]
) -> None:
    """The backend finds what is expected, on input that it must not write to, on one thread and on three."""
    with read_only(batch, options):
        assert_same(run(backend, kernel, batch, **options), expected)
        assert_same(run(backend, kernel, replace(batch, threads=3), **options), expected)


def noise(shape: tuple[int, int, int], n_levels: int, seed: int = 0, outside: float = 0.2) -> np.ndarray:
    """Random levels, some voxels outside."""
    random = np.random.default_rng(seed)
    levels = random.integers(1, n_levels + 1, shape)
    levels[random.random(shape) < outside] = 0
    levels[0, 0, 0] = n_levels
    return levels


def blobs(shape: tuple[int, int, int], n_levels: int, seed: int = 0) -> np.ndarray:
    """Smooth levels with runs and zones of many sizes, in an ellipsoid."""
    random = np.random.default_rng(seed)
    smooth = random.normal(size=shape)
    for axis in range(3):
        for _ in range(3):
            smooth = smooth + np.roll(smooth, 1, axis) + np.roll(smooth, -1, axis)
    ranks = smooth.argsort(axis=None).argsort().reshape(shape)
    levels = 1 + ranks * n_levels // smooth.size
    axes = np.ogrid[tuple(slice(-1, 1, n * 1j) for n in shape)]
    levels[sum(a * a for a in axes) > 1.2] = 0
    return levels


def checkerboard(shape: tuple[int, int, int]) -> np.ndarray:
    """Levels 1 and 2 in turn, along every axis: diagonals alone connect."""
    return 1 + np.indices(shape).sum(axis=0) % 2


def spiral(shape: tuple[int, int, int]) -> np.ndarray:
    """Two arms that wind around each other, turning with z: zones that meet late."""
    z, y, x = np.indices(shape)
    y, x = y - shape[1] / 2, x - shape[2] / 2
    turns = np.hypot(y, x) / 6 - np.arctan2(y, x) / (2 * np.pi) + z / 9
    return 1 + (turns % 1 < 0.5)


def batch_of(*levels: np.ndarray, n_levels: int | None = None, pad: int = 1) -> Batch[DiscretizedRoi]:
    """A batch of volumes of levels."""
    items = tuple(DiscretizedRoi.from_levels(array, n_levels=n_levels, pad=pad) for array in levels)
    return Batch(items=items, backend="any")


def widened(batch: Batch[DiscretizedRoi]) -> Batch[DiscretizedRoi]:
    """The same levels in uint16."""
    items = tuple(replace(item, buffer=item.buffer.astype(np.uint16)) for item in batch.items)
    return replace(batch, items=items)


def volumes() -> dict[str, np.ndarray]:
    """Volumes that random small boxes would not reach, small enough for the reference."""
    found = {f"row of {n}": noise((2, 3, n), 3, n) for n in (15, 16, 17, 31, 32, 33, 63, 64, 65)}
    found |= {f"{n} levels": noise((4, 5, 40), n, n) for n in (127, 128, 129, 254, 255, 256, 257)}
    found |= {
        f"side of {n} along {'zyx'[axis]}": _long(n, axis) for n in (255, 256, 300) for axis in range(3)
    }
    found["runs of 14 to 16"] = np.concatenate([np.full((1, 2, n), level) for level, n in _RUNS], axis=2)
    found["runs of 255 to 257"] = np.repeat(np.array([1, 2, 1]), [255, 256, 257])[None, None]
    found["runs of 300 levels"] = np.repeat(np.arange(1, 301), np.arange(300) % 7 + 1)[None, None]
    found["constant"] = np.full((9, 9, 17), 3)
    found["checkerboard"] = checkerboard((6, 7, 33))
    found["spiral"] = spiral((5, 24, 35))
    found["comb"] = _comb(9, 34)
    found["noise"] = noise((7, 8, 33), 2)
    found["blobs"] = blobs((12, 13, 35), 6)
    found["lone voxel"] = np.ones((1, 1, 1), dtype=np.int64)
    found["corners"] = np.zeros((4, 4, 18), dtype=np.int64)
    found["corners"][::3, ::3, ::17] = 1
    return found


_RUNS = [(1, 14), (2, 15), (1, 16), (2, 1), (1, 2)]


def _long(n: int, axis: int) -> np.ndarray:
    shape = [2, 2, 2]
    shape[axis] = n
    levels = np.ones(shape, dtype=np.int64)
    levels[0, 0, 0] = 2
    return levels


def _comb(height: int, width: int) -> np.ndarray:
    """Teeth that only the last row joins: as many unions as teeth."""
    levels = np.zeros((2, height, width), dtype=np.int64)
    levels[:, :, ::2] = 1
    levels[:, -1] = 1
    return levels


VOLUMES = volumes()


@cache
def expected_of_volumes(kernel: str) -> list[tuple[str, Batch[DiscretizedRoi], dict[str, Any], list[Any]]]:
    """Name, batch, options and the reference's result of all of `VOLUMES`, as a whole and slice by slice."""
    cases = []
    for name, levels in VOLUMES.items():
        whole = batch_of(levels)
        batches = [whole]
        for axis in (0, 2):
            slices = tuple(whole.items[0].slices(axis))[:3]
            batches.append(replace(whole, items=slices, owners=(0,) * len(slices), planar=True))
        for batch, alpha in product(batches, (0, 2) if kernel == "neighborhood" else (None,)):
            options: dict[str, Any] = {} if alpha is None else {"alpha": alpha}
            if kernel == "zones":
                options["distances"] = reference.border_distance(batch)
            cases.append((name, batch, options, run(reference, kernel, batch, **options)))
    return cases


def check_volumes(backend: Backend, kernel: str) -> None:
    """Check a matrix kernel on all of `VOLUMES`, telling which one failed."""
    for name, batch, options, expected in expected_of_volumes(kernel):
        try:
            compare(backend, kernel, batch, expected, options)
        except AssertionError as error:
            error.add_note(f"volume: {name}")
            raise


def binning(x: np.ndarray, **changes: Any) -> Binning:
    """A binning of all of `x`."""
    values: dict[str, Any] = {"rule": "fbs", "n_levels": 40, "origin": float(x.min()), "width": 7.3}
    return Binning(intensities=x, inside=np.ones(x.shape, dtype=bool), **values | changes)


def binnings_on_edges() -> Batch[Binning]:
    """Intensities on the edges of bins and right beside them: the rounding of a division decides."""
    items = []
    for width in (0.1, 0.3, 1 / 3, 0.7, 25.0):
        edges = np.arange(-60, 60) * width
        x = np.stack([np.nextafter(edges, -np.inf), edges, np.nextafter(edges, np.inf)])[None]
        items += [binning(x, width=width, n_levels=100, origin=origin) for origin in (-60 * width, 0.0, 0.1)]
        items += [binning(x, rule="fbn", width=float(np.ptp(x)), n_levels=n) for n in (3, 7, 32, 119)]
        items += [binning(x, rule="edges", edges=edges), binning(x, rule="identity")]
    return Batch(items=tuple(items), backend="any")


def axis_table(n_old: int, n_new: int, nearest: bool = False) -> AxisTable:
    """Positions spread evenly over an axis."""
    positions = np.linspace(0, n_old - 1, n_new)
    if nearest:
        positions = np.rint(positions)
    lower = np.floor(positions).astype(np.int64)
    weight = positions - lower
    return AxisTable(lower=lower, upper=lower + (weight > 0), weight=weight)


def sampling(source: np.ndarray, shape: tuple[int, ...], nearest: bool = False) -> Batch[Sampling]:
    """A batch that resamples the whole of `source` to `shape`."""
    z, y, x = (axis_table(old, new, nearest) for old, new in zip(source.shape, shape, strict=True))
    return Batch(items=(Sampling(source=source, axes=(z, y, x)),), backend="any")


def check_everything(backend: Backend, kernel: str) -> None:
    """Every fixed case of a kernel."""
    if kernel == "discretize":
        check(backend, kernel, binnings_on_edges())
    elif kernel == "resample":
        source = np.random.default_rng(0).normal(size=(5, 6, 33))
        for shape in [(7, 13, 64), (3, 2, 17), (5, 6, 33), (1, 1, 1)]:
            for nearest in (False, True):
                check(backend, kernel, sampling(source, shape, nearest))
    else:
        check_volumes(backend, kernel)


def closed_form_runs(shape: tuple[int, int, int], offset: np.ndarray) -> np.ndarray:
    """Runs of a constant box by length: chains of k voxels number the product of n - (k - 1)·|d|."""
    steps = np.arange(max(shape) + 2)[:, None] * abs(offset.astype(np.int64))
    chains = np.maximum(np.array(shape) - steps, 0).prod(axis=1)
    return np.diff(chains, 2)
