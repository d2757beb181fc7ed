"""How many threads are used where none are asked for."""

import os
import subprocess
import sys

import pytest

from fasttex.backends import resolve_threads
from fasttex.cores import binding, cpu_quota, limits, processors
from fasttex.doctor import examine
from fasttex.errors import SettingsError

NONE = {"FASTTEX_NUM_THREADS": "", "OMP_NUM_THREADS": ""}
V2_MOUNT = "30 23 0:26 {top} /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate"
V1_MOUNTS = (
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 {top} /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
    "33 31 0:30 {top} /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset"
)


def write(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")
    return root


def version_2(root, quotas, own="/", top="/"):
    """A machine with control groups of version 2: by folder, the text of its ``cpu.max``."""
    files = {"proc/self/cgroup": f"0::{own}", "proc/self/mountinfo": V2_MOUNT.format(top=top)}
    return write(root, files | {f"sys/fs/cgroup{folder}/cpu.max": text for folder, text in quotas.items()})


def version_1(root, quotas, own="/", top="/"):
    """The same with version 1: by folder, time and period."""
    files = {
        "proc/self/cgroup": f"9:cpuset:/elsewhere\n4:cpu,cpuacct:{own}\n1:name=systemd:/x:y",
        "proc/self/mountinfo": V1_MOUNTS.format(top=top),
    }
    for folder, (time, period) in quotas.items():
        files[f"sys/fs/cgroup/cpu,cpuacct{folder}/cpu.cfs_quota_us"] = str(time)
        files[f"sys/fs/cgroup/cpu,cpuacct{folder}/cpu.cfs_period_us"] = str(period)
    return write(root, files)


@pytest.mark.parametrize(
    ("text", "quota"),
    [("max 100000", None), ("150000 100000", 1.5), ("20000 100000", 0.2), ("800000 200000", 4), ("?", None)],
)
def test_quota_of_version_2(tmp_path, text, quota):
    assert cpu_quota(version_2(tmp_path, {"": text})) == quota


@pytest.mark.parametrize(
    ("words", "quota"), [((-1, 100000), None), ((250000, 100000), 2.5), ((1000, 0), None), (("", ""), None)]
)
def test_quota_of_version_1(tmp_path, words, quota):
    assert cpu_quota(version_1(tmp_path, {"": words})) == quota


def test_a_group_is_bound_by_those_around_it(tmp_path):
    own = "/user.slice/job.scope"
    quotas = {"/user.slice": "300000 100000", own: "max 100000", "/other": "1000 100000"}
    assert cpu_quota(version_2(tmp_path, quotas, own)) == 3
    quotas = {"": (-1, 100000), "/user.slice": (700000, 100000), own: (200000, 100000)}
    assert cpu_quota(version_1(tmp_path, quotas, own)) == 2


@pytest.mark.parametrize("top", ["/docker/1f", "/docker/1f/elsewhere"])
def test_a_container_that_sees_the_names_outside_but_has_its_own_group_mounted(tmp_path, top):
    assert cpu_quota(version_1(tmp_path, {"": (120000, 100000)}, "/docker/1f", top)) == 1.2
    assert cpu_quota(version_2(tmp_path / "2", {"": "220000 100000"}, "/docker/1f", top)) == 2.2


def test_a_mount_with_blanks_in_its_name(tmp_path):
    mount = V2_MOUNT.format(top="/").replace("/sys/fs/cgroup", "/a\\040b")
    write(tmp_path, {"proc/self/cgroup": "0::/", "proc/self/mountinfo": mount, "a b/cpu.max": "5 2"})
    assert cpu_quota(tmp_path) == 2.5


def test_both_versions_at_once(tmp_path):
    """As on systems where version 2 is mounted beside version 1, without the controller of CPU time."""
    root = version_1(tmp_path, {"": (450000, 100000)})
    mounts = (root / "proc/self/mountinfo").read_text()
    mounts += V2_MOUNT.format(top="/").replace("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
    files = {"proc/self/mountinfo": mounts, "proc/self/cgroup": "4:cpu,cpuacct:/\n0::/"}
    assert cpu_quota(write(root, files)) == 4.5


def test_no_control_groups(tmp_path):
    assert cpu_quota(tmp_path) is None
    assert binding(limits(tmp_path, {})).name == "processors"


@pytest.mark.parametrize(
    ("text", "threads"), [("20000 100000", 1), ("100000 100000", 1), ("100001 100000", 2)]
)
def test_quotas_are_rounded_up(tmp_path, text, threads):
    assert {limit.name: limit.threads for limit in limits(version_2(tmp_path, {"": text}), NONE)}[
        "cgroup quota"
    ] == threads


def asked(root, **environment):
    return {limit.name: (limit.threads, limit.note) for limit in limits(root, environment)}


@pytest.mark.parametrize(("text", "threads"), [("3", 3), (" 4 , 2 ", 4), ("", None), (" ", None), ("+5", 5)])
def test_openmp(tmp_path, text, threads):
    assert asked(tmp_path, OMP_NUM_THREADS=text)["OMP_NUM_THREADS"][0] == threads


@pytest.mark.parametrize("text", ["0", "-2", "many", "4,", "4,x", "1.5", ",", "99999999999999999999"])
def test_what_openmp_does_not_know_is_ignored_aloud(tmp_path, text):
    threads, note = asked(tmp_path, OMP_NUM_THREADS=text)["OMP_NUM_THREADS"]
    assert threads is None
    assert f"{text!r} is ignored" in note


def test_own_variable_comes_first(tmp_path):
    found = asked(tmp_path, FASTTEX_NUM_THREADS="7", OMP_NUM_THREADS="1")
    assert found["FASTTEX_NUM_THREADS"] == (7, "")
    assert found["OMP_NUM_THREADS"] == (None, "not looked at, as FASTTEX_NUM_THREADS is set")


@pytest.mark.parametrize("text", ["0", "-1", "all", "2,2", "1e3"])
def test_a_wrong_own_variable_is_an_error_that_says_what_is_right(monkeypatch, text):
    monkeypatch.setenv("FASTTEX_NUM_THREADS", text)
    with pytest.raises(SettingsError, match=f"{text}.*expected a whole number of at least 1"):
        resolve_threads(None)
    assert resolve_threads(3) == 3
    assert "expected a whole number" in examine()["threads"]["by default"]


def test_the_smallest_binds(tmp_path):
    root = version_2(tmp_path, {"": "150000 100000"})
    assert binding(limits(root, {"OMP_NUM_THREADS": "1"})).name == "OMP_NUM_THREADS"
    assert binding(limits(root, {"OMP_NUM_THREADS": "999"})).threads == min(2, processors())


def test_a_number_given_is_taken_as_it_is(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert resolve_threads(5) == 5
    assert resolve_threads(None) == 1


def test_doctor_says_which_limit_binds(monkeypatch):
    monkeypatch.setenv("FASTTEX_NUM_THREADS", "")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    found = examine()["threads"]
    assert found["by default"] == 1
    assert found["bound by"] == ("processors" if processors() == 1 else "OMP_NUM_THREADS")
    assert {"processors", "cgroup quota", "FASTTEX_NUM_THREADS", "OMP_NUM_THREADS"} < set(found)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no processor affinity here")
def test_affinity():
    one = min(os.sched_getaffinity(0))
    code = (
        f"import os; os.sched_setaffinity(0, {{{one}}})\n"
        "from fasttex.backends import resolve_threads; print(resolve_threads(None))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
