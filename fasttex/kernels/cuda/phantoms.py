"""Small fixed volumes for the self-test: what kernels are most likely to get wrong on a card nobody saw."""

from __future__ import annotations

import json
from importlib.resources import files
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...types import AxisTable, Batch, Binning, DiscretizedRoi, IntArray, Sampling

__all__ = ["binnings", "level_batches", "samplings"]

_PAD = 2  # for pairs two voxels apart


def level_batches() -> dict[str, Batch[DiscretizedRoi]]:
    """Batches of gray levels by name, for all kernels that count."""
    volumes = {
        "IBSI digital phantom": _ibsi(),
        "a single voxel": np.ones((1, 1, 1), dtype=np.int64),
        "one voxel wide": _noise((1, 9, 1), 3),
        "constant": np.ones((6, 7, 8), dtype=np.int64),
        "row of 700 voxels": 1 + (np.arange(700) > 300).reshape(1, 1, -1),
        "checkerboard": 1 + np.indices((9, 8, 7)).sum(axis=0) % 2,
        "comb of one long zone": _comb((7, 31, 33)),
        "spiral": _spiral((9, 32, 35)),
        "noise of 8 levels": _noise((17, 20, 67), 8),
        "noise of 300 levels": _noise((9, 10, 33), 300),
        "noise of 900 levels": _noise((8, 9, 10), 900),  # more than any card's shared memory holds
        "many blocks of one volume": _spiral((40, 41, 42)) + 2 * (_noise((40, 41, 42), 40) > 38),
    }
    items = {name: DiscretizedRoi.from_levels(levels, pad=_PAD) for name, levels in volumes.items()}
    batches = {name: Batch((item,), "cuda") for name, item in items.items()}
    slices = [DiscretizedRoi.from_levels(part[None], pad=_PAD) for part in volumes["noise of 8 levels"][:3]]
    batches["slices"] = Batch(tuple(slices), "cuda", planar=True)
    batches["all volumes at once"] = Batch(tuple(items.values()), "cuda")
    return batches


def binnings() -> dict[str, Batch[Binning]]:
    """Batches of intensities by name, for `discretize`."""
    random = np.random.default_rng(1)
    inside = random.random((5, 6, 37)) < 0.8
    borders = -0.7 + 0.1 * random.integers(0, 40, inside.shape)  # where bins begin, and just beside
    beside = np.nextafter(borders, borders + random.integers(-1, 2, inside.shape))
    whole = random.integers(-1000, 3000, inside.shape).astype(np.int16)
    edges = np.sort(random.choice(beside.ravel(), 12, replace=False))
    found = {
        "fixed bin size, doubles at edges": Binning(beside, inside, "fbs", 41, _PAD, -0.7, 0.1),
        "fixed bin size, floats at edges": Binning(
            beside.astype(np.float32), inside, "fbs", 41, _PAD, -0.7, 0.1
        ),
        "fixed bin size, whole numbers": Binning(whole, inside, "fbs", 160, _PAD, -1000.0, 25.0),
        "fixed bin number": Binning(
            beside, inside, "fbn", 32, _PAD, float(beside.min()), float(np.ptp(beside))
        ),
        "fixed bin number, flat": Binning(np.full_like(beside, 3.5), inside, "fbn", 32, _PAD, 3.5, 0.0),
        "more than 255 bins": Binning(whole, inside, "fbn", 1000, _PAD, -1000.0, 4000.0),
        "given edges": Binning(beside, inside, "edges", 12, _PAD, edges=edges),
        "levels as they are": Binning(np.abs(whole), inside, "identity", 3000, _PAD),
    }
    return {name: Batch((item,), "cuda") for name, item in found.items()} | {
        "all at once": Batch(tuple(found.values()), "cuda")
    }


def samplings() -> dict[str, Batch[Sampling]]:
    """Batches of volumes by name, for `resample`."""
    random = np.random.default_rng(2)
    volume = random.normal(100.0, 1000.0, (7, 9, 40))
    axes = _axis(7, 11, 1 / 1.7), _axis(9, 5, 1.9), _axis(40, 71, 0.55)
    nearest = _axis(7, 4, 2.0), _axis(9, 9, 1.0), _axis(40, 20, 2.0)
    single = _axis(1, 1, 1.0), _axis(9, 3, 2.5), _axis(40, 44, 0.9)
    found = {
        "trilinear, doubles": Sampling(volume, axes),
        "trilinear, floats": Sampling(volume.astype(np.float32), axes),
        "trilinear, whole numbers": Sampling(volume.astype(np.int16), axes),
        "trilinear, mask": Sampling(volume > 0, axes),
        "nearest": Sampling(volume, nearest),
        "single slice": Sampling(volume[:1], single),
    }
    return {name: Batch((item,), "cuda") for name, item in found.items()} | {
        "all at once": Batch(tuple(found.values()), "cuda")
    }


def _ibsi() -> IntArray:
    text = (files("fasttex") / "data" / "ibsi_digital_phantom.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    levels: IntArray = np.array(read["image"]) * np.array(read["mask"])
    return levels


def _noise(shape: tuple[int, int, int], n_levels: int) -> IntArray:
    random = np.random.default_rng(n_levels)
    levels: IntArray = random.integers(1, n_levels + 1, shape) * (random.random(shape) < 0.8)
    levels[0, 0, 0] = n_levels
    return levels


def _comb(shape: tuple[int, int, int]) -> IntArray:
    """Teeth one voxel wide, joined at one end by a row, and slices joined by one voxel."""
    z, y, x = np.indices(shape)
    slices = (z % 2 == 0) & ((x % 2 == 0) | (y == 0))
    levels: IntArray = (slices | ((z % 2 == 1) & (y == shape[1] - 1) & (x == 0))).astype(np.int64)
    return levels


def _spiral(shape: tuple[int, int, int]) -> IntArray:
    """Two square arms around each other, level 1 and 2, that drift with z: zones that meet late."""
    levels = np.empty(shape, dtype=np.int64)
    for z, y, x in product(*map(range, shape)):
        v, u = y - (shape[1] + z) // 2, x - (shape[2] - z) // 2
        ring = max(abs(v), abs(u))
        levels[z, y, x] = 1 + (ring + (v + u > 0)) % 2
    return levels


def _axis(n_old: int, n_new: int, step: float) -> AxisTable:
    """New voxels `step` old ones apart, from the first on; behind the last old one they stay there."""
    place = np.minimum(np.arange(n_new) * step, n_old - 1)
    lower = place.astype(np.int64)
    weight: NDArray[np.float64] = place - lower
    return AxisTable(lower, lower + (weight > 0), weight)
