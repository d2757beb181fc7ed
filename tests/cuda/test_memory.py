"""What is kept on the device, for how long, and what happens where there is not enough room for it."""

import gc
import re
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kernel_cases import MATRICES, assert_same, batch_of, binning, blobs, noise, run, sampling

from fasttex.errors import BackendError, SettingsError
from fasttex.kernels import cuda, reference
from fasttex.kernels.cuda import counting, device, parts, ragged, transfer
from fasttex.types import Batch

KERNELS = (*MATRICES, "discretize", "resample")
DOCS = Path(__file__).parents[2] / "docs" / "cuda.md"


def batch_for(kernel: str, *shapes: tuple[int, int, int]) -> Batch[Any]:
    """A volume of each shape, as the kernel takes it: 32 levels, or intensities of 16 bits."""
    levels = [noise(shape, 32, n) for n, shape in enumerate(shapes)]
    if kernel == "discretize":
        return Batch(tuple(binning(x.astype(np.int16), n_levels=32) for x in levels), "cuda")
    if kernel == "resample":
        items = [sampling(x.astype(np.int16), x.shape).items for x in levels]
        return Batch(tuple(item for one in items for item in one), "cuda")
    return batch_of(*levels)


@pytest.fixture
def pool(fresh):
    """Memory of a new device, whose limit can be set."""
    return fresh().device.pool


@pytest.fixture
def counted(monkeypatch):
    """How many items each call of a kernel had, also of those that ran out of memory."""
    found: list[int] = []
    sound = parts.in_parts

    def spy(card: Any, items: Any, n_bytes: Any, count: Any) -> Any:
        return sound(card, items, n_bytes, lambda some: found.append(len(some)) or count(some))

    monkeypatch.setattr(counting, "in_parts", spy)
    return found


def peak_of(pool: Any, work: Any) -> int:
    """Most bytes that are held at once, beside those that were held before."""
    ragged.forget()
    before = pool.peak = pool.used
    work()
    return int(pool.peak - before)


SHAPES = [
    (9, 20, 21),
    (12, 14, 15),
    (8, 22, 20),
    (16, 15, 13),
    (10, 18, 20),
    (7, 25, 19),
    (11, 17, 18),
    (20, 11, 17),
]


# ---- out of memory ----


@pytest.mark.parametrize("kernel", KERNELS)
def test_out_of_memory_splits_the_batch_and_goes_on(pool, counted, kernel):
    batch = batch_for(kernel, *SHAPES)
    expected = run(reference, kernel, batch)
    whole = peak_of(pool, lambda: run(cuda, kernel, batch))
    assert counted == [8]
    pool.set_limit(size=pool.used + whole // 3)
    assert_same(run(cuda, kernel, batch), expected)
    assert counted[1:4] == [8, 8, 4]  # once more after everything that can be spared was let go
    assert 1 <= counted[-1] <= 4


def test_what_others_hold_is_let_go_first(pool, counted):
    other = batch_for("glcm", (40, 40, 40))
    run(cuda, "glcm", other)
    batch = batch_for("glcm", (30, 40, 40))
    pool.set_limit(size=pool.used + 110_000)
    assert_same(run(cuda, "glcm", batch), run(reference, "glcm", batch))
    assert counted == [1, 1, 1]  # of the second batch, two: the first time there was no room


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_roi_that_does_not_fit_alone(pool, kernel):
    batch = batch_for(kernel, (5, 6, 7), (40, 41, 42))
    pool.set_limit(size=pool.used + 50_000)
    with pytest.raises(
        BackendError,
        match=r"a ROI needs about (\d+) bytes on the GPU, where \d+ of \d+ are free: crop it, resample it .*'cpp'",
    ) as raised:
        run(cuda, kernel, batch, **({"distances": None} if kernel == "zones" else {}))
    assert int(re.search(r"about (\d+)", str(raised.value))[1]) > 50_000
    pool.set_limit(size=0)
    assert_same(
        run(cuda, kernel, batch), run(reference, kernel, batch)
    )  # and the device is as good as before


# ---- FASTTEX_CUDA_MEMORY ----


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_limit_is_kept(pool, counted, monkeypatch, kernel):
    """Parts of a batch together with what is kept of it."""
    batch = batch_for(kernel, *SHAPES, *SHAPES)
    expected = run(reference, kernel, batch)
    unlimited = peak_of(pool, lambda: run(cuda, kernel, batch))
    largest = max(
        peak_of(pool, lambda one=one: run(cuda, kernel, one)) for one in map(alone(batch), range(8))
    )
    for limit in (largest + 2**16, 3 * (largest + 2**15)):
        monkeypatch.setenv("FASTTEX_CUDA_MEMORY", str(limit))
        counted.clear()
        peak = peak_of(pool, lambda: assert_same(run(cuda, kernel, batch), expected))
        assert largest <= peak <= limit
        assert len(counted) > 1 or unlimited <= limit
        assert sum(counted) == 16  # no part was too large


def alone(batch: Batch[Any]) -> Any:
    return lambda n: Batch(batch.items[n : n + 1], "cuda")


def test_a_roi_above_the_limit(pool, monkeypatch):
    monkeypatch.setenv("FASTTEX_CUDA_MEMORY", "100kB")
    with pytest.raises(
        BackendError, match=r"needs about \d+ bytes on the GPU, FASTTEX_CUDA_MEMORY is 100000: raise it"
    ):
        run(cuda, "glcm", batch_for("glcm", (5, 6, 7), (50, 50, 50)))
    assert pool.used == 0


@pytest.mark.parametrize("value", ["lots", "-1", "0", "2XB", "1e9"])
def test_a_bad_limit_is_refused(pool, monkeypatch, value):
    monkeypatch.setenv("FASTTEX_CUDA_MEMORY", value)
    with pytest.raises(SettingsError, match=f"^FASTTEX_CUDA_MEMORY is '{value}', expected bytes or a text"):
        run(cuda, "glcm", batch_for("glcm", (2, 3, 4)))


# ---- what is kept ----


@pytest.fixture
def uploads(monkeypatch):
    """How many items of levels came to the device, each time."""
    found: list[int] = []
    sound = ragged._upload
    monkeypatch.setattr(ragged, "_upload", lambda card, items: found.append(len(items)) or sound(card, items))
    return found


def test_levels_are_shared_and_forgotten_with_their_batch(pool, uploads):
    batch = batch_for("glcm", *SHAPES)
    for kernel in ("glcm", "glrlm", "zones", "neighborhood", "glcm"):
        run(cuda, kernel, batch)
    assert uploads == [8]
    assert pool.used == sum(item.buffer.nbytes for item in batch.items)
    again = Batch(batch.items, "cuda")
    run(cuda, "glcm", again)
    assert uploads == [8, 8]
    del batch
    gc.collect()
    assert pool.used == sum(item.buffer.nbytes for item in again.items)
    del again
    gc.collect()
    assert pool.used == 0


def test_levels_belong_to_a_thread(pool, uploads):
    """Another thread works on another stream, which does not wait for this one's uploads."""
    batch = batch_for("glcm", (5, 6, 7))
    run(cuda, "glcm", batch)
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.extend(run(cuda, "glcm", batch)))
    thread.start()
    thread.join()
    assert uploads == [1, 1]
    assert_same(found, run(reference, "glcm", batch))


