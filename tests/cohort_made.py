"""Cases and results for the tests of journals and tables, made up without any image."""

from pathlib import Path

import numpy as np

from fasttex import Settings
from fasttex.cohort.cases import Case, MaskFile, Recipe, Result, RowData
from fasttex.features.compute import feature_columns

SETTINGS = Settings(families=["ngtdm", "intensity_statistics"], aggregations=["3d_averaged"])
RECIPE = Recipe((SETTINGS,))
COLUMNS = feature_columns(SETTINGS.families, SETTINGS.aggregations)
STEPS = [
    {"step": "crop", "voxels": 80, "box_start": [0, 1, 2], "touches_border": False},
    {"step": "discretize", "rule": "fbn", "bin_origin": -3.5, "ivh": {"low": -3.5}},
]


def case(name: str, **kept: str) -> Case:
    """A case whose files need not be there."""
    return Case(name, Path(f"/data/{name}.nii"), (MaskFile(Path(f"/data/{name}_rois.nii")),), kept)


def result(seed: int = 0, n_rois: int = 2, columns: tuple[str, ...] = COLUMNS, recipe: str = "") -> Result:
    """Of ROIs that are called roi1, roi2 and so on."""
    values = np.random.default_rng(seed).normal(size=(n_rois, len(columns)))
    rows = tuple(
        RowData(
            f"roi{n}", n, recipe or SETTINGS.recipe_id, voxels=80, n_levels=8, flags=("few_voxels", "flat")
        )
        for n in range(1, n_rois + 1)
    )
    diagnostics = [{"roi": row.roi, "label": row.label, "steps": STEPS} for row in rows]
    provenance = {"backend": "cpp", "image": {"shape": [4, 4, 5]}}
    return Result(columns, rows, values, diagnostics, provenance, {"read": 0.25, "total": 0.5})


def same(a: Result, b: Result) -> bool:
    """Whether two results are equal to the bit, NaN included."""
    texts = [repr((r.columns, r.rows, r.diagnostics, r.provenance, r.seconds)) for r in (a, b)]
    return texts[0] == texts[1] and a.values.tobytes() == b.values.tobytes()
