"""Every feature that fasttex computes, and what other tools call it."""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import Any

from .errors import InputError
from .features.aggregate import DIRECTED_NAMES
from .features.families import DIRECTED, FEATURES, MATRIX_FAMILIES

__all__ = ["catalog"]


def catalog(family: str | None = None) -> list[dict[str, Any]]:
    """Describe the features of a family, or of all.

    Parameters
    ----------
    family : str, optional
        As in `Settings.families`.

    Returns
    -------
    list of dict
        Per feature: family, name, ibsi (code), unit, aggregations, definition, and pyradiomics: the name
        that PyRadiomics gives to the feature, or "".

    Raises
    ------
    InputError
        No family has that name.

    Examples
    --------
    >>> catalog("ngtdm")[0]["pyradiomics"]
    'original_ngtdm_Coarseness'
    """
    if family is not None and family not in FEATURES:
        raise InputError(f"family is {family!r}, expected one of: {', '.join(FEATURES)}")
    names = _names()
    return [
        {
            "family": group,
            "name": feature.name,
            "ibsi": feature.ibsi,
            "unit": feature.unit,
            "aggregations": list(_aggregations(group)),
            "definition": feature.definition,
            "pyradiomics": names.get((group, feature.ibsi), ""),
        }
        for group in FEATURES
        if family in (None, group)
        for feature in FEATURES[group]
    ]


def _aggregations(family: str) -> tuple[str, ...]:
    if family not in MATRIX_FAMILIES:
        return ()
    return tuple(DIRECTED_NAMES) if family in DIRECTED else ("2d", "2_5d", "3d")


def _names() -> dict[tuple[str, str], str]:
    """PyRadiomics' names, by family and IBSI code."""
    text = (files(__package__) / "data" / "feature_names.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {(row["family"], row["ibsi_code"]): row["pyradiomics_name"] for row in rows}
