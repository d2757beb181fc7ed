"""Gray levels from intensities."""

import numpy as np

from ...types import Batch, Binning, FloatArray, LevelArray, padded_zeros


def discretize(batch: Batch[Binning]) -> list[LevelArray]:
    """See `Backend.discretize`."""
    return [_discretize(item) for item in batch.items]


def _discretize(item: Binning) -> LevelArray:
    x = item.intensities[item.inside].astype(np.float64)
    level = np.clip(raw_level(x, item), 1, item.n_levels)
    z, y, x_axis = item.intensities.shape
    buffer = padded_zeros((z, y, x_axis), (item.pad,) * 3, item.n_levels)
    interior = buffer[tuple(slice(item.pad, item.pad + n) for n in item.intensities.shape)]
    interior[item.inside] = level
    return buffer


def raw_level(x: FloatArray, item: Binning) -> FloatArray:
    """Levels by the rule of `item`, before they are clipped."""
    if item.rule == "identity":
        return x
    if item.rule == "edges":
        return np.digitize(x, item.edges).astype(np.float64)
    if item.width == 0:
        return np.ones_like(x)
    if item.rule == "fbs":
        return np.floor((x - item.origin) / item.width) + 1
    return np.floor(item.n_levels * (x - item.origin) / item.width) + 1
