"""The journal: what is committed stays, whoever dies; one writer; nothing is mixed."""

import json
import math
import os
import random
import signal
import sqlite3
import stat
import struct
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cohort_made import COLUMNS, RECIPE, SETTINGS, case, result, same
from hypothesis import given
from hypothesis import strategies as st

import fasttex.cohort.view
from fasttex.cohort.cases import Case, Failure, MaskFile, Recipe, Result, RowData
from fasttex.cohort.journal import Journal
from fasttex.cohort.schema import VERSION, pack_result, read_case, unpack_result, write_case
from fasttex.errors import InputError

WRITER = Path(__file__).parents[1] / "cohort_writer.py"


@pytest.fixture
def journal(tmp_path):
    with Journal.open(tmp_path / "run", write=True) as opened:
        opened.begin([case("a"), case("b"), case("c")], RECIPE)
        yield opened


def stored(journal: Journal) -> dict[str, Result | None]:
    return {which.name: found for which, found, _ in journal.results_in_order()}


def test_what_is_committed_comes_back(journal):
    journal.start("b")
    journal.commit("b", "key", result(1))
    journal.fail("c", Failure("Timeout", "took longer than 5 s"), "/data/c.nii took longer than 5 s", 5.0)
    found = list(journal.results_in_order())
    assert [which for which, _, _ in found] == [case("a"), case("b"), case("c")]
    assert found[0][1:] == (None, None)
    assert same(found[1][1], result(1))
    assert found[2][1:] == (None, Failure("Timeout", "took longer than 5 s"))
    assert list(journal.failures()) == [("c", found[2][2], "/data/c.nii took longer than 5 s", 1)]
    assert [journal.state_of(name) for name in "abc"] == [("pending", 0), ("done", 1), ("failed", 1)]
    assert journal.find("key")
    assert not journal.find("another")


def test_status(journal):
    assert math.isnan(journal.status().rate)
    rows = (*result().rows[:1], replace(result().rows[1], error="no"))
    journal.commit("a", "key a", replace(result(), rows=rows))
    for name, voxels in (("b", 3), ("c", 17)):
        journal.fail(name, Failure("InputError", f"<rois> holds {voxels} voxels"))
    status = journal.status()
    assert status.cases == {"pending": 0, "running": 0, "done": 1, "failed": 2}
    assert (status.rows, status.failed_rows) == (2, 1)
    assert status.failures == [(Failure("InputError", "<rois> holds 3 voxels"), 2)]
    assert status.seconds == {"read": 0.25, "total": 0.5}
    assert status.rate > 0


def test_permissions_do_not_depend_on_the_umask(tmp_path):
    old = os.umask(0)
    try:
        with Journal.open(tmp_path / "run", write=True) as journal:
            journal.begin([case("a")], RECIPE)
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "run").iterdir()}
    finally:
        os.umask(old)
    assert modes.keys() >= {"journal.sqlite", "journal.sqlite-wal", "lock"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700


def test_running_cases_are_pending_after_a_crash(tmp_path):
    with Journal.open(tmp_path, write=True) as journal:
        journal.begin([case("a")], RECIPE)
        journal.start("a")
    with Journal.open(tmp_path, write=True) as journal:
        assert journal.state_of("a") == ("pending", 1)


def test_a_newer_journal_is_refused(tmp_path):
    Journal.open(tmp_path, write=True).close()
    with sqlite3.connect(tmp_path / "journal.sqlite") as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    for write in (True, False):
        with pytest.raises(InputError, match=r"newer fasttex.*update"):
            Journal.open(tmp_path, write=write)


@pytest.mark.parametrize("content", ["another", "garbage"])
def test_files_of_others_are_refused(tmp_path, content):
    path = tmp_path / "journal.sqlite"
    if content == "garbage":
        path.write_bytes(b"no database at all" * 100)
    else:
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE t (x)")
        db.close()
    before = path.read_bytes()
    for write in (True, False):
        with pytest.raises(InputError, match=r"journal"):
            Journal.open(tmp_path, write=write)
    assert path.read_bytes() == before


def test_reading_where_nothing_is(tmp_path):
    with pytest.raises(InputError, match=r"holds no journal"):
        Journal.open(tmp_path, write=False)
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"another one"):
        Journal.open(tmp_path / "file" / "run", write=True)


