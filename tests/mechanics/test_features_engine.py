"""Who computes features: chosen once, by whether the extension is there, and said in the provenance."""

import numpy as np
import pytest

import fasttex
from fasttex.backends import prepare
from fasttex.errors import BackendUnavailableError, SettingsError
from fasttex.features import engine
from fasttex.features.aggregate import DIRECTED_NAMES
from fasttex.features.compute import compute_features
from fasttex.features.families import MATRIX_FAMILIES


@pytest.fixture(autouse=True)
def undecided(monkeypatch):
    monkeypatch.delenv("FASTTEX_FEATURES", raising=False)
    engine.features_engine.cache_clear()
    yield
    engine.features_engine.cache_clear()


@pytest.fixture
def no_extension(monkeypatch):
    def absent(name):
        raise BackendUnavailableError(f"backend {name!r} is not here (gone)")

    monkeypatch.setattr(engine, "get_backend", absent)


def test_without_the_extension_numpy_computes(no_extension):
    assert engine.features_engine() == "numpy"


def test_forced(monkeypatch):
    for name in engine.ENGINES:
        if name == "compiled" and fasttex.available()["cpp"]:
            pytest.skip(fasttex.available()["cpp"])
        monkeypatch.setenv("FASTTEX_FEATURES", name)
        engine.features_engine.cache_clear()
        image = np.arange(27).reshape(3, 3, 3)
        made = fasttex.extract(image, image > 3, {"families": ["glcm"]}, backend="reference").provenance
        assert made["features_engine"] == name


def test_unknown(monkeypatch):
    monkeypatch.setenv("FASTTEX_FEATURES", "fortran")
    with pytest.raises(
        SettingsError, match="FASTTEX_FEATURES is 'fortran', expected one of: compiled, numpy"
    ):
        engine.features_engine()


def test_forced_but_absent(no_extension, monkeypatch):
    monkeypatch.setenv("FASTTEX_FEATURES", "compiled")
    with pytest.raises(BackendUnavailableError, match="FASTTEX_FEATURES is 'compiled', but backend 'cpp'"):
        engine.features_engine()


@pytest.mark.parametrize("name", engine.ENGINES)
def test_neither_batch_nor_chunk_shows(name, monkeypatch):
    """A ROI has the same bits alone, among others, on two threads and where memory is short."""
    if name == "compiled" and fasttex.available()["cpp"]:
        pytest.skip(fasttex.available()["cpp"])
    monkeypatch.setenv("FASTTEX_FEATURES", name)
    rng = np.random.default_rng(11)
    rois = [rng.integers(0, n, (4, 5, 6)) for n in (3, 9, 40)]
    options = {"families": list(MATRIX_FAMILIES), "aggregations": DIRECTED_NAMES}
    together = compute_features(prepare(rois, backend="reference"), **options).values
    alone = [compute_features(prepare(roi, backend="reference"), **options).values[0] for roi in rois]
    small = compute_features(prepare(rois, backend="reference"), **options, memory_limit=400_000).values
    threads = compute_features(prepare(rois, backend="reference", threads=2), **options).values
    assert together.tobytes() == np.array(alone).tobytes() == small.tobytes() == threads.tobytes()
