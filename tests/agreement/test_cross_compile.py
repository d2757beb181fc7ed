"""The kernels without Python, built by other compilers and for other processors: the same results to the bit.

A small program (tests/cross/driver.cpp) prints a checksum of what each kernel finds. Builds for ARM run in an
emulator; what the compiler of Windows would get is forced by a macro.
"""

import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["-std=c++17", "-O3", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror=return-type", "-pthread"]
AVX2 = ["-mavx2", "-mbmi", "-mbmi2", "-mpopcnt"]
SANITIZED = ["-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

#: By name: the compiler, its further options, and what runs the program.
BUILDS = {
    "gcc": ("g++", [], []),
    "gcc-avx2": ("g++", AVX2, []),
    "gcc-no-vectors": ("g++", ["-O1", "-DFASTTEX_NO_VECTORS"], []),
    "gcc-avx2-no-vectors": ("g++", [*AVX2, "-O1", "-DFASTTEX_NO_VECTORS"], []),
    "gcc-sanitized": ("g++", SANITIZED, []),
    "clang": ("clang++", [], []),
    "clang-avx2": ("clang++", AVX2, []),
    "aarch64": ("aarch64-linux-gnu-g++", ["-static"], ["qemu-aarch64"]),
}


def lacking(name):
    """Why a build cannot be made or run here; "" where it can."""
    compiler, options, runner = BUILDS[name]
    if not (ROOT / "csrc" / "glcm.hpp").exists():
        return "csrc/ is not beside tests/"
    for program in (compiler, *runner):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    if "-mavx2" in options:
        if platform.machine() not in ("x86_64", "AMD64"):
            return "AVX2 is of x86-64"
        if "avx2" not in Path("/proc/cpuinfo").read_text(encoding="utf-8"):
            return "this processor lacks AVX2"
    return ""


def checksums(name, folder):
    reason = lacking(name)
    if reason and name in os.environ.get("FASTTEX_REQUIRE", "").split(","):
        pytest.fail(f"FASTTEX_REQUIRE names {name}: {reason}")
    if reason:
        pytest.skip(reason)
    compiler, options, runner = BUILDS[name]
    program = str(folder / name)
    source = ROOT / "tests" / "cross" / "driver.cpp"
    compiled = run([compiler, *FLAGS, *options, f"-I{ROOT / 'csrc'}", str(source), "-o", program])
    assert "warning" not in compiled.stderr, compiled.stderr
    return run([*runner, program]).stdout.splitlines()


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return checksums("gcc", tmp_path_factory.mktemp("cross"))


@pytest.mark.parametrize("name", [name for name in BUILDS if name != "gcc"])
def test_a_build_finds_the_same(name, expected, tmp_path):
    assert len(expected) == 49
    assert checksums(name, tmp_path) == expected
