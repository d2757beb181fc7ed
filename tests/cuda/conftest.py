"""Fixtures of the tests of the backend cuda on an emulated device."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from fasttex.kernels import cuda
from fasttex.kernels.cuda import device as device_module
from fasttex.kernels.cuda import launch, ragged


@pytest.fixture
def configured(emulator: Any) -> Callable[..., AbstractContextManager[Any]]:
    """Lay out work in another way for a while: takes changes of a `Configuration`."""

    @contextmanager
    def change(**changes: Any) -> Iterator[Any]:
        with device_module.working() as device:
            before = device.configuration
            device.configuration = replace(before, **changes)
        try:
            yield cuda
        finally:
            device.configuration = before

    return change


@pytest.fixture
def fresh(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Any]]:
    """A function that puts a new emulated device in the place of the one of the session, until the test ends."""
    from cuda_emulator import Emulator

    def make() -> Any:
        own = Emulator()
        monkeypatch.setattr(device_module, "array_module", lambda: own.cp)
        ragged.forget()
        return own

    yield make
    ragged.forget()


@pytest.fixture
def planted(fresh: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], Any]:
    """A function that plants a bug in a kernel's text, and gives a device of its own to run it on."""
    original = launch.source

    def plant(kernel: str, right: str, wrong: str) -> Any:
        def source(file: str) -> str:
            text = original(file)
            if file == kernel:
                assert right in text
                text = text.replace(right, wrong)
            return text

        monkeypatch.setattr(launch, "source", source)
        return fresh()

    return plant
