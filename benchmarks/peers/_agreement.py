"""Whether both sides computed the same."""

import numpy as np

TOLERANCE = 1e-6  # relative; some peers calculate in single precision


def compare(ours: dict, theirs: dict) -> dict:
    """Compare numbers and arrays that stand under the same name on both sides.

    Arrays of counts may differ in shape: what lies beyond the smaller one counts as 0.

    Returns
    -------
    dict
        ``compared`` and ``agree``: how many values; ``largest_difference``: relative, of those that agree;
        ``differing``: names of the others, with ours and theirs where they are numbers.
    """
    compared = agree = 0
    largest = 0.0
    differing = {}
    for name in sorted(set(ours) & set(theirs)):
        a, b = _alike(np.asarray(ours[name], dtype=float), np.asarray(theirs[name], dtype=float))
        difference = relative_difference(a, b)
        good = difference <= TOLERANCE
        compared += good.size
        agree += int(np.count_nonzero(good))
        largest = max(largest, float(difference[good].max(initial=0.0)))
        if not good.all():
            differing[name] = [float(a.flat[0]), float(b.flat[0])] if a.size == 1 else []
    return {"compared": compared, "agree": agree, "largest_difference": largest, "differing": differing}


def relative_difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """|a − b| over the larger of both; 0 where both are 0 or NaN, infinite where one is NaN.

    In an array, numbers below a millionth of the largest are measured by that: they are what cancels.
    """
    scale = np.maximum(abs(a), abs(b))
    scale = np.maximum(scale, 1e-6 * np.nan_to_num(scale).max(initial=0.0))
    difference = np.divide(abs(a - b), scale, out=np.zeros(a.shape), where=scale > 0)
    one_is_nan = np.isnan(a) != np.isnan(b)
    return np.where(one_is_nan, np.inf, np.nan_to_num(difference, nan=0.0))


def _alike(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if a.ndim != b.ndim:
        raise ValueError(f"arrays have {a.ndim} and {b.ndim} axes, expected the same; mend the adapter")
    shape = np.maximum(a.shape, b.shape).astype(int)
    wide = [np.zeros(shape) for _ in range(2)]
    for new, old in zip(wide, (a, b), strict=True):
        new[tuple(slice(0, n) for n in old.shape)] = old
    return wide[0], wide[1]
