"""Counts in workers of one kind, and compares with this process: ``python worker_script.py KIND BACKEND``.

A program of its own, since it forks after threads have run and must end, whatever became of its workers.
"""

import multiprocessing
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np

import fasttex
from fasttex.backends import get_backend, put
from fasttex.matrices.offsets import directions, neighbors, touching
from fasttex.types import AxisTable, Binning, Sampling


def rois():
    """Two ROIs, one of them of 16-bit levels, large enough that slabs of them are shared among threads."""
    rng = np.random.default_rng(5)
    small = rng.integers(0, 9, (50, 70, 60))
    return small, np.where(small[:30, :40] > 2, rng.integers(1, 301, (30, 40, 60)), 0)


def count(backend, threads=2):
    """What every kernel finds, as bytes."""
    kernels = get_backend(backend)
    batch = fasttex.prepare(rois(), backend=backend, threads=threads)
    x = np.random.default_rng(6).normal(size=(40, 50, 60))
    binning = Binning(x, x > -1, "fbs", 300, origin=-3.0, width=0.02)
    axis = [AxisTable(np.arange(n - 1), np.arange(1, n), np.full(n - 1, 0.25)) for n in x.shape]
    far = kernels.border_distance(batch)
    neighborhoods = kernels.neighborhood(batch, neighbors(1, planar=False), 0)
    found = [
        *far,
        *kernels.surface(batch),
        *kernels.glcm(batch, directions(1, planar=False, convention="ibsi1")),
        *kernels.glrlm(batch, touching(planar=False)),
        *kernels.zones(batch, touching(planar=False), far),
        *(array for found in neighborhoods for array in vars(found).values()),
        *kernels.discretize(put([binning], backend, threads)),
        *kernels.resample(put([Sampling(x, tuple(axis))], backend, threads)),
    ]
    return [array.tobytes() for array in found]


def count_pairs(backend, threads=2):
    """The same of one kernel, which is sooner compiled."""
    batch = fasttex.prepare(rois(), backend=backend, threads=threads)
    return [matrix.counts.tobytes() for matrix in fasttex.glcm(batch)]


def in_processes(context, backend):
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(context)) as pool:
        return list(pool.map(count, [backend] * 3))


def in_daemons(backend):
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return pool.map(count, [backend] * 3)


def in_threads(backend):
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(count, [backend] * 8))


def in_joblib(backend):
    import joblib

    return joblib.Parallel(n_jobs=2, backend="loky")(joblib.delayed(count)(backend) for _ in range(3))


def in_dask(scheduler, backend):
    import dask

    return list(
        dask.compute(*[dask.delayed(count)(backend) for _ in range(3)], scheduler=scheduler, num_workers=2)
    )


def in_forks_beside_threads(backend):
    """Processes that are forked while other threads load, compile and count.

    Not while they import: a module that is being imported stays locked in the child, whatever it is.
    """
    get_backend(backend)
    busy = [threading.Thread(target=count_pairs, args=(backend,)) for _ in range(2)]
    for thread in busy:
        thread.start()
    found = []
    for _ in range(3):
        time.sleep(0.05)
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
            found.append(pool.submit(count_pairs, backend).result())
    for thread in busy:
        thread.join()
    return found


KINDS = {
    "fork": lambda backend: in_processes("fork", backend),
    "spawn": lambda backend: in_processes("spawn", backend),
    "daemons": in_daemons,
    "threads": in_threads,
    "joblib": in_joblib,
    "dask-threads": lambda backend: in_dask("threads", backend),
    "dask-processes": lambda backend: in_dask("processes", backend),
    "forks-beside-threads": in_forks_beside_threads,
}


def main(kind, backend):
    late = kind == "forks-beside-threads"  # what this process compiles before is ready in its children
    task = count_pairs if late else count
    here = None if late else task(backend)
    found = KINDS[kind](backend)
    here = here or task(backend)
    assert len(found) >= 3
    for worker, theirs in enumerate(found):
        assert theirs == here, f"worker {worker} counts otherwise"
    assert task(backend, threads=1) == here


if __name__ == "__main__":
    main(*sys.argv[1:])
