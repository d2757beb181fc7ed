"""What the extension asks of arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_KINDS = "biuf"


def native(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array itself where the extension can read it, else a float64 copy.

    It reads bool, integers up to 64 bits, float32 and float64 in native byte order, with strides that are
    multiples of the item size.
    """
    dtype = array.dtype
    readable = dtype.kind in _KINDS and dtype.isnative and (dtype.kind != "f" or dtype.itemsize in (4, 8))
    if readable and all(stride % dtype.itemsize == 0 for stride in array.strides):
        return array
    return array.astype(np.float64)
