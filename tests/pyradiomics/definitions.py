"""What PyRadiomics computes, restated: plain loops and formulas, to be read beside its documentation.

Nothing here is fast, and nothing comes from fasttex.
Arrays are (z, y, x); masks are bool. Features without a value are NaN.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np

NAN = float("nan")


# ---- gray levels ----


def edges(values, binWidth=25, binCount=None):
    if binCount is not None:
        found = np.histogram(values, binCount)[1]
        found[-1] += 1
        return found
    low, high = values.min(), values.max()
    if values.dtype.kind in "iu":
        low, high = int(low), int(high)
    return np.arange(low - low % binWidth, high + 2 * binWidth, binWidth)


def levels_of(image, mask, **settings):
    levels = np.zeros(image.shape, dtype=int)
    levels[mask] = np.digitize(image[mask], edges(image[mask], **settings))
    return levels


# ---- matrices ----


def angles(size, distances, across=None, both=False):
    """Offsets whose largest component is a distance, shorter than the image; the first half of them."""
    d = max(distances)
    every = [
        a
        for a in itertools.product(range(d, -d - 1, -1), repeat=len(size))
        if max(map(abs, a)) in distances
        and all(abs(k) < n for k, n in zip(a, size, strict=True))
        and (across is None or a[across] == 0)
    ]
    return every if both else every[: len(every) // 2]


def voxels(mask):
    return [tuple(v) for v in np.argwhere(mask).tolist()]


def beside(voxel, angle, times=1):
    return tuple(v + times * a for v, a in zip(voxel, angle, strict=True))


def glcm(levels, mask, Ng, offsets):
    inside = set(voxels(mask))
    counts = np.zeros((len(offsets), Ng, Ng))
    for a, angle in enumerate(offsets):
        for voxel in inside:
            if (other := beside(voxel, angle)) in inside:
                counts[a, levels[voxel] - 1, levels[other] - 1] += 1
    return counts


def glrlm(levels, mask, Ng, Nr, offsets):
    inside = set(voxels(mask))
    counts = np.zeros((len(offsets), Ng, Nr))
    for a, angle in enumerate(offsets):
        for voxel in inside:
            before = beside(voxel, angle, -1)
            if before in inside and levels[before] == levels[voxel]:
                continue  # not where the run starts
            length = 1
            while (after := beside(voxel, angle, length)) in inside and levels[after] == levels[voxel]:
                length += 1
            counts[a, levels[voxel] - 1, length - 1] += 1
        if not any(beside(v, angle, k) in inside for v in inside for k in range(1, max(mask.shape))):
            counts[a] = 0  # no line meets two voxels
    return counts


def zones(levels, mask, offsets):
    """Counter of (level, size)."""
    left, found = set(voxels(mask)), Counter()
    while left:
        todo = [left.pop()]
        level, size = levels[todo[0]], 0
        while todo:
            voxel = todo.pop()
            size += 1
            for angle in offsets:
                other = beside(voxel, angle)
                if other in left and levels[other] == level:
                    left.remove(other)
                    todo.append(other)
        found[level, size] += 1
    return found


def gldm(levels, mask, Ng, alpha, offsets):
    inside = set(voxels(mask))
    counts = np.zeros((Ng, 2 * len(offsets) + 1))
    for voxel in inside:
        near = [beside(voxel, a) for a in offsets if beside(voxel, a) in inside]
        counts[levels[voxel] - 1, sum(abs(levels[n] - levels[voxel]) <= alpha for n in near)] += 1
    return counts


def ngtdm(levels, mask, Ng, offsets):
    inside = set(voxels(mask))
    matrix = np.zeros((Ng, 3))
    matrix[:, 2] = range(1, Ng + 1)
    for voxel in inside:
        near = [levels[beside(voxel, a)] for a in offsets if beside(voxel, a) in inside]
        matrix[levels[voxel] - 1, 0] += 1
        if near:
            matrix[levels[voxel] - 1, 1] += abs(levels[voxel] - np.mean(near))
    return matrix


def length_mm(angle, spacing, norm):
    d = [abs(a) * s for a, s in zip(angle, spacing, strict=True)]
    return {"infinity": max(d), "euclidean": math.hypot(*d), "manhattan": sum(d)}[norm]


# ---- features ----


def shannon(p):
    p = np.asarray(p, dtype=float).ravel()
    return float(-(p[p > 0] * np.log2(p[p > 0])).sum())


def glcm_features(p, i, n_present):
    """Of one matrix of sum 1; `i` holds the levels of its rows and columns."""
    x, y = i[:, None] * np.ones_like(p), i[None, :] * np.ones_like(p)
    px, py = p.sum(axis=1), p.sum(axis=0)
    mx, my = (p * x).sum(), (p * y).sum()
    apart, together = abs(x - y), x + y
    difference = np.array([p[apart == k].sum() for k in np.unique(apart)])
    total = np.array([p[together == k].sum() for k in np.unique(together)])
    sx, sy = math.sqrt((p * (x - mx) ** 2).sum()), math.sqrt((p * (y - my) ** 2).sum())
    single = np.count_nonzero(px) == 1 or np.count_nonzero(py) == 1
    hx, hy, hxy = shannon(px), shannon(py), shannon(p)
    both = np.outer(px, py)
    hxy1 = -(p[p > 0] * np.log2(both[p > 0])).sum()
    average = (p * apart).sum()
    return {
        "Autocorrelation": (p * x * y).sum(),
        "JointAverage": mx,
        "ClusterProminence": (p * (together - mx - my) ** 4).sum(),
        "ClusterShade": (p * (together - mx - my) ** 3).sum(),
        "ClusterTendency": (p * (together - mx - my) ** 2).sum(),
        "Contrast": (p * apart**2).sum(),
        "Correlation": 1.0 if single else (p * (x - mx) * (y - my)).sum() / (sx * sy),
        "DifferenceAverage": average,
        "DifferenceEntropy": shannon(difference),
        "DifferenceVariance": (p * (apart - average) ** 2).sum(),
        "JointEnergy": (p**2).sum(),
        "JointEntropy": hxy,
        "Imc1": (hxy - hxy1) / max(hx, hy) if max(hx, hy) > 0 else 0.0,
        "Imc2": math.sqrt(max(0.0, 1 - math.exp(-2 * (hx + hy - hxy)))),
        "Idm": (p / (1 + apart**2)).sum(),
        "Idmn": (p / (1 + (apart / i[-1]) ** 2)).sum(),
        "Id": (p / (1 + apart)).sum(),
        "Idn": (p / (1 + apart / i[-1])).sum(),
        "InverseVariance": (p[apart > 0] / apart[apart > 0] ** 2).sum(),
        "MaximumProbability": p.max(),
        "SumAverage": (p * together).sum(),
        "SumEntropy": shannon(total),
        "SumSquares": (p * (x - mx) ** 2).sum(),
        "MCC": _mcc(p, px, py, n_present),
    }


def _mcc(p, px, py, n_present):
    if n_present == 1:
        return 1.0
    if 1 in (np.count_nonzero(px), np.count_nonzero(py)):
        return 0.0
    q = (p / (np.outer(px, py) + np.spacing(1))) @ p.T
    return math.sqrt(max(0.0, np.sort(np.linalg.eigvals(q).real)[-2]))


def size_features(p, i, j, n_voxels):
    """What runs, zones and dependences share, by the parts of their names; j is length, size, dependence."""
    n = p.sum()
    level, size = p.sum(axis=1), p.sum(axis=0)
    q, x, y = p / n, i[:, None], j[None, :]
    return {
        "small": (q / y**2).sum(),
        "large": (q * y**2).sum(),
        "low": (q / x**2).sum(),
        "high": (q * x**2).sum(),
        "small_low": (q / (x**2 * y**2)).sum(),
        "small_high": (q * x**2 / y**2).sum(),
        "large_low": (q * y**2 / x**2).sum(),
        "large_high": (q * x**2 * y**2).sum(),
        "level_nonuniformity": (level**2).sum() / n,
        "level_nonuniformity_normalized": (level**2).sum() / n**2,
        "size_nonuniformity": (size**2).sum() / n,
        "size_nonuniformity_normalized": (size**2).sum() / n**2,
        "percentage": n / n_voxels,
        "level_variance": (q * (x - (q * x).sum()) ** 2).sum(),
        "size_variance": (q * (y - (q * y).sum()) ** 2).sum(),
        "entropy": shannon(q),
    }


RUNS = {
    "small": "ShortRunEmphasis",
    "large": "LongRunEmphasis",
    "low": "LowGrayLevelRunEmphasis",
    "high": "HighGrayLevelRunEmphasis",
    "small_low": "ShortRunLowGrayLevelEmphasis",
    "small_high": "ShortRunHighGrayLevelEmphasis",
    "large_low": "LongRunLowGrayLevelEmphasis",
    "large_high": "LongRunHighGrayLevelEmphasis",
    "level_nonuniformity": "GrayLevelNonUniformity",
    "level_nonuniformity_normalized": "GrayLevelNonUniformityNormalized",
    "size_nonuniformity": "RunLengthNonUniformity",
    "size_nonuniformity_normalized": "RunLengthNonUniformityNormalized",
    "percentage": "RunPercentage",
    "level_variance": "GrayLevelVariance",
    "size_variance": "RunVariance",
    "entropy": "RunEntropy",
}
ZONES = {
    **{
        part: name.replace("ShortRun", "SmallArea").replace("LongRun", "LargeArea")
        for part, name in RUNS.items()
    },
    "low": "LowGrayLevelZoneEmphasis",
    "high": "HighGrayLevelZoneEmphasis",
    "size_nonuniformity": "SizeZoneNonUniformity",
    "size_nonuniformity_normalized": "SizeZoneNonUniformityNormalized",
    "percentage": "ZonePercentage",
    "size_variance": "ZoneVariance",
    "entropy": "ZoneEntropy",
}
DEPENDENCES = {
    **{
        part: name.replace("SmallArea", "SmallDependence").replace("LargeArea", "LargeDependence")
        for part, name in ZONES.items()
    },
    "low": "LowGrayLevelEmphasis",
    "high": "HighGrayLevelEmphasis",
    "size_nonuniformity": "DependenceNonUniformity",
    "size_nonuniformity_normalized": "DependenceNonUniformityNormalized",
    "size_variance": "DependenceVariance",
    "entropy": "DependenceEntropy",
}
del DEPENDENCES["percentage"], DEPENDENCES["level_nonuniformity_normalized"]


def named(features, names):
    return {name: features[part] for part, name in names.items()}


def ngtdm_features(matrix):
    n, s, i = matrix[matrix[:, 0] > 0].T
    p, present = n / n.sum(), len(n)
    pairs = [(a, b) for a in range(present) for b in range(present)]
    weighted, change = (p * s).sum(), sum(abs(i[a] * n[a] - i[b] * n[b]) for a, b in pairs) / n.sum()
    spread = sum(p[a] * p[b] * (i[a] - i[b]) ** 2 for a, b in pairs)
    return {
        "Coarseness": 1 / weighted if weighted else 1e6,
        "Contrast": spread * s.sum() / n.sum() / (present * (present - 1)) if present > 1 else 0.0,
        "Busyness": weighted / change if change else 0.0,
        "Complexity": sum(abs(i[a] - i[b]) * (p[a] * s[a] + p[b] * s[b]) / (p[a] + p[b]) for a, b in pairs)
        / n.sum(),
        "Strength": sum((p[a] + p[b]) * (i[a] - i[b]) ** 2 for a, b in pairs) / s.sum() if s.sum() else 0.0,
    }


def firstorder_features(x, levels, voxel_mm3, shift=0):
    x = x.astype(float)
    n, d = len(x), x - x.mean()
    p10, p25, p50, p75, p90 = np.percentile(x, [10, 25, 50, 75, 90])
    kept = x[(x >= p10) & (x <= p90)]
    p = np.array(list(Counter(levels.tolist()).values())) / n
    flat = x.min() == x.max()
    energy = ((x + shift) ** 2).sum()
    variance = 0.0 if flat else (d**2).mean()
    return {
        "10Percentile": p10,
        "90Percentile": p90,
        "Energy": energy,
        "TotalEnergy": energy * voxel_mm3,
        "Entropy": shannon(p),
        "InterquartileRange": p75 - p25,
        "Kurtosis": 0.0 if flat else (d**4).mean() / variance**2,
        "Maximum": x.max(),
        "Mean": x.mean(),
        "MeanAbsoluteDeviation": 0.0 if flat else abs(d).mean(),
        "Median": p50,
        "Minimum": x.min(),
        "Range": x.max() - x.min(),
        "RobustMeanAbsoluteDeviation": abs(kept - kept.mean()).mean() if len(kept) else NAN,
        "RootMeanSquared": math.sqrt(energy / n),
        "Skewness": 0.0 if flat else (d**3).mean() / variance**1.5,
        "StandardDeviation": math.sqrt(variance),
        "Uniformity": (p**2).sum(),
        "Variance": variance,
    }
