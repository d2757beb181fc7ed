"""Parameter files of the kinds that are in use: keys and values of PyRadiomics."""

import csv
import hashlib
import math
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from pyradiomics.param_cases import PARAMS, images

from fasttex.pyradiomics.compare import TOLERANCE, difference
from fasttex.pyradiomics.featureextractor import RadiomicsFeatureExtractor


@cache
def golden() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    with (Path(__file__).parent / "data" / "pyradiomics_params.csv").open(newline="") as file:
        next(file)  # what made it
        for row in csv.DictReader(file):
            found[row["params"]][row["key"]] = row["value"]
    return found


@pytest.mark.filterwarnings("ignore:Applying `local_binary_pattern` to floating-point images")
@pytest.mark.parametrize("path", PARAMS, ids=lambda path: path.stem)
def test_a_parameter_file(path):
    expected = dict(golden()[path.name])
    found = RadiomicsFeatureExtractor(str(path)).execute(*images(path.stem))
    assert not [key for key in found if "Failed" in key]
    keys = [key for key in found if not key.startswith("diagnostics")]
    assert len(keys) == int(expected.pop("number of keys"))
    assert hashlib.sha256("\n".join(keys).encode()).hexdigest() == expected.pop("keys")
    assert len(expected) >= 20
    values = {key: float(value) for key, value in expected.items()}
    far = {key: difference(key, found, values) for key in values}
    wrong = [
        f"{key}: {found[key]!r}, expected {values[key]!r}"
        for key in far
        if not far[key] <= TOLERANCE and not math.isnan(values[key])
    ]
    assert not wrong, "\n".join(wrong)


def test_all_files_are_compared():
    assert [path.name for path in PARAMS] == list(golden())
    assert len(PARAMS) == 10
