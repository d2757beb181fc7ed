"""The IBSI digital phantom, its reference values, and the rule by which numbers compare with them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from .features.columns import column_name
from .features.families import FEATURES
from .types import BoolArray, Triple

__all__ = ["Reference", "digital_phantom", "missed", "read_references", "references"]


@dataclass(frozen=True)
class Reference:
    """One published value.

    Attributes
    ----------
    column : str
        The column of a feature table that should hold it.
    value, tolerance : float
        As printed, with three significant digits.
    computed : float
        The same feature in full precision, as another implementation has it.
    """

    column: str
    value: float
    tolerance: float
    computed: float

    def holds(self, value: float) -> bool:
        """Whether `value`, rounded to three significant digits, lies within the tolerance."""
        return bool(abs(float(f"{value:.3g}") - self.value) <= self.tolerance * (1 + 1e-9))


def digital_phantom() -> tuple[NDArray[np.int64], BoolArray, Triple]:
    """The digital phantom: intensities and mask of shape (4, 4, 5), axes (z, y, x), and spacing in mm."""
    phantom = json.loads(_data("ibsi_digital_phantom.json"))
    z, y, x = phantom["spacing_mm"]
    return np.array(phantom["image"], dtype=np.int64), np.array(phantom["mask"], dtype=np.bool_), (z, y, x)


def references() -> list[Reference]:
    """The reference values of the digital phantom for the families that fasttex has."""
    return read_references(_data("ibsi1_digital_phantom.csv").splitlines())


def read_references(lines: Iterable[str]) -> list[Reference]:
    """Reference values from CSV with family, aggregation, ibsi_code, value, tolerance, computed_value."""
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return [
        Reference(
            _column(row["family"], row["ibsi_code"], row["aggregation"]),
            float(row["value"]),
            float(row["tolerance"] or 0),
            float(row["computed_value"]),
        )
        for row in rows
    ]


def missed(values: Mapping[str, float], wanted: Iterable[Reference]) -> list[Reference]:
    """Those of the reference values that a row of features does not reproduce."""
    return [r for r in wanted if not r.holds(values.get(r.column, float("nan")))]


def _data(name: str) -> str:
    return (files(__package__) / "data" / name).read_text(encoding="utf-8")


def _column(family: str, code: str, aggregation: str) -> str:
    """From the manual's words, such as "2.5D direction-merged", to a column."""
    feature = next(f.name for f in FEATURES[family] if f.ibsi == code)
    words = aggregation.lower().replace(".", "_").replace(" ", "_").replace("-", "_")
    return column_name(family, feature, "" if words == "none" else words)
