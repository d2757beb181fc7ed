"""Settings: what is allowed, what is refused, and what they become."""

import dataclasses
import json
import pickle

import numpy as np
import pytest

from fasttex import Settings, SettingsError
from fasttex.features.columns import FAMILIES as COLUMN_FAMILIES
from fasttex.settings import AGGREGATIONS, FAMILIES, PRESETS

REFUSED = [
    ({"bin_widht": 25}, "unknown setting 'bin_widht'; did you mean 'bin_width'?"),
    ({"zzz": 1}, "unknown setting 'zzz'; known are: convention"),
    ({"bin_number": 0}, "bin_number is 0, expected a whole number from 1 to 65535"),
    ({"bin_number": 2.5}, "bin_number is 2.5, expected a whole number"),
    ({"bin_number": True}, "bin_number is True, expected a whole number"),
    ({"bin_width": 0, "bin_origin": 0}, "bin_width is 0, expected a number > 0"),
    ({"bin_width": -25, "bin_origin": 0}, "bin_width is -25, expected a number > 0"),
    ({"bin_width": float("nan"), "bin_origin": 0}, "bin_width is nan"),
    ({"bin_width": float("inf"), "bin_origin": 0}, "bin_width is inf, expected a number > 0, finite"),
    ({"bin_width": 25}, "needs to know where the first bin begins"),
    ({"bin_width": 25, "bin_origin": 0, "bin_number": 8}, "bin_number belongs to 'fbn'"),
    ({"discretization": "fbs"}, "'fbs' needs a bin_width"),
    ({"discretization": "edges"}, "'edges' needs bin_edges"),
    ({"discretization": "identity", "bin_number": 8}, "bin_number belongs to 'fbn'"),
    ({"bin_edges": [1]}, "at least two rising numbers"),
    ({"bin_edges": [1, 1, 2]}, "at least two rising numbers"),
    ({"spacing_mm": [1, 1, 1]}, "or {x, y, z} of lengths in mm"),
    ({"spacing_mm": {"x": 1, "q": 2}}, "unknown field `q`"),
    ({"spacing_mm": 0}, "spacing_mm is 0"),
    ({"families": ["glm"]}, "expected a list out of: morphology, local_intensity"),
    ({"families": []}, "families is empty"),
    ({"aggregations": ["3d"]}, "expected a list out of: 2d_averaged"),
    ({"resegment_range": [400, -1000]}, "expected the lower end first"),
    ({"resegment_sigma": -3}, "expected a number > 0"),
    ({"convention": "ibsi9"}, "known are: ibsi1"),
    ({"distance": 0}, "expected a whole number from 1 to 32"),
    ({"alpha": -1}, "expected a whole number >= 0"),
    ({"interpolator": "spline"}, "expected linear, nearest or cubic"),
    ({"mask_interpolator": "cubic"}, "expected linear or nearest"),
    ({"intensity_unit": "hu"}, "expected HU, SUV, arbitrary or unknown"),
    ({"spatial_autocorrelation": True}, "expected none or exact"),
    ({"ivh_discretization": "edges"}, "expected none, fbs or fbn"),
    ({"ivh_discretization": "fbs"}, "'fbs' needs an ivh_bin_width"),
    ({"ivh_discretization": "fbs", "ivh_bin_width": 2.5}, "ivh_bin_width needs to know where the first bin"),
    ({"ivh_bin_width": 2.5}, "ivh_bin_width belongs to 'fbs'"),
    ({"ivh_bin_number": 100}, "ivh_bin_number is 100 but ivh_discretization is 'none'"),
    ({"ivh_discretization": "fbn", "ivh_bin_number": 0}, "expected a whole number from 1 to 65535"),
    ({"bin_origin": 0}, "bin_origin belongs to 'fbs'"),
    ({"normalize": "zscore"}, "expected none, z_score or percentiles"),
    ({"normalize": "z_score", "normalize_over": ""}, "the name of a ROI"),
    ({"normalize_over": "body"}, "normalize_over is 'body' but normalize is 'none'"),
    ({"normalize_scale": 100}, "normalize_scale is 100.0 but normalize is 'none'"),
    ({"normalize": "z_score", "normalize_scale": 0}, "expected a number > 0"),
    ({"normalize": "z_score", "normalize_percentiles": [1, 99]}, "belongs to 'percentiles'"),
    ({"normalize": "percentiles", "normalize_percentiles": [99, 1]}, "two rising numbers from 0 to 100"),
    ({"normalize": "percentiles", "normalize_percentiles": [0, 101]}, "two rising numbers from 0 to 100"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED, ids=lambda v: str(v)[:40])
def test_refused(given, message):
    with pytest.raises(SettingsError) as error:
        Settings(**given)
    assert message in str(error.value)


def test_defaults_are_those_of_the_manual_of_the_house():
    found = Settings().resolved
    assert found["families"] == list(FAMILIES) == list(COLUMN_FAMILIES)
    assert (found["normalize"], found["ivh_discretization"], found["spatial_autocorrelation"]) == (
        "none",
        "none",
        "none",
    )
    assert (found["discretization"], found["bin_number"], found["distance"], found["alpha"]) == (
        "fbn",
        32,
        1,
        0,
    )
    assert found["spacing_mm"] is None
    assert found["resegment_range"] is None
    assert found["convention"] == "ibsi1"
    assert set(Settings().defaults) == {f.name for f in dataclasses.fields(Settings)}


def test_what_follows_from_others():
    assert Settings(bin_width=25, bin_origin=-1000).resolved["discretization"] == "fbs"
    assert Settings(bin_width=25, resegment_range=[-500, 400]).resolved["bin_origin"] == -500
    assert Settings(bin_edges=[0, 1, 2]).resolved["discretization"] == "edges"
    assert Settings(resegment_range=[-500, float("inf")]).resegment_range == (-500, None)
    assert Settings(bin_number=np.int64(16)).bin_number == 16
    ivh = Settings(ivh_discretization="fbs", ivh_bin_width=2.5, resegment_range=[-500, 400])
    assert (ivh.resolved["bin_origin"], ivh.resolved["discretization"]) == (-500, "fbn")
    ivh = Settings(ivh_discretization="fbs", ivh_bin_width=0.1, bin_origin=0)
    assert ivh.resolved["bin_origin"] == 0
    assert Settings(ivh_discretization="fbn").resolved["ivh_bin_number"] == 1000
    found = Settings(normalize="percentiles").resolved
    assert (found["normalize_over"], found["normalize_scale"]) == ("image", 1)
    assert found["normalize_percentiles"] == [1, 99]
    assert Settings(normalize="z_score").resolved["normalize_percentiles"] is None


def test_replace_and_pickle():
    changed = Settings.preset("ct").replace(bin_width=10)
    assert changed.bin_width == 10
    assert changed.spacing_mm == 2
    assert pickle.loads(pickle.dumps(changed)) == changed
    with pytest.raises(dataclasses.FrozenInstanceError):
        changed.bin_width = 3
    with pytest.raises(SettingsError, match="did you mean 'alpha'"):
        changed.replace(alpa=1)


def test_recipe_id_goes_by_the_numbers_alone():
    assert Settings().recipe_id == Settings(bin_number=32).recipe_id
    assert Settings(spacing_mm=2).recipe_id == Settings(spacing_mm={"x": 2.0, "y": 2, "z": 2}).recipe_id
    assert Settings(spacing_mm={"x": 2, "z": 0}).recipe_id == Settings(spacing_mm={"x": 2}).recipe_id
    assert (
        Settings(ivh_discretization="fbn").recipe_id
        == Settings(ivh_discretization="fbn", ivh_bin_number=1000).recipe_id
    )
    assert (
        Settings(normalize="z_score").recipe_id
        == Settings(normalize="z_score", normalize_over="image", normalize_scale=1).recipe_id
    )
    assert Settings(families=["ngtdm", "glcm"]).recipe_id == Settings(families=["glcm", "ngtdm"]).recipe_id
    distinct = [Settings(), Settings(bin_number=33), Settings(alpha=1), Settings(aggregations=AGGREGATIONS)]
    assert len({s.recipe_id for s in distinct}) == len(distinct)
    # Tables on disk carry it: a change means that none of them compares any more.
    assert Settings().recipe_id == "8739ba273f38"


@pytest.mark.parametrize("name", PRESETS)
def test_presets_stand_and_say_their_source(name):
    assert Settings.preset(name).resolved["discretization"] in ("fbn", "fbs")
    assert all(source for _, source in PRESETS[name].values())


def test_unknown_preset():
    with pytest.raises(SettingsError, match="expected one of: ct, mr, pet"):
        Settings.preset("us")


FILES = {
    "s.toml": "bin_width = 25.0\nbin_origin = -1000\nspacing_mm = {x = 1, y = 1, z = 0}\n",
    "s.json": '{"bin_width": 25.0, "bin_origin": -1000, "spacing_mm": {"x": 1, "y": 1, "z": 0}}',
    "s.yaml": "bin_width: 25.0\nbin_origin: -1000\nspacing_mm: {x: 1, y: 1, z: 0}\n",
}


@pytest.mark.parametrize("name", FILES)
def test_files_mean_the_same(tmp_path, name):
    (tmp_path / name).write_text(FILES[name])
    expected = Settings(bin_width=25, bin_origin=-1000, spacing_mm={"x": 1, "y": 1})
    assert Settings.from_file(tmp_path / name).recipe_id == expected.recipe_id


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nfamilies: *c\n"
BROKEN = [
    ("s.yaml", BOMB, "YAML aliases (*name) are not allowed"),
    ("s.yaml", "alpha: 1\nalpha: 2\n", "a key stands twice"),
    ("s.yaml", "[" * 3000, "does not parse"),
    ("s.yaml", "a: !!python/object/apply:os.system ['true']\n", "does not parse"),
    ("s.json", '{"alpha": 1, "alpha": 2}', "a key stands twice"),
    ("s.json", "[1, 2]", "holds no mapping"),
    ("s.toml", "alpha = = 2", "does not parse"),
    ("s.ini", "alpha=2", "expected one of: .toml, .json, .yaml, .yml"),
    ("s.toml", "bin_widht = 25", "did you mean 'bin_width'"),
    ("s.json", json.dumps({"x": "y" * 1_000_001}), "larger than 1 MB"),
]


@pytest.mark.parametrize(("name", "text", "message"), BROKEN, ids=range(len(BROKEN)))
def test_broken_files(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(SettingsError) as error:
        Settings.from_file(tmp_path / name)
    assert message in str(error.value)


def test_missing_file(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.from_file(tmp_path / "no.toml")
