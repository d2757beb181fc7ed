"""Size and shape of the ROI, and how its intensities lie in it (IBSI: HCUG).

Surface, hull and diameter are those of the mesh, principal axes those of the voxel centers, both of the
morphological mask. Intensities are those of the intensity mask.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..matrices.mesh import area_mm2, hull_measures, volume_mm3
from ..types import DiscretizedRoi, FloatArray, Surface
from . import spatial
from .ellipsoid import VoxelCenters, ellipsoid_area, semi_axes, voxel_centers
from .feature import Feature, divide, evaluate
from .intensity_statistics import Sample

__all__ = ["FEATURES", "SPATIAL_FEATURES", "Morphology", "morphology_features"]


@dataclass(frozen=True, eq=False)
class Morphology:
    """One ROI and its surface, and what the features share, computed at first use.

    Attributes
    ----------
    roi : DiscretizedRoi
        A whole ROI, not a slice.
    surface : Surface
        Of its morphological mask.
    memory_limit : int
        In bytes, for Moran's I and Geary's C.
    """

    roi: DiscretizedRoi
    surface: Surface
    memory_limit: int = 2 * 2**30

    @cached_property
    def volume(self) -> float:
        """V, of the mesh, in mm³."""
        return float(volume_mm3(self.surface))

    @cached_property
    def area(self) -> float:
        """A, of the mesh, in mm²."""
        return float(area_mm2(self.surface))

    @cached_property
    def hull(self) -> tuple[float, float, float]:
        """Volume in mm³, area in mm² and diameter in mm of the convex hull of the mesh."""
        return hull_measures(self.roi)

    @cached_property
    def centers(self) -> VoxelCenters:
        """Where the voxels of the morphological mask lie."""
        return voxel_centers(self.roi.morphological_mask)

    @cached_property
    def box(self) -> FloatArray:
        """Sides in mm of the box around the mesh, whose vertices lie half a voxel beyond voxel centers."""
        sides: FloatArray = np.array(self.centers.extent) * np.array(self.roi.spacing_mm)
        return sides

    @cached_property
    def semi_axes(self) -> tuple[float, float, float]:
        """Of the voxel centers: a ≥ b ≥ c in mm."""
        a, b, c = semi_axes(self.centers, self.roi.spacing_mm).tolist()
        return a, b, c

    @cached_property
    def sample(self) -> Sample:
        """The intensities."""
        return Sample(self.roi.intensities)

    @cached_property
    def pair_sums(self) -> spatial.PairSums:
        """What Moran's I and Geary's C are made of."""
        return spatial.pair_sums(
            self.roi.levels > 0, self.roi.intensities, self.roi.spacing_mm, memory_limit=self.memory_limit
        )


def volume_mesh(m: Morphology) -> float:
    """V: volume within the mesh."""
    return m.volume


def volume_voxel_counting(m: Morphology) -> float:
    """Number of voxels times the volume of one."""
    return m.centers.n * math.prod(m.roi.spacing_mm)


def surface_area_mesh(m: Morphology) -> float:
    """A: area of the mesh."""
    return m.area


def surface_to_volume_ratio(m: Morphology) -> FloatArray:
    """A / V."""
    return divide(m.area, m.volume)


def compactness_1(m: Morphology) -> FloatArray:
    """V / (π^½ A^³⁄₂)."""
    return divide(m.volume, math.sqrt(math.pi) * m.area**1.5)


def compactness_2(m: Morphology) -> FloatArray:
    """36 π V² / A³."""
    return divide(36 * math.pi * m.volume**2, m.area**3)


def spherical_disproportion(m: Morphology) -> FloatArray:
    """A / (36 π V²)^⅓: area relative to that of the sphere of equal volume."""
    return divide(m.area, np.cbrt(36 * math.pi * m.volume**2))


def sphericity(m: Morphology) -> FloatArray:
    """(36 π V²)^⅓ / A."""
    return divide(np.cbrt(36 * math.pi * m.volume**2), m.area)


def asphericity(m: Morphology) -> FloatArray:
    """(A³ / (36 π V²))^⅓ − 1."""
    return spherical_disproportion(m) - 1


def center_of_mass_shift(m: Morphology) -> FloatArray:
    """Distance from the mean voxel center to the intensity-weighted one; undefined where Σ x = 0."""
    index = np.argwhere(m.roi.levels)
    middle = index.sum(axis=0) / len(index)
    # Σ x·k / Σ x = middle + Σ (x − μ)(k − middle) / Σ x, where a common offset of the x cancels nothing.
    lever = divide(m.sample.deviations @ (index - middle), len(index) * m.sample.mean)
    shift = (lever + (middle - np.array(m.centers.first) / m.centers.n)) * m.roi.spacing_mm
    return np.asarray(np.sqrt((shift**2).sum()))


def maximum_3d_diameter(m: Morphology) -> float:
    """Largest distance between two vertices of the mesh."""
    return m.hull[2]


def major_axis_length(m: Morphology) -> float:
    """2a = 4 √λ₁."""
    return 2 * m.semi_axes[0]


def minor_axis_length(m: Morphology) -> float:
    """2b = 4 √λ₂."""
    return 2 * m.semi_axes[1]


def least_axis_length(m: Morphology) -> float:
    """2c = 4 √λ₃."""
    return 2 * m.semi_axes[2]


def elongation(m: Morphology) -> FloatArray:
    """√(λ₂ / λ₁) = b / a: 1 where the ROI is as wide as long."""
    return divide(m.semi_axes[1], m.semi_axes[0])


def flatness(m: Morphology) -> FloatArray:
    """√(λ₃ / λ₁) = c / a: 1 where the ROI is as thick as long."""
    return divide(m.semi_axes[2], m.semi_axes[0])


def volume_density_box(m: Morphology) -> FloatArray:
    """V relative to the volume of the box around the mesh."""
    return divide(m.volume, m.box.prod())


def area_density_box(m: Morphology) -> FloatArray:
    """A relative to the area of the box around the mesh."""
    z, y, x = m.box.tolist()
    return divide(m.area, 2 * (z * y + y * x + x * z))


def volume_density_ellipsoid(m: Morphology) -> FloatArray:
    """V / (4/3 π a b c); undefined for a plane, a line and a single voxel."""
    return divide(m.volume, 4 / 3 * math.pi * math.prod(m.semi_axes))


def area_density_ellipsoid(m: Morphology) -> FloatArray:
    """A relative to the area of the ellipsoid with semi-axes a, b, c; undefined for a line and a voxel."""
    return divide(m.area, ellipsoid_area(*m.semi_axes))


def volume_density_convex_hull(m: Morphology) -> FloatArray:
    """V relative to the volume of the convex hull of the mesh."""
    return divide(m.volume, m.hull[0])


def area_density_convex_hull(m: Morphology) -> FloatArray:
    """A relative to the area of the convex hull of the mesh."""
    return divide(m.area, m.hull[1])


def integrated_intensity(m: Morphology) -> float:
    """V · Σ x / N: mean intensity times volume within the mesh."""
    return m.volume * m.sample.mean


def moran_i_index(m: Morphology) -> FloatArray:
    """Moran's I: N / Σ w · Σ w (x₁ − μ)(x₂ − μ) / Σ (x − μ)², w = 1 / distance."""
    return spatial.moran_i_index(m.pair_sums)


