"""Matrices that a run keeps: features come from them again, without images, to the bit."""

import csv
import io
import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from make_cohort import make_cohort

import fasttex
from fasttex.cli import main
from fasttex.cohort.counts import features_from_counts
from fasttex.cohort.journal import Journal
from fasttex.errors import InputError

RECIPES = [
    fasttex.Settings(bin_number=8),
    fasttex.Settings(
        bin_number=16,
        families=["intensity_statistics", "glcm", "gldzm", "ngldm"],
        aggregations=fasttex.settings.AGGREGATIONS,
        distance=2,
    ),
]


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """Of two cases with three ROIs each, whose files are gone."""
    folder = tmp_path_factory.mktemp("counts")
    manifest = make_cohort(folder / "cohort", 2, 3, (12, 20, 24))
    fasttex.run_cohort(manifest, folder / "run", RECIPES, keep_counts=True)
    shutil.rmtree(folder / "cohort")
    return folder / "run"


def rows_of(folder):
    with (folder / "features.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_values_are_those_of_the_table(run_dir, tmp_path):
    told = CliRunner().invoke(main, ["features-from-counts", str(run_dir), "-o", str(tmp_path / "out")])
    assert told.exit_code == 0, told.output
    table, again = rows_of(run_dir), rows_of(tmp_path / "out")
    textures = [name for name in table[0] if name.startswith(("gl", "ng"))]
    assert len(again) == 12
    assert len(textures) > 250
    assert list(again[0]) == [name for name in table[0] if name in textures or "_" not in name or name in KEY]
    assert again == [{name: row[name] for name in again[0]} for row in table]


KEY = ("recipe_id", "n_levels", "intensity_min", "intensity_max")


def test_archives_hold_integers_alone(run_dir):
    with Journal.open(run_dir, write=False) as journal:
        packed = journal.counts_of("case-0000")
    with np.load(io.BytesIO(packed), allow_pickle=False) as archive:
        assert {archive[name].dtype.kind for name in archive.files} <= {"i", "u"}


def test_a_run_without_counts_says_so(tmp_path):
    manifest = make_cohort(tmp_path / "cohort", 1, 1, (8, 12, 12))
    fasttex.run_cohort(manifest, tmp_path / "run", {"families": ["ngtdm"]})
    with (
        Journal.open(tmp_path / "run", write=False) as journal,
        pytest.raises(InputError, match="--keep-counts"),
    ):
        features_from_counts(journal, tmp_path / "out")


def test_a_roi_that_fails_has_no_features(tmp_path):
    manifest = make_cohort(tmp_path / "cohort", 1, 3, (12, 20, 24))
    recipe = {"families": ["glcm", "ngtdm"], "bin_width": 5, "bin_origin": -500}
    fasttex.run_cohort(manifest, tmp_path / "run", recipe, keep_counts=True, memory_limit="60kB")
    with Journal.open(tmp_path / "run", write=False) as journal:
        features_from_counts(journal, tmp_path / "out")
    assert rows_of(tmp_path / "out") == rows_of(tmp_path / "run")
    assert [bool(row["error"]) for row in rows_of(tmp_path / "out")] == [False, True, True]
