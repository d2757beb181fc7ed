"""What there is of CUDA on this machine: CuPy, a driver, a card, a compiler; and if not, what to install."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from . import device

__all__ = ["Detected", "detect"]

#: By CUDA's major version: the extra of fasttex, and the first driver that runs it.
_EXTRAS = {12: ("cuda12", "525"), 13: ("cuda13", "580")}
#: Packages that all bring the module cupy.
_BUILDS = ("cupy", "cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x")
#: Oldest compute capability: what the kernels' atomics need; and what the compiler of CUDA 13 knows.
_OLDEST, _OLDEST_FOR_13 = (7, 0), (7, 5)
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_DRIVER = Path("/sys/module/nvidia/version")


@dataclass(frozen=True)
class Detected:
    """Whether CUDA can be used, and if not, why and what to do.

    Attributes
    ----------
    reason, hint : str
        Empty where it can be used.
    details : dict of str
        What was found on the way, by name.
    """

    reason: str = ""
    hint: str = ""
    details: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether CUDA can be used."""
        return not self.reason


class _Absent(Exception):
    """What is missing first."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


def detect() -> Detected:
    """Look for everything that the CUDA backend needs; once for each card. It never raises.

    Returns
    -------
    Detected
        For the card that is CuPy's current device. Whether the kernels count right on it is for `selftest`
        to say.
    """
    try:
        current = int(device.array_module().cuda.runtime.getDevice())
    except Exception:  # whatever it is: `_detect` meets it again, and explains it
        current = 0
    return _detect(current)


@cache
def _detect(ordinal: int) -> Detected:
    details: dict[str, str] = {}
    try:
        cp = _cupy(details)
        _look_for_driver(cp, details)
        _look_for_card(cp, details)
        _look_for_compiler(cp, details)
        _look_at_card(cp, ordinal, details)
    except _Absent as absent:
        return Detected(absent.reason, absent.hint, details)
    except Exception as error:  # nobody foresaw it, and who looks for a card is not to fall over it
        reason = f"looking for CUDA failed ({type(error).__name__}: {error})"
        return Detected(reason, "choose backend='cpp', and report this", details)
    return Detected(details=details)


@contextmanager
def _explained(reason: str, hint: str) -> Iterator[None]:
    """Turn any failure into what is missing, with its own words in front."""
    try:
        yield
    except _Absent:
        raise
    except Exception as error:
        raise _Absent(f"{reason} ({type(error).__name__}: {str(error).strip()})", hint) from error


def _cupy(details: dict[str, str]) -> Any:
    builds = _installed()
    details["CuPy"] = ", ".join(f"{name} {_version(name)}" for name in builds) or "not here"
    if len(builds) > 1:
        raise _Absent(
            f"{' and '.join(builds)} are installed together and overwrite each other's files",
            f"{_uninstall(builds)}, then {_install('cuda12')} or {_install('cuda13')}, never both",
        )
    try:
        cp = device.array_module()
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "cupy":
            hint = f"{_install('cuda12')}{_since(12)}, or {_install('cuda13')}{_since(13)}"
            raise _Absent("CuPy is not installed", hint) from error
        raise _Absent(f"CuPy cannot be imported ({type(error).__name__}: {error})", _again(builds)) from error
    if not builds:
        details["CuPy"] = str(cp.__version__)
    return cp


def _look_for_driver(cp: Any, details: dict[str, str]) -> None:
    with _explained("CuPy does not say which CUDA it is made for", _install("cuda12")):
        driver = int(cp.cuda.runtime.driverGetVersion())
        made_for = int(cp.cuda.runtime.runtimeGetVersion())
    details["CUDA of CuPy"] = _dotted(made_for)
    details["CUDA of the driver"] = _dotted(driver) if driver else "no driver"
    details["driver"] = _driver_build()
    need = made_for // 1000
    if driver == 0:
        raise _Absent(
            "no NVIDIA driver was found",
            f"install the driver of your card{_since(need)}, until `nvidia-smi` lists it; "
            "in a container, start it with its GPUs (docker run --gpus all)",
        )
    if driver // 1000 < need:
        found = f"the driver runs CUDA up to {_dotted(driver)}, CuPy here is made for CUDA {need}"
        update = f"update the driver{_since(need)}"
        if driver // 1000 in _EXTRAS:
            wanted = _EXTRAS[driver // 1000][0]
            update = f"{_again(_installed(), wanted)}; or {update}"
        raise _Absent(found, update)


def _look_for_card(cp: Any, details: dict[str, str]) -> None:
    visible = os.environ.get(_VISIBLE)
    if visible is not None:
        details[_VISIBLE] = repr(visible)
    try:
        n_cards = int(cp.cuda.runtime.getDeviceCount())
    except Exception as error:
        if "NoDevice" not in str(error):
            raise _Absent(
                f"CUDA cannot start ({error})", "see whether `nvidia-smi` runs; restart the machine if not"
            ) from error
        n_cards = 0
    details["cards"] = str(n_cards)
    if n_cards:
        return
    if visible is None:
        raise _Absent("the driver sees no card", "see whether `nvidia-smi` lists one")
    raise _Absent(
        f"no card is visible: {_VISIBLE} is {visible!r}",
        f"unset {_VISIBLE}, or set it to the number of a card that `nvidia-smi` lists",
    )


def _look_for_compiler(cp: Any, details: dict[str, str]) -> None:
    extra = _EXTRAS.get(int(cp.cuda.runtime.runtimeGetVersion()) // 1000, _EXTRAS[12])[0]
    with _explained("NVRTC, the compiler of kernels, was not found", _install(extra)):
        details["NVRTC"] = "not here"
        details["NVRTC"] = ".".join(map(str, cp.cuda.nvrtc.getVersion()))


def _look_at_card(cp: Any, ordinal: int, details: dict[str, str]) -> None:
    with _explained("the card cannot be asked what it is", "see whether `nvidia-smi` runs"):
        card = cp.cuda.runtime.getDeviceProperties(ordinal)
        capability = int(card["major"]), int(card["minor"])
        details["card"] = f"{ordinal}: {bytes(card['name']).decode(errors='replace')}"
        details["card id"] = bytes(card.get("uuid", b"")).hex()
        details["compute capability"] = _pair(capability)
        details["memory"] = f"{int(card['totalGlobalMem']) / 2**30:.1f} GiB"
    if capability < _OLDEST:
        raise _Absent(
            f"the card has compute capability {_pair(capability)}, {_pair(_OLDEST)} or newer is needed",
            "use a card of the Volta generation (2017) or newer, or choose backend='cpp'",
        )
    if capability < _OLDEST_FOR_13 and int(details["NVRTC"].split(".")[0]) >= 13:
        raise _Absent(
            f"NVRTC {details['NVRTC']} makes no code for compute capability {_pair(capability)}",
            _again(_installed(), "cuda12"),
        )


def _install(extra: str) -> str:
    return f"python -m pip install 'fasttex[{extra}]'"


def _uninstall(builds: list[str]) -> str:
    return f"python -m pip uninstall {' '.join(builds or ['cupy'])}"


def _again(builds: list[str], extra: str = "") -> str:
    """How to put another build in the place of those that are here, or the same anew."""
    same = "cuda13" if "cupy-cuda13x" in builds else "cuda12"
    return f"{_uninstall(builds)}, then {_install(extra or same)}"


def _since(major: int) -> str:
    """For whom a major version of CUDA is."""
    return f" (driver {_EXTRAS[major][1]} or newer)" if major in _EXTRAS else ""


def _installed() -> list[str]:
    return [name for name in _BUILDS if _version(name)]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _driver_build() -> str:
    """The driver's own version, where the system tells."""
    try:
        return _DRIVER.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return "unknown"


def _dotted(number: int) -> str:
    """12040 as 12.4."""
    return f"{number // 1000}.{number % 1000 // 10}"


def _pair(numbers: tuple[int, int]) -> str:
    return ".".join(map(str, numbers))
