"""No value may change without a new version of the numbers."""

import csv
import math

import pytest
from conftest import backend_or_skip
from oracles.cases import ROIS, values
from oracles.make_golden import PATH

from fasttex.conventions import NUMERICS
from fasttex.features.columns import column_name, parse_column
from fasttex.features.families import MATRIX_FAMILIES


def golden():
    assert PATH.exists(), f"NUMERICS is {NUMERICS}, for which there is no golden file; run make_golden.py"
    with PATH.open(newline="") as file:
        return list(csv.DictReader(file))


def scale(column, row):
    """The sum of the absolute terms of a feature's definition, or a bound of it made of other features.

    For most features all terms are positive, and the sum is the value itself. Where terms cancel the sum
    follows from moments: E|x| <= √E x², E|x|³ <= √(E x²·E x⁴).
    """
    family, feature, aggregation, _ = parse_column(column)

    def other(name):
        return abs(row[column_name(family, name, aggregation)])

    value = abs(row[column])
    match family, feature:
        case (
            "morphology",
            "minor_axis_length" | "least_axis_length",
        ):  # roots of eigenvalues: compared squared
            return other("major_axis_length") ** 2
        case "morphology", "elongation" | "flatness":
            return 1.0
        case "morphology", "center_of_mass_shift":
            return other("maximum_3d_diameter")
        case "morphology", "asphericity":
            return value + 1
        case "morphology", _:  # a hull of a few hundred facets
            return 10 * value
        case (
            "intensity_statistics" | "intensity_histogram",
            "mean" | "median" | "percentile_10" | "percentile_90",
        ):
            return other("minimum") + other("maximum")
        case "intensity_statistics" | "intensity_histogram", "interquartile_range" | "range":
            return 2 * (other("minimum") + other("maximum"))
        case "intensity_statistics" | "intensity_histogram", "skewness":
            return math.sqrt(other("kurtosis") + 3)
        case "intensity_statistics" | "intensity_histogram", "kurtosis":
            return value + 6
        case "intensity_statistics", "coefficient_of_variation":
            return value * (1 + other("root_mean_square") / other("mean")) if value else 0.0
        case "intensity_histogram", "coefficient_of_variation":
            return 2 * value
        case "intensity_statistics" | "intensity_histogram", "quartile_coefficient_of_dispersion":
            ends = other("minimum") + other("maximum")
            return value * (1 + ends * 2 / other("interquartile_range")) * (1 + value) if value else 0.0
        case "glcm", "cluster_shade":
            return math.sqrt(other("cluster_tendency") * other("cluster_prominence"))
        case "glcm", "correlation":
            return 1.0
        case "glcm", "information_correlation_1":  # HXY / HX and 2, as HXY <= 2·HX
            return 4.0
        case "glcm", "information_correlation_2":  # compared squared: 2·(2·HX + HXY), as HX <= HXY
            return 6 * other("joint_entropy")
    return value


ROOTS = ("minor_axis_length", "least_axis_length", "elongation", "flatness")


def wrong_by_more_than_rounding(found, case):
    expected = {line["column"]: float.fromhex(line[case]) for line in golden()}
    assert list(found) == list(expected)
    wrong = []
    for column, wanted in expected.items():
        a, b = (
            x**2 if column.endswith(ROOTS) or "correlation_2" in column else x
            for x in (found[column], wanted)
        )
        same = math.isnan(a) and math.isnan(b)
        if not same and not abs(a - b) <= 1e-12 * scale(column, expected):
            wrong.append((column, found[column], wanted))
    return wrong


@pytest.mark.parametrize("case", ROIS)
def test_golden(case, backend):
    assert wrong_by_more_than_rounding(values(case, backend.NAME), case) == []


@pytest.mark.parametrize("case", ROIS)
def test_golden_by_the_definitions(case, monkeypatch):
    monkeypatch.setattr("fasttex.features.whole.compiled", lambda: None)
    assert wrong_by_more_than_rounding(values(case, "reference"), case) == []


@pytest.mark.parametrize("build", ["cpp-avx2", "cpp-baseline"])
@pytest.mark.parametrize("case", ROIS)
def test_golden_to_the_bit(case, build, monkeypatch):
    """Families that are compiled have the same bits on every build and machine."""
    extension = backend_or_skip(build).extension
    monkeypatch.setattr("fasttex.features.whole.compiled", lambda: extension)
    found = values(case, "reference")
    for line in golden():
        if parse_column(line["column"])[0] not in MATRIX_FAMILIES:
            assert found[line["column"]].hex() == line[case], line["column"]


def test_golden_is_large_enough():
    assert len(golden()) * len(ROIS) >= 2000
