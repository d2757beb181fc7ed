"""A stub of CuPy: what looks for CUDA is told what the test wants it to hear."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from fasttex.backends import get_backend
from fasttex.errors import BackendUnavailableError
from fasttex.kernels.cuda.selftest import Check, Report

GOOD = Report("cpp", (Check("glcm", "spiral", ""),))
BAD = Report(
    "cpp",
    (
        Check("glrlm", "spiral", ""),
        Check("glcm", "spiral", "result 0 differs"),
        Check("zones", "comb", "result 0 differs"),
    ),
)


class Stream(nullcontext):
    """A stream on which nothing happens."""

    def __init__(self, non_blocking=False):
        super().__init__()

    def record(self):
        return self

    def wait_event(self, event):
        pass


class Failure(RuntimeError):
    """As CuPy's CUDARuntimeError."""


def raising(error):
    def fail(*_):
        raise error

    return fail


def cupy(major=8, minor=0, **changes):
    """A stub of CuPy with one good card; `changes` go into its runtime."""
    properties = {
        "name": b"Card",
        "major": major,
        "minor": minor,
        "uuid": b"\x01\x02",
        "totalGlobalMem": 8 << 30,
    }
    runtime = {
        "getDevice": lambda: 0,
        "getDeviceCount": lambda: 1,
        "driverGetVersion": lambda: 13000,
        "runtimeGetVersion": lambda: 13020,
        "getDeviceProperties": lambda ordinal: properties,
        "CUDARuntimeError": Failure,
    }
    return SimpleNamespace(
        __version__="14.2.0",
        cuda=SimpleNamespace(
            runtime=SimpleNamespace(**runtime | changes),
            nvrtc=SimpleNamespace(getVersion=lambda: (13, 0), NVRTCError=Failure),
            driver=SimpleNamespace(CUDADriverError=Failure),
            compiler=SimpleNamespace(CompileException=Failure),
            memory=SimpleNamespace(OutOfMemoryError=Failure),
            Stream=Stream,
            get_current_stream=Stream,
            Device=lambda ordinal: SimpleNamespace(
                attributes={"MultiProcessorCount": 4, "MaxSharedMemoryPerBlockOptin": 99_000}
            ),
        ),
    )


def refusal():
    """What `get_backend` says."""
    with pytest.raises(BackendUnavailableError, match=r"^backend 'cuda' cannot run here: ") as raised:
        get_backend("cuda")
    return str(raised.value)
