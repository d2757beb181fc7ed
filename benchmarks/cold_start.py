"""What a fresh process takes until it has the features of one small ROI, from its start to its end.

``python benchmarks/cold_start.py``: least and median wall times of the backends, of Numba with kernels to be
compiled and with kernels in its cache, beside processes that do less.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

FEATURES = """
import numpy as np, fasttex
families = ["intensity_statistics", "glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm"]
levels = np.arange(1000).reshape(10, 10, 10) * 7 % 32 + 1
fasttex.compute_features(fasttex.prepare(levels, backend={backend!r}), families)
"""
IMPORTS = "from fasttex.backends import get_backend; get_backend({backend!r})"


def seconds(code, cache):
    command = [sys.executable, "-P", "-c", code]
    begun = time.perf_counter()
    subprocess.run(command, check=True, env={**os.environ, "NUMBA_CACHE_DIR": cache})
    return time.perf_counter() - begun


def show(name, taken):
    print(f"{name:<42} {min(taken):6.2f} {statistics.median(taken):6.2f}")


def main(rounds=5):
    print(f"{'s':<42} {'min':>6} {'median':>6}")
    with tempfile.TemporaryDirectory() as warm:
        for name, code in (("nothing", ""), ("import numpy", "import numpy")):
            show(name, [seconds(code, warm) for _ in range(rounds)])
        for backend in ("cpp", "numba"):
            show(
                f"{backend}: imports alone",
                [seconds(IMPORTS.format(backend=backend), warm) for _ in range(rounds)],
            )
            code = FEATURES.format(backend=backend)
            if backend == "numba":
                show("numba: features, kernels to be compiled", [compiling(code) for _ in range(2)])
            seconds(code, warm)
            show(f"{backend}: features", [seconds(code, warm) for _ in range(rounds)])


def compiling(code):
    with tempfile.TemporaryDirectory() as empty:
        return seconds(code, empty)


if __name__ == "__main__":
    main()
