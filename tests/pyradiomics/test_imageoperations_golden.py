"""Images that come out of PyRadiomics, against what it made of the same: see make_golden_images.py."""

import csv
import json
import logging
from pathlib import Path

import numpy as np
import pytest
from pyradiomics.image_cases import GROUPS, numbers, results

from fasttex.pyradiomics import imageoperations

DATA = Path(__file__).parent / "data"
CASES = [(group, case) for group, cases in GROUPS.items() for case in cases]


def golden() -> dict[tuple[str, str], dict[str, dict[str, str]]]:
    """By group and case, then by result, then by quantity."""
    found: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
    for name in ("pyradiomics_images.csv", "pyradiomics_images_lbp3d.csv"):
        with (DATA / name).open(encoding="utf-8") as file:
            for row in csv.DictReader(line for line in file if not line.startswith("#")):
                results = found.setdefault((row["group"], row["case"]), {})
                results.setdefault(row["result"], {})[row["quantity"]] = row["value"]
    return found


EXPECTED = golden()


def libraries_of(group: str, case: str) -> None:
    needed = {"LBP2D": ["skimage"], "LBP3D": ["trimesh"], "Wavelet": ["pywt"]}
    for library in needed.get(GROUPS[group][case][1].get("filter", ""), []):
        pytest.importorskip(library)


def assert_same(found: dict[str, str], expected: dict[str, str]) -> None:
    assert found.keys() == expected.keys()
    largest = max(abs(float(expected["min"])), abs(float(expected["max"])))
    voxels = np.prod([int(n) for n in expected["size"].split()])
    scales = {"sum": largest * voxels, "squares": largest**2 * voxels}
    for quantity, value in expected.items():
        if quantity in ("dtype", "size", "sha256"):
            assert found[quantity] == value, quantity
        else:
            a, b = (np.array(text.split(), dtype=np.float64) for text in (found[quantity], value))
            scale = scales.get(quantity, max(largest, 1e-300) if len(a) == 1 else np.abs(b).max())
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-9 * scale, err_msg=quantity)


@pytest.mark.parametrize(("group", "case"), CASES)
def test_it_is_what_pyradiomics_makes(group, case, caplog):
    libraries_of(group, case)
    expected = EXPECTED[group, case]
    kind, settings = GROUPS[group][case]
    assert expected.pop("") == {f"{kind}: settings": json.dumps(settings)}, "write the golden file anew"
    with caplog.at_level(logging.ERROR):
        found = {name: numbers(image) for name, image in results(imageoperations, group, case)}
    assert list(found) == list(expected)
    for name in expected:
        assert_same(found[name], expected[name])
