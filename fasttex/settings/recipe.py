"""Every choice that is part of the numbers, in one frozen object."""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args, get_type_hints

import msgspec

from ..conventions import NUMERICS
from ..errors import SettingsError
from ..types import MAX_LEVELS
from .checks import check_together, checked
from .files import read_mapping
from .presets import PRESETS

Family = Literal[
    "morphology",
    "local_intensity",
    "intensity_statistics",
    "intensity_histogram",
    "ivh",
    "glcm",
    "glrlm",
    "glszm",
    "gldzm",
    "ngtdm",
    "ngldm",
]
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
    intensity_unit: Literal["HU", "SUV", "arbitrary", "unknown"] | None = _choice(
        None, "HU, SUV, arbitrary or unknown", "Unit of the intensities; if not given, the image's own."
    )
    normalize: Literal["none", "z_score", "percentiles"] = _choice(
        "none",
        "none, z_score or percentiles",
        "Bring the image's intensities to a common scale before all else (MR): (x - mean) / standard "
        "deviation, or (x - low) / (high - low) of two percentiles.",
    )
    normalize_over: Annotated[str, msgspec.Meta(min_length=1)] | None = _choice(
        None,
        "image, body or the name of a ROI",
        "Whose voxels give mean and deviation or percentiles: image if not given; body is what lies "
        "above the image's mean.",
    )
    normalize_scale: Positive | None = _choice(
        None, "a number > 0", "What normalized intensities are multiplied by; 1 if not given."
    )
    normalize_percentiles: tuple[float, float] | None = _choice(
        None, "two rising numbers from 0 to 100", "Which percentiles become 0 and 1; 1 and 99 if not given."
    )
    slice_axis: Literal["z", "y", "x"] = _choice(
        "z", "z, y or x", "The axis across which 2D and 2.5D aggregations cut slices."
    )
    spacing_mm: Positive | Spacing | None = _choice(
        None,
        "a length in mm > 0, or {x, y, z} of lengths in mm where 0 keeps the image's own",
        "Resample to this voxel spacing; no resampling if not given.",
    )
    interpolator: Literal["linear", "nearest", "cubic"] = _choice(
        "linear",
        "linear, nearest or cubic",
        "How intensities are interpolated; cubic is the cubic B-spline through the voxels' values.",
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
    ivh_discretization: Literal["none", "fbs", "fbn"] = _choice(
        "none",
        "none, fbs or fbn",
        "Bins of the intensity-volume histogram: none takes intensities as they are. Bins of fbs begin at "
        "bin_origin.",
    )
    ivh_bin_width: Positive | None = _choice(
        None, "a number > 0", "Width of the bins for ivh_discretization fbs, in the image's unit."
    )
    ivh_bin_number: Annotated[int, msgspec.Meta(ge=1, le=MAX_LEVELS)] | None = _choice(
        None,
        f"a whole number from 1 to {MAX_LEVELS}",
        "Number of bins for ivh_discretization fbn; 1000 if not given.",
    )
    spatial_autocorrelation: Literal["none", "exact"] = _choice(
        "none",
        "none or exact",
        "Whether morphology includes Moran's I and Geary's C, from all pairs of voxels.",
    )
    distance: Annotated[int, msgspec.Meta(ge=1, le=32)] = _choice(
        1, "a whole number from 1 to 32", "Distance in voxels for GLCM, NGTDM and NGLDM."
    )
    alpha: Annotated[int, msgspec.Meta(ge=0, le=MAX_LEVELS)] = _choice(
        0, "a whole number >= 0", "How many levels a neighbor may differ and still depend (NGLDM)."
    )

    def __new__(cls, **given: Any) -> Self:
        """Refuse fields that do not exist, with the nearest one that does."""
        known = list(_fields())
        for key in given:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1, 0.5)
                hint = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(known)}"
                raise SettingsError(f"unknown setting {key!r}; {hint}")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for name, (f, hint) in _fields().items():
            given = getattr(self, name)
            if given is not f.default:
                object.__setattr__(self, name, checked(f, given, hint))
        check_together(self)

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
        return {
            name: value.copy() if isinstance(value, (list, dict)) else value
            for name, value in self._resolved.items()
        }

    @property
    def choices(self) -> Mapping[str, Any]:
        """The same as `resolved`, made once, for reading alone."""
        return self._resolved

    @cached_property
    def _resolved(self) -> dict[str, Any]:
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
        fbs = "fbs" in (rule, self.ivh_discretization)
        if fbs and self.bin_origin is None and self.resegment_range is not None:
            values["bin_origin"] = self.resegment_range[0]
        if self.ivh_discretization == "fbn" and self.ivh_bin_number is None:
            values["ivh_bin_number"] = 1000
        if self.normalize != "none":
            values["normalize_over"] = self.normalize_over or "image"
            values["normalize_scale"] = self.normalize_scale or 1.0
        if self.normalize == "percentiles" and self.normalize_percentiles is None:
            values["normalize_percentiles"] = [1.0, 99.0]
        if isinstance(self.spacing_mm, (int, float)):
            values["spacing_mm"] = dict.fromkeys("xyz", float(self.spacing_mm))
        elif self.spacing_mm is not None:
            values["spacing_mm"] = {axis: mm or None for axis, mm in values["spacing_mm"].items()}
        return dict(values)

    @property
    def defaults(self) -> list[str]:
        """Names of the fields that have their default value."""
        return [f.name for f in dataclasses.fields(self) if getattr(self, f.name) == f.default]

    @cached_property
    def recipe_id(self) -> str:
        """Twelve hex digits that are the same exactly where the numbers are made the same way."""
        text = json.dumps({"numerics": NUMERICS, **self._resolved}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def _fields() -> dict[str, tuple[dataclasses.Field[Any], Any]]:
    """Each field by its name, with its type as it is checked."""
    hints = get_type_hints(Settings, include_extras=True)
    return {f.name: (f, hints[f.name]) for f in dataclasses.fields(Settings)}
