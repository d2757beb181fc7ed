"""Matrices of any kind for the features, and by how much two ways of computing a feature may differ."""

import numpy as np
from hypothesis import strategies as st

from fasttex.features.families import FEATURES
from fasttex.types import Glcm, Glrlm, Ngldm, Ngtdm, Zones

# Roundings that are passed on, against the tolerance: a mean, summed from thousands of terms, is
# known to 1e-14 of itself, and a probability to 1e-15.
TOLERANCE = 1e-12
OF_MEAN, OF_PROBABILITY = 1e-2, 1e-3
SEEDS = st.integers(0, 2**32 - 1)
N_LEVELS = (1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 130, 257, 300)


def level_values(rng, n):
    """Gray levels: mostly 1 to n, else from another start, or with gaps, up to 2³¹."""
    kind = rng.integers(4)
    if kind < 2:
        return np.arange(1, n + 1)
    if kind == 2:
        return np.arange(1, n + 1) + rng.integers(0, 50)
    found = np.cumsum(rng.integers(1, 9, n))
    found[-1] += rng.choice([0, 2**31 - 10_000])
    return found


def counts(rng, shape):
    """Few or many, small or up to 10¹²; sometimes a single cell or none."""
    found = np.zeros(shape, dtype=np.int64)
    kind = rng.integers(6)
    if kind == 0:
        return found
    if kind == 1:
        found[tuple(rng.integers(0, n) for n in shape)] = rng.choice([1, 7, 10**12])
        return found
    inside = rng.random(shape) < rng.choice([0.02, 0.3, 1.0])
    found[inside] = rng.integers(1, rng.choice([3, 50, 100_000, 10**12]), np.count_nonzero(inside))
    if kind == 2 and found.size:
        found.flat[rng.integers(found.size)] = 10**12
    return found


def matrix(family, rng, n=None):
    """One matrix of a family."""
    n = int(rng.choice(N_LEVELS)) if n is None else n
    values = level_values(rng, n)
    if family == "glcm":
        stack = np.stack([counts(rng, (n, n)) for _ in range(rng.integers(1, 4))])
        return Glcm(stack, np.zeros((len(stack), 3), np.int32), values)
    if family == "glrlm":
        longest = rng.integers(1, 40)
        stack = np.stack([counts(rng, (n, longest)) for _ in range(rng.integers(1, 4))])
        return Glrlm(stack, np.zeros((len(stack), 3), np.int32), values, int(rng.integers(1, 10**9)))
    if family in ("glszm", "gldzm"):
        rows = np.stack([rng.integers(1, top, rng.integers(0, 400)) for top in (n + 1,)], axis=1)
        sizes = rng.integers(1, rng.choice([3, 40, 10**7]), len(rows))
        rows = np.unique(np.column_stack([rows, sizes, rng.integers(1, 20, len(rows))]), axis=0)
        many = rng.integers(1, rng.choice([2, 50, 10**12]), len(rows))
        return Zones(np.column_stack([rows, many]), values, int(rng.integers(1, 10**12)))
    shape = (n, 27)
    if family == "ngldm":
        return Ngldm(counts(rng, shape), values)
    voxels = counts(rng, shape)
    sums = np.where(voxels > 0, rng.integers(0, rng.choice([1, 10, 10**6]) + 1, shape), 0)
    sums[:, 0] = 0
    return Ngtdm(sums, voxels, values)


def _moment(p, x, power):
    """Σ |x − μ|ᵏ·p with what the rounding of μ moves it by."""
    mu = (p * x).sum()
    d = abs(x - mu)
    moved = OF_MEAN * TOLERANCE * abs(mu)
    first = power * (p * d ** (power - 1)).sum() * moved
    return (p * d**power).sum() + (first + moved**power) / TOLERANCE


def _glcm_scales(symmetric, x, values):
    p = symmetric / symmetric.sum()
    px, mu = p.sum(axis=0), (p.sum(axis=0) * x).sum()
    sums, differences = x[:, None] + x, abs(x[:, None] - x)
    d = abs(x - mu)
    variance = values["joint_variance"]
    hx = -(px[px > 0] * np.log2(px[px > 0])).sum()
    hxy_scale, hx_scale = values["joint_entropy"] + OF_PROBABILITY, hx + OF_PROBABILITY
    product = (p * np.outer(d, d)).sum() + 2 * (px * d).sum() * OF_MEAN * mu
    return {
        "joint_variance": _moment(px, x, 2),
        "difference_variance": _moment(p, differences, 2),
        "sum_variance": _moment(p, sums, 2),
        "cluster_tendency": _moment(p, sums, 2),
        "cluster_shade": _moment(p, sums, 3),
        "cluster_prominence": _moment(p, sums, 4),
        "correlation": variance and (product + _moment(px, x, 2)) / variance,
        "information_correlation_1": hx and 2 * (hxy_scale + 2 * hx_scale) / hx * (1 + hx_scale / hx),
        "information_correlation_2": 2 * (hxy_scale + 2 * hx_scale),  # compared squared
    }


def _row_scales(level, size, count):
    p = count / count.sum() if len(count) else np.zeros(0)
    return {"level_variance": _moment(p, level, 2), "size_variance": _moment(p, size, 2)}


def _cells(family, m, a):
    """Levels, second numbers and counts of one matrix."""
    if family in ("glszm", "gldzm"):
        return m.level_values[m.rows[:, 0] - 1], m.rows[:, 1 if family == "glszm" else 2], m.rows[:, 3]
    dense = m.counts[a] if family == "glrlm" else m.counts
    i, j = np.nonzero(dense)
    return m.level_values[i], j + 1, dense[i, j]


def scales(family, m, a, row):
    """The sum of the absolute terms of every feature's definition, in order; `row` where all are positive."""
    values = dict(zip([f.name for f in FEATURES[family]], abs(row), strict=True))
    if family == "ngtdm":
        return np.array(list(values.values()))
    if family == "glcm":
        special = _glcm_scales(m.symmetric[a].astype(float), m.level_values.astype(float), values)
    else:
        both = _row_scales(*(np.asarray(part, dtype=float) for part in _cells(family, m, a)))
        special = {"gray_level_variance": both["level_variance"]}
        special |= {name: both["size_variance"] for name in values if name.endswith("_variance")} | special
    special |= {name: value + OF_PROBABILITY for name, value in values.items() if name.endswith("entropy")}
    return np.array([special.get(name, value) for name, value in values.items()])
