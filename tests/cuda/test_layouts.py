"""Results do not depend on how work is laid out on the device."""

import numpy as np
import pytest
from cuda_cases import KERNELS, batch_for, expected, names_for
from kernel_cases import assert_same, run

LAYOUTS = [
    {"blocks_per_item": blocks, "threads": threads} for blocks in (1, 2, 7, 64) for threads in (32, 64, 256)
]
# Groups of offsets; shared memory for a few tables only, then for none: global counters.
LAYOUTS += [{"offsets_per_block": n} for n in (1, 5, 12)]
LAYOUTS += [{"shared_bytes": n, "blocks_per_item": 2} for n in (0, 600, 4096)]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    "layout", LAYOUTS, ids=lambda layout: " ".join(f"{k}={v}" for k, v in layout.items())
)
def test_any_layout(configured, kernel, layout):
    with configured(**layout) as cuda:
        for name in names_for(kernel):
            assert_same(run(cuda, kernel, batch_for(kernel, name)), expected(kernel, name))


def test_shares_cover_everything_once(configured, emulator):
    from fasttex.kernels.cuda import device, ragged

    spans = np.array([[3, 4], [0, 100_000], [17, 17], [5, 70_005]])
    for most in (1_000, 2**31):
        with configured(), device.working() as card:
            pieces = ragged.spread(card, spans, most=most)
        assert (pieces[:, 2] - pieces[:, 1] <= most).all()
        for item, (first, last) in enumerate(spans):
            own = pieces[pieces[:, 0] == item]
            covered = np.concatenate([np.arange(a, b) for _, a, b in own]) if len(own) else np.array([])
            np.testing.assert_array_equal(np.sort(covered), np.arange(first, last))
        rows = ragged.shares(pieces, 13, np.array([1, 5, 13, 12]))
        assert (rows[:, 4] > 0).all()
        assert (rows[:, 3] + rows[:, 4] <= 13).all()
        work = (rows[:, 2] - rows[:, 1]) * rows[:, 4]
        assert work.sum() == 13 * (spans[:, 1] - spans[:, 0]).sum()
        assert (np.diff(work) <= 0).all()  # largest first


def test_sums_of_differences_fit_their_counters(configured, monkeypatch):
    """Levels that stand for large values: shares become short, or counters wide, and sums stay exact."""
    from dataclasses import replace

    from kernel_cases import batch_of, neighbors, noise

    from fasttex.kernels import reference

    for highest in (10**5, 10**7, 10**12):
        batch = batch_of(noise((4, 5, 33), 2))
        wide = tuple(replace(item, level_values=np.array([1, highest])) for item in batch.items)
        batch = replace(batch, items=wide)
        with configured(blocks_per_item=1) as cuda:
            found = cuda.neighborhood(batch, neighbors(), 0)
        assert_same(found, reference.neighborhood(batch, neighbors(), 0))
