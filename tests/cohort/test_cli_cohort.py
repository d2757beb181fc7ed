"""``fasttex cohort run``, ``status``, ``export`` and ``share``, as a user runs them."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from make_cohort import make_cohort

import fasttex
from fasttex.cli import main
from fasttex.cohort import run as runs
from fasttex.cohort.journal import Journal

FEW = ("--families", "ngtdm", "--workers", "1")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Four cases of two ROIs, with a column that is no fasttex's."""
    folder = tmp_path_factory.mktemp("made")
    manifest = make_cohort(folder, 4, 2, (10, 16, 16))
    head, *lines = manifest.read_text().splitlines()
    manifest.write_text("\n".join([f"{head},site", *(f"{line},Basel" for line in lines)]))
    return folder


@pytest.fixture
def here(made, tmp_path, monkeypatch):
    """The current directory: a copy of them as study/, with manifest.csv in it."""
    shutil.copytree(made, tmp_path / "study")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cohort(*words, code=0):
    result = CliRunner().invoke(main, ["cohort", *map(str, words)])
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


def age(folder):
    """Make its images so old that their hashes are remembered."""
    for path in folder.glob("*.nii.gz"):
        os.utime(path, (1_000_000, 1_000_000))


def table(name="run/features.csv"):
    with Path(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_recipe_for_each_file_of_settings(here):
    for levels in (8, 16):
        Path(f"{levels}.toml").write_text(f"bin_number = {levels}\n")
    files = ("--settings", "8.toml", "--settings", "16.toml", "--set", "alpha=1")
    ran = cohort("run", "study/manifest.csv", "-o", "run", *FEW, *files)
    recipes = [fasttex.Settings(bin_number=n, alpha=1, families=["ngtdm"]) for n in (8, 16)]
    assert (
        "".join(f"recipe {r.recipe_id}: {n}.toml\n" for r, n in zip(recipes, (8, 16), strict=True))
        in ran.stderr
    )
    rows = table()
    assert [row["recipe_id"] for row in rows[:4]] == [r.recipe_id for r in recipes for _ in range(2)]
    expected = [fasttex.extract("study/0000_image.nii.gz", "study/0000_rois.nii.gz", r) for r in recipes]
    names = expected[0].columns
    found = [[float(row[name]) for name in names] for row in rows[:4]]
    assert found == [values for one in expected for values in one.values.tolist()]
    alike = cohort("run", "study/manifest.csv", "-o", "run", *FEW, *files, "--set", "bin_number=4", code=2)
    assert "no two alike" in alike.stderr


def test_run_says_what_it_came_to(here):
    first = cohort("run", "study/manifest.csv", "-o", "run", *FEW)
    assert first.stdout == ""
    assert "4 cases done (0 of them before), 0 failed; 8 rows, 0 failed; " in first.stderr
    assert "run: features.csv" in first.stderr.replace("features.parquet, ", "")
    rows = table()
    assert [row["case"] for row in rows] == [f"case-000{n // 2}" for n in range(8)]
    alone = fasttex.extract("study/0002_image.nii.gz", "study/0002_rois.nii.gz", {"families": ["ngtdm"]})
    assert [float(rows[4][name]) for name in alone.columns] == alone.values[0].tolist()
    again = cohort("run", "study/manifest.csv", "-o", "run", *FEW)
    assert "4 cases done (4 of them before)" in again.stderr


def test_settings_options_take_effect_and_changes_are_said(here):
    Path("s.toml").write_text("bin_number = 16\n")
    cohort("run", "study/manifest.csv", "-o", "run", *FEW, "--settings", "s.toml", "--set", "alpha=1")
    expected = fasttex.Settings(families=["ngtdm"], bin_number=16, alpha=1)
    assert {row["recipe_id"] for row in table()} == {expected.recipe_id}
    said = cohort("run", "study/manifest.csv", "-o", "run", *FEW, "--preset", "ct").stderr
    assert "other settings than before: bin_width" in said
    assert "(0 of them before)" in said
    preset = fasttex.Settings.preset("ct").replace(families=["ngtdm"])
    assert {row["recipe_id"] for row in table()} == {preset.recipe_id}


def test_select_and_names(here):
    Path("names.json").write_text('{"1": "liver", "2": "spleen"}')
    cohort("run", "study/manifest.csv", "-o", "run", *FEW, "--names", "names.json", "--select", "spleen")
    assert {(row["roi"], row["label"]) for row in table()} == {("spleen", "2")}
    cohort("run", "study/manifest.csv", "-o", "other", *FEW, "--select", "organ=2")
    assert {(row["roi"], row["label"]) for row in table("other/features.csv")} == {("organ", "2")}


def test_a_selected_roi_that_is_absent_is_a_failed_row(here):
    result = cohort("run", "study/manifest.csv", "-o", "run", *FEW, "--select", "2", "--select", "9", code=3)
    assert "4 cases done (0 of them before), 0 failed; 8 rows, 4 failed" in result.stderr
    assert sum("9" in row["error"] for row in table()) == 4


def test_keep(here):
    cohort("run", "study/manifest.csv", "-o", "run", *FEW, "--keep", "site")
    assert {row["site"] for row in table()} == {"Basel"}
    said = cohort("run", "study/manifest.csv", "-o", "run", *FEW, "--keep", "age", code=2).stderr
    assert "age" in said
    assert "site" in said


def test_shards_are_parts(here):
    for i in (1, 2, 3):
        cohort("run", "study/manifest.csv", "-o", f"run{i}", *FEW, "--shard", f"{i}/3")
    cases = [{row["case"] for row in table(f"run{i}/features.csv")} for i in (1, 2, 3)]
    assert cases == [{"case-0000", "case-0003"}, {"case-0001"}, {"case-0002"}]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--shard", "5"), "expected I/N"),
        (("--shard", "5/4"), "1/4"),
        (("--workers", "0"), "workers is 0"),
        (("--threads", "0"), "threads is 0"),
        (("--set", "bin_nmber=3"), "bin_number"),
        (("--names", "nowhere.json"), "nowhere.json"),
        (("--memory-limit", "many"), "many"),
        (("--worker-memory", "0"), "worker_memory is '0'"),
        (("--backend", "abacus"), "abacus"),
    ],
)
def test_wrong_use(here, words, said):
    result = cohort("run", "study/manifest.csv", "-o", "run", "--families", "ngtdm", *words, code=2)
    assert said in result.stderr
    assert not Path("run/features.csv").exists()


