"""Runs that are killed, interrupted or out of space: resumed, they come to what an undisturbed run comes to.

FASTTEX_KILL_ROUNDS=40 kills more often.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import cohort_faults
import pytest
from make_cohort import make_cohort

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")

N_CASES = 30
ROUNDS = int(os.environ.get("FASTTEX_KILL_ROUNDS", "4"))
TABLES = ("features.csv", "features.parquet", "diagnostics.csv", "diagnostics.parquet", "provenance.json")
BELONGS = {*TABLES, "journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "lock"}
MARK = f"FASTTEX_TEST_MARK={os.getpid()}"
PATIENCE_S = 60


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """A manifest of files that are old enough to be known by their time."""
    manifest = make_cohort(tmp_path_factory.mktemp("cohort"), N_CASES, 3, (12, 24, 24))
    for path in manifest.parent.glob("*.nii.gz"):
        os.utime(path, (1_000_000, 1_000_000))
    return manifest


@pytest.fixture(scope="module")
def undisturbed(cohort, tmp_path_factory):
    """The directory of a run that nothing happened to."""
    run_dir = tmp_path_factory.mktemp("undisturbed") / "run"
    code, said = ended(start(cohort, run_dir))
    assert code == 0, said
    return run_dir


def start(manifest, run_dir, before=""):
    """A real run in a process of its own, after some lines of Python."""
    name, _, value = MARK.partition("=")
    command = ["cohort", "run", str(manifest), "-o", str(run_dir), "--workers", "2"]
    command += ["--families", "intensity_statistics,glcm,glszm"]
    # A job in the background of a shell ignores Ctrl-C, and so would its children.
    listening = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{listening}\n{before}\nfrom fasttex.cli import main\nmain({command!r})"
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=manifest.parent,
        env=os.environ | {name: value},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def with_fault(name):
    """Python that lets workers read cases as `cohort_faults` does."""
    return (
        f"import sys; sys.path.insert(0, {str(Path(cohort_faults.__file__).parent)!r})\n"
        f"import cohort_faults; from fasttex.cohort import run; run.begin = cohort_faults.{name}"
    )


def ended(process):
    """Exit code and output, once no process of it is left."""
    try:
        said, _ = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    until = time.monotonic() + PATIENCE_S
    while left := processes():
        assert time.monotonic() < until, f"orphans: {left}"
        time.sleep(0.01)
    return process.returncode, said


def processes():
    """Ids and command lines of all processes that a run of this test started."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if MARK.encode() in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = (folder / "cmdline").read_bytes().decode()
    return found


def results(run_dir):
    """Of the cases that are done: by name, how often tried, and when its result was made."""
    query = (
        "SELECT name, attempts, updated, content_key, r.rowid, r.seconds "
        "FROM cases JOIN results r USING (content_key) WHERE state = 'done'"
    )
    try:
        with closing(sqlite3.connect(f"{(run_dir / 'journal.sqlite').as_uri()}?mode=ro", uri=True)) as db:
            return {name: tuple(row) for name, *row in db.execute(query)}
    except sqlite3.Error:
        return {}  # not there yet


def wait_for(process, run_dir, n_done):
    """Until so many cases are done, or the run ends."""
    while process.poll() is None and len(results(run_dir)) < n_done:
        time.sleep(0.002)


def kill_one(process, chance, *, worker):
    """The parent, or one of its workers if there is one."""
    workers = [pid for pid, words in processes().items() if "spawn_main" in words and pid != process.pid]
    victim = chance.choice(workers) if worker and workers else process.pid
    with suppress(ProcessLookupError):
        os.kill(victim, signal.SIGKILL)


def assert_kept(before, run_dir):
    """What was committed is neither tried nor made again."""
    after = results(run_dir)
    assert {name: after.get(name) for name in before} == before


def assert_same(run_dir, undisturbed):
    for name in TABLES:
        assert (run_dir / name).read_bytes() == (undisturbed / name).read_bytes(), name
    assert {path.name for path in run_dir.iterdir()} <= BELONGS


