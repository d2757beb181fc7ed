"""The IBSI digital phantom, its reference values, and the rule by which numbers compare with them."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from .features.columns import column_name
from .features.families import FEATURES
from .types import BoolArray, Triple

__all__ = ["Reference", "compare", "digital_phantom", "references", "round_to_digits"]


@dataclass(frozen=True)
class Reference:
    """One published value.

    Attributes
    ----------
    column : str
        The column of a feature table that should hold it.
    value, tolerance : float
        As printed: three significant digits.
    """

    column: str
    value: float
    tolerance: float

    def holds(self, value: float) -> bool:
        """Whether `value`, rounded to three significant digits, lies within the tolerance."""
        return bool(abs(round_to_digits(value, 3) - self.value) <= self.tolerance * (1 + 1e-9))


def digital_phantom() -> tuple[NDArray[np.int64], BoolArray, Triple]:
    """The digital phantom: intensities and mask of shape (4, 4, 5), axes (z, y, x), and spacing in mm."""
    phantom = json.loads((files(__package__) / "data" / "ibsi_digital_phantom.json").read_text(encoding="utf-8"))
    z, y, x = phantom["spacing_mm"]
    return np.array(phantom["image"], dtype=np.int64), np.array(phantom["mask"], dtype=np.bool_), (z, y, x)


def references() -> list[Reference]:
    """The reference values of the digital phantom for the families that fasttex has."""
    text = (files(__package__) / "data" / "ibsi1_digital_phantom.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return [
        Reference(
            _column(row["family"], row["ibsi_code"], row["aggregation"]),
            float(row["value"]),
            float(row["tolerance"]),
        )
        for row in rows
    ]


def compare(values: Mapping[str, float]) -> list[tuple[Reference, float]]:
    """The reference values that a row of features misses, each with what the row has."""
    return [
        (r, values.get(r.column, float("nan")))
        for r in references()
        if not r.holds(values.get(r.column, float("nan")))
    ]


def round_to_digits(value: float, digits: int) -> float:
    """Round to significant digits."""
    return float(f"{value:.{digits - 1}e}")


def _column(family: str, code: str, aggregation: str) -> str:
    feature = next(f.name for f in FEATURES[family] if f.ibsi == code)
    if aggregation == "none":
        return column_name(family, feature)
    return column_name(
        family, feature, aggregation.lower().replace(".", "_").replace(" ", "_").replace("-", "_")
    )
