"""What workers do in tests/cohort/test_pool.py: in a module that they can import.

A task is a pair: how it begins and how it finishes, each a word of `deed`.
"""

import ctypes
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

BLOCK = 200 << 20


def deed(word):
    """Do what the word says; most say that something goes wrong."""
    name, _, argument = str(word).partition(" ")
    match name:
        case "sleep":
            time.sleep(float(argument))
        case "raise":
            raise ValueError(argument)
        case "exit":
            sys.exit(3)
        case "leave":
            os._exit(int(argument))
        case "signal":
            signal.raise_signal(getattr(signal, argument))
        case "segfault":
            ctypes.string_at(0)
        case "hold":  # a library that hangs and keeps the interpreter's lock
            ctypes.PyDLL(None).sleep(int(argument))
        case "memory":
            raise MemoryError
        case "allocate":
            bytearray(int(argument))
        case "lambda":
            return lambda: None
        case "odd":
            raise Odd(1, 2)
        case "unloadable":
            return Unloadable()
        case "print":
            print("from a worker", flush=True)
            os.system("echo from a shell; echo from a shell >&2")
        case "environment":
            return dict(os.environ)
        case "temporary":
            return tempfile.mkdtemp()
        case "once":  # fails the first time, by the deed that the file's name ends with
            path = Path(argument)
            if not path.exists():
                path.touch()
                deed(path.name.replace("-", " "))
        case "when":
            return time.monotonic(), time.sleep(float(argument)), time.monotonic()
    return word


class Odd(Exception):
    """Cannot be unpickled, nor printed."""

    def __init__(self, a, b):
        super().__init__(a)

    def __str__(self):
        raise RuntimeError


class Unloadable:
    def __reduce__(self):
        return int, ("not a number",)


def begin(task):
    return deed(task[1])


def finish(task, prepared):
    return prepared, deed(task[2])


def same(task):
    return task


def second(task, prepared):
    return prepared


def initialize_badly():
    raise RuntimeError("no licence")


def initialize_deadly():
    os._exit(4)
