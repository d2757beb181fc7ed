"""ROIs of smooth noise, white noise and constants, made once."""

import functools

import numpy as np
from scipy.ndimage import gaussian_filter


@functools.cache
def ellipsoid(n_voxels: int, seed: int = 0, texture: str = "smooth") -> tuple[np.ndarray, np.ndarray]:
    """Intensities (int16) and mask of an ellipsoid of about `n_voxels`, axes (z, y, x).

    `texture` is "smooth" noise, "white" noise or "constant".
    """
    side = round((n_voxels * 6 / np.pi) ** (1 / 3)) + 2
    rng = np.random.default_rng(seed)
    if texture == "constant":
        values = np.full((side,) * 3, 0.5)
    elif texture == "white":
        values = rng.normal(size=(side,) * 3)
    else:
        noise = gaussian_filter(rng.normal(size=(side,) * 3), 1.5)
        values = noise / noise.std() + 0.15 * rng.normal(size=noise.shape)
    axis = (np.arange(side) - (side - 1) / 2) ** 2
    inside = axis[:, None, None] + axis[:, None] + axis <= (side / 2 - 1) ** 2
    return np.rint(values * 200).astype(np.int16), inside


@functools.cache
def levels(n_voxels: int, n_levels: int = 32, texture: str = "smooth") -> np.ndarray:
    """Gray levels 1 to `n_levels` inside the ellipsoid, 0 outside; 1 where all intensities are equal."""
    values, inside = ellipsoid(n_voxels, texture=texture)
    x = values[inside].astype(float)
    span = x.max() - x.min() or 1.0
    found = np.zeros(values.shape, dtype=np.int64)
    found[inside] = np.minimum(np.floor(n_levels * (x - x.min()) / span) + 1, n_levels)
    return found
