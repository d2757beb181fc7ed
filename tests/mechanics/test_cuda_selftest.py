"""No card is believed before it has counted right, and a card that fails is never replaced in silence."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from cuda_stub import BAD, GOOD, Failure, cupy, raising, refusal

from fasttex import storage
from fasttex.backends import get_backend
from fasttex.errors import BackendError
from fasttex.kernels import cuda
from fasttex.kernels.contract import KERNELS
from fasttex.kernels.cuda import detection, device, selftest
from fasttex.kernels.cuda.launch import KERNEL_FILES

# ---- the verdict ----


def verdict_file():
    (file,) = (selftest.user_cache() / "cuda_selftest").iterdir()
    return file


def test_a_card_that_passes_is_tested_once(use, runs):
    assert get_backend("cuda") is cuda
    assert get_backend("cuda") is cuda
    use.new_process()
    assert get_backend("cuda") is cuda
    assert runs.count == 1
    if os.name == "posix":
        assert stat.S_IMODE(verdict_file().parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("what", ["card", "kernels", "version", "driver"])
def test_what_changes_is_tested_again(use, runs, monkeypatch, tmp_path, what):
    get_backend("cuda")
    if what == "card":
        use(cupy(9, 0), "cupy-cuda13x")
    elif what == "kernels":
        monkeypatch.setattr(selftest, "source_hash", lambda: "other")
    elif what == "version":
        monkeypatch.setattr(selftest, "__version__", "99")
    else:
        (tmp_path / "driver").write_text("580.1\n")
        monkeypatch.setattr(detection, "_DRIVER", tmp_path / "driver")
    use.new_process()
    get_backend("cuda")
    assert runs.count == 2


def test_a_card_that_fails_is_refused(use, runs):
    runs.report = BAD
    for _ in range(2):
        text = refusal()
        assert "the self-test failed on card 0: Card: glcm on 'spiral': result 0 differs (and 1 more)" in text
        assert "fasttex doctor --cuda --selftest" in text
    assert runs.count == 1
    use.new_process()
    runs.report = GOOD
    get_backend("cuda")  # nothing of the failure was kept
    assert runs.count == 2


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b'{"card": "0: Card"'])
def test_a_corrupted_verdict_is_none(use, runs, content):
    get_backend("cuda")
    verdict_file().write_bytes(content)
    use.new_process()
    get_backend("cuda")
    assert runs.count == 2
    assert json.loads(verdict_file().read_text())["card"] == "0: Card"  # written anew


@pytest.mark.skipif(os.name != "posix", reason="file modes of POSIX")
def test_a_folder_that_others_may_write_to_is_not_used(use, runs):
    get_backend("cuda")
    verdict_file().parent.chmod(0o777)
    use.new_process()
    get_backend("cuda")
    assert runs.count == 2


def test_a_cache_that_cannot_be_written(use, runs, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    for n in (1, 2):
        use.new_process()
        assert get_backend("cuda") is cuda
        assert runs.count == n


def test_a_verdict_that_cannot_be_written(use, runs, monkeypatch):
    monkeypatch.setattr(selftest, "write_atomically", raising(OSError("the disk is full")))
    assert get_backend("cuda") is cuda
    assert runs.count == 1


def test_a_user_without_a_home(use, runs, monkeypatch):
    monkeypatch.setattr(selftest, "user_cache", lambda: None)
    assert get_backend("cuda") is cuda


@pytest.mark.parametrize(
    ("platform", "expected"),
    [("linux", "/x/fasttex"), ("darwin", "/home/me/Library/Caches/fasttex"), ("win32", "/w/fasttex")],
)
@pytest.mark.skipif(os.name != "posix", reason="paths of POSIX")
def test_where_verdicts_are_kept(monkeypatch, platform, expected):
    monkeypatch.setattr(storage, "sys", SimpleNamespace(platform=platform))
    for name, value in {"XDG_CACHE_HOME": "/x", "LOCALAPPDATA": "/w", "HOME": "/home/me"}.items():
        monkeypatch.setenv(name, value)
    assert str(storage.user_cache()) == expected
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert platform != "linux" or str(storage.user_cache()) == "/home/me/.cache/fasttex"
    monkeypatch.setattr(storage.os.path, "expanduser", lambda path: path)
    monkeypatch.delenv("LOCALAPPDATA")
    assert storage.user_cache() is None


# ---- the self-test itself ----


@pytest.fixture
def right_kernels(use, monkeypatch):
    """A cuda backend that counts as the CPU does."""
    use(cupy())
    judge = selftest._judge()
    for kernel in KERNELS:
        monkeypatch.setattr(cuda, kernel, getattr(judge, kernel))
    return judge


def test_every_kernel_is_tested(right_kernels):
    report = selftest.run()
    assert report.judge == right_kernels.NAME
    assert report.faults == []
    assert {check.kernel for check in report.checks} == set(KERNELS)
    assert len({check.phantom for check in report.checks}) > 10


def one_more(results):
    results[0].flat[-1] += 1


def last_bit(results):
    results[-1].view(np.int64).flat[3] ^= 1


def other_type(results):
    results[0] = results[0].astype(np.int32)


def one_less(results):
    results.pop()


def voxel_less(results):
    voxels = results[0].voxels.copy()
    voxels.flat[-1] += 1
    results[0] = replace(results[0], voxels=voxels)


@pytest.mark.parametrize(
    ("kernel", "spoil", "said"),
    [
        ("glcm", one_more, "result 0 differs in 1 of"),
        ("resample", last_bit, "differs in 1 of"),
        ("glrlm", other_type, "is int32 of shape"),
        ("surface", one_less, "results, "),
        ("zones", one_more, "first at ("),
        ("border_distance", one_more, "first at ("),
        ("discretize", one_more, "first at ("),
        ("neighborhood", voxel_less, "result 1 differs in 1 of"),
    ],
)
def test_a_wrong_kernel_is_named(right_kernels, monkeypatch, kernel, spoil, said):
    def wrong(*args):
        results = getattr(right_kernels, kernel)(*args)
        spoil(results)
        return results

    monkeypatch.setattr(cuda, kernel, wrong)
    report = selftest.run()
    assert {check.kernel for check in report.checks if check.fault} == {kernel}
    assert all(said in fault for fault in report.faults)
    assert kernel in report.faults[0]
    assert report.checks[-1].kernel == "neighborhood"  # it went on to the end


def test_a_cuda_error_ends_the_test(right_kernels, monkeypatch):
    monkeypatch.setattr(cuda, "glrlm", raising(BackendError("the GPU failed")))
    report = selftest.run()
    assert report.checks[-1].kernel == "glrlm"
    assert "BackendError: the GPU failed" in report.faults[0]
    assert len(report.faults) == 1
    assert "glrlm on 'IBSI digital phantom': BackendError: the GPU failed" in refusal()


# ---- faults while counting ----


def fail(error, launched=""):
    with device.working() as card:
        card.local.launched = launched
        raise error


def test_a_fault_says_after_which_kernel(use):
    use(cupy())
    with pytest.raises(
        BackendError, match=r"after the launch of kernel glcm<u8> \(Failure: cudaErrorIllegal"
    ):
        fail(Failure("cudaErrorIllegalAddress"), "glcm<u8>")
    with pytest.raises(BackendError, match=r"before a kernel was launched.*--selftest.*'cpp'"):
        fail(Failure("cudaErrorMemoryAllocation"))


def test_what_is_no_fault_of_the_card_stays_what_it_is(use):
    use(cupy())
    with pytest.raises(TypeError, match="defect"):
        fail(TypeError("defect"))


def test_the_kernels_are_in_the_package():
    assert {file.stem for file in Path(cuda.__file__).parent.glob("*.cu")} == set(KERNEL_FILES)
