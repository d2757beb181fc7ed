"""The IBSI reference data that the tests in this folder compare with."""

import csv
import json
from pathlib import Path

import numpy as np

from fasttex.features.columns import column_name
from fasttex.features.families import FEATURES

DATA = Path(__file__).parent / "data"

AGGREGATIONS = {
    "none": "",
    "2D averaged": "2d_averaged",
    "2D slice-merged": "2d_slice_merged",
    "2.5D direction-merged": "2_5d_direction_merged",
    "2.5D merged": "2_5d_merged",
    "3D averaged": "3d_averaged",
    "3D merged": "3d_merged",
    "2D": "2d",
    "2.5D": "2_5d",
    "3D": "3d",
}


def phantom():
    """The digital phantom: levels (z, y, x), 0 outside, and its matrices by aggregation."""
    data = json.loads((DATA / "ibsi1_phantom.json").read_text())
    return np.array(data["image"]) * np.array(data["mask"]), data["matrices"]


def references(dataset):
    """Rows of reference values, each with the `column` in which fasttex has the feature."""
    names = {(family, f.ibsi): f.name for family, rows in FEATURES.items() for f in rows}
    lines = (DATA / f"ibsi1_{dataset}_features.csv").read_text().splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    for row in rows:
        name = names[row["family"], row["ibsi_code"]]
        row["column"] = column_name(row["family"], name, AGGREGATIONS[row["aggregation"]])
    return rows


def agrees(value, row):
    """IBSI's comparison: three significant digits, then within the tolerance (for most rows of the phantom 0)."""
    rounded = float(f"{value:.3g}")
    return abs(rounded - float(row["value"])) <= float(row["tolerance"] or 0) * (1 + 1e-9)
