"""When the Numba kernels compile, and where they keep what they compiled."""

import os
import stat
import subprocess
import sys

import pytest
from conftest import backend_or_skip

CALL = """
import numpy as np
from fasttex.kernels import numba_cpu
from fasttex.types import Batch, DiscretizedRoi
batch = Batch((DiscretizedRoi.from_levels(np.array([[[1, 1, 2]]])),), "numba")
print(numba_cpu.glcm(batch, np.array([[0, 0, 1]], dtype=np.int32))[0].tolist())
"""

pytestmark = pytest.mark.usefixtures("numba")


@pytest.fixture
def numba():
    return backend_or_skip("numba")


def _python(code, cache):
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def _kept(directory):
    return sorted(path.name for path in directory.rglob("*.nbc"))


def test_an_import_compiles_nothing(tmp_path):
    loaded = "import fasttex.kernels.numba_cpu.jit as jit; print(jit._compiled.cache_info().currsize)"
    assert _python(loaded, tmp_path) == "0\n"
    assert _kept(tmp_path) == []


def test_code_is_kept_for_the_user_alone(tmp_path):
    cache = tmp_path / "made"
    assert _python(CALL, cache) == "[[[1, 1], [0, 0]]]\n"
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    kept = _kept(cache)
    assert kept
    before = {path: path.stat().st_mtime_ns for path in cache.rglob("*.nbc")}
    _python(CALL, cache)
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*.nbc")} == before


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no POSIX permissions here")
def test_a_cache_that_others_may_write_to_is_not_used(tmp_path):
    cache = tmp_path / "shared"
    cache.mkdir()
    cache.chmod(0o777)
    assert _python(CALL, cache) == "[[[1, 1], [0, 0]]]\n"
    assert _kept(cache) == []


def test_a_cache_that_cannot_be_made_is_done_without(tmp_path):
    (tmp_path / "file").write_text("")
    assert _python(CALL, tmp_path / "file" / "cache") == "[[[1, 1], [0, 0]]]\n"


def test_nowhere_to_cache(monkeypatch, numba):
    from fasttex.kernels.numba_cpu import jit

    def jit_without_locator(*arguments, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(jit.numba, "jit", jit_without_locator)
    assert jit.compiled(_double, jit.INT)(4) == 8


def _double(x):
    return 2 * x
