"""Other tools' names of features, for the check that values agree."""

import csv
import re
from importlib import resources


def ours_by(column: str) -> dict[str, str]:
    """Their name -> ``<family>_<feature>``; `column` is "pyradiomics_name", "mirp_name" or "ibsi_code".

    IBSI codes are keyed as ``<family>_<code>``.
    """
    from fasttex.features.families import FEATURES

    by_code = {(family, f.ibsi): f"{family}_{f.name}" for family, fs in FEATURES.items() for f in fs}
    text = resources.files("fasttex").joinpath("data/feature_names.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    found = {}
    for row in csv.DictReader(lines):
        ours = by_code.get((row["family"], row["ibsi_code"]))
        theirs = row[column] if column != "ibsi_code" else f"{row['family']}_{row['ibsi_code']}"
        if ours and theirs:
            found[theirs] = ours
    return found


def snake(camel: str) -> str:
    """SmallDistanceEmphasis -> small_distance_emphasis; a last Normalized goes first.

    Examples
    --------
    >>> snake("GrayLevelNonUniformityNormalized")
    'normalized_gray_level_non_uniformity'
    """
    words = re.findall(r"[A-Z][a-z]*", camel)
    if words[-1] == "Normalized":
        words = [words[-1], *words[:-1]]
    return "_".join(words).lower()
