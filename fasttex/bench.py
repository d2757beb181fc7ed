"""How fast this machine is: every kernel and the features, on data made from a seed.

Least and median wall times, with one thread and with more. What the backends find is compared, so that none
is timed at an easier task.
"""

from __future__ import annotations

import functools
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .backends import available, get_backend, prepare, put, resolve_threads
from .features.compute import compute_features
from .kernels.contract import KERNELS, Backend
from .matrices.offsets import directions, neighbors, touching
from .provenance import versions
from .types import AxisTable, Batch, Binning, DiscretizedRoi, Sampling

__all__ = ["FAMILIES", "Measurement", "Report", "run"]

FAMILIES = ("intensity_statistics", "glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm")
N_LEVELS, SEED, SMALL = 32, 1, 1_000
_FAST = ("cpp", "numba")
_START = (
    "import numpy as np, fasttex\n"
    "levels = np.arange(1000).reshape(10, 10, 10) * 7 % 32 + 1\n"
    "fasttex.compute_features(fasttex.prepare(levels, backend={backend!r}), {families!r})\n"
)


class Measurement(NamedTuple):
    """Wall times of one task; ``what`` is a kernel, "features" or "cold start"."""

    what: str
    backend: str
    voxels: int
    threads: int
    min_s: float
    median_s: float
    rounds: int

    @property
    def record(self) -> dict[str, Any]:
        """With nanoseconds per voxel, for JSON."""
        per_voxel = {f"{name}_ns_per_voxel": round(getattr(self, f"{name}_s") / self.voxels * 1e9, 3)
                     for name in ("min", "median")}  # fmt: skip
        return {**self._asdict(), **per_voxel}


class Report(NamedTuple):
    """Where it ran, what it took, and in what the backends disagree, which should be nothing."""

    machine: dict[str, Any]
    measurements: list[Measurement]
    disagreements: list[str]

    @property
    def record(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "machine": self.machine,
            "data": {"texture": "smooth noise", "n_levels": N_LEVELS, "seed": SEED},
            "measurements": [m.record for m in self.measurements],
            "disagreements": self.disagreements,
        }


class Plan(NamedTuple):
    """How much is measured."""

    backends: tuple[str, ...]
    thread_counts: tuple[int, ...]
    kernel_voxels: int
    feature_voxels: tuple[int, ...]
    seconds: float  # for each task, after it ran once


def run(
    backend: str = "auto",
    threads: int | None = None,
    *,
    quick: bool = False,
    progress: Callable[[str], None] = lambda stage: None,
) -> Report:
    """Measure this machine.

    Parameters
    ----------
    backend : str
        Whom to measure; "auto" is every fast backend that is here.
    threads : int, optional
        To compare with one thread: two, or as many as there are, if not given.
    quick : bool
        Smaller ROIs and fewer rounds.
    progress : callable, optional
        Called with the name of each stage.
    """
    plan = _plan(backend, threads, quick)
    measurements, results = [], {}
    for name in plan.backends:
        for n in plan.thread_counts:
            progress(f"{name} kernels, threads: {n}")
            times, results[f"{name}, threads: {n}"] = _kernel_times(name, n, plan)
            measurements += times
        progress(f"{name} features")
        measurements += _feature_times(name, plan)
        progress(f"{name} cold start")
        measurements.append(_cold_start(name))
    progress("agreement")
    disagreements = [*_differences(results), *_differences(_small_results(plan.backends))]
    return Report(_machine(plan), measurements, disagreements)


def _plan(backend: str, threads: int | None, quick: bool) -> Plan:
    if backend == "auto":
        here = available()
        backends = tuple(name for name in _FAST if not here[name])
        if not backends:
            get_backend("auto")  # says what to do
    else:
        backends = (get_backend(backend).NAME,)
    more = min(2, resolve_threads(None)) if threads is None else resolve_threads(threads)
    counts = tuple(sorted({1, more}))
    if quick:
        return Plan(backends, counts, 100_000, (SMALL, 10_000, 100_000), 0.06)
    return Plan(backends, counts, 1_000_000, (SMALL, 10_000, 100_000, 1_000_000), 0.5)


# ---- data ----


def ellipsoid(n_voxels: int) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """Intensities of smooth noise and the mask of a ball of about `n_voxels`, axes (z, y, x)."""
    from scipy.ndimage import gaussian_filter

    side = round((n_voxels * 6 / np.pi) ** (1 / 3)) + 2
    rng = np.random.default_rng(SEED)
    noise = gaussian_filter(rng.normal(size=(side,) * 3), 1.5)
    values = noise / noise.std() + 0.15 * rng.normal(size=noise.shape)
    square = (np.arange(side) - (side - 1) / 2) ** 2
    inside = square[:, None, None] + square[:, None] + square <= (side / 2 - 1) ** 2
    return np.rint(values * 200).astype(np.int16), inside


def _binning(n_voxels: int) -> Binning:
    values, inside = ellipsoid(n_voxels)
    low, high = float(values[inside].min()), float(values[inside].max())
    return Binning(values, inside, "fbn", N_LEVELS, origin=low, width=high - low)


