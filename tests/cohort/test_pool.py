"""The pool of a cohort: every task is answered once, whatever becomes of the processes."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from itertools import pairwise
from multiprocessing import active_children
from pathlib import Path

import pool_tasks
import pytest

from fasttex.cohort.pool import Pool, PoolError
from fasttex.errors import InputError, SettingsError

if sys.platform == "win32":
    pytest.skip("signals are those of POSIX", allow_module_level=True)

TESTS = str(Path(pool_tasks.__file__).parent)


def tasks(*deeds):
    """A task per deed: numbered, since many do the same; "a | b" begins with a and finishes with b."""
    pairs = [deed.partition(" | ")[::2] if " | " in deed else ("", deed) for deed in deeds]
    return [(n, *pair) for n, pair in enumerate(pairs)]


def outcomes(workers, *deeds, **options):
    """By number, each exactly once."""
    with Pool(workers, pool_tasks.begin, pool_tasks.finish, **options) as pool:
        found = list(pool.run(tasks(*deeds)))
    assert not active_children()
    assert sorted(outcome.task[0] for outcome in found) == list(range(len(deeds)))
    assert all((outcome.failure is None) == (outcome.result is not None) for outcome in found)
    return sorted(found, key=lambda outcome: outcome.task)


def kinds(found):
    return [outcome.failure and outcome.failure.kind for outcome in found]


@pytest.mark.parametrize("prefetch", [True, False])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_many_quick_tasks(workers, prefetch):
    found = outcomes(workers, *map(str, range(400)), prefetch=prefetch)
    assert [outcome.result for outcome in found] == [("", str(n)) for n in range(400)]
    assert {outcome.attempts for outcome in found} == {1}


def test_no_tasks_start_no_process():
    with Pool(2, pool_tasks.same, pool_tasks.second) as pool:
        assert list(pool.run([])) == []
        assert not active_children()


def test_one_run_after_another_and_one_that_is_left():
    with Pool(2, pool_tasks.same, pool_tasks.second) as pool:
        assert sorted(outcome.result for outcome in pool.run(range(5))) == list(range(5))
        for _ in pool.run(range(100)):
            break
        assert sorted(outcome.result for outcome in pool.run(range(7))) == list(range(7))


def test_large_results_and_tasks():
    large = bytes(30_000_000)
    with Pool(2, pool_tasks.same, pool_tasks.second) as pool:
        assert all(outcome.result == large for outcome in pool.run([large] * 4))


def test_exceptions_cost_their_task():
    found = outcomes(2, "a", "raise of <image>", "raise in time | b", "odd", "exit", "c", retries=2)
    assert kinds(found) == [None, "ValueError", "ValueError", "Odd", "SystemExit", None]
    assert [outcome.failure.text for outcome in found[1:5]] == ["of <image>", "in time", "", "3"]
    assert {outcome.attempts for outcome in found} == {1}
    assert "pool_tasks.py" in found[1].traceback
    assert "pool_tasks.py" not in repr(found[1])


def test_what_cannot_be_pickled_is_a_failure():
    found = outcomes(1, "a", "lambda", "unloadable", "b")
    assert kinds(found)[0] is kinds(found)[3] is None
    assert kinds(found)[2] == "ValueError"
    assert "unpickled" in found[2].failure.text
    with Pool(1, pool_tasks.same, pool_tasks.second) as pool:
        answered = list(pool.run([1, lambda: 0, 2]))
    assert Counter(kinds(answered))[None] == 2


@pytest.mark.parametrize(
    ("deed", "kind", "text"),
    [
        ("segfault", "Crash", "SIGSEGV"),
        ("signal SIGABRT", "Crash", "SIGABRT"),
        ("signal SIGKILL", "OutOfMemory", "killed, probably for memory"),
        ("memory", "OutOfMemory", ""),
        ("leave 0", "Crash", "exit code 0"),
        ("leave 5", "Crash", "exit code 5"),
        ("sleep 60", "Timeout", "no result after 0.7 s"),
        ("hold 60", "Timeout", "no result after 0.7 s"),
    ],
)
def test_deaths_are_told_apart_and_cost_their_task(deed, kind, text):
    both = [deed, f"{deed} | ", "a", "b", "c", "d", "e", "f"]
    found = outcomes(2, *both, timeout_s=0.7)
    assert kinds(found) == [kind, kind, *[None] * 6]
    assert all(text in outcome.failure.text for outcome in found[:2])
    assert {outcome.attempts for outcome in found} == {1}
    if deed == "segfault":
        assert "pool_tasks.py" in found[0].traceback


@pytest.mark.parametrize("deed", ["signal SIGSEGV", "signal SIGKILL", "sleep 60", "memory"])
def test_retries(deed, tmp_path):
    once = f"once {tmp_path / deed.replace(' ', '-')}"
    found = outcomes(2, "a", once, deed, "raise x", "b", retries=2, timeout_s=0.7, prefetch=False)
    assert [outcome.attempts for outcome in found] == [1, 2, 3, 1, 1]
    assert [kind is None for kind in kinds(found)] == [True, True, False, False, True]


def test_retries_of_exceptions_where_asked_for(tmp_path):
    found = outcomes(1, f"once {tmp_path / 'raise-x'}", "raise y", retries=1, retried={"ValueError"})
    assert kinds(found) == [None, "ValueError"]
    assert [outcome.attempts for outcome in found] == [2, 2]


def test_reading_goes_on_beside_computing():
    with Pool(1, pool_tasks.begin, pool_tasks.finish) as pool:
        found = list(pool.run(tasks(*["when 0.1 | when 0.1"] * 6)))
    for before, after in pairwise(found):
        (read_from, _, read_to), (computed_from, _, computed_to) = after.result[0], before.result[1]
        assert read_from < computed_to
        assert computed_from < read_to
    assert all(outcome.seconds >= 0.2 for outcome in found)


def test_waiting_for_its_turn_is_not_a_tasks_time():
    found = outcomes(1, *["sleep 0.05 | sleep 0.5"] * 4, timeout_s=0.9)
    assert kinds(found) == [None] * 4


def test_a_consumers_pause_is_no_tasks_time():
    with Pool(1, pool_tasks.begin, pool_tasks.finish, timeout_s=0.5) as pool:
        for outcome in pool.run(tasks(*["sleep 0.05 | sleep 0.05"] * 4)):
            assert outcome.failure is None
            time.sleep(0.7)


@pytest.mark.parametrize("deed", ["segfault", "signal SIGKILL", "leave 0", "memory"])
def test_a_death_while_reading_is_not_blamed_on_the_computing(deed):
    found = outcomes(1, "sleep 0.3", f"{deed} | ", "a")
    assert [kind is None for kind in kinds(found)] == [True, False, True]
    assert [outcome.attempts for outcome in found] == [1, 1, 1]


@pytest.mark.parametrize("begun", ["sleep 0.4 | a", "a | b"])
@pytest.mark.parametrize("deed", ["segfault", "sleep 60", "memory"])
def test_a_death_while_computing_is_not_blamed_on_the_read(deed, begun):
    found = outcomes(1, f"when 0.1 | {deed}", begun, "a", timeout_s=1)
    assert [kind is None for kind in kinds(found)] == [False, True, True]
    assert [outcome.attempts for outcome in found] == [1, 1, 1]


def test_a_hanging_read_waits_for_the_computing_beside_it():
    found = outcomes(1, "sleep 0.8", "sleep 60 | a", "b", timeout_s=1.2)
    assert kinds(found) == [None, "Timeout", None]
    found = outcomes(1, "when 0.3 | sleep 1", "sleep 60 | a", timeout_s=1.5)
    assert kinds(found) == [None, "Timeout"]


def test_processes_killed_from_outside():
    rng = random.Random(0)
    victims, found, kill_after = Counter(), [], time.monotonic() + 0.5
    with Pool(4, pool_tasks.begin, pool_tasks.finish, retries=20) as pool:
        for outcome in pool.run((n, "sleep 0.01", "sleep 0.02") for n in range(700)):
            found.append(outcome)
            if time.monotonic() > kill_after and victims.total() < 20 and (alive := active_children()):
                victim = rng.choice(alive)
                victims[victim.pid] += 1
                os.kill(victim.pid, signal.SIGKILL)
                kill_after = time.monotonic() + 0.1
    assert victims.total() == 20
    assert sorted(outcome.task[0] for outcome in found) == list(range(700))
    assert set(kinds(found)) == {None}


def test_tasks_are_drawn_as_there_is_room():
    drawn = 0

    def endless():
        nonlocal drawn
        while True:
            drawn += 1
            yield drawn

    with Pool(2, pool_tasks.same, pool_tasks.second) as pool:
        for taken, _ in enumerate(pool.run(endless()), 1):
            assert drawn <= taken + 4 + 4  # in the processes, and answered but not taken
            if taken == 100:
                break


@pytest.mark.parametrize(
    ("initializer", "text"), [("initialize_badly", "no licence"), ("initialize_deadly", "exit code 4")]
)
def test_an_initializer_that_fails_is_said_at_once(initializer, text):
    begun = time.monotonic()
    with (
        Pool(2, pool_tasks.same, pool_tasks.second, initializer=getattr(pool_tasks, initializer)) as pool,
        pytest.raises(PoolError, match=text),
    ):
        list(pool.run(range(100)))
    assert time.monotonic() - begun < 15
    assert not active_children()


def test_environment_and_folder_of_the_processes(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("FASTTEX_NUM_THREADS", raising=False)
    found = outcomes(1, "environment", "temporary", folder=tmp_path)
    (_, environment), (_, made) = (outcome.result for outcome in found)
    assert environment["OMP_NUM_THREADS"] == environment["FASTTEX_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "FASTTEX_NUM_THREADS" not in os.environ
    assert Path(made).is_relative_to(tmp_path)
    assert not list(tmp_path.iterdir())


def test_output_of_the_processes_stays_away(capfd):
    assert kinds(outcomes(2, *["print"] * 4)) == [None] * 4
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts a process's data")
def test_memory_of_a_process_is_limited():
    gigabyte = 1 << 30
    deeds = [f"allocate {5 * gigabyte}", f"allocate {gigabyte // 10}", f"allocate {5 * gigabyte} | ", "a"]
    found = outcomes(1, *deeds, worker_memory=gigabyte)
    assert kinds(found) == ["OutOfMemory", None, "OutOfMemory", None]
    with pytest.raises(PoolError, match=r"worker_memory is 10000000 bytes: give more"):
        outcomes(1, "a", worker_memory=10_000_000)


def test_choices_that_make_no_sense():
    with pytest.raises(SettingsError, match="at least 1"):
        Pool(0, pool_tasks.same, pool_tasks.second)
    with pytest.raises(InputError, match=r"temporary files: .*/nowhere/"):
        Pool(1, pool_tasks.same, pool_tasks.second, folder="/nowhere")


SCRIPT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
sys.path.insert(0, {tests!r})
from pool_tasks import begin, finish
from fasttex.cohort.pool import Pool
with Pool(2, begin, finish) as pool:
    for outcome in pool.run((n, {begin!r}, {finish!r}) for n in range(100)):
        print(outcome.task[0], outcome.failure, flush=True)
"""


