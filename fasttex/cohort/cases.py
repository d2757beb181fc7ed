"""What a cohort is made of: cases, the recipe for all of them, and what comes out of one."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..conventions import NUMERICS
from ..features.engine import features_engine
from ..settings import Settings
from ..types import FloatArray

__all__ = ["Case", "Failure", "MaskFile", "Recipe", "Result", "RowData", "content_key"]


@dataclass(frozen=True)
class MaskFile:
    """A file with ROIs of a case.

    Attributes
    ----------
    path : Path
        Absolute.
    label : int, optional
        Take this label alone; all of them if not given.
    variant : str
        Which perturbed copy of the ROIs it holds; empty for the ROIs themselves.
    roi : str
        What its ROI is called if it holds only one; empty: as in `fasttex.extract`.
    """

    path: Path
    label: int | None = None
    variant: str = ""
    roi: str = ""


@dataclass(frozen=True)
class Case:
    """An image and the files that hold its ROIs.

    Attributes
    ----------
    name : str
        Unique in its manifest; all that tables tell of it.
    image : Path
        Absolute.
    masks : tuple of MaskFile
    kept : dict of str
        Columns of the manifest that are passed on to the tables.
    """

    name: str
    image: Path
    masks: tuple[MaskFile, ...]
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def files(self) -> tuple[Path, ...]:
        """The image, then the files with ROIs, each once."""
        return tuple(dict.fromkeys([self.image, *(mask.path for mask in self.masks)]))


@dataclass(frozen=True)
class Recipe:
    """Everything that makes numbers out of a case, and is not the case.

    Attributes
    ----------
    settings : tuple of Settings
        Every ROI has a row for each.
    select, names
        As `fasttex.extract` takes them, read already.
    keep_counts : bool
        Keep the integer matrices beside the features.
    """

    settings: tuple[Settings, ...]
    select: Any = None
    names: Any = None
    keep_counts: bool = False

    def record(self) -> dict[str, Any]:
        """All of it, for the provenance: what JSON can say."""
        return {
            "recipes": [
                {"recipe_id": s.recipe_id, "settings": s.resolved, "defaults": s.defaults}
                for s in self.settings
            ],
            "select": self.select,
            "names": self.names,
            "keep_counts": self.keep_counts,
            "numerics": NUMERICS,
            "features_engine": features_engine(),
        }

    def key(self) -> str:
        """A hash of what changes numbers or names."""
        made_of = [
            sorted(s.recipe_id for s in self.settings),
            self.select,
            self.names,
            self.keep_counts,
            NUMERICS,
            features_engine(),
        ]
        return sha256(json.dumps(made_of, sort_keys=True, default=str).encode()).hexdigest()


def content_key(case: Case, hashes: Mapping[Path, str], recipe_key: str) -> str:
    """What a case's result is found by: the bytes of its files and the recipe, not names, places or order."""
    masks = sorted((hashes[mask.path], str(mask.label), mask.variant, mask.roi) for mask in case.masks)
    made_of = [hashes[case.image], masks, recipe_key]
    return sha256(json.dumps(made_of).encode()).hexdigest()


@dataclass(frozen=True)
class RowData:
    """A row of the table without the name of its case; as in `fasttex.table.Row`."""

    roi: str
    label: int | None
    recipe_id: str
    variant: str = ""
    voxels: int = 0
    n_levels: int = 0
    intensity_min: float = math.nan
    intensity_max: float = math.nan
    flags: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, eq=False)
class Result:
    """What came out of one case. Nothing in it names the case, a path or a machine.

    Attributes
    ----------
    columns : tuple of str
        Features.
    rows : tuple of RowData
    values : ndarray of float64, shape (n_rows, n_columns)
    diagnostics : list of dict
        What each step did to the ROI of each row.
    provenance : dict
        Versions, backend, the image's grid.
    seconds : dict of float
        Per stage.
    counts : bytes, optional
        The integer matrices, as a NumPy archive.
    """

    columns: tuple[str, ...]
    rows: tuple[RowData, ...]
    values: FloatArray
    diagnostics: list[dict[str, Any]] = field(default_factory=list)
    provenance: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    counts: bytes | None = None


@dataclass(frozen=True)
class Failure:
    """Why a case has no result.

    Attributes
    ----------
    kind : str
        The class of the error, or ``Timeout``, ``Crash``, ``OutOfMemory``.
    text : str
        For a person; says ``<image>`` and ``<rois>`` for paths.
    """

    kind: str
    text: str
