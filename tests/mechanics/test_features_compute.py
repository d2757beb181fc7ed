"""`compute_features`: what it takes, what it refuses, and that chunks do not show."""

import re

import numpy as np
import pytest

from fasttex.backends import prepare
from fasttex.conventions import CONVENTIONS, Convention
from fasttex.errors import InputError, LevelRangeError, SettingsError
from fasttex.features.aggregate import DIRECTED_NAMES
from fasttex.features.columns import column_name, parse_column
from fasttex.features.compute import compute_features
from fasttex.features.families import FEATURES
from fasttex.matrices.batches import slices
from fasttex.matrices.ngldm import ngldm
from fasttex.matrices.offsets import directions


@pytest.fixture
def batch():
    rng = np.random.default_rng(3)
    return prepare([rng.integers(0, 5, (3, 4, 5)), rng.integers(0, 3, (2, 6, 2))], backend="reference")


def test_numbers_of_features():
    counts = {family: len(rows) for family, rows in FEATURES.items()}
    assert counts == {
        "morphology": 25, "local_intensity": 2, "intensity_statistics": 18, "intensity_histogram": 23, "ivh": 6, "glcm": 25, "glrlm": 16, "glszm": 16, "gldzm": 16, "ngtdm": 5, "ngldm": 17,
    }  # fmt: skip


def test_rows_of_features():
    for family, rows in FEATURES.items():
        for feature in rows:
            assert re.fullmatch(r"[A-Z0-9]{4}", feature.ibsi)
            assert feature.unit in ("", "intensity", "intensity^2", "mm", "mm^2", "mm^3", "mm^-1", "intensity·mm^3") or family in (
                "intensity_histogram", "ivh",
            )  # fmt: skip
            assert feature.definition
            assert parse_column(column_name(family, feature.name)) == (family, feature.name, "", "")
    names = [(family, feature.name) for family, rows in FEATURES.items() for feature in rows]
    assert len(set(names)) == len(names)


def test_columns_in_order(batch):
    found = compute_features(
        batch, ["ngtdm", "glcm"], aggregations=["3d_merged", "2d_averaged", "3d_averaged"]
    )
    assert found.values.shape == (2, 25 * 3 + 5 * 2)
    endings = [parse_column(c).aggregation for c in found.columns[::25][:3]] + [
        parse_column(c).aggregation for c in found.columns[75::5]
    ]
    assert endings == ["3d_merged", "2d_averaged", "3d_averaged", "3d", "2d"]


def test_defaults(batch):
    found = compute_features(batch)
    assert {parse_column(c).aggregation for c in found.columns} == {"", "3d_averaged", "3d"}
    assert found.values.shape == (2, 167)


def test_no_families(batch):
    assert compute_features(batch, []).values.shape == (2, 0)


def test_chunks_do_not_show(batch):
    everything = compute_features(batch, aggregations=DIRECTED_NAMES)
    one_by_one = compute_features(batch, aggregations=DIRECTED_NAMES, memory_limit=5200)
    np.testing.assert_array_equal(one_by_one.values, everything.values)
    smallest = 8 * 2 * 13 * 4 * 4  # the GLCM of the first ROI
    with pytest.raises(LevelRangeError, match=f"need {smallest} bytes, memory_limit is {smallest - 1}"):
        compute_features(batch, ["glcm"], memory_limit=smallest - 1)


def test_chunks_hold_no_more_than_the_limit(monkeypatch):
    """Slices of many ROIs come in chunks that the limit allows, each ROI's in order."""
    from fasttex.features import compute

    sizes = []

    def counted(chunk, **options):
        found = compute_glcm(chunk, **options)
        sizes.append(sum(matrix.counts.nbytes for matrix in found))
        return found

    compute_glcm = compute.glcm
    monkeypatch.setattr(compute, "glcm", counted)
    rng = np.random.default_rng(4)
    rois = prepare([rng.integers(1, 9, (6, 3, 3)) for _ in range(3)], backend="reference")
    limit = 20_000
    compute_features(rois, ["glcm"], aggregations=["2d_averaged", "2_5d_merged"], memory_limit=limit)
    assert len(sizes) > 3
    assert max(sizes) <= limit


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"families": ["glcn"]}, "family is 'glcn', expected one of: morphology, local_intensity"),
        ({"aggregations": ["3d"]}, "aggregation is '3d', expected one of: 2d_averaged"),
        ({"convention": "mine"}, "convention is 'mine'"),
        ({"distance": 0}, "distance is 0, expected at least 1 voxel"),
        ({"alpha": -1}, "alpha is -1, expected at least 0 gray levels"),
    ],
)
def test_refusals(batch, options, message):
    with pytest.raises(SettingsError, match=message):
        compute_features(batch, **options)


