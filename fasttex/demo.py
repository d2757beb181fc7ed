"""A run on data that travels with the package: whether it works here, is right, and how fast it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from . import ibsi
from .extraction import extract
from .settings import Settings
from .table import FeatureTable
from .types import Triple

__all__ = ["check_ibsi", "ct_like_volume", "draw", "run"]

SPACING_MM: Triple = (3.0, 1.0, 1.0)
SHAPE = (40, 128, 128)
NAMES = {1: "lesion", 2: "liver", 3: "vertebra"}
#: Center (z, y, x) and radii in voxels, mean in HU, and how coarse the texture is.
_ROIS = {
    1: ((20, 52, 88), (5, 12, 14), 40, 1.0),
    2: ((20, 64, 40), (12, 30, 22), 60, 2.5),
    3: ((18, 98, 70), (8, 12, 13), 300, 1.5),
}


def ct_like_volume(seed: int = 20_160_212) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """A body with three organs, made from a seed: intensities in HU and a label map, axes (z, y, x)."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    z, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    body = ((y - 64) / 56) ** 2 + ((x - 64) / 60) ** 2 <= 1
    hu = np.where(body, 20.0, -1000.0) + rng.normal(0, 12, SHAPE)
    labels = np.zeros(SHAPE, dtype=np.uint8)
    for label, (center, radii, mean, sigma) in _ROIS.items():
        inside = sum(((a - c) / r) ** 2 for a, c, r in zip((z, y, x), center, radii, strict=True)) <= 1
        texture = gaussian_filter(rng.normal(0, 1, SHAPE), sigma)
        hu = np.where(inside, mean + 35 * texture / texture.std() + rng.normal(0, 8, SHAPE), hu)
        labels[inside] = label
    return np.rint(hu).astype(np.int16), labels


def run(backend: str = "auto", threads: int | None = None) -> FeatureTable:
    """Extract all features of the three organs, resampled as for CT."""
    hu, labels = ct_like_volume()
    return extract(
        hu, labels, Settings.preset("ct"), case="demo", spacing_mm=SPACING_MM, names=NAMES, backend=backend,
        threads=threads,
    )  # fmt: skip


def check_ibsi(backend: str = "auto") -> tuple[int, int]:
    """How many of the digital phantom's reference values are reproduced, and of how many."""
    image, mask, spacing_mm = ibsi.digital_phantom()
    settings = ibsi.CONFIGURATIONS["digital_phantom"]
    table = extract(image, mask, settings, spacing_mm=spacing_mm, backend=backend, threads=1)
    known = ibsi.references()
    missed = ibsi.missed(dict(zip(table.columns, table.rows[0].values.tolist(), strict=True)), known)
    return len(known) - len(missed), len(known)


def draw(path: Path) -> None:
    """Draw slices of the volume with the contours of its ROIs (needs matplotlib)."""
    from matplotlib.figure import Figure

    hu, labels = ct_like_volume()
    shown = (12, 16, 20, 24)
    figure = Figure(figsize=(3 * len(shown), 3.4), layout="constrained")
    for axes, z in zip(figure.subplots(1, len(shown)), shown, strict=True):
        axes.imshow(hu[z], cmap="gray", vmin=-160, vmax=400, interpolation="nearest")
        for label, color in zip(NAMES, ("tab:red", "tab:green", "tab:cyan"), strict=True):
            if (labels[z] == label).any():
                axes.contour(labels[z] == label, levels=[0.5], colors=color, linewidths=1.2)
                axes.plot([], [], color=color, label=NAMES[label])
        axes.set_title(f"slice {z}", fontsize=9)
        axes.axis("off")
    handles = {line.get_label(): line for axes in figure.axes for line in axes.get_lines()}
    figure.legend(
        list(handles.values()),
        [str(name) for name in handles],
        loc="outside lower center",
        ncols=len(handles),
        frameon=False,
    )
    figure.savefig(path, dpi=120)
