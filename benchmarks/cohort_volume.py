"""A CT-sized image with as many ROIs as TotalSegmentator finds, in sizes like theirs."""

import math
from pathlib import Path

import numpy as np
import SimpleITK as sitk

SHAPE = (300, 512, 512)
SPACING_MM = (1.5, 0.8, 0.8)


def write_volume(
    folder: Path, n_rois: int = 104, least: int = 500, most: int = 3_000_000
) -> tuple[Path, Path, dict[int, int]]:
    """Write an image and its label map; sizes are even in their logarithm.

    Returns
    -------
    image, labels : Path
        NIfTI, not compressed: what is measured is not zlib.
    sizes : dict of int
        Voxels by label.
    """
    random = np.random.default_rng(104)
    sizes = np.geomspace(most, least, n_rois).round().astype(int).tolist()
    labels = np.zeros(SHAPE, np.uint8)
    for label, size in enumerate(sizes, 1):
        blob(labels, label, size, random)
    organ = random.normal(40, 60, n_rois + 1).astype(np.float32)  # means, in HU
    organ[0] = -100
    noise = random.standard_normal(SHAPE, np.float32)
    for axis in range(3):
        noise += np.roll(noise, 1, axis)
    voxels = (organ[labels] + noise * np.float32(25 / noise.std())).astype(np.int16)
    paths = folder / "ct.nii", folder / "organs.nii"
    for path, array in zip(paths, (voxels, labels), strict=True):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(SPACING_MM[::-1])
        sitk.WriteImage(image, str(path))
    return *paths, dict(enumerate(sizes, 1))


def blob(labels: np.ndarray, label: int, size: int, random: np.random.Generator) -> None:
    """Give a label the `size` free voxels that are nearest to a random free place: an ellipsoid, or most of one."""
    stretch = random.uniform(0.7, 1.4, 3)
    while True:
        center = [int(random.integers(0, n)) for n in SHAPE]
        if labels[tuple(center)]:
            continue
        reach = 1.5 * (size * 3 / (4 * math.pi)) ** (1 / 3) + 2
        box = tuple(
            slice(max(0, int(c - reach * s)), min(n, int(c + reach * s) + 1))
            for c, s, n in zip(center, stretch, SHAPE, strict=True)
        )
        part = labels[box]
        free = np.flatnonzero(part == 0)
        if len(free) < size:  # too crowded here
            continue
        axes = [
            (((np.arange(b.start, b.stop) - c) / s) ** 2).astype(np.float32)
            for b, c, s in zip(box, center, stretch, strict=True)
        ]
        away = (axes[0][:, None, None] + axes[1][:, None] + axes[2]).ravel()[free]
        part.flat[free[np.argpartition(away, size - 1)[:size]]] = label
        return