def test_names_and_paths_that_are_no_utf8(journal):
    odd = Path(os.fsdecode(b"/data/\xff\xfe.nii"))
    journal.begin([Case("a", odd, (MaskFile(odd, 3, "grown", "liver"),))], RECIPE)
    journal.fail("a", Failure("InputError", "<image>"), f"{odd} is not there")
    ((found, _, _),) = journal.results_in_order()
    assert (found.image, found.masks) == (odd, (MaskFile(odd, 3, "grown", "liver"),))
    with pytest.raises(InputError, match=r"no text"):
        journal.begin([case("\udcff")], RECIPE)


@pytest.mark.parametrize("column", ["voxels", "case", "ngtdm_coarseness__3d"])
def test_kept_columns_must_not_clash(journal, column):
    with pytest.raises(InputError, match=f"'{column}' cannot be kept"):
        journal.begin([case("a", **{column: "1"})], RECIPE)


def test_two_cases_of_one_name(journal):
    with pytest.raises(InputError, match=r"two cases have the name 'a'"):
        journal.begin([case("a"), case("a")], RECIPE)
    assert journal.names() == ["a", "b", "c"]  # as before


# Resuming


def test_a_longer_and_reordered_manifest_goes_on(journal):
    journal.commit("b", "key", result(1))
    journal.fail("c", Failure("Crash", "died"))
    assert journal.begin([case("new"), case("c"), case("b")], RECIPE) == []
    assert journal.names() == ["new", "c", "b"]
    assert [journal.state_of(name)[0] for name in journal.names()] == ["pending", "failed", "done"]
    assert same(stored(journal)["b"], result(1))


def test_a_case_of_other_files_is_pending(journal):
    journal.commit("a", "key", result())
    journal.begin([replace(case("a"), image=Path("/data/other.nii"))], RECIPE)
    assert journal.state_of("a") == ("pending", 0)
    assert journal.adopt("a", "key")  # but the same bytes
    assert journal.state_of("a")[0] == "done"
    assert not journal.adopt("a", "another key")


def test_another_recipe_is_explained_and_not_mixed(journal):
    journal.commit("a", "key", result(1))
    other = Recipe((SETTINGS.replace(bin_number=64, families=["ngtdm"]),), select=[3])
    cases = [case("a"), case("b")]
    changes = journal.begin(cases, other)
    assert "bin_number: 32, now 64" in changes
    assert "select: null, now [3]" in changes
    assert 'families: ["intensity_statistics", "ngtdm"], now ["ngtdm"]' in changes
    assert len(changes) == 3
    assert stored(journal) == {"a": None, "b": None}
    assert journal.columns() == []
    journal.commit("b", "key of the other", result(2))
    assert journal.begin(cases, RECIPE) != []
    assert stored(journal) == {"a": None, "b": None}
    assert journal.adopt("a", "key")
    assert same(stored(journal)["a"], result(1))


def test_equal_cases_share_a_result(journal):
    journal.commit("a", "key", result(1))
    journal.commit("b", "key", result(1))
    assert same(stored(journal)["a"], stored(journal)["b"])
    assert journal._one("SELECT count(*) FROM results") == (1,)


def test_a_failed_case_that_is_started_again(journal):
    journal.fail("a", Failure("Crash", "died"))
    journal.start("a")
    journal.commit("a", "key", result())
    assert journal.state_of("a") == ("done", 2)
    assert list(journal.failures()) == []


