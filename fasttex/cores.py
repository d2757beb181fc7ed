"""How many threads this process should use: what the system and the environment grant it.

The smallest of all limits binds: the processors that the scheduler may choose from, the CPU quota of each
control group around the process (a container's, a batch job's), and what the environment asks for.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from .errors import SettingsError

__all__ = ["Limit", "binding", "limits"]

OWN, OPENMP = "FASTTEX_NUM_THREADS", "OMP_NUM_THREADS"
_ROOT = Path("/")


class Limit(NamedTuple):
    """One limit: its name, the threads it allows (None: any number), and why it allows any number."""

    name: str
    threads: int | None
    note: str = ""


def limits(root: Path = _ROOT, environment: Mapping[str, str] = os.environ) -> list[Limit]:
    """List every limit on threads, whether it binds or not.

    Parameters
    ----------
    root : Path
        Where ``proc/self`` and the mounted control groups are looked for.
    environment : mapping
        Of ``FASTTEX_NUM_THREADS``, and of ``OMP_NUM_THREADS``, which is looked at if the former is not set.

    Raises
    ------
    SettingsError
        ``FASTTEX_NUM_THREADS`` is no whole number of at least 1.
    """
    quota = cpu_quota(root)
    return [
        Limit("processors", processors()),
        Limit("cgroup quota", math.ceil(quota) if quota else None, "" if quota else "none"),
        *_asked(environment),
    ]


def binding(found: list[Limit]) -> Limit:
    """The limit that allows the fewest threads; the first of several."""
    return min((limit for limit in found if limit.threads), key=lambda limit: limit.threads or 0)


def processors() -> int:
    """The logical processors that the scheduler may put this process on."""
    counted = getattr(os, "process_cpu_count", None)  # Python 3.13: minds -X cpu_count, too
    if counted is not None:
        return counted() or 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _asked(environment: Mapping[str, str]) -> list[Limit]:
    """What the environment asks for."""
    own, openmp = environment.get(OWN, "").strip(), environment.get(OPENMP, "").strip()
    if own:
        if not _is_count(own):
            raise SettingsError(f"{OWN} is {own!r}, expected a whole number of at least 1; or unset it")
        return [Limit(OWN, int(own)), Limit(OPENMP, None, f"not looked at, as {OWN} is set")]
    found = [Limit(OWN, None, "not set")]
    if not openmp:
        return [*found, Limit(OPENMP, None, "not set")]
    levels = [level.strip() for level in openmp.split(",")]  # one for each level of nested loops
    if not all(map(_is_count, levels)):
        return [*found, Limit(OPENMP, None, f"{openmp!r} is ignored, expected whole numbers of at least 1")]
    return [*found, Limit(OPENMP, int(levels[0]))]


def _is_count(text: str) -> bool:
    return re.fullmatch(r"\+?0*[1-9][0-9]{0,8}", text) is not None


def cpu_quota(root: Path = _ROOT) -> float | None:
    """CPU time per wall time that control groups grant this process (Linux); None where none limits it."""
    quotas = [
        quota
        for version, folder, mount in _groups(root)
        for group in (folder, *folder.parents)
        if group.is_relative_to(mount)  # a group cannot use more than those around it
        if (quota := (_quota_2 if version == 2 else _quota_1)(group)) is not None
    ]
    return min(quotas, default=None)


def _quota_2(group: Path) -> float | None:
    """As in ``cpu.max``: the time and the period in microseconds, or "max" for the time."""
    return _ratio(_read(group / "cpu.max").split())


def _quota_1(group: Path) -> float | None:
    """As in ``cpu.cfs_quota_us``, which is -1 for no limit, and ``cpu.cfs_period_us``."""
    return _ratio([_read(group / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")])


def _ratio(words: list[str]) -> float | None:
    if len(words) != 2 or not all(map(_is_count, words)):
        return None
    return int(words[0]) / int(words[1])


def _groups(root: Path) -> Iterator[tuple[int, Path, Path]]:
    """For each tree of groups with quotas: its version, this process's group, and where it is mounted."""
    own = [line.split(":", 2) for line in _read(root / "proc/self/cgroup").splitlines()]
    of_cpu = {2 if not names else 1: path for _, names, path in own if not names or "cpu" in names.split(",")}
    for line in _read(root / "proc/self/mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        kind, *_, options = right.split(" ") or [""]
        version = 2 if kind == "cgroup2" else 1 if kind == "cgroup" and "cpu" in options.split(",") else 0
        if version in of_cpu:
            top, mounted = (_unescaped(word) for word in left.split(" ")[3:5])
            mount = root / mounted.lstrip("/")
            yield version, mount / _below(of_cpu[version], top), mount


def _below(path: str, top: str) -> PurePosixPath:
    """The group's path below the mounted one; in a container the mount often is the group itself."""
    own = PurePosixPath(path)
    return own.relative_to(top) if own.is_relative_to(top) else PurePosixPath()


def _unescaped(word: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), word)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
