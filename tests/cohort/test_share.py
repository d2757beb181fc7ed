"""Tables for others: no name of a case, not by its order, not by a text, not by trying."""

import csv
import hmac
import json
import os
import stat

import pyarrow.parquet as pq
import pytest
from cohort_made import RECIPE, case, result

from fasttex.cohort.cases import Failure
from fasttex.cohort.journal import Journal
from fasttex.cohort.share import share
from fasttex.errors import InputError

NAMES = [f"patient{n:02d}" for n in range(20)]
KEY = b"k" * 32


@pytest.fixture
def journal(tmp_path):
    with Journal.open(tmp_path / "run", write=True) as opened:
        opened.begin([case(name, site="Basel", secret=f"of {name}") for name in NAMES], RECIPE)
        for n, name in enumerate(NAMES[:-1]):
            opened.commit(name, f"key {n}", result(n, n_rois=1))
        opened.fail(NAMES[-1], Failure("InputError", f"<image> of {NAMES[-1]} is not there"))
        yield opened


def rows_of(folder):
    with (folder / "features.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def hashed(name: str) -> str:
    return hmac.new(KEY, name.encode(), "sha256").hexdigest()[:16]


def test_names_are_hashed_and_rows_in_their_order(journal, tmp_path):
    share(journal, tmp_path / "run", tmp_path / "out", key=KEY)
    rows = rows_of(tmp_path / "out")
    assert [row["case"] for row in rows] == sorted(map(hashed, NAMES))
    values = {row["case"]: row["ngtdm_coarseness__3d"] for row in rows}
    assert (
        float(values[hashed(NAMES[3])])
        == result(3, n_rois=1).values[0, result().columns.index("ngtdm_coarseness__3d")]
    )
    assert {row["error"] for row in rows} == {"", "<image> of <case> is not there"}
    made = json.loads((tmp_path / "out" / "provenance.json").read_text())["made"]
    assert [one["case"] for one in made] == sorted(map(hashed, NAMES))


def test_no_name_and_no_kept_column_gets_out(journal, tmp_path):
    files = share(journal, tmp_path / "run", tmp_path / "out", long=True).files
    assert len(files) == 7
    for file in files:
        texts = str(pq.read_table(file).to_pylist()) if file.suffix == ".parquet" else file.read_text()
        assert not [name for name in (*NAMES, "Basel", "secret", str(tmp_path)) if name in texts]
        assert b"patient" not in file.read_bytes()


def test_kept_columns_by_name(journal, tmp_path):
    share(journal, tmp_path / "run", tmp_path / "out", keep=["site"])
    rows = rows_of(tmp_path / "out")
    assert {row["site"] for row in rows} == {"Basel"}
    assert "secret" not in rows[0]
    with pytest.raises(InputError, match=r"no kept column 'age', there are: site, secret"):
        share(journal, tmp_path / "run", tmp_path / "out", keep=["age"])


def test_the_key_stays_the_same_and_private(journal, tmp_path):
    old = os.umask(0)
    try:
        share(journal, tmp_path / "run", tmp_path / "one")
    finally:
        os.umask(old)
    share(journal, tmp_path / "run", tmp_path / "two")
    assert rows_of(tmp_path / "one") == rows_of(tmp_path / "two")
    path = tmp_path / "run" / "share.key"
    share(journal, tmp_path, tmp_path / "two", key=path.read_bytes())
    assert rows_of(tmp_path / "one") == rows_of(tmp_path / "two")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.unlink()
    share(journal, tmp_path / "run", tmp_path / "two")
    assert rows_of(tmp_path / "one") != rows_of(tmp_path / "two")


def test_keys_that_are_none(journal, tmp_path):
    with pytest.raises(InputError, match=r"5 bytes, expected at least 16"):
        share(journal, tmp_path / "run", tmp_path / "out", key=b"short")
    (tmp_path / "run" / "share.key").write_text("ab")
    with pytest.raises(InputError, match=r"expected 64 hexadecimal digits; remove it"):
        share(journal, tmp_path / "run", tmp_path / "out")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot make the folder"):
        share(journal, tmp_path / "run", tmp_path / "file" / "out", key=KEY)


def test_a_reader_may_share(journal, tmp_path):
    with Journal.open(tmp_path / "run", write=False) as reader:
        share(reader, tmp_path / "run", tmp_path / "out")
    assert len(rows_of(tmp_path / "out")) == len(NAMES)
