"""The command line, as a user runs it."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from click.testing import CliRunner

import fasttex
from fasttex.cli import main


@pytest.fixture
def files(tmp_path):
    """An image and a label map on disk; the current directory is theirs."""
    image = np.random.default_rng(0).integers(-100, 200, (8, 12, 10)).astype(np.int16)
    labels = np.zeros(image.shape, dtype=np.uint8)
    labels[1:6, 2:9, 1:8], labels[6:8, 9:12, 8:10] = 1, 2
    sitk.WriteImage(sitk.GetImageFromArray(image), str(tmp_path / "image.nrrd"))
    sitk.WriteImage(sitk.GetImageFromArray(labels), str(tmp_path / "rois.nrrd"))
    (tmp_path / "names.json").write_text('{"1": "liver", "2": "tumor"}')
    return tmp_path


def run(*words, cwd=None, code=0):
    """Run fasttex in this process."""
    before = Path.cwd()
    os.chdir(cwd or before)
    try:
        result = CliRunner().invoke(main, [str(word) for word in words])
    finally:
        os.chdir(before)
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


def rows(text):
    import csv

    return list(csv.DictReader(text.splitlines()))


def test_extract_to_standard_output(files):
    found = rows(run("extract", "image.nrrd", "rois.nrrd", "--names", "names.json", cwd=files).stdout)
    assert [row["roi"] for row in found] == ["liver", "tumor"]
    api = fasttex.extract(files / "image.nrrd", files / "rois.nrrd")
    assert [float(row[api.columns[5]]) for row in found] == api.values[:, 5].tolist()


@pytest.mark.parametrize("name", ["t.csv", "t.json", "t.parquet"])
def test_extract_to_a_file(files, name):
    result = run("extract", "image.nrrd", "rois.nrrd", "-o", name, "--families", "ngtdm,glszm", cwd=files)
    assert result.stdout == ""
    assert "2 rows of 21 features, 0 failed" in result.stderr
    assert (files / name).stat().st_size > 100


def test_settings_lie_on_top_of_each_other(files):
    (files / "s.toml").write_text("bin_width = 10\nbin_origin = 0\nalpha = 1\n")
    shown = run("settings", "show", "--preset", "ct", "--settings", "s.toml", "--set", "alpha=2", cwd=files)
    found = json.loads(shown.stdout)
    assert (found["settings"]["bin_width"], found["settings"]["alpha"]) == (10, 2)
    assert found["settings"]["spacing_mm"] == {"x": 2, "y": 2, "z": 2}
    assert "distance" in found["defaults"]
    expected = fasttex.Settings.preset("ct").replace(bin_width=10, bin_origin=0, alpha=2)
    assert found["recipe_id"] == expected.recipe_id


def test_select(files):
    words = ["extract", "image.nrrd", "rois.nrrd", "--families", "ngtdm", "--long"]
    found = rows(run(*words, "--select", "lesion=2", cwd=files).stdout)
    assert {row["roi"] for row in found} == {"lesion"}
    assert len(found) == 5
    assert found[0]["ibsi"] == "QCDE"


def test_several_masks(files):
    labels = sitk.ReadImage(str(files / "rois.nrrd"))
    sitk.WriteImage(labels == 1, str(files / "a.nrrd"))
    sitk.WriteImage(labels == 2, str(files / "b.nrrd"))
    found = rows(run("extract", "image.nrrd", "a.nrrd", "b.nrrd", cwd=files).stdout)
    assert [row["roi"] for row in found] == ["a", "b"]


WRONG = [
    (["extract", "image.nrrd"], "Missing argument 'ROIS"),
    (["extract", "no.nrrd", "rois.nrrd"], "no.nrrd"),
    (["extract", "image.nrrd", "rois.nrrd", "--set", "bin_widht=3"], "did you mean 'bin_width'"),
    (["extract", "image.nrrd", "rois.nrrd", "--set", "bin_number"], "has no '=', expected KEY=VALUE"),
    (["extract", "image.nrrd", "rois.nrrd", "--families", "glm"], "expected a list out of"),
    (
        ["extract", "image.nrrd", "rois.nrrd", "--backend", "gpu"],
        "expected one of: auto, cpp, numba, cuda, reference",
    ),
    (["extract", "image.nrrd", "rois.nrrd", "-o", "t.xlsx"], "ends in .csv, .json or .parquet"),
    (["extract", "image.nrrd", "rois.nrrd", "-o", "no/t.csv"], "there is no folder"),
    (["extract", "image.nrrd", "rois.nrrd", "-o", "t.json", "--long"], "--long is for CSV"),
    (["extract", "image.nrrd", "rois.nrrd", "--memory-limit", "lots"], "memory_limit is 'lots'"),
    (["extract", "image.nrrd", "rois.nrrd", "--settings", "no.toml"], "cannot be read"),
    (["extract", "image.nrrd", "rois.nrrd", "--convention", "x"], "known are: ibsi1"),
    (["extract", "image.nrrd", "rois.nrrd", "--preset", "us"], "'us' is not one of"),
    (["bananas"], "No such command 'bananas'"),
]


@pytest.mark.parametrize(("words", "message"), WRONG, ids=[w[-1] for w, _ in WRONG])
def test_wrong_use_is_status_2_with_a_plain_word(files, words, message):
    result = run(*words, cwd=files, code=2)
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_failed_rows_are_status_3_and_the_others_are_written(files):
    result = run("extract", "image.nrrd", "rois.nrrd", "--set", "resegment_range=[199,400]", "--families", "ngtdm",
                 "--select", "1", "--select", "2", "--set", "resegment_sigma=0.00001", cwd=files, code=3)  # fmt: skip
    assert "has no voxel between" in result.stderr
    assert len(rows(result.stdout)) == 2
    run("extract", "image.nrrd", "rois.nrrd", "--select", "9", "--on-error", "raise", cwd=files, code=2)


def test_demo(tmp_path):
    pytest.importorskip("matplotlib")
    result = run("demo", "--picture", "p.png", cwd=tmp_path)
    assert "IBSI digital phantom: 482 of 482 reference values reproduced" in result.stdout
    assert "vertebra" in result.stdout
    assert "counted by: " in result.stdout
    assert (tmp_path / "p.png").read_bytes()[:4] == b"\x89PNG"


def test_doctor():
    text = run("doctor").stdout
    report = json.loads(run("doctor", "--json").stdout)
    assert set(report["backends"]) == {"cpp", "numba", "cuda", "reference"}
    assert report["auto"] in text
    assert report["imported from"] == str(Path(fasttex.__file__).parent)


def test_doctor_without_a_fast_backend(monkeypatch):
    monkeypatch.setattr(
        "fasttex.doctor.available", lambda: {"cpp": "no compiler", "numba": "not here", "reference": ""}
    )
    assert "no compiler" in run("doctor", code=1).stdout


def test_settings_check(tmp_path):
    (tmp_path / "good.toml").write_text("bin_number = 64\n")
    (tmp_path / "bad.toml").write_text("bin_numbers = 64\n")
    assert (
        fasttex.Settings(bin_number=64).recipe_id in run("settings", "check", tmp_path / "good.toml").stdout
    )
    assert "did you mean 'bin_number'" in run("settings", "check", tmp_path / "bad.toml", code=1).stderr


@pytest.mark.parametrize("preset", ["", "ct", "mr", "pet"])
def test_template_is_a_settings_file(tmp_path, preset):
    text = run("settings", "template", *(["--preset", preset] if preset else [])).stdout
    (tmp_path / "s.toml").write_text(text)
    expected = fasttex.Settings.preset(preset) if preset else fasttex.Settings()
    assert fasttex.Settings.from_file(tmp_path / "s.toml") == expected
    uncommented = "\n".join(
        line[2:]
        for line in text.splitlines()
        if " = " in line
        and "follows" not in line
        and line.startswith("# ")
        and "." not in line.split(" = ")[0]
    )
    assert "alpha" in tomllib.loads(uncommented)


def test_help_teaches():
    for words in ([], *([name] for name in main.commands), ["settings", "show"], ["verify", "pyradiomics"]):
        text = run(*words, "--help").stdout
        assert "Usage:" in text
        assert "\\b" not in text
    assert "\n  fasttex extract ct.nii.gz" in run("extract", "--help").stdout


def test_the_installed_command(files):
    command = Path(sys.executable).with_name("fasttex")
    if not command.exists():
        pytest.skip("fasttex is imported from a source tree, not installed")
    done = subprocess.run(
        [command, "extract", "image.nrrd", "rois.nrrd"],
        cwd=files,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert len(rows(done.stdout)) == 2
    assert done.stderr == ""


def test_verify(tmp_path):
    result = run("verify", "ibsi", "--json", tmp_path / "v.json", "--markdown", tmp_path / "v.md")
    assert "482 of 482" in result.stdout
    assert sum(o["known"] for o in json.loads((tmp_path / "v.json").read_text())) == 482
    assert "| digital_phantom | glcm | 150 of 150 |" in (tmp_path / "v.md").read_text()
    assert "holds no CT phantom" in run("verify", "ibsi", "--data", tmp_path, code=2).stderr


def test_verify_notices_a_miss(monkeypatch):
    from fasttex import ibsi

    wrong = [ibsi.Reference("ngtdm", "ngtdm_contrast__3d", 99.0, 0.1, 99.0)]
    monkeypatch.setattr("fasttex.ibsi.references", lambda dataset: wrong)
    result = run("verify", "ibsi", code=1)
    assert "0 of 1" in result.stdout
    assert "missed: digital_phantom ngtdm_contrast__3d" in result.stderr


def test_features(tmp_path):
    assert "original_glcm_JointEntropy" in run("features").stdout
    glcm = json.loads(run("features", "--family", "glcm", "--format", "json").stdout)
    assert len(glcm) == 25
    assert glcm[0]["definition"]
    assert len(glcm[0]["aggregations"]) == 6
    listed = rows(run("features", "--format", "csv").stdout)
    assert {row["family"] for row in listed} >= {"morphology", "ivh", "ngldm"}
    assert "expected one of" in run("features", "--family", "glm", code=2).stderr
