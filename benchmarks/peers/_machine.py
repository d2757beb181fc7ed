"""Where and when it was measured; no names of hosts or paths."""

import datetime
import os
import platform
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """CPU, cores, operating system, Python and date."""
    return {
        "cpu": _line("/proc/cpuinfo", "model name", ":") or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "os": _line("/etc/os-release", "PRETTY_NAME", "=") or f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "date": datetime.date.today().isoformat(),
    }


def _line(path: str, key: str, between: str) -> str:
    """The value of the first line of a file that begins with a key; "" if there is none."""
    if not Path(path).is_file():
        return ""
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(between)
        if name.strip() == key:
            return value.strip().strip('"')
    return ""


def one_core() -> None:
    """Bind this process to one core (Linux): some peers start threads whatever one says."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
