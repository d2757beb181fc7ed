"""Features of the size and shape of a ROI in one slice, by PyRadiomics' names."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..types import BoolArray, FloatArray
from .axes import principal_variances
from .base import RadiomicsFeaturesBase
from .counting import planar_axis
from .cShape import coefficients_2d
from .region import Region

__all__ = ["RadiomicsShape2D"]


class RadiomicsShape2D(RadiomicsFeaturesBase):
    """Features of the size and shape of a ROI in one slice.

    Perimeter, surface and diameter are those of an outline; principal axes those of the pixel centers, with
    the covariance over N.

    Parameters
    ----------
    inputImage, inputMask : SimpleITK.Image
        Intensities, which are not looked at, and labels: 2D; or 3D with ``force2D``, and the ROI in one
        slice.
    **kwargs
        ``force2D`` (default False) and ``force2Ddimension`` (default 0): across which axis the slice lies,
        0, 1 or 2 for z, y, x. ``label`` (default 1).

    Raises
    ------
    InputError
        The image is 3D, and ``force2D`` is not set or the ROI lies in several slices.
    """

    FEATURES: ClassVar[dict[str, str]] = {
        "Elongation": "root of second over first variance along the principal axes",
        "MajorAxisLength": "four standard deviations along the first principal axis, in mm",
        "MaximumDiameter": "largest distance in mm between vertices",
        "MeshSurface": "area A within the outline in mm²",
        "MinorAxisLength": "four standard deviations along the second principal axis, in mm",
        "Perimeter": "length P of the outline in mm",
        "PerimeterSurfaceRatio": "P / A in mm⁻¹",
        "PixelSurface": "area of the pixels in mm²",
        "SphericalDisproportion": "P / (2·√(π·A))",
        "Sphericity": "2·√(π·A) / P",
    }
    DISCOURAGED: ClassVar[tuple[str, ...]] = ("SphericalDisproportion",)
    AS_ARRAY: ClassVar[bool] = False

    def _set_up(self, region: Region, settings: Any) -> None:
        super()._set_up(region, settings)
        across = planar_axis(settings.get("force2D", False), settings.get("force2Ddimension", 0))
        if region.ndim == 2:
            across = 0
        if across is None:
            raise InputError(
                "Shape2D can only be computed of a 2D image, or of a 3D one with force2D=True and "
                "force2Ddimension 0, 1 or 2 for z, y, x"
            )
        if region.inside.shape[across] > 1:
            raise InputError(
                f"the ROI lies in {region.inside.shape[across]} slices across axis {across} (z, y, x = 0, 1, "
                "2), expected one; take one slice, or use the class shape"
            )
        self._across = across

    @cached_property
    def _inside(self) -> BoolArray:
        return np.asarray(self.region.inside.take(0, axis=self._across))

    @cached_property
    def pixelSpacing(self) -> NDArray[np.float64]:
        """Distance between pixels in mm along the slice's axes."""
        return np.delete(np.array(self.region.spacing_mm), self._across)

    @cached_property
    def _outline(self) -> tuple[float, float, float]:
        y, x = (float(s) for s in self.pixelSpacing)
        return coefficients_2d(np.pad(self._inside, 1), (y, x))

    @property
    def Perimeter(self) -> float:
        """Length of the outline in mm."""
        return self._outline[0]

    @property
    def Surface(self) -> float:
        """Area within the outline in mm²."""
        return self._outline[1]

    @property
    def Diameter(self) -> float:
        """Largest distance between vertices of the outline in mm."""
        return self._outline[2]

    @cached_property
    def eigenValues(self) -> FloatArray:
        """Variances along the principal axes in mm², rising: shape (2,)."""
        y, x = (float(s) for s in self.pixelSpacing)
        return principal_variances(np.ascontiguousarray(self._inside[None]), (1.0, y, x))[1::-1]

    def _calculate(self) -> dict[str, float]:
        perimeter, surface, diameter = self._outline
        of_circle = 2 * math.sqrt(math.pi * surface)
        minor, major = (float(v) for v in self.eigenValues)
        return {
            "Elongation": math.sqrt(minor / major) if major else math.nan,
            "MajorAxisLength": 4 * math.sqrt(major),
            "MaximumDiameter": diameter,
            "MeshSurface": surface,
            "MinorAxisLength": 4 * math.sqrt(minor),
            "Perimeter": perimeter,
            "PerimeterSurfaceRatio": perimeter / surface,
            "PixelSurface": self.region.n_voxels * float(self.pixelSpacing.prod()),
            "SphericalDisproportion": perimeter / of_circle,
            "Sphericity": of_circle / perimeter,
        }