def resumed(cohort, run_dir, tries=3):
    """Run until all is done."""
    for _ in range(tries):
        before = results(run_dir)
        for path in run_dir.glob(".*"):
            os.utime(path, (1_000_000, 1_000_000))
        code, said = ended(start(cohort, run_dir))
        assert_kept(before, run_dir)
        if code == 0:
            return said
    raise AssertionError(said)


def test_kill_9_of_parent_and_workers(cohort, undisturbed, tmp_path):
    chance, run_dir = random.Random(7), tmp_path / "run"
    seen = set()
    for n in range(ROUNDS):
        if n % 10 == 0:  # a new run, so that there is something left to kill
            run_dir = tmp_path / f"run-{n}"
        before = results(run_dir)
        process = start(cohort, run_dir, with_fault("slowly"))
        if chance.random() < 0.3:
            time.sleep(chance.uniform(0.1, 2))
        else:
            wait_for(process, run_dir, len(before) + chance.randint(1, max(1, N_CASES // 5)))
            time.sleep(chance.uniform(0, 0.02))
        if chance.random() < 0.5:
            kill_one(process, chance, worker=True)
            time.sleep(chance.uniform(0, 0.2))
        kill_one(process, chance, worker=False)
        ended(process)
        assert_kept(before, run_dir)
        seen.add(len(results(run_dir)))
        if n % 10 == 9 or n == ROUNDS - 1:
            resumed(cohort, run_dir)
            assert_same(run_dir, undisturbed)
            assert len(results(run_dir)) == N_CASES
    assert any(0 < n < N_CASES for n in seen)


def test_a_worker_that_is_killed_costs_one_case_at_most(cohort, undisturbed, tmp_path):
    run_dir = tmp_path / "run"
    process = start(cohort, run_dir, with_fault("slowly"))
    wait_for(process, run_dir, 3)
    kill_one(process, random.Random(0), worker=True)
    code, said = ended(process)
    assert code in (0, 3), said
    assert len(results(run_dir)) >= N_CASES - 1
    resumed(cohort, run_dir)
    assert_same(run_dir, undisturbed)


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(cohort, undisturbed, tmp_path):
    run_dir = tmp_path / "run"
    process = start(cohort, run_dir, with_fault("slowly"))
    wait_for(process, run_dir, 3)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all processes
    code, said = ended(process)
    assert code == 130, said
    assert "Traceback" not in said
    assert "The same command resumes there" in said
    assert str(run_dir) in said
    kept = results(run_dir)
    assert 3 <= len(kept) < N_CASES
    assert (run_dir / "features.csv").read_text().count("pending") == N_CASES - len(kept)
    assert f"{len(kept)} of them before" in resumed(cohort, run_dir)
    assert_same(run_dir, undisturbed)


def test_a_second_ctrl_c_does_not_wait(tmp_path):
    folder, run_dir = tmp_path / "data", tmp_path / "run"
    manifest = make_cohort(folder, 2, 1, (6, 8, 8))
    (folder / "0001_image.nii.gz").rename(folder / "hang.nii.gz")
    manifest.write_text(manifest.read_text().replace("0001_image", "hang"))
    process = start(manifest, run_dir, with_fault("begin"))
    wait_for(process, run_dir, 1)
    time.sleep(1.5)  # until the other one hangs
    os.killpg(process.pid, signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
    os.killpg(process.pid, signal.SIGINT)
    code, said = ended(process)
    assert code == 130, said
    assert "The same command resumes there" in said
    assert list(results(run_dir)) == ["case-0000"]
    assert {path.name for path in run_dir.iterdir()} <= BELONGS


@pytest.mark.parametrize("size", [100_000, 300_000])
def test_a_full_disk_stops_the_run_and_resumes(cohort, undisturbed, tmp_path, size):
    run_dir = tmp_path / "run"
    limit = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({size}, resource.RLIM_INFINITY))"
    code, said = ended(start(cohort, run_dir, limit))
    assert code == 2, said
    assert "Traceback" not in said
    assert "run the same command again" in said
    assert len(results(run_dir)) < N_CASES
    resumed(cohort, run_dir)
    assert_same(run_dir, undisturbed)
