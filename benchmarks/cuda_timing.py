"""How long the CUDA backend takes: kernels by events on the card, whole calls by the clock, uploads apart.

``python benchmarks/cuda_timing.py`` prints a table in Markdown, each of whose rows equals what cpp counts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np
from scipy.ndimage import gaussian_filter
from volumes import ellipsoid

from fasttex.backends import get_backend, resolve_threads
from fasttex.kernels import cuda
from fasttex.kernels.cuda import ragged
from fasttex.kernels.cuda.device import Device, array_module, working
from fasttex.types import Batch, DiscretizedRoi

N_LEVELS = 32
OFFSETS = np.array([o for o in np.ndindex(3, 3, 3) if o > (1, 1, 1)], dtype=np.int32) - 1
NEIGHBORS = np.concatenate([-OFFSETS[::-1], OFFSETS])


def zones(backend: Any, batch: Batch[DiscretizedRoi]) -> list[Any]:
    """GLSZM and GLDZM: distances, then zones."""
    return backend.zones(batch, OFFSETS, backend.border_distance(batch))


#: What is timed: a backend and a batch give arrays.
WORK: dict[str, Callable[[Any, Batch[DiscretizedRoi]], list[Any]]] = {
    "glcm": lambda backend, batch: backend.glcm(batch, OFFSETS),
    "glrlm": lambda backend, batch: backend.glrlm(batch, OFFSETS),
    "border_distance + zones": zones,
    "neighborhood": lambda backend, batch: [
        array
        for found in backend.neighborhood(batch, NEIGHBORS, 0)
        for array in (found.difference_sums, found.voxels, found.dependences)
    ],
    "surface": lambda backend, batch: backend.surface(batch),
}
WORK["all"] = lambda backend, batch: [
    array for name, call in WORK.items() if name != "all" for array in call(backend, batch)
]


def levels_of(values: np.ndarray, inside: np.ndarray | slice = np.s_[:]) -> np.ndarray:
    """Gray levels of equal width inside, 0 outside."""
    low, high = values[inside].min(), values[inside].max()
    scaled = np.floor((values - low) * np.float32(N_LEVELS / (high - low))).astype(np.int16)
    found = np.zeros(values.shape, dtype=np.uint8)
    found[inside] = np.minimum(scaled[inside] + 1, N_LEVELS)
    return found


def many_rois(n_rois: int = 1000, n_voxels: int = 8000) -> Batch[DiscretizedRoi]:
    """Ellipsoids of smooth noise, of fifty patterns."""
    patterns = [levels_of(*ellipsoid(n_voxels, seed)) for seed in range(min(50, n_rois))]
    rois = (patterns[n % len(patterns)] for n in range(n_rois))
    return Batch(tuple(DiscretizedRoi.from_levels(levels) for levels in rois), "cuda")


def one_volume(shape: tuple[int, int, int] = (200, 512, 512)) -> Batch[DiscretizedRoi]:
    """Smooth noise, all of it inside."""
    noise = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    return Batch((DiscretizedRoi.from_levels(levels_of(gaussian_filter(noise, 1.5))),), "cuda")


@contextmanager
def events(cp: Any) -> Iterator[list[float]]:
    """Milliseconds on the card of each kernel that is launched within; there once it ends."""
    pairs: list[tuple[Any, Any]] = []
    times: list[float] = []
    sound = Device.function

    def function(device: Device, file: str, name: str, shared_bytes: int = 0) -> Any:
        kernel = sound(device, file, name, shared_bytes)

        def launch(*args: Any, **rest: Any) -> None:
            pairs.append((cp.cuda.Event(), cp.cuda.Event()))
            pairs[-1][0].record(device.stream)
            kernel(*args, **rest)
            pairs[-1][1].record(device.stream)

        return launch

    with patch.object(Device, "function", function):
        yield times
    for begin, end in pairs:
        end.synchronize()
        times.append(cp.cuda.get_elapsed_time(begin, end))


@dataclass(frozen=True)
class Timing:
    """Milliseconds: medians after a warm-up, which compiles kernels and sends levels.

    Attributes
    ----------
    kernels : float
        On the card, all kernels together.
    call : float
        By the clock: tables sent, kernels, results brought back and sorted; levels are on the card.
    """

    kernels: float
    call: float


def timing(cp: Any, name: str, batch: Batch[DiscretizedRoi], rounds: int) -> Timing:
    """Time some work on cuda."""
    WORK[name](cuda, batch)
    calls, kernels = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        WORK[name](cuda, batch)
        calls.append(1e3 * (time.perf_counter() - start))
        with events(cp) as times:
            WORK[name](cuda, batch)
        kernels.append(sum(times))
    return Timing(median(kernels), median(calls))


def upload_ms(batch: Batch[DiscretizedRoi], rounds: int) -> float:
    """Milliseconds by the clock to send all levels to the card, through pinned memory; the median."""
    found = []
    with working() as device:
        for _ in range(rounds + 1):
            ragged.forget()
            start = time.perf_counter()
            ragged.levels_of(device, batch, batch.items)
            device.stream.synchronize()
            found.append(1e3 * (time.perf_counter() - start))
    return median(found[1:])


def assert_as_cpp(name: str, batch: Batch[DiscretizedRoi], most: int = 40) -> None:
    """The results of some items, spread over the batch, are those of cpp; of "all", each part is compared."""
    for part in [name] if name != "all" else [n for n in WORK if n != "all"]:
        found = WORK[part](cuda, batch)
        per_item = len(found) // len(batch)
        chosen = range(0, len(batch), max(1, len(batch) // most))
        items = tuple(batch.items[n] for n in chosen)
        sample = replace(batch, items=items, owners=(), threads=resolve_threads(None))
        expected = WORK[part](get_backend("cpp"), sample)
        mine = [array for n in chosen for array in found[n * per_item : (n + 1) * per_item]]
        for a, b in zip(mine, expected, strict=True):
            np.testing.assert_array_equal(a, b)


def rows(cp: Any, what: str, batch: Batch[DiscretizedRoi], rounds: int) -> Iterator[str]:
    """Of the table: everything that is timed on one batch."""
    for name in WORK:
        assert_as_cpp(name, batch)
        found = timing(cp, name, batch, rounds)
        yield f"| {what} | {name} | {found.kernels:.2f} | {found.call:.1f} |"
    mega = sum(item.buffer.nbytes for item in batch.items) / 1e6
    yield f"| {what} | sending {mega:.0f} MB of levels | | {upload_ms(batch, rounds):.1f} |"


def table(
    cp: Any, batches: Sequence[tuple[str, Callable[[], Batch[DiscretizedRoi]]]], rounds: int
) -> Iterator[str]:
    """The lines of the table, and above it what it was measured on."""
    card = cp.cuda.runtime.getDeviceProperties(cp.cuda.runtime.getDevice())
    versions = f"CuPy {cp.__version__}, NVRTC {'.'.join(map(str, cp.cuda.nvrtc.getVersion()))}"
    yield f"{bytes(card['name']).decode()}, {versions}, {datetime.now(UTC):%Y-%m-%d}; medians of {rounds}:\n"
    yield "| | | kernels, ms | whole call, ms |\n|---|---|---|---|"
    for what, made in batches:
        yield from rows(cp, what, made(), rounds)


BATCHES = (
    ("1,000 ROIs of 8,000 voxels", many_rois),
    ("one volume of 512 × 512 × 200", one_volume),
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    get_backend("cuda")  # or say why not
    for line in table(array_module(), BATCHES, rounds):
        print(line, flush=True)


if __name__ == "__main__":
    main()
