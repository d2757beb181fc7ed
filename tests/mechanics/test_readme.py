"""The README's commands and code do what it says."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from click.testing import CliRunner
from cuda_compile.builds import ARCHITECTURES

import fasttex
from fasttex.cli import main
from fasttex.table import FLAGS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The files that the README speaks of."""
    rng = np.random.default_rng(0)
    labels = np.zeros((12, 30, 30), dtype=np.uint8)
    labels[2:9, 4:15, 5:16], labels[3:10, 18:27, 18:27] = 1, 2
    for name in ("ct", "mr"):
        image = sitk.GetImageFromArray(rng.integers(-100, 300, labels.shape).astype(np.int16))
        sitk.WriteImage(image, str(tmp_path / f"{name}.{'nii.gz' if name == 'ct' else 'nrrd'}"))
    sitk.WriteImage(sitk.GetImageFromArray(labels), str(tmp_path / "organs.nii.gz"))
    sitk.WriteImage(sitk.GetImageFromArray(labels), str(tmp_path / "tumor.nrrd"))
    (tmp_path / "labels.json").write_text('{"1": "liver", "2": "spleen"}')
    (tmp_path / "study.csv").write_text("image,rois\nct.nii.gz,organs.nii.gz\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_python(folder):
    space = {}
    for code in blocks("python"):
        exec(code, space)
    assert [row.roi for row in space["table"].rows] == ["liver", "2"]
    assert len(space["batch"]) == 2


COMMANDS = [
    line
    for block in blocks("sh")
    for line in block.splitlines()
    if line.startswith("fasttex ") or "&& fasttex" in line
]


@pytest.mark.parametrize("line", COMMANDS)
def test_commands(folder, line):
    words = shlex.split(line.partition("&& ")[2] or line, comments=True)[1:]
    words = words[: words.index(">")] if ">" in words else words
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert result.output


def test_the_same_is_said_of_cuda_everywhere():
    said = (
        "Its kernels are compiled for all architectures, executed under emulation in the tests, not yet run on a GPU "
        "by this project's CI; "
    )
    docs = (ROOT / "docs" / "cuda.md").read_text(encoding="utf-8")
    first, *others = map(str, ARCHITECTURES)
    for text, more in [
        (README, "it tests itself bit for bit on first use."),
        (docs, "the backend tests itself bit for bit on first use."),
        (docs, f'"All architectures" are sm_{first}, {", ".join(others[:-1])} and {others[-1]},'),
    ]:
        flat = " ".join(text.split())
        assert said in flat
        assert more in flat


def test_there_are_commands_for_the_test_above():
    assert len(COMMANDS) >= 5


def test_every_flag_is_explained():
    for name in FLAGS:
        assert f"| `{name}` |" in README


def test_families_and_aggregations_are_named():
    for name in (*fasttex.settings.FAMILIES, *fasttex.settings.AGGREGATIONS):
        assert name in README