def _batch(n_voxels: int, backend: str, threads: int = 1) -> Batch[DiscretizedRoi]:
    levels = get_backend(backend).discretize(put([_binning(n_voxels)], backend))[0]
    return prepare(levels[1:-1, 1:-1, 1:-1], backend=backend, threads=threads)


def _sampling(n_voxels: int) -> Sampling:
    """To 0.8 of the spacing along each axis."""
    values, _ = ellipsoid(n_voxels)
    at = np.arange(int((len(values) - 1) / 0.8)) * 0.8
    lower = at.astype(np.int64)
    table = AxisTable(lower, lower + 1, np.asarray(at - lower, dtype=np.float64))
    return Sampling(values, (table, table, table))


def _tasks(kernels: Backend, n_voxels: int, threads: int = 1) -> Iterator[tuple[str, int, Callable[[], Any]]]:
    """Each kernel: its name, the voxels to divide its time by, and a call of it."""
    binnings = put([_binning(n_voxels)], kernels.NAME, threads)
    samplings = put([_sampling(n_voxels)], kernels.NAME, threads)
    batch = _batch(n_voxels, kernels.NAME, threads)
    far, n = kernels.border_distance(batch), batch.items[0].n_voxels
    pairs, contacts = directions(1, planar=False, convention="ibsi1"), touching(planar=False)
    around = neighbors(1, planar=False)
    n_new = len(samplings.items[0].axes[0].weight) ** 3
    tasks: dict[str, Callable[[], Any]] = {
        "discretize": lambda: kernels.discretize(binnings),
        "resample": lambda: kernels.resample(samplings),
        "border_distance": lambda: kernels.border_distance(batch),
        "surface": lambda: kernels.surface(batch),
        "glcm": lambda: kernels.glcm(batch, pairs),
        "glrlm": lambda: kernels.glrlm(batch, contacts),
        "zones": lambda: kernels.zones(batch, contacts, far),
        "neighborhood": lambda: kernels.neighborhood(batch, around, 0),
    }
    for name in KERNELS:
        yield name, n_new if name == "resample" else n, tasks[name]


# ---- times ----


def _times(task: Callable[[], Any], seconds: float) -> tuple[float, float, int]:
    """Least and median time and the number of rounds, of which there are at least three."""
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while len(taken) < 3 or time.perf_counter() < end:
        begun = time.perf_counter()
        task()
        taken.append(time.perf_counter() - begun)
    return min(taken), statistics.median(taken), len(taken)


def _kernel_times(backend: str, threads: int, plan: Plan) -> tuple[list[Measurement], dict[str, Any]]:
    """What each kernel takes, and what it finds."""
    times, results = [], {}
    for name, voxels, task in _tasks(get_backend(backend), plan.kernel_voxels, threads):
        results[name] = task()  # loads, and compiles, what is needed
        times.append(Measurement(name, backend, voxels, threads, *_times(task, plan.seconds)))
    return times, results


def _feature_times(backend: str, plan: Plan) -> Iterator[Measurement]:
    """Statistics and textures of levels, by size; of the largest ROI with more threads, too."""
    for voxels in plan.feature_voxels:
        largest = voxels == plan.feature_voxels[-1]
        for threads in plan.thread_counts if largest else (1,):
            batch = _batch(voxels, backend, threads)
            compute_features(batch, FAMILIES)
            taken = _times(functools.partial(compute_features, batch, FAMILIES), plan.seconds)
            yield Measurement("features", backend, batch.items[0].n_voxels, threads, *taken)


def _cold_start(backend: str) -> Measurement:
    """From the start of a fresh process to its end, with features of one small ROI."""
    command = [sys.executable, "-P", "-c", _START.format(backend=backend, families=FAMILIES)]
    taken = _times(lambda: subprocess.run(command, check=True, capture_output=True), 0)
    return Measurement("cold start", backend, SMALL, 1, *taken)


# ---- agreement ----


def _differences(results: dict[str, dict[str, Any]]) -> list[str]:
    """The kernels in which backends differ from the first of them."""
    first, *others = results
    return [
        f"{kernel}: {other} differs from {first}"
        for other in others
        for kernel in KERNELS
        if not _same(results[first][kernel], results[other][kernel])
    ]


def _small_results(backends: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """What the reference and then each backend find in a ROI that is small enough for the reference."""
    return {
        name: {kernel: task() for kernel, _, task in _tasks(get_backend(name), SMALL)}
        for name in ("reference", *backends)
    }


def _same(left: list[Any], right: list[Any]) -> bool:
    def arrays(results: list[Any]) -> list[Any]:
        return [a for r in results for a in ([r] if isinstance(r, np.ndarray) else vars(r).values())]

    return all(np.array_equal(a, b) for a, b in zip(arrays(left), arrays(right), strict=True))


# ---- the machine ----


def _machine(plan: Plan) -> dict[str, Any]:
    found = {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "threads": resolve_threads(None),
        "versions": versions(),
    }
    if "cpp" in plan.backends:
        cpp: Any = get_backend("cpp")
        found["cpp build"] = {"name": cpp.BUILD, **cpp.build_info()}
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
                platform.processor() or "unknown")  # fmt: skip