def test_hashes_are_remembered_by_what_tells_files_apart(journal, tmp_path):
    path = tmp_path / "image.nii"
    path.write_bytes(b"voxels")
    journal.remember_hash(path, path.stat(), "f" * 64)
    assert journal.known_hash(path, path.stat()) is None  # written just now: may change unnoticed
    os.utime(path, (1e9, 1e9))
    journal.commit("a", "key", result(), {path: (path.stat(), "f" * 64)})
    assert journal.known_hash(path, path.stat()) == "f" * 64
    assert journal.known_hash(tmp_path / "other", path.stat()) is None
    os.utime(path, ns=(10**18, 10**18 + 100))
    assert journal.known_hash(path, path.stat()) is None
    journal.remember_hash(path, path.stat(), "e" * 64)
    assert journal.known_hash(path, path.stat()) == "e" * 64
    path.rename(tmp_path / "away")
    path.write_bytes(b"VOXELS")
    os.utime(path, ns=(10**18, 10**18 + 100))
    assert journal.known_hash(path, path.stat()) is None  # another inode


# One writer, many readers


def test_one_writer(journal, tmp_path):
    with pytest.raises(InputError, match=f"process {os.getpid()}"):
        Journal.open(tmp_path / "run", write=True)
    asked = "from fasttex.cohort.journal import Journal; Journal.open(r'{}', write=True)"
    other = subprocess.run(
        [sys.executable, "-c", asked.format(tmp_path / "run")], capture_output=True, text=True, check=False
    )
    assert f"process {os.getpid()}; wait for it" in other.stderr
    journal.close()
    Journal.open(tmp_path / "run", write=True).close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_forked_workers_do_not_hold_the_lock(tmp_path):
    """A parent that died leaves its directory free, though a child of it lives on."""
    script = """
import os, sys, time
from fasttex.cohort.journal import Journal
journal = Journal.open(sys.argv[1], write=True)
child = os.fork()
if child:
    print(child, flush=True)
else:
    time.sleep(60)
os._exit(0)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script, tmp_path / "run"], stdout=subprocess.PIPE, text=True
    ) as parent:
        child = int(parent.stdout.readline())
        parent.wait(30)
        try:
            Journal.open(tmp_path / "run", write=True).close()
        finally:
            os.kill(child, signal.SIGKILL)


def test_readers_see_what_is_committed_and_write_nothing(journal, tmp_path):
    with Journal.open(tmp_path / "run", write=False) as reader:
        assert reader.status().cases["done"] == 0
        journal.commit("a", "key", result(1))
        assert same(stored(reader)["a"], result(1))
        with reader.snapshot():
            before = reader.status()
            journal.commit("b", "key b", result(2))
            assert reader.status() == before
        assert reader.status().cases["done"] == 2
        with pytest.raises(InputError, match=r"readonly"):
            reader.start("a")


def test_reading_a_directory_that_may_not_be_written(tmp_path, monkeypatch):
    with Journal.open(tmp_path / "run", write=True) as journal:
        journal.begin([case("a")], RECIPE)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with Journal.open(tmp_path / "run", write=False) as journal:
        assert journal.names() == ["a"]
        assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["journal.sqlite", "lock"]


# Disks and deaths


def test_a_full_disk_stops_and_resumes(journal):
    journal.commit("a", "key a", result(1))
    (pages,) = journal._one("PRAGMA page_count")
    journal._db.execute(f"PRAGMA max_page_count = {pages + 1}")
    journal.start("b")
    large = replace(result(2), counts=b"\0" * 100_000)
    with pytest.raises(InputError, match=r"disk of the run directory is full.*run the same command again"):
        journal.commit("b", "key b", large)
    assert journal.state_of("b") == ("running", 1)
    assert same(stored(journal)["a"], result(1))
    journal._db.execute("PRAGMA max_page_count = 100000")
    journal.commit("b", "key b", large)
    assert journal.counts_of("b") == large.counts
    assert journal.counts_of("a") is None


def test_results_that_do_not_fit_together(journal):
    with pytest.raises(InputError, match=r"shape"):
        journal.commit("a", "key", replace(result(), values=np.zeros((3, 3))))
    with pytest.raises(InputError, match=r"no case 'nobody'"):
        journal.commit("nobody", "key", result())
    assert not journal.find("key")


def test_kill_at_any_moment_loses_nothing(tmp_path):
    """A process that writes is killed 12 times; all that it had said to be committed is there."""
    said: set[str] = set()
    random.seed(0)
    for _ in range(12):
        writer = subprocess.Popen(
            [sys.executable, WRITER, tmp_path / "run"], stdout=subprocess.PIPE, text=True
        )
        first = writer.stdout.readline().strip()
        assert first, "the writer died by itself"
        said.add(first)
        time.sleep(random.uniform(0, 0.03))
        writer.kill()
        said |= {line.strip() for line in writer.stdout if line.endswith("\n")}
        writer.stdout.close()
        writer.wait()
        with Journal.open(tmp_path / "run", write=False) as reader:
            found = {name for name, made in stored(reader).items() if made is not None}
        assert found >= said
        with Journal.open(tmp_path / "run", write=True) as journal:
            assert journal._one("PRAGMA integrity_check") == ("ok",)
            assert journal.status().cases["running"] == 0
            for name, made in stored(journal).items():
                assert made is None or same(made, result(int(name[4:])))
    assert len(said) > 12


# Round trips

texts = st.text(st.characters())  # surrogates too: names of ROIs come from JSON
floats = st.floats() | st.sampled_from([math.nan, -math.nan, math.inf, -0.0, 5e-324])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | floats | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def results(draw):
    n_rows, n_columns = draw(st.integers(0, 3)), draw(st.integers(0, 4))
    rows = tuple(
        RowData(
            draw(texts), draw(st.none() | st.integers(0, 2**40)), draw(texts), draw(texts), draw(st.integers(0, 9)),
            draw(st.integers(0, 9)), draw(floats), draw(floats), tuple(draw(st.lists(texts, max_size=2))), draw(texts),
        )
        for _ in range(n_rows)
    )  # fmt: skip
    # Bit patterns, so that a NaN has any payload.
    patterns = [draw(st.integers(0, 2**64 - 1)) for _ in range(n_rows * n_columns)]
    values = np.frombuffer(struct.pack(f"<{len(patterns)}Q", *patterns), "<f8").reshape(n_rows, n_columns)
    diagnostics = [draw(st.dictionaries(texts, json_values, max_size=3)) for _ in range(n_rows)]
    columns = tuple(f"column{n}" for n in range(n_columns))
    provenance = draw(st.dictionaries(texts, json_values, max_size=3))
    return Result(
        columns, rows, values, diagnostics, provenance, {"total": draw(floats)}, draw(st.none() | st.binary())
    )


@given(results())
def test_results_come_back_to_the_bit(drawn):
    _, _, _, *packed = pack_result(drawn)
    found = unpack_result(drawn.columns, packed)
    assert same(found, drawn)
    assert found.counts == drawn.counts


def test_numbers_of_numpy_come_back_plain():
    row = replace(result().rows[0], voxels=np.int64(5), intensity_min=np.float32(0.5), n_levels=np.uint16(4))
    _, _, _, *packed = pack_result(replace(result(), rows=(row, row)))
    found = unpack_result(COLUMNS, packed).rows[0]
    assert (found.voxels, found.intensity_min, found.n_levels) == (5, 0.5, 4)


def test_cases_come_back():
    given = Case(
        "ä", Path("/a/b.nii"), (MaskFile(Path("/c;d"), 7, "v", "x"), MaskFile(Path("/e"))), {"k": "=1"}
    )
    assert read_case(*write_case(given)) == given


def test_nothing_is_unpickled():
    for module in (fasttex.cohort.journal, fasttex.cohort.store, fasttex.cohort.schema, fasttex.cohort.view):
        assert not {"pickle", "marshal", "shelve", "yaml"} & vars(module).keys()
    assert json.loads(json.dumps(RECIPE.record())) == RECIPE.record()
