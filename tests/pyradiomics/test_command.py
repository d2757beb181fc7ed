"""``fasttex pyradiomics``: arguments, formats, batches."""

import csv
import json
import time
from types import SimpleNamespace

import pytest
import SimpleITK as sitk
from click.testing import CliRunner
from pyradiomics.cases import images

from fasttex.cli import main
from fasttex.pyradiomics import compare
from fasttex.pyradiomics.featureextractor import RadiomicsFeatureExtractor


@pytest.fixture
def case(tmp_path):
    image, mask = images()
    paths = tmp_path / "image.nrrd", tmp_path / "mask.nrrd"
    for voxels, path in zip((image, mask), paths, strict=True):
        sitk.WriteImage(voxels, path)
    (tmp_path / "params.yaml").write_text(
        "featureClass: {firstorder: [Mean, Energy], glcm: [Contrast]}\nsetting: {binWidth: 25}\n"
    )
    (tmp_path / "cases.csv").write_text(
        "Image,Mask,Label,Patient\n"
        f"{paths[0]},{paths[1]},1,a\n{tmp_path / 'none.nrrd'},{paths[1]},1,b\n{paths[0]},{paths[1]},7,c\n"
    )
    return tmp_path


def run(*arguments, status=0):
    result = CliRunner().invoke(main, ["pyradiomics", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result


def expected(case, **settings):
    found = RadiomicsFeatureExtractor(case / "params.yaml").execute(
        str(case / "image.nrrd"), str(case / "mask.nrrd"), **settings
    )
    return {key: float(value) for key, value in found.items() if not key.startswith("diagnostics")}


def test_a_single_case_as_text(case):
    result = run(case / "image.nrrd", case / "mask.nrrd", "-p", case / "params.yaml")
    lines = dict(line.split(": ", 1) for line in result.stdout.splitlines())
    assert lines["Case-1_Image"] == str(case / "image.nrrd")
    for key, value in expected(case).items():
        assert float(lines[f"Case-1_{key}"]) == value


def test_a_batch_as_csv(case):
    output = case / "features.csv"
    result = run(case / "cases.csv", "-p", case / "params.yaml", "-f", "csv", "-o", output, status=3)
    rows = list(csv.DictReader(output.read_text().splitlines()))
    assert [row["Patient"] for row in rows] == ["a", "b", "c"]
    for row, label in ((rows[0], 1), (rows[2], 7)):
        for key, value in expected(case, label=label).items():
            assert float(row[key]) == value
    assert rows[1]["original_firstorder_Mean"] == ""
    assert "case 2: InputError" in result.stderr
    assert "3 of 3 cases, 1 failed" in result.stderr
    run(case / "cases.csv", "-p", case / "params.yaml", "-f", "csv", "-o", output, status=3)
    assert len(output.read_text().splitlines()) == 8  # appended, header and all


def test_a_batch_in_processes_is_the_same(case):
    arguments = case / "cases.csv", "-p", case / "params.yaml", "-f", "json"
    alone, shared = run(*arguments, status=3), run(*arguments, "-j", 2, status=3)
    assert json.loads(alone.stdout) == json.loads(shared.stdout)
    assert json.loads(alone.stdout)[0]["diagnostics_Image-original_Size"] == [10, 12, 8]


def test_settings_on_the_command_line(case):
    arguments = case / "image.nrrd", case / "mask.nrrd", "-p", case / "params.yaml", "-f", "json"
    (row,) = json.loads(run(*arguments, "-s", "binWidth:5", "-s", "resampledPixelSpacing:1, 1,2").stdout)
    settings = row["diagnostics_Configuration_Settings"]
    assert settings["binWidth"] == 5
    assert settings["resampledPixelSpacing"] == [1, 1, 2]
    assert row["diagnostics_Image-interpolated_Spacing"] == [1, 1, 2]
    run(*arguments, "-s", "binWidth", status=2)
    run(*arguments, "-s", "binWidth:-1", status=2)


def test_paths_labels_and_nans(case):
    arguments = case / "image.nrrd", case / "mask.nrrd", "-p", case / "params.yaml", "-f", "json"
    (row,) = json.loads(run(*arguments, "--format-path", "basename", "--label", 7, "--skip-nans").stdout)
    assert row["Image"] == "image.nrrd"
    assert row["original_firstorder_Mean"] == expected(case, label=7)["original_firstorder_Mean"]


def test_a_file_per_case(case):
    run(case / "cases.csv", "-p", case / "params.yaml", "-od", case / "each", status=3)
    assert sorted(path.name for path in (case / "each").iterdir()) == ["features_1.csv", "features_3.csv"]


def test_validate_computes_nothing(case):
    result = run(case / "cases.csv", "-p", case / "params.yaml", "--validate", status=2)
    assert "case 2" in result.stderr
    assert not result.stdout
    (case / "params.yaml").write_text("setting: {binWidht: 3}")
    assert "binWidth" in run(case / "cases.csv", "-p", case / "params.yaml", "--validate", status=2).stderr


def test_mistakes(case):
    assert "no mask" in run(case / "image.nrrd", status=2).stderr
    assert "voxel" in run(case / "image.nrrd", case / "mask.nrrd", "-m", "voxel", status=2).stderr
    (case / "cases.csv").write_text("Image,Label\na,1\n")
    assert "Mask" in run(case / "cases.csv", status=2).stderr
    (case / "cases.csv").write_text("Image,Mask,Label\na,b,x\n")
    assert "'x'" in run(case / "cases.csv", status=3).stderr


def test_verify_needs_pyradiomics(case):
    from importlib.util import find_spec

    if find_spec("radiomics"):
        pytest.skip("PyRadiomics is installed")
    result = CliRunner().invoke(
        main, ["verify", "pyradiomics", str(case / "image.nrrd"), str(case / "mask.nrrd")]
    )
    assert result.exit_code == 2
    assert "not installed" in result.stderr


def test_verify_leaves_out_what_first_runs_take(case, monkeypatch):
    class Peer(RadiomicsFeatureExtractor):
        def execute(self, *images):
            if not hasattr(self, "warm"):
                self.warm = not time.sleep(0.3)
            return super().execute(*images)

    monkeypatch.setattr(compare, "_peer", lambda: SimpleNamespace(RadiomicsFeatureExtractor=Peer))
    found = list(compare.compare(str(case / "image.nrrd"), str(case / "mask.nrrd")))
    assert [each.name for each in found] == list(RadiomicsFeatureExtractor().enabledFeatures)
    assert sum(each.n_values for each in found) == 107
    assert all(each.agrees and each.worst == 0 for each in found)
    assert max(each.seconds_peer for each in found) < 0.3
