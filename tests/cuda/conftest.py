"""Fixtures of the tests of the backend cuda on an emulated device."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from fasttex.kernels import cuda
from fasttex.kernels.cuda import device as device_module


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
