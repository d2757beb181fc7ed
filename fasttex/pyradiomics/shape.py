"""Features of the size and shape of a ROI in three dimensions, by PyRadiomics' names (IBSI: HCUG)."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..types import FloatArray
from .axes import principal_variances
from .base import RadiomicsFeaturesBase
from .cShape import coefficients
from .region import Region

__all__ = ["RadiomicsShape"]


class RadiomicsShape(RadiomicsFeaturesBase):
    """Features of the size and shape of a ROI (IBSI: HCUG).

    Area, volume and diameters are those of a mesh; principal axes those of the voxel centers, with the
    covariance over N.

    Parameters
    ----------
    inputImage, inputMask : SimpleITK.Image
        Intensities, which are not looked at, and labels on one 3D grid.
    **kwargs
        ``label`` (default 1).

    Raises
    ------
    InputError
        The image is 2D.
    """

    FEATURES: ClassVar[dict[str, str]] = {
        "Compactness1": "V / (√π·A^(3/2))",
        "Compactness2": "36π·V² / A³",
        "Elongation": "root of second over first variance along the principal axes",
        "Flatness": "root of third over first variance along the principal axes",
        "LeastAxisLength": "four standard deviations along the third principal axis, in mm",
        "MajorAxisLength": "four standard deviations along the first principal axis, in mm",
        "Maximum2DDiameterColumn": "largest distance in mm between vertices of equal y",
        "Maximum2DDiameterRow": "largest distance in mm between vertices of equal x",
        "Maximum2DDiameterSlice": "largest distance in mm between vertices of equal z",
        "Maximum3DDiameter": "largest distance in mm between vertices",
        "MeshVolume": "volume V of the mesh in mm³",
        "MinorAxisLength": "four standard deviations along the second principal axis, in mm",
        "SphericalDisproportion": "A / ∛(36π·V²)",
        "Sphericity": "∛(36π·V²) / A",
        "SurfaceArea": "area A of the mesh in mm²",
        "SurfaceVolumeRatio": "A / V in mm⁻¹",
        "VoxelVolume": "volume of the voxels in mm³",
    }
    DISCOURAGED: ClassVar[tuple[str, ...]] = ("Compactness1", "Compactness2", "SphericalDisproportion")
    AS_ARRAY: ClassVar[bool] = False

    def _set_up(self, region: Region, settings: Any) -> None:
        super()._set_up(region, settings)
        self._require_axes()

    def _require_axes(self) -> None:
        if self.region.ndim != 3:
            raise InputError("Shape features are only available in 3D; for a 2D image use shape2D instead")

    @cached_property
    def _mesh(self) -> tuple[float, float, tuple[float, float, float, float]]:
        """Area, volume and diameters of the ROI with a voxel of outside around the image."""
        return coefficients(self.region.inside, self.region.spacing_mm, self.region.start)

    @property
    def SurfaceArea(self) -> float:
        """Area of the mesh in mm²."""
        return self._mesh[0]

    @property
    def Volume(self) -> float:
        """Volume of the mesh in mm³."""
        return self._mesh[1]

    @property
    def diameters(self) -> tuple[float, float, float, float]:
        """Maximum2DDiameterSlice, Column and Row, and Maximum3DDiameter, in mm."""
        return self._mesh[2]

    @cached_property
    def eigenValues(self) -> FloatArray:
        """Variances along the principal axes in mm², rising: shape (3,)."""
        return principal_variances(self.region.inside, self.region.spacing_mm)[::-1]

    @cached_property
    def pixelSpacing(self) -> NDArray[np.float64]:
        """Distance between voxels in mm, (z, y, x)."""
        return np.array(self.region.spacing_mm)

    def _calculate(self) -> dict[str, float]:
        area, volume, diameters = self._mesh
        of_ball = math.copysign((36 * math.pi * volume**2) ** (1 / 3), 1)
        least, minor, major = (float(v) for v in self.eigenValues)
        return {
            "Compactness1": volume / (math.sqrt(math.pi) * area**1.5),
            "Compactness2": 36 * math.pi * volume**2 / area**3,
            "Elongation": _ratio(minor, major),
            "Flatness": _ratio(least, major),
            "LeastAxisLength": 4 * math.sqrt(least),
            "MajorAxisLength": 4 * math.sqrt(major),
            "Maximum2DDiameterColumn": diameters[1],
            "Maximum2DDiameterRow": diameters[2],
            "Maximum2DDiameterSlice": diameters[0],
            "Maximum3DDiameter": diameters[3],
            "MeshVolume": volume,
            "MinorAxisLength": 4 * math.sqrt(minor),
            "SphericalDisproportion": area / of_ball if of_ball else math.nan,
            "Sphericity": of_ball / area,
            "SurfaceArea": area,
            "SurfaceVolumeRatio": area / volume if volume else math.nan,
            "VoxelVolume": self.region.n_voxels * self.region.voxel_size,
        }


def _ratio(smaller: float, larger: float) -> float:
    """Root of the ratio of two variances; NaN for a ROI of one voxel."""
    return math.sqrt(smaller / larger) if larger else math.nan
