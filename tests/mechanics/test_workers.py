"""Kernels in other processes and threads: the same integers as in the parent, and no deadlock."""

import importlib.util
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import backend_or_skip

from fasttex import prepare
from fasttex.matrices.offsets import directions, touching

SCRIPT = Path(__file__).with_name("worker_script.py")
KINDS = ("fork", "spawn", "daemons", "threads", "joblib", "dask-threads", "dask-processes")
SECONDS = 120  # a deadlock, not a slow machine


def run(kind, backend, **environment):
    backend_or_skip(backend)
    if (
        kind in ("fork", "daemons", "forks-beside-threads")
        and "fork" not in multiprocessing.get_all_start_methods()
    ):
        pytest.skip("processes cannot be forked here")
    module = kind.partition("-")[0]
    if module in ("joblib", "dask") and importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    command = [sys.executable, "-W", "ignore", str(SCRIPT), kind, backend]
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        _, errors = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)  # its workers, too
        process.kill()
        pytest.fail(f"deadlock: no end after {SECONDS} s")
    assert process.returncode == 0, errors


@pytest.mark.parametrize("backend", ["cpp", "numba"])
@pytest.mark.parametrize("kind", KINDS)
def test_workers_count_as_their_parent_does(kind, backend):
    run(kind, backend)


@pytest.mark.parametrize("backend", ["cpp", "numba"])
def test_a_process_that_is_forked_while_threads_compile_and_count(backend, tmp_path):
    run("forks-beside-threads", backend, NUMBA_CACHE_DIR=str(tmp_path / "cache"))


def test_joblib_leaves_each_worker_its_share_of_the_threads():
    if importlib.util.find_spec("joblib") is None:
        pytest.skip("joblib is not installed")
    unset = {"FASTTEX_NUM_THREADS": "", "LOKY_MAX_CPU_COUNT": "2"}
    environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    code = (
        "import joblib; from fasttex.backends import resolve_threads\n"
        "print(joblib.Parallel(2)(joblib.delayed(resolve_threads)(None) for _ in range(2)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | unset,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    assert done.stdout == "[1, 1]\n"


@pytest.mark.parametrize("name", ["cpp", "numba"])
def test_other_threads_run_while_a_kernel_counts(name):
    backend = backend_or_skip(name)
    levels = np.random.default_rng(0).integers(1, 33, (60, 100, 100))
    batch = prepare([levels] * 4, backend=name)
    offsets, along = directions(1, planar=False, convention="ibsi1"), touching(planar=False)
    ticks, done = [], threading.Event()

    def tick():
        while not done.wait(0.001):
            ticks.append(time.perf_counter())

    backend.glcm(batch, offsets)
    backend.glrlm(batch, along)
    thread = threading.Thread(target=tick)
    thread.start()
    begun = time.perf_counter()
    backend.glcm(batch, offsets)
    backend.glrlm(batch, along)
    ended = time.perf_counter()
    done.set()
    thread.join()
    # Many more than the kernels' own calls of Python could let through.
    assert sum(begun < at < ended for at in ticks) > 10, (len(ticks), ended - begun)
