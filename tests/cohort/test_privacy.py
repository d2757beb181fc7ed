"""A name that stands in folders, file names, headers and columns comes out nowhere, whatever goes wrong."""

import csv
import gzip
import os
import shutil
import stat
from pathlib import Path

import cohort_faults
import numpy as np
import pyarrow.parquet as pq
import pytest
import SimpleITK as sitk
from click.testing import CliRunner
from make_cohort import make_cohort, write

from fasttex.cli import main
from fasttex.cohort import redact, run
from fasttex.cohort.cases import Case, MaskFile
from fasttex.cohort.journal import Journal

NAME = "Zaphod"
SHAPE = (10, 16, 16)


def renamed(source: Path, target: Path) -> Path:
    """A copy whose NIfTI header holds the name in descrip, intent_name, aux_file and db_name."""
    header = bytearray(gzip.decompress(source.read_bytes()))
    for place, size in ((14, 18), (148, 80), (228, 24), (328, 16)):
        header[place : place + size] = NAME.encode().ljust(size, b"\0")
    target.write_bytes(gzip.compress(bytes(header)))
    return target


def in_meta(source: Path, header: Path, data: str) -> None:
    """As a MetaImage whose header points to its data."""
    sitk.WriteImage(sitk.ReadImage(str(source)), str(header.with_name("x.mhd")))
    text = header.with_name("x.mhd").read_text().replace("x.raw", data)
    header.write_text(f"Comment = {NAME}\n{text}")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """Good cases and broken ones, all of one patient whose name is everywhere but in the columns that count."""
    made = make_cohort(tmp_path_factory.mktemp("made"), 1, 2, SHAPE).parent
    folder = tmp_path_factory.mktemp("data") / f"{NAME}, Beeblebrox" / "ct's"
    folder.mkdir(parents=True)
    image = renamed(made / "0000_image.nii.gz", folder / f"{NAME}_ct.nii.gz")
    rois = renamed(made / "0000_rois.nii.gz", folder / f"{NAME}_rois.nii.gz")
    labels = sitk.GetArrayFromImage(sitk.ReadImage(str(rois)))
    one = folder / f"{NAME}_one.nii.gz"
    write(one, (labels == 1).astype(np.uint8))
    for kind in ("crash", "killed", "odd"):
        shutil.copy(image, folder / f"{kind}.{NAME}.nii.gz")
    (folder / f"{NAME}_text.nii.gz").write_text(f"this is {NAME}")
    (folder / f"{NAME}_cut.nii.gz").write_bytes(image.read_bytes()[:-900])
    in_meta(image, folder / f"{NAME}.mhd", f"{NAME}_lost.raw")
    in_meta(image, folder / f"{NAME}_out.mhd", f"../{NAME}_out.raw")
    write(folder / f"{NAME}_grid.nii.gz", labels[:-1])
    write(folder / f"{NAME}_empty.nii.gz", labels * 0)
    (folder / f"{NAME}_folder.nii.gz").mkdir()
    rows = [
        ("good", image, rois),
        ("two files", image, f'"{one}";"{rois}"'),
        ("missing", folder / f"{NAME}_gone.nii.gz", rois),
        ("missing folder", folder / f"{NAME}_gone" / "ct.nii.gz", rois),
        ("below a file", image / f"{NAME}.nii.gz", rois),
        ("missing rois", image, folder / f"{NAME}_gone.nii.gz"),
        *((name, folder / f"{NAME}_{name}.nii.gz", rois) for name in ("text", "cut", "folder")),
        ("lost data", folder / f"{NAME}.mhd", rois),
        ("data outside", folder / f"{NAME}_out.mhd", rois),
        *((name, image, folder / f"{NAME}_{name}.nii.gz") for name in ("grid", "empty")),
        ("one of two empty", image, f'"{folder}/{NAME}_empty.nii.gz";"{rois}"'),
        *((kind, folder / f"{kind}.{NAME}.nii.gz", rois) for kind in ("crash", "killed", "odd")),
    ]
    path = folder / f"{NAME}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "image", "rois", "patient"])
        for case, *files in rows:
            cells = [str(f) if str(f).startswith('"') else f'"{f}"' for f in files]
            writer.writerow([case, *cells, f"{NAME} himself"])
    return path


def said(*words, codes=(0,)) -> str:
    result = CliRunner().invoke(main, ["cohort", *map(str, words)])
    assert result.exit_code in codes, result.output + repr(result.exception)
    return result.output


