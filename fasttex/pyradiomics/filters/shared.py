"""What the filters share."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import SimpleITK as sitk

from ...errors import SettingsError

__all__ = ["Filtered", "MissingLibraryError", "number", "plane_axis", "require"]

#: What a filter yields: image, name, settings.
Filtered = Iterator[tuple[sitk.Image, str, dict[str, Any]]]


class MissingLibraryError(ImportError):
    """A library that a filter needs is not installed."""


def require(module: str, package: str, filters: str) -> Any:
    """Import an optional library, or say how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingLibraryError(
            f"{filters} needs {package}, which cannot be imported ({error}); "
            "pip install 'fasttex[pyradiomics]' brings it"
        ) from error


def number(
    settings: Mapping[str, Any], name: str, default: float, *, above: float, whole: bool = False
) -> Any:
    """A number among the settings, larger than `above`."""
    value = settings.get(name, default)
    usable = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not usable or not value > above or (whole and value != int(value)):
        kind = "a whole number" if whole else "a number"
        raise SettingsError(f"{name} is {value!r}, expected {kind} above {above:g}")
    return int(value) if whole else value


def plane_axis(settings: Mapping[str, Any], axes: int) -> int:
    """The axis perpendicular to the planes that a filter works in, 0 is z."""
    axis = settings.get("force2Ddimension", 0)
    if axis not in range(axes):
        raise SettingsError(f"force2Ddimension is {axis!r}, expected one of {list(range(axes))}, 0 for z")
    return int(axis)
