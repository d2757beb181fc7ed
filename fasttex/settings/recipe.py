"""Every choice that is part of the numbers, in one frozen object."""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args, get_type_hints

import msgspec
import numpy as np

from ..conventions import NUMERICS, convention
from ..errors import SettingsError
from ..types import MAX_LEVELS
from .files import read_mapping
from .presets import PRESETS

Family = Literal["intensity_statistics", "glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm"]
Aggregation = Literal[
    "2d_averaged", "2d_slice_merged", "2_5d_direction_merged", "2_5d_merged", "3d_averaged", "3d_merged"
]
FAMILIES: tuple[Family, ...] = get_args(Family)
AGGREGATIONS: tuple[Aggregation, ...] = get_args(Aggregation)

Positive = Annotated[float, msgspec.Meta(gt=0)]
Length = Annotated[float, msgspec.Meta(ge=0)]


class Spacing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A length in mm per axis; 0 or nothing keeps the image's own."""

    x: Length | None = None
    y: Length | None = None
    z: Length | None = None


def _choice(default: Any, expected: str, doc: str) -> Any:
    return field(default=default, metadata={"expected": expected, "doc": doc})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The recipe of a feature table.

    Every field has a default; `fasttex settings template` prints them all with their meaning. Fields
    that are None follow from others; `resolved` says what they become.

    Raises
    ------
    SettingsError
        A field that does not exist (with the nearest one that does), a value that is not allowed, or
        two that contradict each other.

    Examples
    --------
    >>> Settings(bin_width=25, bin_origin=-1000).resolved["discretization"]
    'fbs'
    >>> Settings(bin_widht=25)
    Traceback (most recent call last):
        ...
    fasttex.errors.SettingsError: unknown setting 'bin_widht'; did you mean 'bin_width'?
    """

    convention: str = _choice("ibsi1", "the name of a convention", "Whose definitions to follow.")
    families: tuple[Family, ...] | None = _choice(
        None, f"a list out of: {', '.join(FAMILIES)}", "Which feature families to compute; all if not given."
    )
    aggregations: tuple[Aggregation, ...] | None = _choice(
        None,
        f"a list out of: {', '.join(AGGREGATIONS)}",
        "How matrices of directions and slices are put together (IBSI). If not given: 3d_averaged, "
        "or 2d_averaged for an image of a single slice.",
    )
    slice_axis: Literal["z", "y", "x"] = _choice(
        "z", "z, y or x", "The axis across which 2D and 2.5D aggregations cut slices."
    )
    spacing_mm: Positive | Spacing | None = _choice(
        None,
        "a length in mm > 0, or {x, y, z} of lengths in mm where 0 keeps the image's own",
        "Resample to this voxel spacing; no resampling if not given.",
    )
    interpolator: Literal["linear", "nearest"] = _choice(
        "linear", "linear or nearest", "How intensities are interpolated."
    )
    mask_interpolator: Literal["linear", "nearest"] = _choice(
        "linear", "linear or nearest", "How ROIs are interpolated; linear keeps voxels at 0.5 and above."
    )
    grid: Literal["centers", "corners"] = _choice(
        "centers",
        "centers or corners",
        "What the new grid shares with the old: its center (IBSI), or its origin corner (ITK pipelines).",
    )
    resampled_dtype: Literal["float64", "float32"] = _choice(
        "float64", "float64 or float32", "Precision in which resampled intensities are kept."
    )
    round_intensities: bool = _choice(
        False,
        "true or false",
        "Round intensities to whole numbers after resampling (IBSI asks for it in CT).",
    )
    resegment_range: tuple[float | None, float | None] | None = _choice(
        None,
        "two numbers, the lower first; inf or -inf for an open end",
        "Keep only voxels with intensities in this closed range, in the intensity mask.",
    )
    resegment_sigma: Positive | None = _choice(
        None, "a number > 0", "Keep only voxels within this many standard deviations of the ROI's mean."
    )
    discretization: Literal["fbn", "fbs", "edges", "identity"] | None = _choice(
        None,
        "fbn, fbs, edges or identity",
        "Fixed bin number, fixed bin size, given edges, or intensities as they are. If not given: fbs "
        "with a bin_width, edges with bin_edges, else fbn.",
    )
    bin_number: Annotated[int, msgspec.Meta(ge=1, le=MAX_LEVELS)] | None = _choice(
        None, f"a whole number from 1 to {MAX_LEVELS}", "Number of bins for fbn; 32 if not given."
    )
    bin_width: Positive | None = _choice(
        None, "a number > 0", "Width of the bins for fbs, in the image's unit."
    )
    bin_origin: float | Literal["roi_minimum"] | None = _choice(
        None,
        "a number or 'roi_minimum'",
        "Where the first bin of fbs begins. If not given: the lower end of resegment_range.",
    )
    bin_edges: tuple[float, ...] | None = _choice(
        None, "at least two rising numbers", "Edges of the bins: level 1 begins at the first."
    )
    distance: Annotated[int, msgspec.Meta(ge=1, le=32)] = _choice(
        1, "a whole number from 1 to 32", "Distance in voxels for GLCM, NGTDM and NGLDM."
    )
    alpha: Annotated[int, msgspec.Meta(ge=0, le=MAX_LEVELS)] = _choice(
        0, "a whole number >= 0", "How many levels a neighbor may differ and still depend (NGLDM)."
    )

    def __new__(cls, **given: Any) -> Self:
        """Refuse fields that do not exist, with the nearest one that does."""
        known = [f.name for f in dataclasses.fields(cls)]
        for key in given:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1, 0.5)
                hint = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(known)}"
                raise SettingsError(f"unknown setting {key!r}; {hint}")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self), include_extras=True)
        for f in dataclasses.fields(self):
            object.__setattr__(self, f.name, _checked(f, getattr(self, f.name), hints[f.name]))
        _check_together(self)

    def replace(self, **changes: Any) -> Settings:
        """The same settings with `changes`."""
        given = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return type(self)(**{**given, **changes})

    @classmethod
    def preset(cls, name: str) -> Settings:
        """Sensible settings for ``"ct"``, ``"mr"`` or ``"pet"``; `PRESETS` gives each value's source."""
        if name not in PRESETS:
            raise SettingsError(f"preset is {name!r}, expected one of: {', '.join(PRESETS)}")
        return cls(**{key: value for key, (value, _) in PRESETS[name].items()})

    @classmethod
    def from_file(cls, path: str | Path) -> Settings:
        """Read settings from a .toml, .json, .yaml or .yml file.

        Raises
        ------
        SettingsError
            The file is not there, does not parse, or holds settings that are not allowed.
        """
        return cls(**read_mapping(Path(path)))

    @property
    def resolved(self) -> dict[str, Any]:
        """Every choice as plain data, with those that follow from others filled in."""
        values = msgspec.to_builtins({f.name: getattr(self, f.name) for f in dataclasses.fields(self)})
        values["families"] = [f for f in FAMILIES if self.families is None or f in self.families]
        values["aggregations"] = (
            "auto" if self.aggregations is None else [a for a in AGGREGATIONS if a in self.aggregations]
        )
        values["discretization"] = rule = self.discretization or (
            "fbs" if self.bin_width else "edges" if self.bin_edges else "fbn"
        )
        if rule == "fbn" and self.bin_number is None:
            values["bin_number"] = 32
        if rule == "fbs" and self.bin_origin is None and self.resegment_range is not None:
            values["bin_origin"] = self.resegment_range[0]
        if isinstance(self.spacing_mm, (int, float)):
            values["spacing_mm"] = dict.fromkeys("xyz", float(self.spacing_mm))
        elif self.spacing_mm is not None:
            values["spacing_mm"] = {axis: mm or None for axis, mm in values["spacing_mm"].items()}
        return dict(values)

    @property
    def defaults(self) -> list[str]:
        """Names of the fields that have their default value."""
        return [f.name for f in dataclasses.fields(self) if getattr(self, f.name) == f.default]

    @property
    def recipe_id(self) -> str:
        """Twelve hex digits that are the same exactly where the numbers are made the same way."""
        text = json.dumps({"numerics": NUMERICS, **self.resolved}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def _checked(f: dataclasses.Field[Any], value: Any, hint: Any) -> Any:
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


def _check_together(s: Settings) -> None:
    """Refuse choices that contradict each other."""
    convention(s.convention)
    for name in ("families", "aggregations"):
        if getattr(s, name) == ():
            raise SettingsError(f"{name} is empty, expected at least one; leave it out for the default")
    if s.resegment_range is not None and None not in s.resegment_range:
        low, high = s.resegment_range
        if low > high:  # type: ignore[operator]
            raise SettingsError(f"resegment_range is {s.resegment_range}, expected the lower end first")
    if s.bin_edges is not None and (len(s.bin_edges) < 2 or sorted(set(s.bin_edges)) != list(s.bin_edges)):
        raise SettingsError(f"bin_edges is {s.bin_edges}, expected at least two rising numbers")
    rule = s.resolved["discretization"]
    belongs = {"bin_number": "fbn", "bin_width": "fbs", "bin_origin": "fbs", "bin_edges": "edges"}
    for name, owner in belongs.items():
        if getattr(s, name) is not None and rule != owner:
            raise SettingsError(
                f"{name} is {getattr(s, name)!r} but discretization is {rule!r}: {name} belongs to "
                f"{owner!r}; leave one of them out"
            )
    if rule == "fbs" and s.bin_width is None:
        raise SettingsError("discretization 'fbs' needs a bin_width, in the image's intensity unit")
    if rule == "edges" and s.bin_edges is None:
        raise SettingsError("discretization 'edges' needs bin_edges, a list of rising numbers")
    if rule == "fbs" and s.resolved["bin_origin"] is None:
        raise SettingsError(
            "bin_width needs to know where the first bin begins: give bin_origin as a number (for CT "
            "-1000, for PET 0), or 'roi_minimum', or a resegment_range with a lower end"
        )
