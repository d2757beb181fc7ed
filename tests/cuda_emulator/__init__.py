"""Run CUDA kernels without a GPU: a host shim, a scheduler, a checker and a fake CuPy. See README.md."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .device import Device
from .fake_cupy import fake_cupy
from .launching import POLICIES
from .reports import KernelFault, Report
from .toolchain import unavailable

__all__ = ["POLICIES", "Emulator", "KernelFault", "Report", "unavailable"]


class Emulator:
    """An emulated device; ``cp`` is what the code under test takes for CuPy.

    A launch with a fault raises `KernelFault`, and keeps its reports in ``reports``. With ``check``, every load
    and store is looked at (bounds, races, uninitialised reads); without, the kernels run at the full speed of
    the host. ``policy`` is the order in which threads run: ``forward``, ``reverse``, ``shuffled`` or
    ``preempting``; the latter two draw it from ``seed``, anew for each launch.
    """

    def __init__(
        self,
        *,
        check: bool = False,
        policy: str = "forward",
        seed: int = 0,
        memory_bytes: int = 2**32,
        max_shared_bytes: int = 227 * 1024,
        resident_threads: int = 2048,
        time_limit_s: int = 300,
    ) -> None:
        if reason := unavailable():
            raise RuntimeError(reason)
        self.check, self.policy = check, policy
        self.max_shared_bytes, self.resident_threads = max_shared_bytes, resident_threads
        self.time_limit_s = time_limit_s
        # What a test may set to play another machine; 0 and None: not there.
        self.compute_capability, self.multiprocessors = (9, 0), 4
        self.device_count, self.driver_version = 1, 13000
        self.nvrtc_version: tuple[int, int] | None = (13, 0)
        self.pinned_limit = memory_bytes
        self.reports: list[Report] = []
        self.device = Device(memory_bytes)
        self.cp: Any = fake_cupy(self)
        self.reseed(seed)
        if policy not in POLICIES:
            raise ValueError(f"policy is {policy!r}, allowed are {', '.join(POLICIES)}")
        if not 0 < resident_threads <= 8192:
            raise ValueError(f"resident_threads is {resident_threads}, allowed are 1 to 8192")

    def reseed(self, seed: int) -> None:
        self._seed, self._launches = seed, 0

    def next_seed(self) -> int:
        self._launches += 1
        return self._seed * 1_000_003 + self._launches

    @contextmanager
    def running(
        self, *, check: bool | None = None, policy: str | None = None, seed: int = 0
    ) -> Iterator[list[Report]]:
        """Another mode for a while: the same device, arrays and modules. Gives the list of reports."""
        before = self.check, self.policy, self._seed, self._launches
        self.check = self.check if check is None else check
        self.policy = policy or self.policy
        self.reseed(seed)
        try:
            yield self.reports
            self.device.synchronize()
        finally:
            self.check, self.policy, self._seed, self._launches = before

    def checking(self, policy: str = "forward", seed: int = 0) -> Any:
        """Check mode for a while."""
        return self.running(check=True, policy=policy, seed=seed)
