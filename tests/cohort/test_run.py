"""Whole runs: what good cases give, what broken ones say, what an interruption costs."""

import csv
import gzip
import json
import os
import shutil
import sqlite3
import struct
import sys
from contextlib import closing
from pathlib import Path

import cohort_faults
import numpy as np
import pytest
import SimpleITK as sitk
from make_cohort import make_cohort, write

import fasttex
from fasttex.cohort import run
from fasttex.cohort.journal import Journal
from fasttex.errors import InputError, SettingsError

SHAPE = (12, 20, 24)
SETTINGS = {"families": ["intensity_statistics", "glcm", "glszm"], "bin_number": 8}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Six cases of three ROIs."""
    return make_cohort(tmp_path_factory.mktemp("cohort"), 6, 3, SHAPE)


def table_of(run_dir: Path) -> list[dict[str, str]]:
    with (run_dir / "features.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected_rows(manifest: Path) -> list[dict[str, str]]:
    """Every ROI of every case extracted alone."""
    rows = []
    for case in csv.DictReader(manifest.read_text(encoding="utf-8").splitlines()):
        image, rois = (manifest.parent / case[name] for name in ("image", "rois"))
        labels = np.unique(sitk.GetArrayFromImage(sitk.ReadImage(str(rois))))
        for label in labels[labels > 0].tolist():
            table = fasttex.extract(image, rois, SETTINGS, case=case["case"], select=[label], threads=1)
            rows += list(csv.DictReader(table.to_csv().splitlines()))
    return rows


def test_a_run_equals_each_roi_alone(cohort, tmp_path):
    told = []
    summary = run.run_cohort(cohort, tmp_path / "run", SETTINGS, workers=2, progress=told.append)
    assert table_of(tmp_path / "run") == expected_rows(cohort)
    assert (summary.progress.done, summary.progress.failed, summary.progress.resumed) == (6, 0, 0)
    assert [p.done for p in told] == [1, 2, 3, 4, 5, 6]
    with closing(sqlite3.connect(tmp_path / "run" / "journal.sqlite")) as db:
        assert all(0 < seconds < 60 for (seconds,) in db.execute("SELECT seconds FROM cases"))


def test_the_same_run_again_computes_nothing(cohort, tmp_path, monkeypatch):
    run.run_cohort(cohort, tmp_path / "run", SETTINGS)
    before = (tmp_path / "run" / "features.csv").read_bytes()
    age(cohort)
    monkeypatch.setattr(run, "finish", cohort_faults.never)
    summary = run.run_cohort(cohort, tmp_path / "run", SETTINGS)
    assert summary.progress.resumed == 6
    assert (tmp_path / "run" / "features.csv").read_bytes() == before


def age(manifest: Path) -> None:
    """Make files old enough to be remembered by their time."""
    import os

    for path in manifest.parent.glob("*.nii.gz"):
        os.utime(path, (1_000_000, 1_000_000))


def test_moved_and_reordered_files_are_found_again(cohort, tmp_path):
    run.run_cohort(cohort, tmp_path / "run", SETTINGS)
    moved = shutil.copytree(cohort.parent, tmp_path / "elsewhere")
    lines = (moved / "manifest.csv").read_text().splitlines()
    (moved / "manifest.csv").write_text("\n".join([lines[0], *lines[:0:-1]]))
    summary = run.run_cohort(moved / "manifest.csv", tmp_path / "run", SETTINGS)
    assert summary.progress.resumed == 6
    assert table_of(tmp_path / "run") == expected_rows(moved / "manifest.csv")


def test_changed_bytes_and_more_cases_are_computed(cohort, tmp_path):
    own = shutil.copytree(cohort.parent, tmp_path / "cohort")
    lines = (own / "manifest.csv").read_text().splitlines()
    (own / "manifest.csv").write_text("\n".join(lines[:4]))
    run.run_cohort(own / "manifest.csv", tmp_path / "run", SETTINGS)
    image = sitk.GetArrayFromImage(sitk.ReadImage(str(own / "0001_image.nii.gz")))
    write(own / "0001_image.nii.gz", (image + 7).astype(np.int16))
    (own / "manifest.csv").write_text("\n".join(lines))
    summary = run.run_cohort(own / "manifest.csv", tmp_path / "run", SETTINGS)
    assert (summary.progress.done, summary.progress.resumed) == (6, 2)
    assert table_of(tmp_path / "run") == expected_rows(own / "manifest.csv")


def test_other_settings_are_explained_and_not_mixed(cohort, tmp_path):
    run.run_cohort(cohort, tmp_path / "run", SETTINGS)
    other = SETTINGS | {"bin_number": 16}
    summary = run.run_cohort(cohort, tmp_path / "run", other)
    assert any("bin_number" in change and "8" in change and "16" in change for change in summary.changes)
    assert summary.progress.resumed == 0
    assert len({row["recipe_id"] for row in table_of(tmp_path / "run")}) == 1
    back = run.run_cohort(cohort, tmp_path / "run", SETTINGS)
    assert back.progress.resumed == 6  # the old results were kept


def broken_cohort(folder: Path) -> Path:
    """Two good cases among broken ones; the manifest."""
    manifest = make_cohort(folder, 2, 3, SHAPE)
    good_image, good_rois = folder / "0000_image.nii.gz", folder / "0000_rois.nii.gz"
    labels = sitk.GetArrayFromImage(sitk.ReadImage(str(good_rois)))
    intensities = sitk.GetArrayFromImage(sitk.ReadImage(str(good_image))).astype(np.float32)
    rows = [("missing", "nowhere.nii.gz", good_rois.name, "")]
    whole = gzip.decompress(good_image.read_bytes())
    (folder / "truncated.nii.gz").write_bytes(gzip.compress(whole)[:-2000])
    rows.append(("truncated", "truncated.nii.gz", good_rois.name, ""))
    write(folder / "other_grid.nii.gz", labels[:-2])
    rows.append(("geometry", good_image.name, "other_grid.nii.gz", ""))
    write(folder / "empty.nii.gz", labels * 0)
    rows.append(("empty", good_image.name, "empty.nii.gz", ""))
    write(folder / "nan.nii.gz", np.where(labels == 1, np.nan, intensities))
    rows.append(("nan", "nan.nii.gz", good_rois.name, ""))
    four = sitk.JoinSeries([sitk.ReadImage(str(good_image))] * 2)
    sitk.WriteImage(four, str(folder / "four.nii.gz"))
    rows.append(("4-D", "four.nii.gz", good_rois.name, ""))
    rows.append(("wrong label", good_image.name, good_rois.name, "77"))
    one = labels * 0
    one[5, 5, 5] = 1
    write(folder / "one.nii.gz", one)
    rows.append(("one voxel", good_image.name, "one.nii.gz", ""))
    for kind in ("hang", "crash", "killed", "forbidden"):
        shutil.copy(good_image, folder / f"{kind}.nii.gz")
        rows.append((kind, f"{kind}.nii.gz", good_rois.name, ""))
    write(folder / "large.nii.gz", np.zeros((64, 200, 200), np.int16))
    rows.append(("too large", "large.nii.gz", good_rois.name, ""))
    good = list(csv.reader(manifest.read_text(encoding="utf-8").splitlines()))[1:]
    with manifest.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "image", "rois", "label"])
        writer.writerow([*good[0], ""])
        writer.writerows(rows)
        writer.writerow([*good[1], ""])
    return manifest


#: What the row of a broken case has to say.
SAID = {
    "missing": "not there",
    "truncated": "<image>",
    "geometry": "<rois>",
    "empty": "empty",
    "nan": "NaN",
    "4-D": "axes",
    "wrong label": "77",
    "hang": "15 s",
    "crash": "SIGSEGV",
    "killed": "memory",
    "forbidden": "may not be read",
    "too large": "memory_limit",
}


def test_broken_cases_cost_only_themselves(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "begin", cohort_faults.begin)
    manifest = broken_cohort(tmp_path / "data")
    summary = run.run_cohort(
        manifest, tmp_path / "run", SETTINGS, workers=2, timeout_s=15, memory_limit="4MB"
    )
    rows = table_of(tmp_path / "run")
    by_case: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_case.setdefault(row["case"], []).append(row)
    for case in ("case-0000", "case-0001"):
        assert [row["error"] for row in by_case[case]] == [""] * 3
    for case, said in SAID.items():
        assert said in by_case[case][0]["error"], by_case[case][0]["error"]
        assert str(tmp_path) not in by_case[case][0]["error"]
    assert by_case["one voxel"][0]["voxels"] == "1"
    assert summary.progress.done + summary.progress.failed == 15
    with Journal.open(tmp_path / "run", write=False) as journal:
        private = {name: text for name, _, text, _ in journal.failures()}
    assert str(tmp_path) in private["missing"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts a process's data")
@pytest.mark.parametrize(
    ("slope", "said"),
    [(1, "Unable to allocate"), (2, "the system grants no memory for the voxels of <image>")],
    ids=["read by fasttex", "read by ITK"],
)
def test_a_case_beyond_the_memory_of_a_worker_costs_only_itself(tmp_path, slope, said):
    manifest = make_cohort(tmp_path / "data", 2, 2, SHAPE)
    sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkInt16), str(tmp_path / "data" / "0000_image.nii"))
    header = bytearray((tmp_path / "data" / "0000_image.nii").read_bytes()[:352])
    struct.pack_into("<8h", header, 40, 3, 1024, 1024, 300, 1, 1, 1, 1)
    struct.pack_into("<f", header, 112, slope)
    large = tmp_path / "data" / "large.nii"
    large.write_bytes(header)
    os.truncate(large, len(header) + 2 * 300 * 2**20)  # all holes: takes no room on a disk
    with manifest.open("a", encoding="utf-8") as file:
        file.write("large,large.nii,0000_rois.nii.gz\n")
    summary = run.run_cohort(manifest, tmp_path / "run", SETTINGS, workers=1, worker_memory="500MB")
    assert (summary.progress.done, summary.progress.failed) == (2, 1)
    ((failure, _),) = summary.failures
    assert failure.kind == "OutOfMemory"
    assert failure.text.startswith(said)


def test_failed_cases_are_tried_again(tmp_path):
    manifest = make_cohort(tmp_path / "data", 2, 2, SHAPE)
    image = tmp_path / "data" / "0001_image.nii.gz"
    image.rename(tmp_path / "away.nii.gz")
    first = run.run_cohort(manifest, tmp_path / "run", SETTINGS)
    assert (first.progress.done, first.progress.failed) == (1, 1)
    (tmp_path / "away.nii.gz").rename(image)
    second = run.run_cohort(manifest, tmp_path / "run", SETTINGS)
    assert (second.progress.done, second.progress.failed, second.progress.resumed) == (2, 0, 1)
    assert table_of(tmp_path / "run") == expected_rows(manifest)


def test_shards_are_the_whole(cohort, tmp_path):
    rows = []
    for i in (1, 2, 3):
        run.run_cohort(cohort, tmp_path / str(i), SETTINGS, shard=(i, 3))
        rows += table_of(tmp_path / str(i))
    assert sorted(map(json.dumps, rows)) == sorted(map(json.dumps, expected_rows(cohort)))
    with pytest.raises(SettingsError, match="shard is 4/3"):
        run.run_cohort(cohort, tmp_path / "4", SETTINGS, shard=(4, 3))


def test_two_runs_in_one_directory(cohort, tmp_path):
    with Journal.open(tmp_path / "run", write=True), pytest.raises(InputError, match="run"):
        run.run_cohort(cohort, tmp_path / "run", SETTINGS)
