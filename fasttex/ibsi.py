"""The IBSI 1 phantoms: their processing, their reference values, and how numbers compare with them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .features.columns import column_name
from .features.families import FEATURES
from .settings import AGGREGATIONS, Settings, Spacing
from .types import BoolArray, Triple

__all__ = [
    "CONFIGURATIONS",
    "Diagnostic",
    "Reference",
    "ct_phantom",
    "diagnostics",
    "digital_phantom",
    "missed",
    "references",
]

_FLAT = tuple(a for a in AGGREGATIONS if a.startswith("2"))
_SOLID = tuple(a for a in AGGREGATIONS if a.startswith("3"))
_ALL: dict[str, Any] = {"spatial_autocorrelation": "exact"}

#: The processing that the IBSI prescribes, by dataset: the digital phantom, and five of the CT phantom.
CONFIGURATIONS: dict[str, Settings] = {
    "digital_phantom": Settings(**_ALL, discretization="identity", aggregations=AGGREGATIONS),
    "config_A": Settings(
        **_ALL,
        aggregations=_FLAT,
        round_intensities=True,
        resegment_range=(-500, 400),
        bin_width=25,
    ),
    "config_B": Settings(
        **_ALL,
        aggregations=_FLAT,
        spacing_mm=Spacing(x=2, y=2),
        round_intensities=True,
        resegment_range=(-500, 400),
        bin_number=32,
    ),
    "config_C": Settings(
        **_ALL,
        aggregations=_SOLID,
        spacing_mm=2,
        round_intensities=True,
        resegment_range=(-1000, 400),
        bin_width=25,
        ivh_discretization="fbs",
        ivh_bin_width=2.5,
    ),
    "config_D": Settings(
        **_ALL,
        aggregations=_SOLID,
        spacing_mm=2,
        round_intensities=True,
        resegment_sigma=3,
        bin_number=32,
    ),
    "config_E": Settings(
        **_ALL,
        aggregations=_SOLID,
        spacing_mm=2,
        interpolator="cubic",
        round_intensities=True,
        resegment_range=(-1000, 400),
        resegment_sigma=3,
        bin_number=32,
        ivh_discretization="fbn",
        ivh_bin_number=1000,
    ),
}


@dataclass(frozen=True)
class Reference:
    """One published value.

    Attributes
    ----------
    family : str
        Of the feature.
    column : str
        The column of a feature table that should hold it.
    value, tolerance : float
        As printed, with three significant digits.
    computed : float
        The same feature in full precision, as another implementation has it.
    """

    family: str
    column: str
    value: float
    tolerance: float
    computed: float

    def holds(self, value: float) -> bool:
        """Whether `value`, rounded to three significant digits, lies within the tolerance."""
        return bool(abs(float(f"{value:.3g}") - self.value) <= self.tolerance * (1 + 1e-9))

    def difference(self, value: float) -> float:
        """Relative difference from the value in full precision."""
        return abs(value - self.computed) / abs(self.computed) if self.computed else abs(value)

    def deviation(self, value: float) -> float:
        """How far `value`, rounded, lies from the printed one, in tolerances; infinite where it must not."""
        apart = abs(float(f"{value:.3g}") - self.value)
        return apart / self.tolerance if self.tolerance else float("inf") if apart else 0.0


@dataclass(frozen=True)
class Diagnostic:
    """One published value of an image or a ROI between the steps.

    Attributes
    ----------
    stage : str
        ``initial_image interpolated_image initial_roi interpolated_roi resegmented_roi``.
    name : str
        As `fasttex.preprocess.diagnostics` spells it.
    printed : str
        As the manual prints it.
    tolerance : float
        Of the printed value.
    """

    stage: str
    name: str
    printed: str
    tolerance: float

    def holds(self, value: float) -> bool:
        """Whether `value`, rounded to the digits that are printed, at least three, lies in the tolerance."""
        digits = self.printed.lstrip("-0.").replace(".", "")
        n = len(digits if "." in self.printed else digits.rstrip("0"))
        return abs(float(f"{value:.{max(3, n)}g}") - float(self.printed)) <= self.tolerance * (1 + 1e-9)


def digital_phantom() -> tuple[NDArray[np.int64], BoolArray, Triple]:
    """The digital phantom: intensities and mask of shape (4, 4, 5), axes (z, y, x), and spacing in mm."""
    phantom = json.loads(_data("ibsi_digital_phantom.json"))
    z, y, x = phantom["spacing_mm"]
    return np.array(phantom["image"], dtype=np.int64), np.array(phantom["mask"], dtype=np.bool_), (z, y, x)


#: Image and mask of the CT phantom below the folder that a user names.
_CT_PHANTOM = (
    (
        "ibsi_1_ct_radiomics_phantom/nifti/image/phantom.nii.gz",
        "ibsi_1_ct_radiomics_phantom/nifti/mask/mask.nii.gz",
    ),
    ("ibsi1_ct_phantom/image.nii.gz", "ibsi1_ct_phantom/mask.nii.gz"),
)


def ct_phantom(folder: Path) -> tuple[Path, Path]:
    """Find image and mask of the CT phantom.

    Raises
    ------
    InputError
        They are not below `folder`.
    """
    for image, mask in _CT_PHANTOM:
        if (folder / image).is_file() and (folder / mask).is_file():
            return folder / image, folder / mask
    raise InputError(
        f"{folder} holds no CT phantom, expected {' or '.join(i for i, _ in _CT_PHANTOM)} with its mask; "
        "get it from https://github.com/theibsi/data_sets"
    )


def references(dataset: str = "digital_phantom") -> list[Reference]:
    """The reference values of one dataset: a key of `CONFIGURATIONS`."""
    return [
        Reference(
            row["family"],
            _column(row["family"], row["ibsi_code"], row["feature"], row["aggregation"]),
            float(row["value"]),
            float(row["tolerance"] or 0),
            float(row["computed_value"]),
        )
        for row in _rows("ibsi1_references.csv", dataset)
    ]


def diagnostics(dataset: str) -> list[Diagnostic]:
    """The diagnostic values of one configuration of the CT phantom."""
    rows = _rows("ibsi1_diagnostics.csv", dataset)
    return [
        Diagnostic(
            row["stage"],
            row["tag"].rsplit("_", 2)[0],
            row["value"],
            float(row["tolerance"] or 0),
        )
        for row in rows
    ]


def missed(values: Mapping[str, float], wanted: Iterable[Reference]) -> list[Reference]:
    """Those of the reference values that a row of features does not reproduce."""
    return [r for r in wanted if not r.holds(values.get(r.column, float("nan")))]


def _rows(name: str, dataset: str) -> list[dict[str, str]]:
    lines = (line for line in _data(name).splitlines() if not line.startswith("#"))
    return [row for row in csv.DictReader(lines) if row["dataset"] == dataset]


def snake_case(name: str) -> str:
    """From "Volume fraction at 10% intensity" to a feature's name."""
    return name.lower().replace("%", " percent").replace(" ", "_")


def _data(name: str) -> str:
    return (files(__package__) / "data" / name).read_text(encoding="utf-8")


def _column(family: str, code: str, name: str, aggregation: str) -> str:
    """From the manual's words, such as "2.5D direction-merged", to a column."""
    found = [f.name for f in FEATURES[family] if f.ibsi == code]
    feature = found[0] if len(found) == 1 else snake_case(name)
    words = aggregation.lower().replace(".", "_").replace(" ", "_").replace("-", "_")
    return column_name(family, feature, "" if words == "none" else words)
