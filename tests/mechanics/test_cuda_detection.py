"""What fasttex says where CUDA is missing, and that it looks for CUDA only when asked."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from cuda_stub import BAD, Failure, cupy, raising, refusal

import fasttex
from fasttex.backends import get_backend
from fasttex.cli import main
from fasttex.kernels.cuda import detection


def no_nvrtc():
    stub = cupy()
    stub.cuda.nvrtc.getVersion = raising(RuntimeError("libnvrtc.so.13 was not found"))
    return stub


NO_DEVICE = raising(Failure("cudaErrorNoDevice: no CUDA-capable device is detected"))
INSUFFICIENT = raising(Failure("cudaErrorInsufficientDriver: CUDA driver version is insufficient"))
MISSING = {
    "no cupy": (
        raising(ModuleNotFoundError("No module named 'cupy'", name="cupy")),
        (),
        ["CuPy is not installed", "'fasttex[cuda12]' (driver 525", "'fasttex[cuda13]' (driver 580"],
    ),
    "two builds": (
        cupy(),
        ("cupy-cuda12x", "cupy-cuda13x"),
        ["cupy-cuda12x and cupy-cuda13x are installed together", "pip uninstall cupy-cuda12x cupy-cuda13x"],
    ),
    "broken cupy": (
        raising(ImportError("libcublas.so.12: cannot open")),
        ("cupy-cuda12x",),
        ["CuPy cannot be imported (ImportError: libcublas", "pip uninstall cupy-cuda12x", "fasttex[cuda12]"],
    ),
    "broken dependency": (
        raising(ModuleNotFoundError("No module named 'cuda'", name="cuda")),
        ("cupy-cuda13x",),
        ["CuPy cannot be imported", "No module named 'cuda'", "fasttex[cuda13]"],
    ),
    "no driver": (
        cupy(driverGetVersion=lambda: 0, getDevice=INSUFFICIENT, getDeviceCount=INSUFFICIENT),
        ("cupy-cuda13x",),
        ["no NVIDIA driver was found", "driver 580 or newer", "nvidia-smi", "--gpus all"],
    ),
    "wrong extra": (
        cupy(driverGetVersion=lambda: 12040, getDevice=INSUFFICIENT, getDeviceCount=INSUFFICIENT),
        ("cupy-cuda13x",),
        ["up to 12.4", "made for CUDA 13", "pip uninstall cupy-cuda13x", "fasttex[cuda12]", "or update"],
    ),
    "old driver": (
        cupy(driverGetVersion=lambda: 11080, runtimeGetVersion=lambda: 12090, getDeviceCount=INSUFFICIENT),
        ("cupy-cuda12x",),
        ["up to 11.8", "made for CUDA 12", "update the driver (driver 525 or newer)"],
    ),
    "no device": (
        cupy(getDevice=NO_DEVICE, getDeviceCount=NO_DEVICE),
        ("cupy-cuda13x",),
        ["the driver sees no card", "nvidia-smi"],
    ),
    "counts none": (cupy(getDeviceCount=lambda: 0), (), ["the driver sees no card"]),
    "driver that does not start": (
        cupy(getDeviceCount=raising(Failure("cudaErrorSystemNotReady: not yet"))),
        (),
        ["CUDA cannot start (cudaErrorSystemNotReady", "nvidia-smi"],
    ),
    "no nvrtc": (
        no_nvrtc(),
        ("cupy-cuda13x",),
        ["NVRTC, the compiler of kernels, was not found", "libnvrtc.so.13", "fasttex[cuda13]"],
    ),
    "mute card": (
        cupy(getDeviceProperties=raising(Failure("cudaErrorInvalidDevice"))),
        (),
        ["the card cannot be asked what it is", "cudaErrorInvalidDevice"],
    ),
    "old card": (cupy(6, 1), (), ["compute capability 6.1, 7.0 or newer is needed", "backend='cpp'"]),
    "card that NVRTC 13 forgot": (
        cupy(7, 0),
        ("cupy-cuda13x",),
        ["NVRTC 13.0 makes no code for compute capability 7.0", "fasttex[cuda12]"],
    ),
    "nothing that anybody foresaw": (
        SimpleNamespace(),
        ("cupy-cuda13x",),
        ["CuPy does not say which CUDA it is made for", "AttributeError"],
    ),
}


@pytest.mark.parametrize("name", MISSING)
def test_messages(use, name):
    stub, builds, expected = MISSING[name]
    use(stub, *builds)
    text = refusal()
    assert [part for part in expected if part not in text] == []
    assert "; " in text  # a reason, and what to do


@pytest.mark.parametrize("value", ["", "-1", "7"])
def test_a_hidden_card(use, monkeypatch, value):
    use(cupy(getDevice=NO_DEVICE, getDeviceCount=NO_DEVICE))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    text = refusal()
    assert f"no card is visible: CUDA_VISIBLE_DEVICES is {value!r}" in text
    assert "unset CUDA_VISIBLE_DEVICES" in text


def test_what_is_found(use, monkeypatch):
    use(cupy(), "cupy-cuda13x")
    found = detection.detect()
    assert (found.ok, found.reason, found.hint) == (True, "", "")
    assert found.details["CuPy"] == "cupy-cuda13x 14.2.0"
    assert found.details["CUDA of CuPy"] == "13.2"
    assert found.details["card"] == "0: Card"
    assert found.details["compute capability"] == "8.0"
    assert found.details["memory"] == "8.0 GiB"
    assert detection.detect() is found


def test_each_card_is_looked_at(use):
    current = [0]
    use(cupy(getDevice=lambda: current[0]))
    first = detection.detect()
    current[0] = 1
    assert detection.detect().details["card"].startswith("1: ")
    current[0] = 0
    assert detection.detect() is first


NOBODY_IMPORTS_CUPY = """
import sys, numpy as np, fasttex
image = np.arange(64).reshape(4, 4, 4)
fasttex.extract(image, image > 9, {"families": ["glcm"]})
fasttex.glcm(fasttex.prepare(image + 1))
assert "cuda" not in fasttex.available()
from fasttex.doctor import examine
assert "fasttex doctor --cuda" in examine()["backends"]["cuda"]
import fasttex.kernels.cuda.selftest
assert "cupy" not in sys.modules
"""


def test_nothing_imports_cupy_unless_asked(tmp_path):
    (tmp_path / "cupy.py").write_text("raise SystemExit('cupy was imported')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}

    def run(code):
        return subprocess.run(
            [sys.executable, "-P", "-c", code], env=environment, capture_output=True, text=True, timeout=120
        )

    silent = run(NOBODY_IMPORTS_CUPY)
    assert silent.returncode == 0, silent.stderr
    asked = run("import fasttex; fasttex.prepare([], backend='cuda')").stderr
    asked += run("from fasttex.backends import get_backend; get_backend('cuda')").stderr
    assert "cupy was imported" in asked


def doctor(*arguments, code):
    result = CliRunner().invoke(main, ["doctor", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_doctor_looks_only_when_asked(use):
    use(raising(ModuleNotFoundError("No module named 'cupy'", name="cupy")))
    assert "not looked for; `fasttex doctor --cuda` does" in doctor(code=0)
    report = json.loads(doctor("--cuda", "--selftest", "--json", code=1))
    assert report["cuda"]["usable"] == "no: CuPy is not installed"
    assert "fasttex[cuda12]" in report["cuda"]["to do"]
    assert "give both" in doctor("--selftest", code=2)


def test_doctor_tests_the_card(runs):
    assert "usable              yes" in doctor("--cuda", code=0)
    assert runs.count == 0
    assert "glcm on spiral      the same bits" in doctor("--cuda", "--selftest", code=0)
    runs.report = BAD
    text = doctor("--cuda", "--selftest", code=1)
    assert "faults              2" in text
    assert "zones on comb       result 0 differs" in text


def test_cuda_is_a_known_name():
    with pytest.raises(fasttex.BackendError, match="expected one of: auto, cpp, numba, cuda, reference"):
        get_backend("gpu")
