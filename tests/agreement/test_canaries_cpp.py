"""Planted bugs in the C++ kernels, each of which the comparison with the reference must notice.

One variant of the extension is built with every bug compiled in and switched on one at a time by
``_cpp.plant(n)``; the bugs stand in csrc/ where FASTTEX_PLANTED is written.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from agreement.test_features import IBSI, check
from feature_cases import matrix

import fasttex
from fasttex.features.engine import _COMPILED
from fasttex.features.families import MATRIX_FAMILIES
from fasttex.kernels import reference
from fasttex.types import AxisTable, Batch, Binning, DiscretizedRoi, Glcm, Sampling

ROOT = Path(__file__).resolve().parents[2]
N_BUGS = 19

NEIGHBORS = np.array([np.subtract(d, 1) for d in np.ndindex(3, 3, 3) if d != (1, 1, 1)], dtype=np.int32)
DIRECTIONS = NEIGHBORS[13:]


def _build(folder: Path) -> Path:
    """Compile the variant with the project's own CMakeLists.txt, so with the flags that matter."""
    cmake = [
        "cmake", "-S", str(ROOT), "-B", str(folder), "-DFASTTEX_CANARIES=ON", "-DCMAKE_BUILD_TYPE=Debug",
        f"-DPython_EXECUTABLE={sys.executable}",
        f"-Dnanobind_DIR={Path(importlib.util.find_spec('nanobind').origin).parent / 'cmake'}",
    ]  # fmt: skip
    if shutil.which("ninja"):
        cmake += ["-G", "Ninja"]
    for command in (cmake, ["cmake", "--build", str(folder), "--config", "Debug", "--target", "_cpp"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    (built,) = (p for p in folder.rglob("_cpp.*") if p.suffix in (".so", ".pyd"))
    return built


def _load(name: str, path: Path, **options: list[str]) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path, **options)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _absent() -> str:
    """Why no variant can be built here, else an empty text."""
    if not (ROOT / "csrc" / "bindings.cpp").exists():
        return "csrc/ is not beside tests/"
    if importlib.util.find_spec("nanobind") is None:
        return "nanobind is not installed"
    if shutil.which("cmake") is None:
        return "cmake is not installed"
    if not any(shutil.which(c) for c in (os.environ.get("CXX", "c++"), "c++", "g++", "clang++", "cl")):
        return "no C++ compiler"
    return ""


@pytest.fixture(scope="module")
def variant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The Python files of the backend on top of the extension with the bugs."""
    reason = _absent()
    if reason:
        required = "cpp" in os.environ.get("FASTTEX_REQUIRE", "").split(",")
        (pytest.fail if required else pytest.skip)(f"the planted bugs cannot be built: {reason}")
    name = "fasttex.kernels.cpp_with_bugs"
    package = Path(fasttex.__file__).parent / "kernels" / "cpp"
    _load(f"{name}._cpp", _build(tmp_path_factory.mktemp("canaries_cpp")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASTTEX_CPU", "baseline")
        loaded = _load(name, package / "__init__.py", submodule_search_locations=[str(package)])
    loaded.load("baseline").split_finely(True)
    yield loaded
    for module in [m for m in sys.modules if m.startswith(name)]:
        del sys.modules[module]


def extension_of(variant: ModuleType) -> ModuleType:
    """The compiled part, which chooses the bug."""
    return sys.modules[f"{variant.__name__}._cpp"]


def _batch(*items: object) -> Batch:
    return Batch(items=items, backend="cpp", threads=2)


def _levels() -> list[DiscretizedRoi]:
    """ROIs that reach what small random boxes do not."""
    rng = np.random.default_rng(7)
    blobs = rng.integers(1, 4, (6, 7, 9)) * (rng.random((6, 7, 9)) < 0.8)
    comb = np.ones((3, 4, 17), dtype=np.int64)
    comb[:, 1:3, 1::2] = 0
    many = rng.integers(1, 301, (2, 3, 40))
    many[0, 0, 0] = 300
    shelled = np.zeros((9, 9, 9), dtype=np.int64)
    shelled[2:8, 1:8, 1:9] = 2
    sparse = np.zeros((5, 5, 5), dtype=np.int64)
    sparse[::2, ::2, ::2] = 3
    return [
        DiscretizedRoi.from_levels(levels)
        for levels in (
            blobs, comb, many, shelled, sparse,
            np.ones((1, 2, 300), dtype=np.int64),  # runs longer than a byte counts
            np.indices((4, 5, 6)).sum(axis=0) % 2 + 1,
        )
    ]  # fmt: skip


def _binnings() -> list[Binning]:
    rng = np.random.default_rng(8)
    x = rng.integers(-20, 400, (4, 5, 21)).astype(np.int16)
    inside = rng.random(x.shape) < 0.7
    inside[0, 0, :2] = True
    x[0, 0, :2] = (-20, 399)
    edges = np.arange(-20.0, 400.0, 37.0)
    return [
        Binning(x, inside, "fbs", 18, origin=-20.0, width=25.0),
        Binning(x.astype(np.float32), inside, "fbn", 32, pad=2, origin=-20.0, width=419.0),
        Binning(x, inside, "edges", len(edges), edges=edges),
        Binning(x, inside, "identity", 300),
    ]


def _samplings() -> list[Sampling]:
    rng = np.random.default_rng(9)
    source = rng.normal(size=(4, 5, 6))
    axes = []
    for n in source.shape:
        at = np.linspace(0, n - 1.25, 2 * n)
        lower = np.floor(at).astype(np.int64)
        axes.append(AxisTable(lower, lower + 1, at - lower))
    return [Sampling(source, (axes[0], axes[1], axes[2]))]


def _results(backend: ModuleType) -> dict[str, list[np.ndarray]]:
    """What a backend makes of all the cases, kernel by kernel."""
    rois = _batch(*_levels())
    slices = replace(_batch(*(s for roi in rois.items for s in roi.slices(1))), planar=True)
    in_slice = DIRECTIONS[DIRECTIONS[:, 0] == 0]
    # Distances that know nothing of the shape: the smallest may lie in any part of a zone.
    rng = np.random.default_rng(10)
    distances = [rng.integers(1, 60_000, roi.shape).astype(np.uint16) for roi in rois.items]
    around = [backend.neighborhood(rois, NEIGHBORS, alpha) for alpha in (0, 2)]
    # Enough pairs in one cell that 16 bits overflow. The reference needs no walk voxel by voxel for it.
    full = replace(_batch(DiscretizedRoi.from_levels(np.ones((12, 90, 90), dtype=np.uint8))), threads=1)
    return {
        "discretize": backend.discretize(_batch(*_binnings())),
        "resample": backend.resample(_batch(*_samplings())),
        "border_distance": backend.border_distance(rois) + backend.border_distance(slices),
        "surface": backend.surface(rois) + backend.surface(slices) + backend.surface(full),
        "glcm": backend.glcm(rois, DIRECTIONS)
        + backend.glcm(slices, in_slice)
        + backend.glcm(full, DIRECTIONS),
        "glrlm": backend.glrlm(rois, DIRECTIONS)
        + backend.glrlm(slices, in_slice)
        + backend.glrlm(full, DIRECTIONS),
        "zones": backend.zones(rois, DIRECTIONS, distances),
        "neighborhood": [
            counts
            for found in around
            for each in found
            for counts in (each.difference_sums, each.voxels, each.dependences)
        ],
    }


@pytest.fixture(scope="module")
def expected() -> dict[str, list[np.ndarray]]:
    return _results(reference)


def _differing(found: dict[str, list[np.ndarray]], expected: dict[str, list[np.ndarray]]) -> set[str]:
    return {
        kernel
        for kernel, arrays in found.items()
        if len(arrays) != len(expected[kernel])
        or not all(np.array_equal(a, b) for a, b in zip(arrays, expected[kernel], strict=True))
    }


def test_without_a_bug_nothing_differs(variant: ModuleType, expected: dict[str, list[np.ndarray]]) -> None:
    extension_of(variant).plant(0)
    assert _differing(_results(variant), expected) == set()


def test_every_bug_is_listed(variant: ModuleType) -> None:
    assert extension_of(variant).CANARIES == N_BUGS


BUGS = {
    1: {
        "discretize",
        "border_distance",
        "glcm",
        "glrlm",
        "zones",
        "neighborhood",
    },  # the last voxel of every row forgotten
    2: {"glcm"},  # the last direction dropped
    3: {"glcm"},  # a counter of 16 bits
    4: {"glrlm"},  # small counters never added to large ones
    5: {"glrlm"},  # runs of three taken for longer ones
    6: {"zones"},  # zones that meet not united
    7: {"zones"},  # smallest distance lost when zones are united
    8: {"neighborhood"},  # voxels without a neighbor left out
    9: {"neighborhood"},  # alpha itself not within alpha
    10: {"discretize"},  # ceil in place of floor + 1
    11: {"discretize"},  # the highest level never given
    12: {"resample"},  # the upper neighbor of the voxel before
    13: {"border_distance"},  # no sweep back along z
    14: {"glcm"},  # levels above 255 wrapped where pairs are counted without a table
    15: {"surface"},  # eight cubes inside altogether counted as one
    16: {"surface"},  # the cubes behind the last plane left out
    17: {"glcm", "glrlm", "neighborhood", "surface"},  # half of a slab's counts not added
    18: {"neighborhood"},  # a sum of 12 bits
    19: {"zones"},  # zones of neighboring slabs united with the wrong plane
}


@pytest.mark.parametrize("bug", sorted(BUGS))
def test_a_planted_bug_is_noticed(
    variant: ModuleType, expected: dict[str, list[np.ndarray]], bug: int
) -> None:
    extension_of(variant).plant(bug)
    try:
        assert variant.build_info()["canary"] == bug
        assert _differing(_results(variant), expected) == BUGS[bug]
    finally:
        extension_of(variant).plant(0)


# Planted in the features, with numbers of their own, and the family that shows it.
FEATURE_BUGS = {
    40: "glcm",  # pairs counted in one direction only
    41: "glcm",  # the sign of the cluster shade
    42: "glcm",  # the diagonal counted twice in the angular second moment
    43: "glrlm",  # sizes and levels mixed up in the non-uniformity
    44: "ngldm",  # a variance too large by a billionth of another feature
    45: "ngtdm",  # the busyness doubled
}


@pytest.mark.parametrize("bug", sorted(FEATURE_BUGS))
def test_a_bug_in_a_feature_is_noticed(variant: ModuleType, bug: int) -> None:
    """By the comparison with the definition, in one of some matrices at least."""
    twin, family = extension_of(variant), FEATURE_BUGS[bug]
    rng = np.random.default_rng(3)
    noticed = []
    for m in [matrix(family, rng, n) for n in (1, 2, 4, 5, 6) * 4]:
        expected = MATRIX_FAMILIES[family].compute([m], IBSI)
        twin.plant(0)
        check(family, m, _COMPILED[family](twin, [m], IBSI, 1), expected)
        twin.plant(bug)
        try:
            check(family, m, _COMPILED[family](twin, [m], IBSI, 1), expected)
        except AssertionError:
            noticed.append(m)
        finally:
            twin.plant(0)
    assert noticed


def test_a_bug_in_the_maximal_correlation_is_noticed(variant: ModuleType) -> None:
    """An eigenvalue below 0 passed over: two levels that follow each other in turn."""
    twin = extension_of(variant)
    m = Glcm(np.array([[[0, 5], [5, 0]]]), np.zeros((1, 3), np.int32), np.array([1, 2]))
    assert twin.maximal_correlation([m], 1).round(9) == 1
    twin.plant(46)
    try:
        assert twin.maximal_correlation([m], 1).round(9) != 1
    finally:
        twin.plant(0)