# ---- the ring of pinned buffers ----


@pytest.fixture
def upload(fresh, monkeypatch):
    """A function that sends bytes to a new device, through a ring of small buffers."""
    monkeypatch.setattr(transfer, "_RING_BYTES", 1000)
    own = fresh()

    def send(*arrays: np.ndarray) -> np.ndarray:
        with device.working() as card:
            return transfer.download(transfer.upload(card, arrays, arrays[0].dtype))

    send.emulator = own
    return send


@pytest.mark.parametrize("size", [0, 1, 999, 1000, 1001, 3000, 3001, 25_000])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_uploads_larger_than_the_ring(upload, size, dtype):
    data = np.random.default_rng(size).integers(0, 200, size).astype(dtype)
    for _ in range(2):
        np.testing.assert_array_equal(upload(data), data)
    np.testing.assert_array_equal(upload(data, data[::2], data[:0], data[:7]), [*data, *data[::2], *data[:7]])


def test_a_missing_wait_would_show(upload, monkeypatch):
    """The emulator copies from pinned memory as late as CUDA may: then it holds what comes later."""
    data = np.random.default_rng(0).integers(0, 200, 25_000).astype(np.uint8)
    np.testing.assert_array_equal(upload(data), data)
    monkeypatch.setattr(upload.emulator.device.Event, "synchronize", lambda event: None)
    assert (upload(data) != data).mean() > 0.5
    np.testing.assert_array_equal(upload(data[:2999]), data[:2999])  # three buffers are enough for these


def test_what_is_sent_may_be_changed_at_once(upload):
    data = np.arange(2500, dtype=np.int64)
    with device.working() as card:
        sent = transfer.upload(card, [data], np.int64)
        data[:] = -1
        np.testing.assert_array_equal(transfer.download(sent), np.arange(2500))


# ---- how much ----


@contextmanager
def estimates(monkeypatch):
    """What the backend thinks it needs."""
    found: list[int] = []
    with monkeypatch.context() as patch:
        sound = parts._cut
        patch.setattr(
            parts, "_cut", lambda items, needed, limit: found.extend(needed) or sound(items, needed, limit)
        )
        yield found


def documented() -> dict[str, float]:
    """Bytes per voxel by kernel, as the docs state them."""
    rows = re.findall(r"^\| `(\w+)`[^|]*\| ([\d.]+) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    return {kernel: float(n_bytes) for kernel, n_bytes in rows}


@pytest.mark.parametrize("kernel", KERNELS)
def test_bytes_per_voxel_are_as_documented(pool, kernel):
    """What a larger volume needs more than a smaller one: counts and tables are the same for both."""
    small, large = batch_for(kernel, (40, 60, 61)), batch_for(kernel, (60, 60, 61))
    more = peak_of(pool, lambda: run(cuda, kernel, large)) - peak_of(pool, lambda: run(cuda, kernel, small))
    assert more / (20 * 60 * 61) == pytest.approx(documented()[kernel], rel=0.08)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("n_levels", [32, 300])
def test_no_kernel_needs_more_than_it_thinks(pool, monkeypatch, kernel, n_levels):
    """And not much less, lest batches be cut without need."""
    batch = batch_for(kernel, (30, 31, 32), (3, 4, 5), (1, 1, 60)) if n_levels == 32 else many_levels(kernel)
    with estimates(monkeypatch) as needed:
        peak = peak_of(pool, lambda: run(cuda, kernel, batch))
    assert peak <= sum(needed) <= 1.5 * peak + len(batch) * parts._TABLES


def many_levels(kernel: str) -> Batch[Any]:
    if kernel in ("discretize", "resample"):
        return batch_for(kernel, (1, 70, 70), (20, 3, 80))
    return batch_of(blobs((20, 21, 22), 300), noise((3, 20, 30), 280))
