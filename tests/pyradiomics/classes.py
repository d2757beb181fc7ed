"""The features of each class, put together from the definitions."""

from __future__ import annotations

import numpy as np
from pyradiomics import definitions as d
from pyradiomics import meshes


def settings_of_bins(settings):
    return {name: settings[name] for name in ("binWidth", "binCount") if name in settings}


def across(settings):
    return settings.get("force2Ddimension", 0) if settings.get("force2D") else None


def glcm(levels, mask, spacing, settings):
    present = np.unique(levels[mask])
    offsets = d.angles(mask.shape, settings.get("distances", [1]), across(settings))
    counts = d.glcm(levels, mask, present[-1], offsets)[:, present - 1][:, :, present - 1]
    if settings.get("symmetricalGLCM", True):
        counts = counts + counts.swapaxes(1, 2)
    counts = weighted(counts, offsets, spacing, settings, lambda length: np.exp(-(length**2)))
    rows = [d.glcm_features(c / c.sum(), present.astype(float), len(present)) for c in counts if c.any()]
    if not rows:
        features = d.glcm_features(np.ones((1, 1)), np.ones(1), 1)
        return {name: 1.0 if name == "MCC" and len(present) == 1 else d.NAN for name in features}
    return mean(rows)


def glrlm(levels, mask, spacing, settings):
    present = np.unique(levels[mask])
    offsets = d.angles(mask.shape, [1], across(settings))
    counts = d.glrlm(levels, mask, present[-1], max(mask.shape), offsets)[:, present - 1]
    counts = weighted(counts, offsets, spacing, settings, lambda length: length)
    lengths = np.arange(1, counts.shape[2] + 1.0)
    rows = [
        d.named(d.size_features(c, present.astype(float), lengths, (c * lengths).sum()), d.RUNS)
        for c in counts
        if c.any()
    ]
    return mean(rows) if rows else dict.fromkeys(d.RUNS.values(), d.NAN)


def weighted(counts, offsets, spacing, settings, weight):
    """Counts of the angles, or their weighted sum."""
    norm = settings.get("weightingNorm")
    if norm is None:
        return counts
    known = norm in ("infinity", "euclidean", "manhattan")
    weights = [weight(d.length_mm(a, spacing, norm)) if known else 1.0 for a in offsets]
    return sum(w * c for w, c in zip(weights, counts, strict=True))[None]


def mean(rows):
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def glszm(levels, mask, spacing, settings):
    found = d.zones(levels, mask, d.angles(mask.shape, [1], across(settings), both=True))
    i, j = (np.array(sorted({key[k] for key in found}), dtype=float) for k in (0, 1))
    p = np.array([[found[a, b] for b in j] for a in i], dtype=float)
    return d.named(d.size_features(p, i, j, mask.sum()), d.ZONES)


def gldm(levels, mask, spacing, settings):
    present = np.unique(levels[mask])
    offsets = d.angles(mask.shape, settings.get("distances", [1]), across(settings), both=True)
    counts = d.gldm(levels, mask, present[-1], settings.get("gldm_a", 0), offsets)[present - 1]
    dependences = np.arange(1.0, counts.shape[1] + 1)
    features = d.size_features(counts, present.astype(float), dependences, mask.sum())
    return d.named(features, d.DEPENDENCES)


def ngtdm(levels, mask, spacing, settings):
    offsets = d.angles(mask.shape, settings.get("distances", [1]), across(settings), both=True)
    return d.ngtdm_features(d.ngtdm(levels, mask, levels.max(), offsets))


TEXTURES = {"glcm": glcm, "glrlm": glrlm, "glszm": glszm, "gldm": gldm, "ngtdm": ngtdm}


def features_of(family, image, mask, spacing, settings):
    """By the definitions: all features of a class."""
    if family == "shape":
        return meshes.shape_features(mask, spacing)
    levels = d.levels_of(image, mask, **settings_of_bins(settings))
    if family == "firstorder":
        shift = settings.get("voxelArrayShift", 0)
        return d.firstorder_features(image[mask], levels[mask], np.prod(spacing), shift)
    return TEXTURES[family](levels, mask, spacing, settings)
