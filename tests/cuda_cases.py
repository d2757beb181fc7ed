"""Volumes that are odd, small enough for the checker."""

from functools import cache
from typing import Any

import numpy as np
from kernel_cases import (
    MATRICES,
    batch_of,
    binnings_on_edges,
    blobs,
    checkerboard,
    noise,
    run,
    sampling,
    spiral,
)

from fasttex.kernels import reference
from fasttex.types import Batch

KERNELS = (*MATRICES, "discretize", "resample")


@cache
def odd_batches() -> dict[str, Batch[Any]]:
    """By name, batches of levels: thin, ragged, constant, noisy, winding; one with many levels."""
    return {
        "thin": batch_of(noise((1, 1, 70), 3), noise((1, 45, 1), 3), noise((33, 1, 1), 2)),
        "not cubic": batch_of(blobs((3, 9, 40), 4), noise((7, 2, 5), 6)),
        "constant": batch_of(np.full((5, 6, 37), 2)),
        "noise": batch_of(noise((6, 7, 11), 5), noise((2, 3, 33), 2, 1), noise((4, 4, 4), 1, 2)),
        "winding": batch_of(spiral((3, 14, 20)), checkerboard((3, 5, 34))),
        "many levels": batch_of(noise((3, 4, 35), 300), noise((2, 5, 9), 255)),
    }


@cache
def expected(kernel: str, name: str) -> list[Any]:
    """What the reference finds on an odd batch."""
    return run(reference, kernel, batch_for(kernel, name))


@cache
def batch_for(kernel: str, name: str) -> Batch[Any]:
    """The batch of this name; the kernels that take intensities have one of their own."""
    if kernel == "discretize":
        batch = binnings_on_edges()
        return Batch(items=batch.items[::7], backend="any")
    if kernel == "resample":
        source = np.random.default_rng(0).normal(size=(3, 4, 9)).astype(np.float32)
        return Batch(
            items=sampling(source, (4, 6, 35)).items + sampling(source, (2, 3, 4)).items, backend="any"
        )
    return odd_batches()[name]


def names_for(kernel: str) -> list[str]:
    """Odd batches that a kernel is tried on."""
    return ["its own"] if kernel in ("discretize", "resample") else list(odd_batches())
