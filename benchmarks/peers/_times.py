"""Measuring two functions in turns."""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

LEAST = 3  # pairs, however slow they are
TURN_S = (
    0.05  # what takes less is called again until its turn has lasted as long: caches are warm on both sides
)


def turns(
    sides: list[Callable[[], Any]], repeats: int, seconds: float, turn_s: float = TURN_S
) -> list[dict[str, Any]]:
    """Time both in turns, A B B A A B …, until `repeats` turns or `seconds` are through."""
    walls: list[list[float]] = [[], []]
    cpus: list[list[float]] = [[], []]
    began = time.perf_counter()
    for n in range(repeats):
        for side in (0, 1) if n % 2 == 0 else (1, 0):
            gc.collect()
            until = time.perf_counter() + turn_s
            while True:
                (wall, cpu), _ = once(sides[side])
                walls[side].append(wall)
                cpus[side].append(cpu)
                if time.perf_counter() >= until:
                    break
        if n + 1 >= LEAST and time.perf_counter() - began > seconds:
            break
    return [summary(w, c) for w, c in zip(walls, cpus, strict=True)]


def once(run: Callable[[], Any]) -> tuple[tuple[float, float], Any]:
    """Seconds of wall and of CPU, and what came back; no garbage collection within."""
    gc.disable()
    cpu, wall = time.process_time(), time.perf_counter()
    found = run()
    spent = time.perf_counter() - wall, time.process_time() - cpu
    gc.enable()
    return spent, found


def summary(walls: Sequence[float], cpus: Sequence[float]) -> dict[str, Any]:
    """What is kept of the repeats, in seconds."""
    return {
        "wall_min_s": min(walls),
        "wall_median_s": statistics.median(walls),
        "cpu_min_s": min(cpus),
        "repeats": len(walls),
    }
