"""Tasks on their way through `fasttex.cohort.pool`: which comes next, which is tried again, which is done."""

from __future__ import annotations

import pickle
import traceback
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Generic, TypeVar

from .cases import Failure

__all__ = ["Job", "Jobs", "Outcome", "pickled"]

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Outcome(Generic[T, R]):
    """What became of a task: a result or a failure.

    Attributes
    ----------
    task : T
    result : R, optional
    failure : Failure, optional
        Its kind is the class of the exception, or ``Timeout``, ``Crash``, ``OutOfMemory``.
    seconds : float
        The task's own time, reading and computing; of the last attempt.
    attempts : int
        Those that failed by its own fault, and the one that succeeded.
    traceback : str
        Or the last words of a process that died. May hold paths: not for sharing.
    """

    task: T
    result: R | None
    failure: Failure | None
    seconds: float
    attempts: int
    traceback: str = field(default="", repr=False)


@dataclass(eq=False)
class Job(Generic[T]):
    """A task on its way: how often it failed, whether it must be alone in its process, its own time."""

    number: int
    task: T
    failures: int = 0
    alone: bool = False
    spent: float = 0.0
    since: float | None = None  # when the stage began that it is in; None while it waits

    def resume(self) -> None:
        """A stage begins."""
        self.since = monotonic()

    def pause(self, seconds: float) -> None:
        """A stage has ended; its process knows best how long it took."""
        self.spent, self.since = seconds, None

    @property
    def seconds(self) -> float:
        """In its stages so far; 0 if it was not begun."""
        return self.spent + (0.0 if self.since is None else monotonic() - self.since)


class Jobs(Generic[T, R]):
    """The source of tasks, the queue of those to be tried again, and the outcomes not taken yet."""

    def __init__(self, retries: int, retried: Collection[str]) -> None:
        self._retries, self._retried = retries, retried
        self._source: Iterator[T] = iter(())
        self._drawn = 0
        self._again: deque[Job[T]] = deque()
        self.outcomes: deque[Outcome[T, R]] = deque()

    def draw_from(self, tasks: Iterable[T]) -> None:
        """Forget what is left of the last run."""
        self._source = iter(tasks)
        self._again.clear()
        self.outcomes.clear()

    @property
    def next_is_alone(self) -> bool:
        """Whether the next one needs a process without another job."""
        return bool(self._again) and self._again[0].alone

    def draw(self) -> Job[T] | None:
        """Take the next one; None if there is none."""
        if self._again:
            return self._again.popleft()
        for task in self._source:
            self._drawn += 1
            return Job(self._drawn, task)
        return None

    def put_back(self, job: Job[T], *, alone: bool) -> None:
        """Let it be drawn once more; it failed by nobody's fault, or by its own."""
        job.spent, job.since = 0.0, None
        job.alone |= alone
        self._again.append(job)

    def succeed(self, job: Job[T], seconds: float, result: bytes) -> None:
        """Unpickle its result."""
        try:
            outcome: Outcome[T, R] = Outcome(job.task, pickle.loads(result), None, seconds, job.failures + 1)
        except Exception as error:
            text = f"the result cannot be unpickled: {error}"
            self.fail(job, Failure(type(error).__name__, text), traceback.format_exc(), seconds)
        else:
            self.outcomes.append(outcome)

    def fail(self, job: Job[T], failure: Failure, trace: str, seconds: float | None = None) -> None:
        """Blame it, and try again if that may help."""
        seconds = job.seconds if seconds is None else seconds
        job.failures += 1
        if failure.kind in self._retried and job.failures <= self._retries:
            self.put_back(job, alone=True)
        else:
            self.outcomes.append(Outcome(job.task, None, failure, seconds, job.failures, trace))


def pickled(anything: Any) -> bytes:
    """As bytes for another process of ours."""
    return pickle.dumps(anything, protocol=pickle.HIGHEST_PROTOCOL)