def test_slices_are_refused(batch):
    with pytest.raises(InputError, match="ask for 2D by aggregations="):
        compute_features(slices(batch))
    with pytest.raises(InputError, match="holds slices already"):
        slices(slices(batch))
    with pytest.raises(InputError, match="axis is 3"):
        slices(batch, 3)
    with pytest.raises(SettingsError, match="alpha"):
        ngldm(batch, alpha=-1)


def test_lone_voxel_spares_the_other_families():
    """No pairs and no neighbors: NaN there, numbers elsewhere."""
    found = compute_features(prepare(np.array([[[2]]]), backend="reference"), aggregations=DIRECTED_NAMES)
    for column, value in zip(found.columns, found.values[0], strict=True):
        family = parse_column(column).family
        if family not in ("morphology", "ivh"):  # where single definitions have no value for one voxel
            assert np.isnan(value) == (family in ("glcm", "ngtdm")), column


def test_flat_roi_has_the_constants_of_ibsi():
    found = compute_features(prepare(np.full((2, 2, 2), 4), backend="reference"))
    values = dict(zip(found.columns, found.values[0].tolist(), strict=True))
    constants = {"coarseness": 1e6, "contrast": 0, "busyness": 0, "complexity": 0, "strength": 0}
    assert {name: values[f"ngtdm_{name}__3d"] for name in constants} == constants
    undefined = [c for c, value in values.items() if np.isnan(value) and parse_column(c).family[:2] == "gl"]
    assert undefined == ["glcm_correlation__3d_averaged", "glcm_information_correlation_1__3d_averaged"]


@pytest.mark.parametrize(
    "name", ["glcm", "glcm_", "joint_maximum", "a__b__glcm_contrast", "glcm_contrast__4d", "__glcm_contrast"]
)
def test_no_column(name):
    with pytest.raises(InputError, match="is no feature column"):
        parse_column(name)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (("texture", "contrast"), "family is 'texture'"),
        (("glcm", "contrast", "4d"), "aggregation is '4d'"),
        (("glcm", "a__b"), "feature is 'a__b'"),
        (("glcm", ""), "feature is ''"),
        (("glcm", "contrast", "", "log_"), "image is 'log_'"),
    ],
)
def test_no_column_name(parts, message):
    with pytest.raises(InputError, match=message):
        column_name(*parts)


def test_choices_of_another_convention(monkeypatch):
    other = Convention("other", "chebyshev", excess_kurtosis=False, lone_voxels_in_ngtdm=True)
    monkeypatch.setitem(CONVENTIONS, "other", other)
    assert [len(directions(distance, convention="other")) for distance in (1, 2)] == [13, 49]
    assert len(directions(2, planar=True, convention="other")) == 8
    batch = prepare(np.array([[[1, 1, 3, 0, 2]]]), backend="reference")
    ours, theirs = (
        compute_features(batch, ["intensity_statistics", "ngtdm"], convention=name)
        for name in ("ibsi1", "other")
    )
    a, b = (dict(zip(found.columns, found.values[0], strict=True)) for found in (ours, theirs))
    kurtosis = "intensity_statistics_kurtosis"
    assert b[kurtosis] == a[kurtosis] + 3
    # s = (1, 0, 2), and n = (2, 0, 1) without the lone voxel of level 2, (2, 1, 1) with it
    assert a["ngtdm_coarseness__3d"] == pytest.approx(3 / (2 * 1 + 1 * 2))
    assert b["ngtdm_coarseness__3d"] == pytest.approx(4 / (2 * 1 + 1 * 2))
