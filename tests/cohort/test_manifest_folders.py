"""Manifests out of folders: what is found, what is left out and why, and the command."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from fasttex.cli import main
from fasttex.cohort.manifest import manifest_from_folder, read_manifest
from fasttex.errors import InputError


@pytest.fixture
def study(tmp_path):
    """A function that makes empty files below a folder."""
    root = tmp_path / "study"

    def make(*paths):
        for path in paths:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).touch()
        return root

    return make


def found(root, image="ct.nii", rois="seg/*.nii", **options):
    rows, left_out = manifest_from_folder(root, image, rois, **options)
    pairs = [(row["case"], str(Path(row["rois"]).relative_to(root))) for row in rows]
    return pairs, dict(left_out)


def test_folders_in_natural_order(study):
    root = study(
        *[f"p{n}/ct.nii" for n in (10, 9, 1)], *[f"p{n}/seg/r{k}.nii" for n in (1, 9, 10) for k in (10, 2)]
    )
    study(
        "p1/seg/._r2.nii", "p1/seg/notes.txt", ".trash/p0/ct.nii", ".trash/p0/seg/r.nii", "p1/seg/deep.nii/x"
    )
    pairs, left_out = found(root)
    assert pairs == [(f"p{n}", f"p{n}/seg/r{k}.nii") for n in (1, 9, 10) for k in (2, 10)]
    assert left_out == {}


def test_names_come_from_the_whole_path_and_the_image_is_no_roi(study):
    root = study("site 1/p1/ct.nii", "site 1/p1/a.nii", "site 1/p1/later/ct.nii", "site 1/p1/later/b.nii")
    pairs, _ = found(root, rois="./*.nii")
    assert pairs == [("site 1_p1", "site 1/p1/a.nii"), ("site 1_p1_later", "site 1/p1/later/b.nii")]


def test_the_image_may_lie_deeper(study):
    root = study("p1/img/ct_7.nii", "p1/seg/a.nii")
    assert found(root, image="img/ct_?.nii")[0] == [("p1", "p1/seg/a.nii")]


def test_what_is_left_out_is_said(study):
    root = study(
        "ct.nii", "good/ct.nii", "good/seg/1.nii", "bare/ct.nii", "two/ct.nii", "two/cT.nii", "two/seg/1.nii"
    )
    study("odd\n/ct.nii", "odd\n/seg/1.nii", "\udcff/ct.nii", "\udcff/seg/1.nii", " /ct.nii", " /seg/1.nii")
    pairs, left_out = found(root, image="c[tT].nii")
    assert pairs == [("good", "good/seg/1.nii")]
    assert left_out["."].startswith("the image lies in the folder searched itself")
    assert left_out["bare"] == "an image, but no ROIs 'seg/*.nii'"
    assert left_out["two"].startswith("2 files could be the image")
    assert {key for key, why in left_out.items() if why.startswith("a name that no")} == {
        "odd\n",
        "\udcff",
        " ",
    }


def test_links_that_lead_out_are_refused(study, tmp_path):
    root = study(
        "good/ct.nii", "good/seg/1.nii", "image/seg/1.nii", "roi/ct.nii", "roi/seg/1.nii", "folder/ct.nii"
    )
    (tmp_path / "out" / "seg").mkdir(parents=True)
    for name in ("ct.nii", "seg/1.nii"):
        (tmp_path / "out" / name).touch()
    (root / "image/ct.nii").symlink_to(tmp_path / "out/ct.nii")
    (root / "roi/seg/2.nii").symlink_to("../../../out/seg/1.nii")
    (root / "folder/seg").symlink_to(tmp_path / "out/seg")
    (root / "whole").symlink_to(tmp_path / "out")
    pairs, left_out = found(root)
    assert pairs == [("good", "good/seg/1.nii")]
    assert {key for key, why in left_out.items() if "link that leads out" in why} == {
        "image", "roi", "folder", "whole", "folder/seg",
    }  # fmt: skip
    pairs, left_out = found(root, follow_links=True)
    assert {case for case, _ in pairs} == {"good", "image", "roi", "folder", "whole"}
    assert left_out == {}


def test_links_inside_are_followed_once_and_never_round(study):
    root = study("a/ct.nii", "a/seg/1.nii", ".store/key/ct.nii", ".store/key/seg/1.nii", "b/seg/1.nii")
    (root / "a0").symlink_to(root / "a")
    (root / "a/round").symlink_to(root)
    (root / "self").symlink_to("self")
    (root / "stored").symlink_to(root / ".store/key")
    (root / "b/ct.nii").symlink_to(root / "a/ct.nii")
    (root / "a/seg/gone.nii").symlink_to(root / "nothing")
    for follow in (False, True):
        pairs, left_out = found(root, follow_links=follow)
        assert pairs == [
            ("a", "a/seg/1.nii"), ("a", "a/seg/gone.nii"), ("b", "b/seg/1.nii"), ("stored", "stored/seg/1.nii"),
        ]  # fmt: skip
        assert left_out == {}


def test_a_folder_that_cannot_be_scanned(study, monkeypatch):
    root = study("a/ct.nii", "a/seg/1.nii", "closed/ct.nii")
    scan = os.scandir

    def closed(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert found(root)[1] == {"closed": "cannot be searched: Permission denied"}


@pytest.mark.parametrize("pattern", ["", "/abs/*.nii", "../*.nii", "**/*.nii", "."])
def test_patterns_that_leave_the_folder(study, pattern):
    root = study("a/ct.nii")
    for patterns in ((pattern, "x"), ("ct.nii", pattern)):
        with pytest.raises(InputError, match="expected a path from a case's folder downwards"):
            manifest_from_folder(root, *patterns)


def test_folders_without_any_case_and_cases_of_one_name(study):
    root = study("a/b_c/ct.nii", "a_b/c/ct.nii")
    with pytest.raises(
        InputError, match=r"(?s)has an image 'ct.nii' and ROIs.*'a/b_c': an image, but no ROIs"
    ):
        found(root)
    study("a/b_c/seg/1.nii", "a_b/c/seg/1.nii")
    with pytest.raises(InputError, match="'a/b_c' and 'a_b/c'; rename one"):
        found(root)
    with pytest.raises(InputError, match="not there or no folder"):
        found(root / "none")


def run(*words, code=0):
    result = CliRunner().invoke(main, ["cohort", "manifest", *map(str, words)])
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


def test_the_command_writes_what_can_be_read(study, tmp_path):
    root = study("p1/ct.nii", "p1/seg/a.nii", "p1/seg/b.nii", "p2/ct.nii")
    words = ("--from-folder", root, "--image", "ct.nii", "--rois", "seg/*.nii")
    result = run(*words, "-o", tmp_path / "m.csv", code=3)
    assert result.stdout == ""
    assert "left out: 'p2': an image, but no ROIs 'seg/*.nii'" in result.stderr
    assert "1 cases, 2 files with ROIs, 1 folders left out" in result.stderr
    assert (tmp_path / "m.csv").read_text() == (
        "case,image,rois,roi\np1,study/p1/ct.nii,study/p1/seg/a.nii,a\np1,study/p1/ct.nii,study/p1/seg/b.nii,b\n"
    )
    study("p2/seg/c.nii")
    text = run(*words, "-o", "-").stdout
    assert f"\np2,{root}/p2/ct.nii,{root}/p2/seg/c.nii,\n" in text
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/n.csv").write_text(text)
    assert read_manifest(tmp_path / "elsewhere/n.csv")[0][0].image == root / "p1/ct.nii"


def test_wrong_use_of_the_command(study, tmp_path):
    run("--from-folder", tmp_path, code=2)
    result = run("--from-folder", tmp_path, "--image", "ct.nii", "--rois", "*", code=2)
    assert result.stderr.startswith("Error: no folder below")
    assert "fasttex cohort manifest --from-folder study" in run("--help").stdout
