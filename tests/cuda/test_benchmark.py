"""The benchmark of the CUDA backend works, though there is no GPU to time."""

import cuda_timing
import numpy as np
import pytest
from conftest import backend_or_skip

from fasttex.kernels import cuda

SMALL = (
    ("few ROIs", lambda: cuda_timing.many_rois(3, 300)),
    ("a small volume", lambda: cuda_timing.one_volume((4, 12, 33))),
)


@pytest.fixture
def emulated(emulator):
    backend_or_skip("cpp")
    return emulator.cp


def test_table(emulated):
    head, columns, *rows = cuda_timing.table(emulated, SMALL, rounds=2)
    assert head.startswith("fasttex emulator, CuPy 14")
    width = columns.splitlines()[0].count("|")
    assert [row.count("|") for row in rows] == [width] * len(rows)
    assert len(rows) == 2 * (len(cuda_timing.WORK) + 1)
    assert "sending" in rows[-1]


def test_its_batches_are_what_they_say():
    batch = cuda_timing.many_rois(60, 8000)
    assert len(batch) == 60
    assert all(abs(item.n_voxels - 8000) < 800 for item in batch.items)
    volume = cuda_timing.one_volume((4, 12, 33)).items[0].levels
    assert volume.min() == 1
    assert volume.max() == cuda_timing.N_LEVELS


def test_wrong_counts_are_noticed(emulated, monkeypatch):
    batch = cuda_timing.many_rois(3, 300)
    sound = cuda.glcm
    monkeypatch.setattr(cuda, "glcm", lambda *given: [counts + 1 for counts in sound(*given)])
    cuda_timing.assert_as_cpp("glrlm", batch)
    for name in ("glcm", "all"):
        with pytest.raises(AssertionError):
            cuda_timing.assert_as_cpp(name, batch)


def test_each_launch_is_timed(emulated, monkeypatch):
    """A pair of events around each, and nothing else between them."""
    monkeypatch.setattr(emulated.cuda, "get_elapsed_time", lambda begin, end: 1.5)
    with cuda_timing.events(emulated) as times:
        cuda_timing.WORK["border_distance + zones"](cuda, cuda_timing.many_rois(3, 300))
    assert times == [1.5] * (3 + 1 + 4)  # three axes, embed, four of zones
    found = cuda_timing.timing(emulated, "surface", cuda_timing.many_rois(2, 300), 3)
    assert found.kernels == 3.0  # embed, surface
    assert np.isfinite(found.call)