def script(tmp_path, begin, finish):
    """A program without a guard of ``__main__``, in a session of its own as if in its own terminal."""
    path = tmp_path / "script.py"
    path.write_text(SCRIPT.format(tests=TESTS, begin=begin, finish=finish))
    return subprocess.Popen(
        [sys.executable, "-P", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def session(leader):
    """Processes that live in a session."""
    listed = subprocess.run(["ps", "-eo", "pid=,sess=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [int(pid) for pid, own, state in rows if int(own) == leader and not state.startswith("Z")]


@pytest.mark.parametrize("deed", ["sleep 60", "hold 60"])
def test_no_orphans(tmp_path, deed):
    process = script(tmp_path, "", deed)
    time.sleep(2)
    assert len(session(process.pid)) >= 3
    process.kill()
    process.communicate()
    time.sleep(1)
    assert session(process.pid) == []


def test_first_interrupt_lets_what_is_computed_finish(tmp_path):
    process = script(tmp_path, "", "sleep 1")
    assert process.stdout.readline().endswith(" None\n")
    time.sleep(0.4)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
    output, errors = process.communicate(timeout=10)
    assert 1 <= len(output.splitlines()) <= 3
    assert all(line.endswith(" None") for line in output.splitlines())
    assert errors.count("Traceback") == 1
    assert errors.endswith("KeyboardInterrupt\n")
    until = time.monotonic() + 10
    while session(process.pid) and time.monotonic() < until:  # Python's resource tracker ends a little later
        time.sleep(0.01)
    assert session(process.pid) == []


def test_second_interrupt_ends_all(tmp_path):
    process = script(tmp_path, "", "sleep 60")
    time.sleep(1.5)
    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.3)
    output, errors = process.communicate(timeout=5)
    assert output == ""
    assert errors.endswith("KeyboardInterrupt\n")
    assert session(process.pid) == []


def test_interrupt_while_processes_start(tmp_path):
    process = script(tmp_path, "", "sleep 0.1")
    time.sleep(0.45)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert errors.count("Traceback") == 1
    assert session(process.pid) == []


def test_in_a_thread():
    found = []
    thread = threading.Thread(target=lambda: found.extend(outcomes(2, *"abcdef")))
    thread.start()
    thread.join()
    assert kinds(found) == [None] * 6


def test_a_task_costs_little_beside_its_work():
    with Pool(1, pool_tasks.same, pool_tasks.second) as pool:
        list(pool.run(range(100)))
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            assert len(list(pool.run(range(500)))) == 500
            times.append((time.perf_counter() - begun) / 500)
    assert min(times) < 0.005  # 0.2 ms on an idle machine
