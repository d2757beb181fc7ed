"""Nanoseconds per ROI voxel of every kernel."""

import numpy as np
import pytest
from volumes import ellipsoid, levels

from fasttex import prepare
from fasttex.backends import get_backend, put
from fasttex.matrices.offsets import directions, neighbors, touching
from fasttex.preprocess.resample import axis_table
from fasttex.types import Binning, Sampling

SIZES = (10_000, 1_000_000)


def per_voxel(benchmark, n_voxels, run):
    """Time `run` and note what it takes per voxel."""
    found = benchmark(run)
    benchmark.extra_info["ns_per_voxel"] = round(benchmark.stats["min"] / n_voxels * 1e9, 2)
    return found


@pytest.fixture(params=SIZES)
def case(request, fast_backend):
    batch = prepare(levels(request.param), backend=fast_backend)
    return get_backend(fast_backend), batch, batch.items[0].n_voxels


def test_glcm(benchmark, case):
    backend, batch, n = case
    counts = per_voxel(
        benchmark, n, lambda: backend.glcm(batch, directions(1, planar=False, convention="ibsi1"))
    )
    assert counts[0].shape == (13, 32, 32)
    assert 11 * n < counts[0].sum() < 13 * n


def test_glrlm(benchmark, case):
    backend, batch, n = case
    counts = per_voxel(benchmark, n, lambda: backend.glrlm(batch, touching(planar=False)))
    assert (counts[0] * np.arange(1, counts[0].shape[2] + 1)).sum() == 13 * n


def test_border_distance(benchmark, case):
    backend, batch, n = case
    far = per_voxel(benchmark, n, lambda: backend.border_distance(batch))
    assert np.count_nonzero(far[0]) == n


def test_surface(benchmark, case):
    backend, batch, n = case
    cases = per_voxel(benchmark, n, lambda: backend.surface(batch))
    assert cases[0].sum() == np.prod([side + 1 for side in batch.items[0].shape])


def test_zones(benchmark, case):
    backend, batch, n = case
    far = backend.border_distance(batch)
    rows = per_voxel(benchmark, n, lambda: backend.zones(batch, touching(planar=False), far))
    assert (rows[0][:, 1] * rows[0][:, 3]).sum() == n


def test_neighborhood(benchmark, case):
    backend, batch, n = case
    found = per_voxel(benchmark, n, lambda: backend.neighborhood(batch, neighbors(1, planar=False), 0))
    assert found[0].dependences.sum() == n


@pytest.mark.parametrize("n_voxels", SIZES)
def test_discretize(benchmark, fast_backend, n_voxels):
    values, inside = ellipsoid(n_voxels)
    low, high = float(values[inside].min()), float(values[inside].max())
    batch = put([Binning(values, inside, "fbn", 32, 1, low, high - low)], fast_backend)
    n = np.count_nonzero(inside)
    buffers = per_voxel(benchmark, n, lambda: get_backend(fast_backend).discretize(batch))
    assert np.array_equal(buffers[0][1:-1, 1:-1, 1:-1], levels(n_voxels))


@pytest.mark.parametrize("n_voxels", SIZES)
def test_resample(benchmark, fast_backend, n_voxels):
    """To 0.8 of the spacing along each axis; per new voxel."""
    values, _ = ellipsoid(n_voxels)
    tables = [axis_table(np.arange(int(n / 0.8)) * 0.8, n, 0, "linear") for n in values.shape]
    batch = put([Sampling(values, tuple(tables))], fast_backend)
    n = int(np.prod([len(t.lower) for t in tables]))
    found = per_voxel(benchmark, n, lambda: get_backend(fast_backend).resample(batch))
    assert found[0][0, 0, 5] == values[0, 0, 4]
