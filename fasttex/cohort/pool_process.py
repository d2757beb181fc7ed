"""A worker process as its parent sees it, for `fasttex.cohort.pool`."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from pathlib import Path
from time import monotonic
from types import ModuleType
from typing import Generic, TypeVar

from .cases import Failure
from .pool_jobs import Job
from .pool_worker import NO_MEMORY, Start, work

__all__ = ["Worker"]

T = TypeVar("T")
_START_S = 300.0  # to import and initialize, from a slow network
_GRACE_S = 5.0  # to be gone after a kill: a process may be stuck in the system
_LAST_WORDS = 4000


class Worker(Generic[T]):
    """A process, its pipe and its jobs: the oldest one is computed, another is read beside it."""

    def __init__(self) -> None:
        self.jobs: list[Job[T]] = []
        self.ready = False
        self.retired = False  # gets no more jobs
        self.overdue: Job[T] | None = None  # the job it is killed for
        self._killed: float | None = None

    def start(self, start: Start, environment: Mapping[str, str]) -> None:
        """Start the process; it comes to life while its first job waits in the pipe."""
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._log = Path(start.log)
        self._started = monotonic()
        self._process = context.Process(target=work, args=(theirs, start), daemon=True)
        with _without_ctrl_c(), _inherited(environment, main=b"__main__" in start.functions):
            self._process.start()
        theirs.close()

    @property
    def running(self) -> list[Job[T]]:
        """Jobs in a stage, the one being computed before the one being read."""
        return [job for job in self.jobs if job.since is not None]

    def takes(self, depth: int) -> bool:
        """Whether it may have another job, `depth` of them in all."""
        return not self.retired and len(self.jobs) < depth and not any(job.alone for job in self.jobs)

    def give(self, job: Job[T], pickled: bytes) -> None:
        """Send it a job."""
        self.jobs.append(job)
        with suppress(OSError):  # it is dead, which the pipe will tell
            self.pipe.send((job.number, pickled))

    def remaining(self, timeout_s: float) -> float:
        """Seconds until somebody has to look after it."""
        if self._killed is not None:
            return self._killed + _GRACE_S - monotonic()
        if not self.ready:
            return self._started + _START_S - monotonic()
        # What is only read beside another job is not worth that one's life: its turn comes.
        return timeout_s - self.running[0].seconds if self.running else math.inf

    def kill(self) -> None:
        """Its death is heard through the pipe, after what it had sent."""
        self.retired = True
        self._killed = monotonic()
        self._process.kill()

    @property
    def killed(self) -> bool:
        """Whether we did it."""
        return self._killed is not None

    def end(self) -> tuple[Failure, str]:
        """Wait for its death; why it died, and its last words."""
        self._process.join(_GRACE_S)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join(_GRACE_S)
        self.pipe.close()
        words = self._log.read_bytes()[-_LAST_WORDS:] if self._log.exists() else b""
        self._log.unlink(missing_ok=True)
        return _cause(self._process.exitcode), words.decode(errors="replace")


def _cause(code: int | None) -> Failure:
    if code in (-getattr(signal, "SIGKILL", 9), NO_MEMORY):
        return Failure("OutOfMemory", "the process was killed, probably for memory")
    if code is None or code >= 0:
        return Failure("Crash", f"the process ended by itself with exit code {code}")
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "a signal"
    return Failure("Crash", f"the process was ended by {name} (exit code {code})")


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Let a process that starts in this block never see Ctrl-C, not even before it can say so itself."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # or else it would be started in the block, and unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _inherited(environment: Mapping[str, str], *, main: bool) -> Iterator[None]:
    """Let a process that starts in this block have an environment, and not run this program's script again.

    It does where functions of `__main__` are needed; a script that only calls fasttex needs no
    ``if __name__ == "__main__"``.
    """
    before = {name: os.environ.get(name) for name in environment}
    script = sys.modules["__main__"]
    os.environ.update(environment)
    if not main:
        sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
