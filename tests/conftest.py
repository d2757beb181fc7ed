"""Fixtures of all tests: backends, Hypothesis profiles, test data, and no network."""

import os
import socket
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from fasttex.backends import available, get_backend
from fasttex.errors import BackendUnavailableError
from fasttex.kernels.contract import KERNELS, Backend

# cpp once per instruction set; cuda on the host, by an emulator.
BACKENDS = ("cpp-avx2", "cpp-baseline", "numba", "cuda-emulated", "reference")

settings.register_profile("ci", max_examples=50, deadline=None)
settings.register_profile("deep", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def backend_of_build(name: str) -> Backend:
    """The backend cpp on another build of the extension, which is loaded beside the one that was chosen."""
    cpp: Any = get_backend("cpp")
    alias = f"{cpp.__name__}_{name}"
    if alias in sys.modules:
        return sys.modules[alias]
    if cpp.absent(name):
        raise BackendUnavailableError(cpp.absent(name))
    for module, _ in cpp.BUILDS.values():
        if f"{cpp.__name__}.{module}" in sys.modules:
            sys.modules[f"{alias}.{module}"] = sys.modules[f"{cpp.__name__}.{module}"]
    spec = spec_from_file_location(alias, cpp.__file__, submodule_search_locations=cpp.__path__)
    loaded: Any = module_from_spec(spec)
    sys.modules[alias] = loaded
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASTTEX_CPU", name)
        spec.loader.exec_module(loaded)
    assert name == loaded.BUILD
    return loaded


@cache
def emulator_of_session() -> Any:
    """The device that cuda runs on for the rest of the session."""
    import cuda_emulator

    from fasttex.kernels import cuda

    if reason := cuda_emulator.unavailable():
        raise BackendUnavailableError(reason)
    emulator = cuda_emulator.Emulator()
    cuda.device.array_module = lambda: emulator.cp
    return emulator


def emulated_cuda() -> Backend:
    """The backend cuda on an emulated device."""
    emulator_of_session()
    from fasttex.kernels import cuda

    return cuda


def backend_or_skip(name: str) -> Backend:
    """The backend; where it is not here, a skip, or a failure if ``FASTTEX_REQUIRE`` (a,b,c) names it."""
    try:
        kind, _, build = name.partition("-")
        if name == "cuda-emulated":
            backend = emulated_cuda()
        else:
            backend = backend_of_build(build) if build else get_backend(kind)
        absent = [kernel for kernel in KERNELS if not hasattr(backend, kernel)]
        reason = f"backend {name!r} lacks {', '.join(absent)}" if absent else ""
    except BackendUnavailableError as error:
        reason = str(error)
    if reason:
        missing(name, reason)
    return backend


def missing(name: str, reason: str) -> None:
    """Skip for a reason, or fail if ``FASTTEX_REQUIRE`` (a,b,c) names what is missing."""
    if name in os.environ.get("FASTTEX_REQUIRE", "").split(","):
        pytest.fail(f"FASTTEX_REQUIRE names {name}: {reason}")
    pytest.skip(reason)


def cupy_or_skip() -> Any:
    """The real CuPy, which need not find a card."""
    try:
        return import_module("cupy")
    except ImportError as error:
        return missing("cupy", f"cupy is not here, to compare names with ({error})")


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Every backend in turn."""
    return backend_or_skip(request.param)


@pytest.fixture(scope="session", params=[name for name in BACKENDS if name != "reference"])
def fast_backend(request: pytest.FixtureRequest) -> Backend:
    """Every backend but the reference, which is slow."""
    return backend_or_skip(request.param)


@pytest.fixture(scope="session")
def emulator() -> Any:
    """The emulated device that the backend cuda runs on."""
    backend_or_skip("cuda-emulated")
    return emulator_of_session()


@pytest.fixture(scope="session")
def both_fast_backends() -> tuple[Backend, Backend]:
    """Numba and cpp, to be compared where the reference would take too long."""
    return backend_or_skip("numba"), backend_or_skip("cpp")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Directory of test data too large for the repository: the environment's ``FASTTEX_TEST_DATA``."""
    directory = os.environ.get("FASTTEX_TEST_DATA")
    if not directory:
        pytest.skip("FASTTEX_TEST_DATA is not set: it names the directory of test data")
    if not Path(directory).is_dir():
        pytest.fail(f"FASTTEX_TEST_DATA is {directory!r}, which is no directory")
    return Path(directory)


@pytest.fixture(scope="session")
def data_file(shared_data: Path) -> Callable[[str], Path]:
    """Function from a path below `shared_data` to a path; fails where the file is missing."""

    def find(relative: str) -> Path:
        path = shared_data / relative
        if not path.exists():
            pytest.fail(f"FASTTEX_TEST_DATA is set, but {relative!r} is missing below it")
        return path

    return find


@pytest.fixture(scope="session", autouse=True)
def threads_for_small_batches() -> Iterator[None]:
    """Let kernels use all threads, and split every item, even where the batch is too small for it to pay."""
    with pytest.MonkeyPatch.context() as patch:
        if not available()["numba"]:
            patch.setattr("fasttex.kernels.numba_cpu.slabs.SPLIT_FINELY", True)
        if not available()["cpp"]:
            cpp: Any = get_backend("cpp")
            for name in cpp.BUILDS:
                if not cpp.absent(name):
                    cpp.load(name).split_finely(True)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Let every connection over IPv4 or IPv6 fail."""

    def guard(connect: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
        def guarded(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                raise RuntimeError(f"a test tried to connect to {address}: tests use no network")
            return connect(self, address)

        return guarded

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guard(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", guard(socket.socket.connect_ex))
        yield
