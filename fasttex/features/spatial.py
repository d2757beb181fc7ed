"""Spatial autocorrelation of the intensities in the ROI: Moran's I and Geary's C (IBSI: N365 and NPT7).

Both are sums over all pairs of voxels, weighted with the inverse of their distance. The weight depends on
the offset between the two voxels alone, so each sum is a correlation of volumes with the volume of weights,
and by Parseval's theorem a plain sum over their spectra: four Fourier transforms, O(N log N), and no voxel is
left out. ROIs that are small, or few voxels far apart, are summed pair by pair, which is then both faster and
closer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..preprocess.crop import bounding_box
from ..types import BoolArray, FloatArray, Shape, Triple
from .feature import divide

__all__ = ["PairSums", "geary_c_measure", "moran_i_index", "pair_sums"]

# Of padded doubles: at worst two real volumes and three spectra, of which each is as large, live at a time.
_VOLUMES = 5
_PAIRS_AT_ONCE = 2**18


@dataclass(frozen=True)
class PairSums:
    """Sums over the ordered pairs of different voxels, w being 1 / distance.

    Attributes
    ----------
    n_voxels : int
        N, of the intensity mask.
    weights : float
        Σ w, in 1/mm.
    products : float
        Σ w·d₁·d₂, where d = (x − μ) / max |x − μ|; 0 for flat ROIs.
    squares : float
        Σ w·d₁², of the first voxel of each pair.
    variation : float
        Σ d² over the voxels.
    """

    n_voxels: int
    weights: float
    products: float
    squares: float
    variation: float


def moran_i_index(sums: PairSums) -> FloatArray:
    """N / Σ w · Σ w (x₁ − μ)(x₂ − μ) / Σ (x − μ)²; undefined for a flat ROI or a single voxel."""
    return divide(sums.n_voxels * sums.products, sums.weights * sums.variation)


def geary_c_measure(sums: PairSums) -> FloatArray:
    """(N − 1) / (2 Σ w) · Σ w (x₁ − x₂)² / Σ (x − μ)²; undefined for a flat ROI or a single voxel."""
    differences = 2 * (sums.squares - sums.products)  # (d₁ − d₂)² = d₁² + d₂² − 2 d₁ d₂
    return divide((sums.n_voxels - 1) * differences, 2 * sums.weights * sums.variation)


def pair_sums(
    inside: BoolArray, intensities: FloatArray, spacing_mm: Triple, *, memory_limit: int = 2 * 2**30
) -> PairSums:
    """Sum over all pairs of voxels what Moran's I and Geary's C are made of.

    Parameters
    ----------
    inside : ndarray of bool, shape (z, y, x)
        The intensity mask.
    intensities : ndarray of float64, shape (n_voxels,)
        Of the voxels inside, in C order.
    spacing_mm : tuple of float
        Along (z, y, x).
    memory_limit : int, default 2 GiB
        In bytes.

    Returns
    -------
    PairSums
        Summed pair by pair where N² is at most four times the voxels P of the box padded to twice its sides.
        Otherwise by Fourier transforms: the error is at most ``8 ε·log₂(P)·K·N`` for `weights`,
        ``8 ε·log₂(P)·K·Σ d²`` for `products` and ``8 ε·log₂(P)·K·√(N·Σ d⁴)`` for `squares`, where ε = 2⁻⁵²
        and K is the sum of 1 / distance over the offsets in the box. Moran's I and Geary's C of a ROI that
        fills a fair part of its box have about 13 digits.

    Raises
    ------
    InputError
        The transforms need more than `memory_limit`.

    Examples
    --------
    >>> inside = np.ones((1, 1, 3), dtype=bool)
    >>> sums = pair_sums(inside, np.array([1.0, 2.0, 3.0]), (1.0, 1.0, 2.0))
    >>> sums.weights, sums.products
    (2.5, -0.5)
    >>> round(float(moran_i_index(sums)), 12), round(float(geary_c_measure(sums)), 12)
    (-0.3, 0.8)
    """
    n_voxels = len(intensities)
    if not n_voxels:
        return PairSums(0, 0.0, 0.0, 0.0, 0.0)
    d = _deviations(intensities)
    inside = inside[bounding_box(inside)]
    padded = _padded_shape(inside.shape)
    size = padded[0] * padded[1] * padded[2]
    if n_voxels**2 <= 4 * size:
        sums = _pair_by_pair(np.argwhere(inside) * np.array(spacing_mm), d)
    else:
        needed = 8 * _VOLUMES * size
        if needed > memory_limit:
            raise InputError(
                f"Moran's I and Geary's C of a box of {inside.shape} voxels need {needed / 1e9:.3g} GB, "
                f"memory_limit is {memory_limit / 1e9:.3g} GB: leave them out, resample to a coarser "
                "spacing_mm, or raise memory_limit"
            )
        sums = _by_transforms(inside, d, spacing_mm, padded)
    return PairSums(n_voxels, *sums, float((d**2).sum()))


def _deviations(x: FloatArray) -> FloatArray:
    """(x − μ) / max |x − μ|, or 0 where all are equal; a common offset of any size costs no digits."""
    if x.min() == x.max():
        return np.zeros_like(x)
    d = x - x.mean()
    d -= d.mean()  # what was lost when the mean was rounded
    return np.asarray(d / abs(d).max())


def _pair_by_pair(positions: FloatArray, d: FloatArray) -> tuple[float, float, float]:
    """Σ w, Σ w·d₁·d₂ and Σ w·d₁² of voxels at `positions` in mm, shape (n_voxels, 3)."""
    rows = max(1, _PAIRS_AT_ONCE // len(d))
    weights = products = squares = 0.0
    for first in range(0, len(d), rows):
        here = slice(first, first + rows)
        distance = np.sqrt(sum((p[here, None] - p) ** 2 for p in positions.T))
        w = np.divide(1.0, distance, out=np.zeros_like(distance), where=distance > 0)
        weight = w.sum(axis=1)
        weights += float(weight.sum())
        products += float((d[here] * (w * d).sum(axis=1)).sum())
        squares += float((d[here] ** 2 * weight).sum())
    return weights, products, squares


def _by_transforms(
    inside: BoolArray, d: FloatArray, spacing_mm: Triple, padded: Shape
) -> tuple[float, float, float]:
    """The same sums: the inverse transform of F·conj(G) at offset 0 is the sum of F·conj(G), over P."""
    from scipy.fft import rfftn

    kernel = _spectrum_of_weights(padded, spacing_mm)
    spectrum = rfftn(inside.astype(np.float64), padded)
    weights = float((kernel * _power(spectrum)).sum())
    box = np.zeros(inside.shape)
    box[inside] = d**2
    other = rfftn(box, padded)
    real = spectrum.real * other.real
    real += spectrum.imag * other.imag
    del spectrum, other
    squares = float((kernel * real).sum())
    del real
    box[inside] = d
    products = float((kernel * _power(rfftn(box, padded))).sum())
    return weights, products, squares


def _power(spectrum: NDArray[np.complex128]) -> FloatArray:
    power: FloatArray = spectrum.real**2
    power += spectrum.imag**2
    return power


def _padded_shape(shape: tuple[int, ...]) -> Shape:
    """Sides of at least 2n − 1, so that no offset within the box wraps around, good for the transform."""
    from scipy.fft import next_fast_len

    z, y, x = (int(next_fast_len(2 * n - 1, real=True)) for n in shape)
    return z, y, x


def _spectrum_of_weights(padded: Shape, spacing_mm: Triple) -> FloatArray:
    """Transform of 1 / distance, 0 at offset 0, over P; the columns that stand for two count twice."""
    from scipy.fft import rfftn

    axes = [np.minimum(np.arange(n), n - np.arange(n)) * s for n, s in zip(padded, spacing_mm, strict=True)]
    distance = reduce(np.add.outer, [a**2 for a in axes])
    distance[0, 0, 0] = np.inf
    np.sqrt(distance, out=distance)
    np.divide(1.0, distance, out=distance)
    spectrum: FloatArray = rfftn(distance).real.copy()  # the weights are symmetric: no imaginary part
    spectrum[..., 1 : (padded[2] + 1) // 2] *= 2
    spectrum /= distance.size
    return spectrum
