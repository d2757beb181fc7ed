"""Whether the kernels count right on this very card: small phantoms, compared with the CPU bit for bit.

Nobody can try every card, driver and compiler. So a card is tried before its numbers are believed: once for
each combination of card, driver, compiler and kernels, on the first use.
"""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import product
from operator import methodcaller
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ... import __version__
from ...errors import BackendError, InputError
from ...storage import is_private, user_cache, write_atomically
from ...types import Batch
from . import phantoms
from .detection import Detected, detect
from .launch import source_hash

__all__ = ["Check", "Report", "ready", "run"]

_STEPS = np.array(list(product((-1, 0, 1), repeat=3)), dtype=np.int32)
_LOCK = threading.Lock()
_verdicts: dict[str, Detected] = {}


@dataclass(frozen=True)
class Check:
    """One kernel on one phantom; `fault` is empty where it found the same bits as the CPU."""

    kernel: str
    phantom: str
    fault: str


@dataclass(frozen=True)
class Report:
    """What the self-test found.

    Attributes
    ----------
    judge : str
        The backend that the kernels were compared with.
    checks : tuple of Check
    """

    judge: str
    checks: tuple[Check, ...]

    @property
    def faults(self) -> list[str]:
        """A line for each check that failed."""
        return [f"{c.kernel} on {c.phantom!r}: {c.fault}" for c in self.checks if c.fault]


def ready() -> Detected:
    """Whether CUDA can be used, and counts right: `detect`, then the self-test unless the card has passed it.

    A card that fails is tried again by the next process: what failed may have been the circumstances.
    """
    found = detect()
    if not found.ok:
        return found
    key = _key(found)
    with _LOCK:  # one thread runs the test, the others wait for it
        if key not in _verdicts:
            _verdicts[key] = found if _read(key) else _judged(found, run(), key)
        return _verdicts[key]


def _judged(found: Detected, report: Report, key: str) -> Detected:
    if not report.faults:
        _write(key)
        return found
    card, more = found.details["card"], len(report.faults) - 1
    return Detected(
        f"the self-test failed on card {card}: {report.faults[0]}" + (f" (and {more} more)" if more else ""),
        "choose backend='cpp', and report what `fasttex doctor --cuda --selftest` prints",
        found.details,
    )


# ---- the test ----


def run() -> Report:
    """Run all kernels on all phantoms, on the current card. It never raises; after a CUDA error it stops."""
    cuda, judge = importlib.import_module(__package__), _judge()
    checks: list[Check] = []
    for kernel, phantom, call in _calls(judge):
        try:
            fault = _difference(call(cuda), call(judge), judge.NAME)
        except Exception as error:
            return Report(judge.NAME, (*checks, Check(kernel, phantom, f"{type(error).__name__}: {error}")))
        checks.append(Check(kernel, phantom, fault))
    return Report(judge.NAME, tuple(checks))


def _judge() -> ModuleType:
    """The fastest backend on the CPU that is here."""
    for name in ("cpp", "numba_cpu"):
        try:
            return importlib.import_module(f"fasttex.kernels.{name}")
        except (ImportError, BackendError):
            continue
    return importlib.import_module("fasttex.kernels.reference")


def _calls(judge: ModuleType) -> Iterator[tuple[str, str, Callable[[Any], list[Any]]]]:
    """Kernel, name of the phantom, and what to call with a backend."""
    for name, binnings in phantoms.binnings().items():
        yield "discretize", name, methodcaller("discretize", binnings)
    for name, samplings in phantoms.samplings().items():
        yield "resample", name, methodcaller("resample", samplings)
    for name, batch in phantoms.level_batches().items():
        # The judge's distances for both: a wrong border_distance is not to be blamed on zones.
        distances = judge.border_distance(batch)
        for kernel, call in _COUNTING.items():
            yield kernel, name, partial(call, batch=batch, distances=distances)


def _neighbors(batch: Batch[Any]) -> Any:
    far = np.abs(_STEPS).max(axis=1) > 0
    return _STEPS[far & (_STEPS[:, 0] == 0) if batch.planar else far]


def _directions(batch: Batch[Any]) -> Any:
    neighbors = _neighbors(batch)
    return np.ascontiguousarray(neighbors[len(neighbors) // 2 :])


_COUNTING: dict[str, Callable[..., list[Any]]] = {
    "border_distance": lambda backend, batch, distances: backend.border_distance(batch),
    "surface": lambda backend, batch, distances: backend.surface(batch),
    "glcm": lambda backend, batch, distances: backend.glcm(
        batch, np.concatenate([_directions(batch), 2 * _directions(batch)])
    ),
    "glrlm": lambda backend, batch, distances: backend.glrlm(batch, _directions(batch)),
    "zones": lambda backend, batch, distances: (
        backend.zones(batch, _directions(batch), distances) + backend.zones(batch, _directions(batch), None)
    ),
    "neighborhood": lambda backend, batch, distances: [
        array
        for alpha in (0, 1)
        for found in backend.neighborhood(batch, _neighbors(batch), alpha)
        for array in (found.difference_sums, found.voxels, found.dependences)
    ],
}


def _difference(found: list[Any], expected: list[Any], judge: str) -> str:
    """Where results differ, in any bit; "" where they do not."""
    if len(found) != len(expected):
        return f"{len(found)} results, {judge} gives {len(expected)}"
    for n, (a, b) in enumerate(zip(found, expected, strict=True)):
        if (a.shape, a.dtype) != (b.shape, b.dtype):
            return f"result {n} is {a.dtype} of shape {a.shape}, {judge} gives {b.dtype} of shape {b.shape}"
        if a.tobytes() != b.tobytes():
            bits = f"u{a.dtype.itemsize}"
            wrong = np.argwhere(np.ascontiguousarray(a).view(bits) != np.ascontiguousarray(b).view(bits))
            place = tuple(wrong[0].tolist())
            return (
                f"result {n} differs in {len(wrong)} of {a.size} places, first at {place}: "
                f"{a[place]!r}, {judge} gives {b[place]!r}"
            )
    return ""


# ---- what is kept on disk ----


def _key(found: Detected) -> str:
    """What a verdict holds for."""
    names = ("card", "card id", "compute capability", "driver", "CUDA of the driver", "NVRTC", "CuPy")
    facts = {name: found.details[name] for name in names}
    return json.dumps({**facts, "kernels": source_hash(), "fasttex": __version__}, sort_keys=True)


def _file(key: str) -> Path | None:
    cache = user_cache()
    name = sha256(key.encode()).hexdigest()[:16]
    return cache and cache / "cuda_selftest" / f"{name}.json"


def _read(key: str) -> bool:
    """Whether a file says that the test was passed; what others may have written says nothing."""
    file = _file(key)
    try:
        return file is not None and is_private(file.parent) and file.read_text(encoding="utf-8") == key
    except (OSError, ValueError):
        return False


def _write(key: str) -> None:
    """Keep that the test was passed; where that cannot be, the next process runs it again."""
    file = _file(key)
    if file and is_private(file.parent):
        try:
            write_atomically(file, lambda stream: stream.write(key.encode()))
        except (InputError, OSError):
            return