def geary_c_measure(m: Morphology) -> FloatArray:
    """Geary's C: (N − 1) / (2 Σ w) · Σ w (x₁ − x₂)² / Σ (x − μ)², w = 1 / distance."""
    return spatial.geary_c_measure(m.pair_sums)


#: All but Moran's I and Geary's C, which take longer.
FEATURES: tuple[Feature[Morphology], ...] = (
    Feature("volume_mesh", "RNU0", volume_mesh, "mm^3"),
    Feature("volume_voxel_counting", "YEKZ", volume_voxel_counting, "mm^3"),
    Feature("surface_area_mesh", "C0JK", surface_area_mesh, "mm^2"),
    Feature("surface_to_volume_ratio", "2PR5", surface_to_volume_ratio, "mm^-1"),
    Feature("compactness_1", "SKGS", compactness_1),
    Feature("compactness_2", "BQWJ", compactness_2),
    Feature("spherical_disproportion", "KRCK", spherical_disproportion),
    Feature("sphericity", "QCFX", sphericity),
    Feature("asphericity", "25C7", asphericity),
    Feature("center_of_mass_shift", "KLMA", center_of_mass_shift, "mm"),
    Feature("maximum_3d_diameter", "L0JK", maximum_3d_diameter, "mm"),
    Feature("major_axis_length", "TDIC", major_axis_length, "mm"),
    Feature("minor_axis_length", "P9VJ", minor_axis_length, "mm"),
    Feature("least_axis_length", "7J51", least_axis_length, "mm"),
    Feature("elongation", "Q3CK", elongation),
    Feature("flatness", "N17B", flatness),
    Feature("volume_density_axis_aligned_bounding_box", "PBX1", volume_density_box),
    Feature("area_density_axis_aligned_bounding_box", "R59B", area_density_box),
    Feature("volume_density_approximate_enclosing_ellipsoid", "6BDE", volume_density_ellipsoid),
    Feature("area_density_approximate_enclosing_ellipsoid", "RDD2", area_density_ellipsoid),
    Feature("volume_density_convex_hull", "R3ER", volume_density_convex_hull),
    Feature("area_density_convex_hull", "7T7F", area_density_convex_hull),
    Feature("integrated_intensity", "99N0", integrated_intensity, "intensity·mm^3"),
)

#: Only computed when asked for.
SPATIAL_FEATURES: tuple[Feature[Morphology], ...] = (
    Feature("moran_i_index", "N365", moran_i_index),
    Feature("geary_c_measure", "NPT7", geary_c_measure),
)


def morphology_features(
    roi: DiscretizedRoi,
    surface: Surface,
    features: Sequence[Feature[Morphology]] = FEATURES,
    *,
    memory_limit: int = 2 * 2**30,
) -> FloatArray:
    """Compute morphological features of one ROI.

    Parameters
    ----------
    roi : DiscretizedRoi
        A whole ROI, not a slice.
    surface : Surface
        Of its morphological mask.
    features : sequence of Feature
        Among `FEATURES` and `SPATIAL_FEATURES`; the former if not given.
    memory_limit : int, default 2 GiB
        In bytes, for Moran's I and Geary's C.

    Returns
    -------
    ndarray of float64, shape (n_features,)
        In the order of `features`. NaN where a definition divides by 0: the principal axes of a single voxel
        and what follows from them, densities in an ellipsoid without volume or area, the center of mass where
        intensities add up to 0, and Moran's I and Geary's C of a flat ROI.

    Raises
    ------
    InputError
        Moran's I and Geary's C need more than `memory_limit`.

    Examples
    --------
    >>> from fasttex.backends import prepare
    >>> from fasttex.matrices.surface import surface
    >>> batch = prepare(np.ones((2, 2, 2), dtype=np.uint8), backend="reference")
    >>> found = morphology_features(batch.items[0], surface(batch)[0], FEATURES[:2])
    >>> [round(float(value), 6) for value in found]
    [5.666667, 8.0]
    """
    row: FloatArray = evaluate(features, Morphology(roi, surface, memory_limit))[0]
    return row