@pytest.fixture(scope="module")
def done(manifest, tmp_path_factory):
    """The directory of a run, and what the commands said."""
    run_dir = tmp_path_factory.mktemp("runs") / "run"
    words = ["run", manifest, "-o", run_dir, "--families", "ngtdm", "--workers", "2", "--timeout", "60"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "begin", cohort_faults.begin)
        texts = [said(*words, codes=(3,))]
    texts += [said("status", run_dir), said("export", run_dir, "--long")]
    texts += [said("share", run_dir, "-o", run_dir.parent / "shared", "--long")]
    texts += [said("report", run_dir, "-o", run_dir.parent / "shared" / "report.html")]
    texts += [said(*words, "--dry-run")]
    return run_dir, texts


def test_no_command_says_it(done):
    for text in done[1]:
        assert NAME.lower() not in text.lower()
        assert text


def test_no_table_holds_it(done):
    run_dir, _ = done
    kept = {"journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "lock", "share.key"}
    tables = [p for p in [*run_dir.iterdir(), *(run_dir.parent / "shared").iterdir()] if p.name not in kept]
    assert len(tables) == 15
    for path in tables:
        assert NAME.lower() not in text_of(path).lower(), path.name
        assert str(run_dir.parents[1]) not in text_of(path), path.name
    assert NAME.encode() in b"".join(
        (run_dir / name).read_bytes() for name in kept & set(os.listdir(run_dir))
    )


def text_of(path: Path) -> str:
    """Bytes as text; those of Parquet once more, without compression."""
    text = path.read_bytes().decode("latin-1")
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        text += str(table.to_pylist()) + str(table.schema.metadata)
        text += "".join(str(field.metadata) for field in table.schema)
    return text


def test_every_broken_case_says_why(done):
    with (done[0] / "features.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["case"]: row for row in csv.DictReader(file)}
    assert not rows["good"]["error"]
    said_of = {
        "missing": "<image> is not there",
        "missing folder": "<image> is not there",
        "missing rois": "<rois> is not there",
        "cut": "<image>",
        "crash": "SIGSEGV",
        "killed": "memory",
        "lost data": "which is not there",
        "folder": "<image> cannot be read: Is a directory",
        "empty": "empty",
        "data outside": "outside its own folder",
        "odd": "<image>",
    }
    for case, words in said_of.items():
        assert words in rows[case]["error"], rows[case]["error"]


def test_the_journal_is_for_its_owner_alone(done):
    for path in done[0].glob("journal.sqlite*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(done[0].stat().st_mode) == 0o700


def test_a_kept_column_is_passed_on_until_shared(manifest, tmp_path):
    words = ["run", manifest, "-o", tmp_path / "run", "--families", "ngtdm", "--keep", "patient"]
    said(*words, codes=(3,))
    kept = f"{NAME} himself"
    assert kept in text_of(tmp_path / "run" / "features.csv")
    assert kept in text_of(tmp_path / "run" / "features.parquet")
    said("share", tmp_path / "run", "-o", tmp_path / "without")
    said("share", tmp_path / "run", "-o", tmp_path / "with", "--keep", "patient")
    assert not any(NAME in text_of(path) for path in (tmp_path / "without").iterdir())
    assert kept in text_of(tmp_path / "with" / "features.csv")


@pytest.mark.parametrize(
    "text",
    [
        lambda path, real: f"cannot open '{path}'",
        lambda path, real: f"cannot open {path!r}: bad",
        lambda path, real: f"no folder {path.parent.parent}",
        lambda path, real: f"{path.parent}: not a directory",
        lambda path, real: f"bad {path.name} here",
        lambda path, real: f"in {real}",
        lambda path, real: f"in {real!r}",
        lambda path, real: f"bad {path.stem}.hdr and {path.with_suffix('.img')}",
    ],
)
def test_error_texts_hold_no_part_of_a_path(tmp_path, text):
    real = tmp_path / f"{NAME}'s" / 'so "called"\\n' / f"{NAME}.nii"
    real.parent.mkdir(parents=True)
    real.touch()
    link = tmp_path / "link"
    link.symlink_to(real.parent, target_is_directory=True)
    for path in (real, link / real.name):
        case = Case("a", path, (MaskFile(path.with_name(f"{NAME}_rois.nii")),))
        told = redact.without_paths(case, text(path, real), redact.behind(case))
        assert NAME not in told


def test_only_the_private_texts_of_the_journal_hold_it(done):
    with Journal.open(done[0], write=False) as journal:
        failures = list(journal.failures())
    assert [name for name, failure, _, _ in failures if NAME in failure.text] == []
    assert any(NAME in private for *_, private, _ in failures)
