"""From image to table on cuda: the same bits as on cpp; and no card is believed that counts wrong."""

import numpy as np
import pytest
from conftest import backend_or_skip
from kernel_cases import assert_same, blobs

import fasttex
from fasttex.backends import get_backend
from fasttex.errors import BackendUnavailableError
from fasttex.ibsi import CONFIGURATIONS, digital_phantom
from fasttex.kernels.contract import KERNELS
from fasttex.kernels.cuda import detection, selftest
from fasttex.settings import AGGREGATIONS, FAMILIES


@pytest.fixture
def untested(emulator, monkeypatch, tmp_path):
    """The emulated card, as a user meets it who has never used it; and no verdict is left behind."""
    monkeypatch.setattr(selftest, "user_cache", lambda: tmp_path)
    detection._detect.cache_clear()
    selftest._verdicts.clear()
    yield emulator
    detection._detect.cache_clear()
    selftest._verdicts.clear()


@pytest.fixture
def usable(untested, monkeypatch):
    """A card that has passed its test."""
    monkeypatch.setattr(selftest, "run", lambda: selftest.Report("cpp", ()))
    backend_or_skip("cpp")


def assert_same_table(found, expected):
    assert found.columns == expected.columns
    assert [row.voxels for row in found.rows] == [row.voxels for row in expected.rows]
    assert_same(found.values, expected.values)


def image_with_three_rois():
    """Smooth intensities in steps of 1/8, and three ROIs of different sizes, one of them flat in z."""
    image = blobs((11, 26, 24), 90, 3) - 40 + np.random.default_rng(2).integers(0, 8, (11, 26, 24)) / 8
    labels = np.zeros(image.shape, dtype=np.uint8)
    labels[1:9, 2:14, 3:15] = 1
    labels[3:10, 15:25, 2:12] = 2
    labels[5:6, 4:20, 16:23] = 3
    return image, labels


RECIPES = {
    "fixed bin number": {"discretization": "fbn", "bin_number": 16},
    "fixed bin size": {"discretization": "fbs", "bin_width": 5.0, "bin_origin": -45.0},
    "resampled": {"spacing_mm": 1.3, "bin_number": 32},
    "resampled in slices": {"spacing_mm": {"x": 1.4, "y": 1.2}, "bin_number": 300, "distance": 2},
    "re-segmented": {"resegment_range": (-30.0, 30.0), "bin_width": 2.5, "slice_axis": "x"},
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_extract_gives_the_same_bits(usable, recipe):
    image, labels = image_with_three_rois()
    textures = [family for family in FAMILIES if family[:2] in ("gl", "ng")]
    settings = fasttex.Settings(
        **RECIPES[recipe], aggregations=AGGREGATIONS, families=["morphology", *textures]
    )
    tables = {
        backend: fasttex.extract(image, labels, settings, spacing_mm=(2.0, 1.0, 1.0), backend=backend)
        for backend in ("cuda", "cpp")
    }
    assert_same_table(tables["cuda"], tables["cpp"])
    assert len(tables["cuda"].rows) == 3
    assert {name: table.provenance["backend"] for name, table in tables.items()} == {
        "cuda": "cuda",
        "cpp": "cpp",
    }


def test_the_digital_phantom(usable):
    image, mask, spacing_mm = digital_phantom()
    settings = CONFIGURATIONS["digital_phantom"]
    found, expected = (
        fasttex.extract(image, mask, settings, spacing_mm=spacing_mm, backend=backend)
        for backend in ("cuda", "cpp")
    )
    assert_same_table(found, expected)


def test_compute_features_gives_the_same_bits(usable):
    levels = [blobs((7, 12, 14), 9, seed) for seed in range(3)]
    found, expected = (
        fasttex.compute_features(
            fasttex.prepare(levels, backend=backend), ["glcm", "glrlm", "glszm", "gldzm"]
        )
        for backend in ("cuda", "cpp")
    )
    assert found.columns == expected.columns
    assert_same(found.values, expected.values)


# ---- the self-test ----


def test_the_kernels_pass_the_self_test(untested):
    report = selftest.run()
    assert report.faults == []
    assert {check.kernel for check in report.checks} == set(KERNELS)


def test_a_new_card_is_tested_before_it_counts(untested, monkeypatch):
    runs = []
    sound = selftest.run
    monkeypatch.setattr(selftest, "run", lambda: runs.append(1) or sound())
    for _ in range(3):
        assert get_backend("cuda").NAME == "cuda"
        selftest._verdicts.clear()  # as in a new process
    assert runs == [1]


@pytest.mark.parametrize(
    ("kernel", "right", "wrong"),
    [
        ("glcm", "if (j != 0) atomicAdd(&table", "if (j > 1) atomicAdd(&table"),
        (
            "zones",
            "const u32 high = max(a, b), low = min(a, b)",
            "const u32 high = max(a, b), low = high",
        ),
        ("resample", "a * (1.0 - w) + b * w", "a + (b - a) * w"),
        ("discretize", "floor(scaled / width)", "floor(scaled * (1.0 / width))"),
    ],
    ids=["glcm", "zones", "resample", "discretize"],
)
def test_a_card_that_counts_wrong_is_refused(untested, planted, kernel, right, wrong):
    planted(kernel, right, wrong)
    with pytest.raises(
        BackendUnavailableError,
        match=rf"the self-test failed on card 0: fasttex emulator: {kernel} on '[^']+': result .* gives .*report",
    ):
        get_backend("cuda")
