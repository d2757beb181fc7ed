"""The extension is built once per instruction set; the fastest that this processor runs is taken.

All builds give the same bits. The environment's ``FASTTEX_CPU`` names one of `BUILDS` to force it.
"""

import importlib
import os
from types import ModuleType
from typing import TYPE_CHECKING

from . import _cpp as _baseline

#: By name: the module, and what it needs of the processor, in the words of ``cpu_features``.
BUILDS: dict[str, tuple[str, frozenset[str]]] = {
    "avx2": ("_cpp_avx2", frozenset({"avx2", "bmi", "bmi2", "popcnt"})),
    "baseline": ("_cpp", frozenset()),
}


def absent(name: str) -> str:
    """Say why a build cannot run here; "" where it can."""
    module, needed = BUILDS[name]
    lacking = sorted(needed - set(_baseline.cpu_features()))
    if lacking:
        return f"this processor lacks {', '.join(lacking)}"
    try:
        load(name)
    except ImportError:
        return f"{module} was not compiled for this machine"
    return ""


def load(name: str) -> ModuleType:
    """Import a build by its name."""
    return importlib.import_module(f"{__package__}.{BUILDS[name][0]}")


def _chosen() -> str:
    forced = os.environ.get("FASTTEX_CPU", "")
    if not forced:
        return next(name for name in BUILDS if not absent(name))
    if forced not in BUILDS:
        raise ImportError(f"FASTTEX_CPU is {forced!r}, expected one of: {', '.join(BUILDS)}")
    reason = absent(forced)
    if reason:
        raise ImportError(f"FASTTEX_CPU is {forced!r}, but {reason}; unset it")
    return forced


#: The name of the build that counts.
BUILD = _chosen()

if TYPE_CHECKING:
    extension = _baseline
else:
    extension = load(BUILD)
