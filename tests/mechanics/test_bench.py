"""``fasttex bench`` measures everything that it promises, and notices where backends disagree."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from fasttex import bench
from fasttex.backends import available
from fasttex.cli import main
from fasttex.kernels.contract import KERNELS


@pytest.fixture
def small(monkeypatch):
    """ROIs that take no time."""
    plan = bench._plan

    def smaller(*words):
        return plan(*words)._replace(kernel_voxels=2_000, feature_voxels=(500, 2_000), seconds=0.0)

    monkeypatch.setattr(bench, "_plan", smaller)


def run(*words, code=0):
    result = CliRunner().invoke(main, ["bench", *words])
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


def fast():
    return [name for name in ("cpp", "numba") if not available()[name]]


def test_json_on_a_clean_standard_output(small):
    report = json.loads(run("--quick", "--json", "--threads", "2").stdout)
    found = {(m["what"], m["backend"], m["threads"]) for m in report["measurements"]}
    expected = {(kernel, name, n) for kernel in KERNELS for name in fast() for n in (1, 2)}
    expected |= {("features", name, n) for name in fast() for n in (1, 2)}
    assert found == expected | {("cold start", name, 1) for name in fast()}
    assert report["disagreements"] == []
    for m in report["measurements"]:
        assert 0 < m["min_s"] <= m["median_s"]
        assert m["rounds"] >= 3
        assert m["min_ns_per_voxel"] == pytest.approx(m["min_s"] / m["voxels"] * 1e9, abs=0.001)
    assert {"versions", "processor", "system"} <= set(report["machine"])


def test_the_tables_of_one_backend(small):
    name = fast()[0]
    text = run("--quick", "--backend", name, "--threads", "1").stdout
    for word in (*KERNELS, f"{name} min", f"{name} median", f"{name}: found what the reference finds"):
        assert word in text
    assert "threads" not in text.partition("Kernels")[2]


def test_sizes_are_about_what_they_are_called():
    for n in (1_000, 10_000, 100_000):
        assert np.count_nonzero(bench.ellipsoid(n)[1]) == pytest.approx(n, rel=0.1)
    assert np.array_equal(bench.ellipsoid(1_000)[0], bench.ellipsoid(1_000)[0])


def test_quick_measures_less():
    quick, whole = bench._plan("auto", 2, True), bench._plan("auto", 2, False)
    assert set(quick.feature_voxels) < set(whole.feature_voxels)
    assert quick.kernel_voxels < whole.kernel_voxels


def test_a_disagreement_is_status_1(small, monkeypatch):
    times = bench._kernel_times

    def wrong(backend, threads, plan):
        found, results = times(backend, threads, plan)
        if threads == 2:
            results["glcm"][0][0, 0, 0] += 1
        return found, results

    monkeypatch.setattr(bench, "_kernel_times", wrong)
    result = run("--quick", "--json", "--threads", "2", "--backend", fast()[0], code=1)
    name = fast()[0]
    assert json.loads(result.stdout)["disagreements"] == [
        f"glcm: {name}, threads: 2 differs from {name}, threads: 1"
    ]
    assert "disagreement: glcm" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"), [(["--backend", "gpu"], "expected one of"), (["--threads", "0"], "at least 1")]
)
def test_wrong_use(words, message):
    assert message in run(*words, code=2).stderr
