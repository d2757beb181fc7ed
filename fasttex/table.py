"""The feature table: a row per ROI and recipe, a column per feature."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .errors import InputError, SettingsError
from .features.columns import parse_column
from .features.families import describe
from .storage import write_atomically
from .types import FloatArray
from .writing import arrow_schema, csv_line, deliver, extra, finite, shareable

__all__ = ["ABOUT", "FLAGS", "KEY", "FeatureTable", "Row", "require_recipe"]

#: What each flag of a row says.
FLAGS = {
    "anisotropic_not_resampled": "3D features from voxels whose edges differ by more than 1 %",
    "clipped": "intensities beyond the bins counted with the first or last level",
    "compacted": "levels that do not occur were left out of the matrices to save memory; no value changes",
    "disconnected": "the ROI has more than one piece (voxels that share a corner are one piece)",
    "failed": "no features: the column `error` says why",
    "few_levels": "fewer than 8 different gray levels in the ROI",
    "few_voxels": "fewer than 64 voxels with a gray level",
    "flat": "all intensities are equal",
    "lost_in_resampling": "no voxel of the ROI is left on the new grid",
    "pending": "the run of the cohort has not come to this case",
    "resegmented": "re-segmentation took voxels out of the intensity mask",
    "touches_border": "the ROI reaches the border of the image",
    "upsampled": "the new spacing is finer than the image's along some axis",
}

#: What identifies a row.
KEY = ("case", "roi", "label", "variant", "recipe_id")
#: What comes before the features.
ABOUT = (*KEY, "voxels", "n_levels", "intensity_min", "intensity_max", "flags", "error")


@dataclass(frozen=True, eq=False)
class Row:
    """One ROI under one recipe.

    Attributes
    ----------
    case, roi, label, variant, recipe_id
        The key. `variant` is empty unless the ROI is a perturbed copy.
    voxels : int
        With a gray level.
    n_levels : int
        Number of gray levels.
    intensity_min, intensity_max : float
        Of these voxels.
    flags : tuple of str
        What a reader should know; `FLAGS` explains them.
    error : str
        Why there are no features; empty where there are.
    values : ndarray of float64
        One per column of the table.
    """

    case: str
    roi: str
    label: int | None
    recipe_id: str
    values: FloatArray
    voxels: int = 0
    n_levels: int = 0
    intensity_min: float = math.nan
    intensity_max: float = math.nan
    flags: tuple[str, ...] = ()
    error: str = ""
    variant: str = ""

    def about(self) -> dict[str, Any]:
        """Key and description, without the features."""
        values = {name: getattr(self, name) for name in ABOUT}
        values["flags"] = " ".join(self.flags)
        return values


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features of ROIs, with everything that made them.

    Attributes
    ----------
    columns : tuple of str
        ``[<image>__]<family>_<feature>[__<aggregation>]``; `fasttex.parse_column` takes them apart.
    rows : tuple of Row
    provenance : dict
        Versions, backend, resolved settings, input, and the steps of every ROI.
    timings : dict of float
        Seconds per stage.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        failed = sum(bool(row.error) for row in self.rows)
        return f"<FeatureTable: {len(self.rows)} rows ({failed} failed), {len(self.columns)} features>"

    @property
    def values(self) -> FloatArray:
        """Features, shape (rows, columns); NaN where one is undefined or not computed."""
        return np.array([row.values for row in self.rows]).reshape(len(self.rows), len(self.columns))

    def column(self, name: str) -> FloatArray:
        """One feature of all rows.

        Raises
        ------
        InputError
            There is no such column.
        """
        if name not in self.columns:
            raise InputError(
                f"no column {name!r} among the {len(self.columns)}; the first is {self.columns[:1]}"
            )
        return np.array([row.values[self.columns.index(name)] for row in self.rows])

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dict per row: key, description, features."""
        return [
            {**row.about(), **dict(zip(self.columns, row.values.tolist(), strict=True))} for row in self.rows
        ]

    def long(self) -> list[dict[str, Any]]:
        """One dict per row and feature, with the IBSI code and the unit."""
        parsed = [(parse_column(name), describe(name)) for name in self.columns]
        return [
            {
                **{key: getattr(row, key) for key in KEY},
                "image": column.image,
                "family": column.family,
                "feature": column.feature,
                "aggregation": column.aggregation,
                "ibsi": feature.ibsi,
                "unit": feature.unit,
                "value": value,
            }
            for row in self.rows
            for (column, feature), value in zip(parsed, row.values.tolist(), strict=True)
        ]

    def to_csv(self, path: str | os.PathLike[str] | None = None, *, long: bool = False) -> str | None:
        """Write CSV, or return it as text where no path is given. Floats keep every digit."""
        records = self.long() if long else self.to_dicts()
        header = list(records[0]) if records else [*ABOUT, *self.columns]
        lines = [csv_line(header), *(csv_line(record.values()) for record in records), ""]
        return deliver("\n".join(lines), path)

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Write rows and provenance as JSON, or return it as text. NaN and infinity become null."""
        content = {"provenance": self.shareable_provenance(), "rows": self.to_dicts()}
        return deliver(json.dumps(finite(content), indent=1, allow_nan=False) + "\n", path)

    def to_pandas(self) -> Any:
        """A pandas DataFrame, one row per ROI (extra ``table``)."""
        pandas = extra("pandas", "to_pandas")
        return pandas.DataFrame(self.to_dicts(), columns=[*ABOUT, *self.columns])

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Write Parquet (extra ``table``).

        IBSI code and unit stand in each field's metadata, the provenance in the schema's.
        """
        pa = extra("pyarrow", "to_parquet")
        parquet = extra("pyarrow.parquet", "to_parquet")
        schema = arrow_schema(ABOUT, self.columns, self.shareable_provenance())
        table = pa.Table.from_pylist(self.to_dicts(), schema=schema)
        write_atomically(Path(path), lambda file: parquet.write_table(table, file))

    def shareable_provenance(self) -> dict[str, Any]:
        """The provenance without file names and hashes: what written tables hold."""
        return {key: shareable(value) for key, value in self.provenance.items()}


def require_recipe(table: FeatureTable, recipe_id: str) -> FeatureTable:
    """Return the table if all its rows were made by this recipe.

    Parameters
    ----------
    table : FeatureTable
        Any table.
    recipe_id : str
        As `Settings.recipe_id` gives it.

    Returns
    -------
    FeatureTable
        The same table.

    Raises
    ------
    SettingsError
        Some were made by another: their numbers do not compare.
    """
    others = sorted({row.recipe_id for row in table.rows} - {recipe_id})
    if others:
        raise SettingsError(
            f"the table holds rows of recipe {', '.join(others)}, expected {recipe_id} alone: their "
            "numbers do not compare; extract them again with the same settings, or select rows by recipe_id"
        )
    return table
