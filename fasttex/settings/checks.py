"""Refuse values that are not allowed, and choices that contradict each other."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from ..conventions import convention
from ..errors import SettingsError

if TYPE_CHECKING:
    from .recipe import Settings

__all__ = ["check_together", "checked"]


def checked(f: dataclasses.Field[Any], value: Any, hint: Any) -> Any:
    """The value of one field in its own type."""
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if isinstance(value, str) and f.name in ("families", "aggregations"):
        value = [value]
    try:
        value = msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{f.name} is {value!r}, expected {f.metadata['expected']} ({error})") from None
    if f.name == "resegment_range" and value is not None:
        value = tuple(None if v in (None, -math.inf, math.inf) else v for v in value)
    numbers = value if isinstance(value, tuple) else (value,)
    if any(isinstance(v, float) and not math.isfinite(v) for v in numbers):
        raise SettingsError(f"{f.name} is {value!r}, expected {f.metadata['expected']}, finite")
    return value


def check_together(s: Settings) -> None:
    """Refuse choices that contradict each other."""
    convention(s.convention)
    for name in ("families", "aggregations"):
        if getattr(s, name) == ():
            raise SettingsError(f"{name} is empty, expected at least one; leave it out for the default")
    if s.resegment_range is not None and None not in s.resegment_range:
        low, high = s.resegment_range
        if low > high:  # type: ignore[operator]
            raise SettingsError(f"resegment_range is {s.resegment_range}, expected the lower end first")
    _check_bins(s)
    _check_ivh(s)
    _check_normalize(s)


def _check_bins(s: Settings) -> None:
    if s.bin_edges is not None and (len(s.bin_edges) < 2 or sorted(set(s.bin_edges)) != list(s.bin_edges)):
        raise SettingsError(f"bin_edges is {s.bin_edges}, expected at least two rising numbers")
    rule = s.choices["discretization"]
    belongs = {"bin_number": "fbn", "bin_width": "fbs", "bin_origin": "fbs", "bin_edges": "edges"}
    for name, owner in belongs.items():
        if name == "bin_origin" and s.ivh_discretization == "fbs":
            continue
        _check_owner(s, name, "discretization", rule, owner)
    if rule == "fbs" and s.bin_width is None:
        raise SettingsError("discretization 'fbs' needs a bin_width, in the image's intensity unit")
    if rule == "edges" and s.bin_edges is None:
        raise SettingsError("discretization 'edges' needs bin_edges, a list of rising numbers")
    if rule == "fbs":
        _check_origin(s, "bin_width")


def _check_ivh(s: Settings) -> None:
    rule = s.ivh_discretization
    _check_owner(s, "ivh_bin_width", "ivh_discretization", rule, "fbs")
    _check_owner(s, "ivh_bin_number", "ivh_discretization", rule, "fbn")
    if rule == "fbs" and s.ivh_bin_width is None:
        raise SettingsError("ivh_discretization 'fbs' needs an ivh_bin_width, in the image's intensity unit")
    if rule == "fbs":
        _check_origin(s, "ivh_bin_width")


def _check_normalize(s: Settings) -> None:
    for name in ("normalize_over", "normalize_scale"):
        if getattr(s, name) is not None and s.normalize == "none":
            raise SettingsError(
                f"{name} is {getattr(s, name)!r} but normalize is 'none': choose 'z_score' or "
                "'percentiles', or leave it out"
            )
    _check_owner(s, "normalize_percentiles", "normalize", s.normalize, "percentiles")
    low, high = s.normalize_percentiles or (0, 100)
    if not 0 <= low < high <= 100:
        raise SettingsError(
            f"normalize_percentiles is {s.normalize_percentiles}, expected two rising numbers from 0 to 100"
        )


def _check_owner(s: Settings, name: str, choice: str, chosen: str, owner: str) -> None:
    if getattr(s, name) is not None and chosen != owner:
        raise SettingsError(
            f"{name} is {getattr(s, name)!r} but {choice} is {chosen!r}: {name} belongs to "
            f"{owner!r}; leave one of them out"
        )


def _check_origin(s: Settings, name: str) -> None:
    if s.choices["bin_origin"] is None:
        raise SettingsError(
            f"{name} needs to know where the first bin begins: give bin_origin as a number (for CT "
            "-1000, for PET 0), or 'roi_minimum', or a resegment_range with a lower end"
        )
