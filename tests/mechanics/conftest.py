"""Fixtures for what depends on the machine."""

from types import SimpleNamespace

import pytest
from cuda_stub import GOOD, cupy

from fasttex.kernels.cuda import detection, device, selftest


@pytest.fixture
def use(monkeypatch, tmp_path):
    """Function that puts a stub in the place of CuPy, as if these packages were installed."""
    monkeypatch.setattr(selftest, "user_cache", lambda: tmp_path / "cache" / "fasttex")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def place(stub, *builds):
        module = stub if callable(stub) else lambda: stub
        monkeypatch.setattr(device, "array_module", module)
        monkeypatch.setattr(detection, "_version", lambda name: "14.2.0" if name in builds else "")
        new_process()

    def new_process():
        detection._detect.cache_clear()
        selftest._verdicts.clear()

    place.new_process = new_process
    yield place
    new_process()


@pytest.fixture
def runs(use, monkeypatch):
    """How often the self-test ran, on a card that passes it; the first is what it reports."""
    use(cupy(), "cupy-cuda13x")
    state = SimpleNamespace(report=GOOD, count=0)

    def run():
        state.count += 1
        return state.report

    monkeypatch.setattr(selftest, "run", run)
    return state
