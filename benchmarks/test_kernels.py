"""Nanoseconds per ROI voxel of every kernel, by backend, kind of data, size and number of gray levels.

Every result is compared: with the reference for the smallest ROIs, else with the other fast backend.
"""

import functools
import hashlib

import numpy as np
import pytest
from volumes import ellipsoid, levels

from fasttex import prepare
from fasttex.backends import available, get_backend, put
from fasttex.matrices.offsets import directions, neighbors, touching
from fasttex.preprocess.resample import axis_table
from fasttex.types import Binning, Neighborhood, Sampling

SIZES = (10_000, 100_000, 1_000_000, 4_000_000)
FOR_REFERENCE = 10_000
N_LEVELS = (32, 64, 256)
# All intensities being equal, a constant has one level, however many there might be.
DATA = [(texture, n) for texture in ("smooth", "white") for n in N_LEVELS] + [("constant", N_LEVELS[0])]

pytestmark = pytest.mark.benchmark(max_time=0.4, min_rounds=3, calibration_precision=5)
sizes = pytest.mark.parametrize("n_voxels", SIZES, ids=lambda n: f"{n // 1000}k")
data = pytest.mark.parametrize(("texture", "n_levels"), DATA)


@functools.cache
def level_batch(n_voxels, texture, n_levels):
    return prepare(levels(n_voxels, n_levels, texture), backend="reference")


@functools.cache
def distances(n_voxels):
    batch = level_batch(n_voxels, "smooth", 32)
    return get_backend("auto").border_distance(batch)  # the same whatever the levels are


def binnings(n_voxels, texture, n_levels):
    values, inside = ellipsoid(n_voxels, texture=texture)
    low, high = float(values[inside].min()), float(values[inside].max())
    return put([Binning(values, inside, "fbn", n_levels, 1, low, high - low)])


def samplings(n_voxels):
    """To 0.8 of the spacing along each axis."""
    values, _ = ellipsoid(n_voxels)
    tables = [axis_table(np.arange(int(n / 0.8)) * 0.8, n, 0, "linear") for n in values.shape]
    return put([Sampling(values, tuple(tables))])


def task(kernel, n_voxels, texture, n_levels):
    """A function from a backend to what its kernel finds."""
    if kernel == "resample":
        batch = samplings(n_voxels)
        return lambda backend: backend.resample(batch)
    if kernel == "discretize":
        batch = binnings(n_voxels, texture, n_levels)
        return lambda backend: backend.discretize(batch)
    batch, far = level_batch(n_voxels, texture, n_levels), distances(n_voxels)
    pairs, contacts = directions(1, planar=False, convention="ibsi1"), touching(planar=False)
    around = neighbors(1, planar=False)
    return {
        "glcm": lambda backend: backend.glcm(batch, pairs),
        "glrlm": lambda backend: backend.glrlm(batch, contacts),
        "zones": lambda backend: backend.zones(batch, contacts, far),
        "neighborhood": lambda backend: backend.neighborhood(batch, around, 0),
        "border_distance": lambda backend: backend.border_distance(batch),
        "surface": lambda backend: backend.surface(batch),
    }[kernel]


def digest(results):
    """Of everything that a kernel returns for its only item."""
    (found,) = results
    arrays = vars(found).values() if isinstance(found, Neighborhood) else [found]
    text = hashlib.blake2b()
    for array in arrays:
        text.update(f"{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).data)
    return text.hexdigest()


@functools.cache
def expected(judge, *what):
    return digest(task(*what)(get_backend(judge)))


def check(benchmark, fast_backend, kernel, n_voxels, texture="smooth", n_levels=32, *, per=None):
    """Time the kernel, note what it takes per voxel (of `per`, or of the ROI), and compare what it finds."""
    backend, run = get_backend(fast_backend), task(kernel, n_voxels, texture, n_levels)
    found = benchmark(run, backend)
    n = per or level_batch(n_voxels, texture, n_levels).items[0].n_voxels
    if benchmark.stats:  # none with --benchmark-disable
        benchmark.extra_info["ns_per_voxel"] = round(benchmark.stats["min"] / n * 1e9, 3)
    other = {"cpp": "numba", "numba": "cpp"}[fast_backend]
    judge = other if n_voxels > FOR_REFERENCE and not available()[other] else "reference"
    assert digest(found) == expected(judge, kernel, n_voxels, texture, n_levels)


@data
@sizes
@pytest.mark.parametrize("kernel", ["glcm", "glrlm", "zones", "neighborhood", "discretize"])
def test_of_levels(benchmark, fast_backend, kernel, n_voxels, texture, n_levels):
    check(benchmark, fast_backend, kernel, n_voxels, texture, n_levels)


@sizes
@pytest.mark.parametrize("kernel", ["border_distance", "surface"])
def test_of_masks(benchmark, fast_backend, kernel, n_voxels):
    check(benchmark, fast_backend, kernel, n_voxels)


@sizes
def test_resample(benchmark, fast_backend, n_voxels):
    """Per new voxel."""
    axes = samplings(n_voxels).items[0].axes
    check(benchmark, fast_backend, "resample", n_voxels, per=int(np.prod([len(axis.lower) for axis in axes])))
