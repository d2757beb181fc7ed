"""Separable interpolation with tables."""

import numpy as np

from ...types import AxisTable, Batch, FloatArray, Sampling


def resample(batch: Batch[Sampling]) -> list[FloatArray]:
    """See `Backend.resample`."""
    return [_resample(item) for item in batch.items]


def _resample(item: Sampling) -> FloatArray:
    volume = item.source.astype(np.float64)
    for axis in (2, 1, 0):
        volume = _lerp(volume, axis, item.axes[axis])
    return np.ascontiguousarray(volume)


def _lerp(volume: FloatArray, axis: int, table: AxisTable) -> FloatArray:
    lower, upper = volume.take(table.lower, axis), volume.take(table.upper, axis)
    w = np.expand_dims(table.weight, [a for a in range(3) if a != axis])
    result: FloatArray = lower * (1 - w) + upper * w
    return result
