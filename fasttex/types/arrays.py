"""Kinds of arrays and of tuples. Axes are always (z, y, x)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Triple = tuple[float, float, float]
Shape = tuple[int, int, int]
Record = Mapping[str, Any]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
LevelArray = NDArray[np.unsignedinteger[Any]]  # uint8 up to 255 levels, else uint16

MAX_LEVELS = 65_535

_KDL_CUDA = 2


def on_device(array: Any) -> bool:
    """Whether an array lies on a CUDA device: CuPy's, PyTorch's, Numba's, JAX's, or who speaks like them."""
    if isinstance(array, np.ndarray):
        return False
    if hasattr(array, "__cuda_array_interface__"):
        return True
    return hasattr(array, "__dlpack_device__") and int(array.__dlpack_device__()[0]) == _KDL_CUDA
