"""Write a cohort of synthetic images with label maps, and its manifest.

``python benchmarks/make_cohort.py FOLDER --cases 200 --rois 8`` makes 200 images of 64 x 96 x 96 voxels with eight
ellipsoids each, as gzipped NIfTI, and ``FOLDER/manifest.csv``. The same arguments make the same bytes.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import SimpleITK as sitk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--rois", type=int, default=8)
    parser.add_argument("--shape", type=int, nargs=3, default=(64, 96, 96), metavar=("Z", "Y", "X"))
    given = parser.parse_args()
    print(make_cohort(given.folder, given.cases, given.rois, tuple(given.shape)))


def make_cohort(folder: Path, n_cases: int, n_rois: int, shape: tuple[int, ...] = (64, 96, 96)) -> Path:
    """Write the images and their manifest; returns the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for n in range(n_cases):
        random = np.random.default_rng(n)
        image, labels = f"{n:04}_image.nii.gz", f"{n:04}_rois.nii.gz"
        write(folder / image, smooth_noise(random, shape))
        write(folder / labels, ellipsoids(random, shape, n_rois))
        rows.append({"case": f"case-{n:04}", "image": image, "rois": labels})
    manifest = folder / "manifest.csv"
    with manifest.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["case", "image", "rois"])
        writer.writeheader()
        writer.writerows(rows)
    return manifest


def write(path: Path, voxels: np.ndarray) -> None:
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing((1.0, 1.0, 2.0))
    sitk.WriteImage(image, str(path), useCompression=True, compressionLevel=1)


def smooth_noise(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Intensities like those of a CT, in int16."""
    values = random.normal(size=shape).astype(np.float32)
    for axis in range(3):
        values = values + np.roll(values, 1, axis) + np.roll(values, -1, axis)
    return (40 + 60 * values / values.std()).astype(np.int16)


def ellipsoids(random: np.random.Generator, shape: tuple[int, ...], n_rois: int) -> np.ndarray:
    """A label map; where two ellipsoids meet, the later one stays."""
    labels = np.zeros(shape, dtype=np.uint8)
    grid = np.ogrid[tuple(slice(0, n) for n in shape)]
    for label in range(1, n_rois + 1):
        radii = [random.uniform(0.08, 0.16) * n for n in shape]
        centers = [random.uniform(r + 1, n - r - 1) for r, n in zip(radii, shape, strict=True)]
        away = sum(((g - c) / r) ** 2 for g, c, r in zip(grid, centers, radii, strict=True))
        labels[away <= 1] = label
    return labels


if __name__ == "__main__":
    main()
