"""What is here, what is not, why, and how to get it."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from typing import Any

from .backends import available, get_backend
from .cores import binding, limits
from .errors import SettingsError
from .provenance import versions

__all__ = ["examine", "examine_cuda"]

NOT_LOOKED = "not looked for; `fasttex doctor --cuda` does"
COMPILERS = ("c++", "g++", "clang++", "cl")


def examine() -> dict[str, Any]:
    """Look at the installation: backends, versions, processor, threads, extras, and where fasttex lies."""
    backends = available()
    compiler = next((found for name in COMPILERS if (found := shutil.which(name))), None)
    report: dict[str, Any] = {
        "backends": {name: reason or "here" for name, reason in backends.items()} | {"cuda": NOT_LOOKED},
        "auto": next((name for name in ("cpp", "numba") if not backends[name]), None),
        "versions": {**versions(), **_installed()},
        "python": platform.python_implementation(),
        "machine": f"{platform.system()} {platform.machine()}",
        "threads": _threads(),
        "compiler": compiler or f"none found on PATH (looked for {', '.join(COMPILERS)})",
        "extras": {name: _extra(modules) for name, modules in _EXTRAS.items()},
        "imported from": str(Path(__file__).parent),
    }
    if not backends["cpp"]:
        cpp: Any = get_backend("cpp")
        report["cpp build"] = {"name": cpp.BUILD, **cpp.build_info()}
        report["cpp builds"] = {name: cpp.absent(name) or "here" for name in cpp.BUILDS}
        report["processor features"] = cpp.cpu_features()
    return report


def examine_cuda() -> dict[str, str]:
    """Look for CUDA: whether it can be used, if not why and what to do, and what was found on the way."""
    from .kernels.cuda.detection import detect

    found = detect()
    verdict = {"usable": "yes"} if found.ok else {"usable": f"no: {found.reason}", "to do": found.hint}
    return {**verdict, **found.details}


def _threads() -> dict[str, Any]:
    """How many threads are used where none are asked for, by which limit, and what the other limits allow."""
    machine = {"in the machine": os.cpu_count()}
    try:
        found = limits()
    except SettingsError as error:
        return {"by default": f"none: {error}", **machine}
    bound = binding(found)
    each = {limit.name: limit.note or limit.threads for limit in found}
    return {"by default": bound.threads, "bound by": bound.name, **each, **machine}


def _installed() -> dict[str, str]:
    """Versions of packages, loaded or not."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for package in ("numpy", "scipy", "SimpleITK", "numba"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


_EXTRAS = {
    "numba": ("numba",),
    "table": ("pandas", "pyarrow"),
    "yaml": ("yaml",),
    "plot": ("matplotlib",),
    "gzip": ("isal",),
}


def _extra(modules: tuple[str, ...]) -> str:
    from importlib.util import find_spec

    absent = [name for name in modules if find_spec(name) is None]
    return "here" if not absent else f"missing: {', '.join(absent)}"