def test_no_manifest_no_run(here):
    assert "nowhere.csv" in cohort("run", "nowhere.csv", "-o", "run", code=2).stderr
    for command in (("status", "run"), ("export", "run"), ("share", "run", "-o", "shared")):
        assert "journal.sqlite" in cohort(*command, code=2).stderr
    assert not Path("shared").exists()


def test_another_run_in_the_directory(here):
    with Journal.open("run", write=True):
        said = cohort("run", "study/manifest.csv", "-o", "run", *FEW, code=2).stderr
    assert str(os.getpid()) in said


def test_dry_run_writes_nothing(here):
    words = ("run", "study/manifest.csv", "-o", "run", *FEW)
    Path("study/0001_image.nii.gz").unlink()
    said = cohort(*words, "--dry-run").stdout
    assert "cases: 4" in said
    assert "done already: 0" in said
    assert "files that are not there: 1" in said
    assert "columns ignored: site" in said
    assert not Path("run").exists()
    age(Path("study"))
    cohort(*words, code=3)
    assert "done already: 3" in cohort(*words, "--dry-run").stdout


def test_failures_are_grouped_and_tried_again(here):
    for n in (1, 2):
        Path(f"study/000{n}_image.nii.gz").rename(f"000{n}")
    words = ("run", "study/manifest.csv", "-o", "run", *FEW)
    said = cohort(*words, code=3).stderr
    assert "2 x FileNotFoundError: <image> is not there" in said
    assert "the same command tries the failed cases again" in said
    found = cohort("status", "run").stdout
    assert ["done", "2"] in [line.split() for line in found.splitlines()]
    assert ["failed", "2"] in [line.split() for line in found.splitlines()]
    assert "FileNotFoundError" in found
    assert "4 rows" in found
    assert "cases/s" in found
    for n in (1, 2):
        Path(f"000{n}").rename(f"study/000{n}_image.nii.gz")
    assert "4 cases done (2 of them before), 0 failed" in cohort(*words).stderr
    age(Path("study"))
    cohort(*words)
    assert "4 cases done (4 of them before)" in cohort(*words).stderr
    assert "cases/s" not in cohort("status", "run").stdout  # none was computed


