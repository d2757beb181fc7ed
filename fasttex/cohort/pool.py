"""A pool of processes that loses nothing: hangs, crashes and lack of memory cost one task, never the run.

Libraries do parts of this. What made this one necessary: a worker reads the next task's files while it
computes, so a death has two suspects; each worker has a pipe of its own, so that one that is killed while it
sends harms nobody else; and a process that leaves with exit code 0 is noticed, too.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Generic, TypeVar

from ..errors import FasttexError, InputError, SettingsError
from .cases import Failure
from .leftovers import POOL_PREFIX
from .pool_jobs import Job, Jobs, Outcome, pickled
from .pool_process import Worker
from .pool_worker import Start

__all__ = ["Outcome", "Pool", "PoolError"]

T = TypeVar("T")  # a task,
P = TypeVar("P")  # what is read for it,
R = TypeVar("R")  # and its result

RETRIED = frozenset({"Crash", "OutOfMemory", "Timeout"})
_THREADS = (
    *("FASTTEX_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("NUMBA_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)


class PoolError(FasttexError, RuntimeError):
    """No worker process can be had: they fail as they start."""


class Pool(Generic[T, P, R]):
    """Worker processes that begin tasks (read) while they finish others (compute); a context manager.

    Parameters
    ----------
    workers : int
        How many processes at most; they start as tasks come, and are replaced when they die.
    begin, finish : callable
        ``finish(task, begin(task))`` is the result. Of modules, so that they can be pickled. Tasks should be
        small, such as paths: a task beyond the buffer of a pipe (64 KB) keeps the parent waiting.
    initializer : callable, optional
        Called once in each process before its first task. If it fails, so does the pool.
    timeout_s : float, optional
        Seconds that a task may take, begin and finish together, waiting for its turn not counted.
    retries : int
        How often a task is tried again, alone in its process.
    retried : collection of str
        Kinds of failure that are tried again.
    prefetch : bool
        Begin the next task while one is being finished.
    threads : int
        What the environment of the processes grants to each.
    worker_memory : int, optional
        Bytes of data that a process may have (Linux): beyond, it gets a MemoryError.
    folder : path, optional
        Where the processes have their temporary files; the pool makes its own folder in it and removes it.

    Notes
    -----
    A task that ran when its process died is blamed; one that waited there is given to another process. Where
    two ran, one computed and one read beside it, each is tried again alone, to find the guilty one. A timeout
    or a MemoryError blames likewise.
    """

    def __init__(
        self,
        workers: int,
        begin: Callable[[T], P],
        finish: Callable[[T, P], R],
        *,
        initializer: Callable[[], object] | None = None,
        timeout_s: float | None = None,
        retries: int = 0,
        retried: Collection[str] = RETRIED,
        prefetch: bool = True,
        threads: int = 1,
        worker_memory: int | None = None,
        folder: str | Path | None = None,
    ) -> None:
        if workers < 1:
            raise SettingsError(f"workers is {workers}, expected at least 1")
        if worker_memory is not None and sys.platform != "linux":
            raise SettingsError("worker_memory works on Linux only: leave it out")
        self.stopping = False  # after the first Ctrl-C: hands out nothing more
        self._limit, self._depth = workers, 2 if prefetch else 1
        self._functions = pickled((begin, finish, initializer))
        self._timeout_s = math.inf if timeout_s is None else timeout_s
        self._jobs: Jobs[T, R] = Jobs(retries, retried)
        self._environment = dict.fromkeys(_THREADS, str(threads))
        self._memory = worker_memory
        try:
            self._own_folder = TemporaryDirectory(prefix=POOL_PREFIX, dir=folder, ignore_cleanup_errors=True)
        except OSError as error:
            raise InputError(
                f"cannot make a folder for temporary files: {error}; make room, or give another directory"
            ) from None
        self._workers: list[Worker[T]] = []
        self._started = 0
        self._fruitless = 0  # deaths since a task was last begun

    def __enter__(self) -> Pool[T, P, R]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._dismiss(self._workers)
        self._own_folder.cleanup()

    def run(self, tasks: Iterable[T]) -> Iterator[Outcome[T, R]]:
        """Yield what becomes of each task, as it comes.

        The first Ctrl-C lets what is being computed finish, yields it and then raises KeyboardInterrupt; the
        second raises it at once. Until an outcome is taken, nothing else is looked at: no timeout, no death.

        Parameters
        ----------
        tasks : iterable
            Drawn from only as processes have room: at most two for each are out at a time.

        Yields
        ------
        Outcome
            One for each task, unless the run is interrupted.

        Raises
        ------
        PoolError
            The initializer failed, or processes die before they begin a task.
        """
        self._jobs.draw_from(tasks)
        try:
            with self._listening_to_ctrl_c():
                while True:
                    self._hand_out()
                    while self._jobs.outcomes:
                        yield self._jobs.outcomes.popleft()
                    if not any(worker.jobs for worker in self._workers):
                        break
                    self._listen()
        finally:
            self._dismiss([worker for worker in self._workers if worker.jobs or worker.retired])
        if self.stopping:
            raise KeyboardInterrupt

    @contextmanager
    def _listening_to_ctrl_c(self) -> Iterator[None]:
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or before in (None, signal.SIG_IGN):
            yield
            return

        def handle(number: int, frame: object) -> None:
            if self.stopping:
                raise KeyboardInterrupt
            self.stopping = True

        signal.signal(signal.SIGINT, handle)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _hand_out(self) -> None:
        while not self.stopping and (worker := self._room()) is not None:
            job = self._jobs.draw()
            if job is None:
                return
            try:
                task = pickled(job.task)
            except Exception as error:
                self._jobs.fail(job, Failure(type(error).__name__, str(error)), traceback.format_exc())
                continue
            if worker not in self._workers:
                self._start(worker)
            worker.give(job, task)

    def _room(self) -> Worker[T] | None:
        """The worker for the next task; a new one, not started, rather than a second task for a busy one."""
        depth = 1 if self._jobs.next_is_alone else self._depth
        free = [worker for worker in self._workers if worker.takes(depth)]
        best = min(free, key=lambda worker: (len(worker.jobs), not worker.ready), default=None)
        if (best is None or best.jobs) and len(self._workers) < self._limit:
            return Worker()
        return best

    def _start(self, worker: Worker[T]) -> None:
        folder = self._own_folder.name
        log = os.path.join(folder, f"worker-{self._started}.log")
        self._started += 1
        start = Start(self._functions, folder, log, self._memory, os.getpid())
        worker.start(start, {**self._environment, "TMPDIR": folder})
        self._workers.append(worker)

    def _listen(self) -> None:
        """Wait for the next message, death or deadline, and take notice of it."""
        by_pipe = {worker.pipe: worker for worker in self._workers}
        patience = min(worker.remaining(self._timeout_s) for worker in self._workers)
        heard = wait(list(by_pipe), None if math.isinf(patience) else max(0.0, patience))
        if self.stopping:
            for worker in self._workers:
                worker.retired = True
                del worker.jobs[1:]  # only read so far
        for pipe in heard:
            self._hear(by_pipe[pipe])  # type: ignore[index]
        for worker in list(self._workers):
            if worker.retired and not worker.jobs:
                self._dismiss([worker])
            elif worker.remaining(self._timeout_s) <= 0:
                self._stop(worker)

    def _hear(self, worker: Worker[T]) -> None:
        try:
            while worker.pipe.poll():
                self._note(worker, *worker.pipe.recv())
        except (EOFError, OSError):
            self._bury(worker)

    def _note(self, worker: Worker[T], event: str, *words: Any) -> None:
        if event == "ready":
            worker.ready = True
            return
        if event == "broken":
            kind, text, trace = words
            error = PoolError(f"the initializer of the worker processes failed: {kind}: {text}")
            error.add_note(trace)
            raise error
        job = next((job for job in worker.jobs if job.number == words[0]), None)
        if job is None:  # dropped
            return
        if event == "on":
            self._fruitless = 0
            job.resume()
        elif event == "off":
            job.pause(words[1])
        elif event == "done":
            worker.jobs.remove(job)
            self._jobs.succeed(job, *words[1:])
        else:
            worker.jobs.remove(job)
            self._failed_alive(worker, job, *words[1:])

    def _failed_alive(
        self, worker: Worker[T], job: Job[T], seconds: float, kind: str, text: str, trace: str
    ) -> None:
        if kind == "OutOfMemory":
            worker.retired = True  # its memory is in pieces
            if any(other.seconds for other in worker.jobs):  # which may have had the memory
                self._jobs.put_back(job, alone=True)
                return
        self._jobs.fail(job, Failure(kind, text), trace, seconds)

    def _stop(self, worker: Worker[T]) -> None:
        """Kill a worker whose time is up; its death is noticed like any other."""
        if worker.killed:
            self._bury(worker)  # it does not even die
            return
        worker.overdue = next(iter(worker.running), None)
        worker.kill()

    def _bury(self, worker: Worker[T]) -> None:
        """Find out whom a worker died of, and give its other jobs to others."""
        self._workers.remove(worker)
        cause, words = worker.end()
        suspects = worker.running
        if worker.overdue is not None:
            cause, suspects = Failure("Timeout", f"no result after {self._timeout_s:g} s"), [worker.overdue]
        for job in worker.jobs:
            if suspects == [job]:
                self._jobs.fail(job, cause, words)
            else:
                self._jobs.put_back(job, alone=job in suspects)
        self._fruitless += not suspects
        if self._fruitless > self._limit + 2:
            cure = "" if self._memory is None else f"; worker_memory is {self._memory} bytes: give more"
            raise PoolError(
                f"worker processes end before they begin a task: {cause.text}{cure}\n{words}".strip()
            )

    def _dismiss(self, workers: Iterable[Worker[T]]) -> None:
        workers = list(workers)
        for worker in workers:
            worker.kill()
        for worker in workers:
            worker.end()
            self._workers.remove(worker)
