"""What runs inside a worker process of `fasttex.cohort.pool`.

Three threads: one receives tasks and notices when the parent is gone, one begins them (reads files), and the
main thread finishes them (computes). Each stage is announced before it is entered, so that the parent knows
whom to blame if the process does not survive it.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import pickle
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from time import perf_counter
from typing import Any

__all__ = ["LOST", "NO_MEMORY", "Start", "work"]

NO_MEMORY = 137  # exit codes: as a shell reports a process that was killed for its memory,
LOST = 70  # and as BSD calls an internal fault
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Start:
    """What a worker is told when it starts.

    Attributes
    ----------
    functions : bytes
        ``(begin, finish, initializer)``, pickled: imported only after the rest is set up.
    folder : str
        For temporary files.
    log : str
        The file that takes what the worker prints.
    memory : int, optional
        Bytes of data that the process may have (Linux).
    parent : int
        The id of the parent's process.
    """

    functions: bytes
    folder: str
    log: str
    memory: int | None
    parent: int


def work(pipe: Connection[Any, Any], start: Start) -> None:
    """Serve tasks until the pipe ends or the process is killed."""
    _settle(start)
    received: SimpleQueue[tuple[int, bytes]] = SimpleQueue()
    _thread(_receive, pipe, received)
    try:
        begin, finish, initializer = pickle.loads(start.functions)
        if initializer is not None:
            initializer()
    except BaseException as error:
        pipe.send(("broken", *_describe(error)))
        return
    desk = _Desk(pipe, begin, finish)
    desk.say("ready")
    _thread(desk.begin_all, received)
    _guarded(desk.finish_all)


def _settle(start: Start) -> None:
    """Arrange signals, output, temporary files and memory before anything else is imported."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    if sys.platform == "linux":  # also where a library holds the lock of the interpreter
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != start.parent:
            os._exit(0)
    log = os.open(start.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    sys.stdout.flush()
    sys.stderr.flush()
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.close(log)
    faulthandler.enable(2)
    tempfile.tempdir = start.folder
    if start.memory is not None and sys.platform == "linux":
        import resource

        # Data and not address space: libraries reserve much of the latter and never use it.
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        soft = start.memory if hard == resource.RLIM_INFINITY else min(start.memory, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _receive(pipe: Connection[Any, Any], received: SimpleQueue[tuple[int, bytes]]) -> None:
    while True:
        received.put(pipe.recv())


class _Desk:
    """What the reading and the computing thread share: the pipe, and what is begun but not finished."""

    def __init__(
        self, pipe: Connection[Any, Any], begin: Callable[[Any], Any], finish: Callable[[Any, Any], Any]
    ) -> None:
        self._pipe, self._begin, self._finish = pipe, begin, finish
        self._lock = threading.Lock()
        self._begun: SimpleQueue[tuple[int, Any, Any, float]] = SimpleQueue()

    def say(self, *message: Any) -> None:
        with self._lock:
            self._pipe.send(message)

    def begin_all(self, received: SimpleQueue[tuple[int, bytes]]) -> None:
        while True:
            self._begin_one(*received.get())

    def finish_all(self) -> None:
        while True:
            self._finish_one(*self._begun.get())

    # A method for each: its locals hold an image, and go before the next one is waited for.
    def _begin_one(self, number: int, pickled: bytes) -> None:
        self.say("on", number)
        since = perf_counter()
        try:
            task = pickle.loads(pickled)
            prepared = self._begin(task)
        except BaseException as error:
            self.say("failed", number, perf_counter() - since, *_describe(error))
        else:
            seconds = perf_counter() - since
            self.say("off", number, seconds)
            self._begun.put((number, task, prepared, seconds))

    def _finish_one(self, number: int, task: Any, prepared: Any, before: float) -> None:
        self.say("on", number)
        since = perf_counter()
        try:
            result = pickle.dumps(self._finish(task, prepared), protocol=pickle.HIGHEST_PROTOCOL)
        except BaseException as error:
            self.say("failed", number, before + perf_counter() - since, *_describe(error))
        else:
            self.say("done", number, before + perf_counter() - since, result)


def _describe(error: BaseException) -> tuple[str, str, str]:
    """Kind, text and traceback; never the error itself, which may not survive pickling."""
    kind, text = type(error).__name__, ""
    with suppress(Exception):
        text = str(error)
    if isinstance(error, MemoryError):
        kind, text = "OutOfMemory", text or "the case needs more memory than its process may have"
    return kind, text, "".join(traceback.format_exception(error))


def _thread(target: Callable[..., None], *arguments: Any) -> None:
    threading.Thread(target=_guarded, args=(target, *arguments), daemon=True).start()


def _guarded(loop: Callable[..., None], *arguments: Any) -> None:
    """End the process with the loop: a worker that has lost one of its threads would wait for ever."""
    try:
        loop(*arguments)
    except (EOFError, ConnectionError):  # the parent is gone
        os._exit(0)
    except MemoryError:
        os._exit(NO_MEMORY)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(LOST)