def test_ctrl_c(here, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs.Pool, "run", interrupted)
    said = cohort("run", "study/manifest.csv", "-o", "run", *FEW, code=130).stderr
    assert "what is done is kept in run. The same command resumes there." in said
    assert {row["flags"] for row in table()} == {"pending"}


def test_export_on_demand(here):
    cohort("run", "study/manifest.csv", "-o", "run", *FEW)
    before = Path("run/features.csv").read_bytes()
    Path("run/features.csv").unlink()
    result = cohort("export", "run", "--format", "csv", "--long")
    names = ("features.csv", "features_long.csv", "diagnostics.csv", "provenance.json")
    assert result.stdout.split() == [str(Path("run") / name) for name in names]
    assert Path("run/features.csv").read_bytes() == before
    assert len(table("run/features_long.csv")) == 8 * 5


def test_share(here):
    cohort("run", "study/manifest.csv", "-o", "run", *FEW, "--keep", "site")
    cohort("share", "run", "-o", "shared")
    cohort("share", "run", "-o", "again", "--format", "csv", "--keep", "site")
    shared, again = table("shared/features.csv"), table("again/features.csv")
    assert "site" not in shared[0]
    assert [row | {"site": "Basel"} for row in shared] == again
    assert not any("case" in row["case"] for row in shared)
    Path("key").write_bytes(b"0123456789abcdef")
    cohort("share", "run", "-o", "other", "--key-file", "key", "--format", "csv")
    assert {row["case"] for row in table("other/features.csv")}.isdisjoint(row["case"] for row in shared)
    assert "age" in cohort("share", "run", "-o", "x", "--keep", "age", code=2).stderr
    assert "nokey" in cohort("share", "run", "-o", "x", "--key-file", "nokey", code=2).stderr


@pytest.mark.parametrize("command", ["run", "status", "export", "share", "manifest"])
def test_help_explains_by_an_example(command):
    said = cohort(command, "--help").stdout
    assert f"  fasttex cohort {command} " in said


def test_workers_are_as_many_as_the_machine_allows(here, monkeypatch):
    asked = []
    pool = runs.Pool

    def counted(workers, *words, **options):
        asked.append(workers)
        return pool(workers, *words, **options)

    monkeypatch.setattr(runs, "Pool", counted)
    for allowed, threads in ((3, 1), (8, 2), (2, 4)):
        monkeypatch.setattr(runs, "resolve_threads", lambda n, allowed=allowed: n or allowed)
        options = ("--families", "ngtdm", "--threads", str(threads), "--shard", "1/4")
        cohort("run", "study/manifest.csv", "-o", "run", *options)
    assert asked == [3, 4, 1]


def test_without_pyarrow_parquet_is_left_out(here):
    """In a process of its own, where pyarrow cannot be imported."""
    words = ["cohort", "run", "study/manifest.csv", "-o", "run", *FEW]
    code = (
        "import sys; sys.modules['pyarrow'] = sys.modules['pyarrow.parquet'] = None\n"
        f"from fasttex.cli import main; main({words!r})"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert "no Parquet files: " in found.stderr
    assert "fasttex[table]" in found.stderr
    assert not list(Path("run").glob("*.parquet"))
    assert json.loads(Path("run/provenance.json").read_text())["cases"]["done"] == 4
