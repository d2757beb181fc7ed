"""What the result says beside the features: ``diagnostics_*`` keys, named as in PyRadiomics."""

from __future__ import annotations

import functools
import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .. import __version__
from ..conventions import PYRADIOMICS
from .boxes import box_of
from .shared import Shared

__all__ = ["PREFIX", "GeneralInfo"]

PREFIX = "diagnostics_"


class GeneralInfo:
    """Collects the diagnostics of one execution, in the order in which things happen.

    Parameters
    ----------
    shared : Shared, optional
        Keeps what takes long to compute of an image, for other ROIs of it.

    Examples
    --------
    >>> info = GeneralInfo()
    >>> info.addStaticElements()
    >>> next(iter(info.getGeneralInfo()))
    'diagnostics_Versions_PyRadiomics'
    """

    def __init__(self, shared: Shared | None = None) -> None:
        self._elements: dict[str, Any] = {}
        self._shared = shared or Shared()

    def getGeneralInfo(self) -> dict[str, Any]:
        """Give all diagnostics, by their whole key."""
        return dict(self._elements)

    def addGeneralSettings(self, settings: Mapping[str, Any]) -> None:
        """Keep a copy of the settings in use."""
        self._add("Configuration_Settings", dict(settings))

    def addEnabledImageTypes(self, image_types: Mapping[str, Any]) -> None:
        """Keep a copy of the image types and the settings of each."""
        self._add("Configuration_EnabledImageTypes", {name: dict(v) for name, v in image_types.items()})

    def addStaticElements(self) -> None:
        """Say who computes: fasttex, in which convention, with which libraries."""
        for name, version in _versions().items():
            self._add(f"Versions_{name}", version)

    def addImageElements(self, image: sitk.Image, prefix: str = "original") -> None:
        """Describe the image: of the original one also its hash and number of axes."""
        where = f"Image-{prefix}_"
        if prefix == "original":
            self._add(where + "Hash", self._shared.once("hash", image, lambda: _hash(image)))
            self._add(where + "Dimensionality", f"{image.GetDimension()}D")
        self._add(where + "Spacing", image.GetSpacing())
        self._add(where + "Size", image.GetSize())
        made = functools.partial(_statistics, sitk.GetArrayViewFromImage(image))
        shared = prefix == "original"  # others belong to one ROI
        self._add_statistics(where, self._shared.once("statistics", image, made) if shared else made())

    def addMaskElements(
        self, image: sitk.Image, mask: sitk.Image, label: int, prefix: str = "original"
    ) -> None:
        """Describe the ROI: its voxels, pieces, box and center; if it was changed, the intensities in it."""
        where = f"Mask-{prefix}_"
        if prefix == "original":
            self._add(where + "Hash", self._shared.once("hash", mask, lambda: _hash(mask)))
        self._add(where + "Spacing", mask.GetSpacing())
        self._add(where + "Size", mask.GetSize())
        labels = sitk.GetArrayViewFromImage(mask)
        found = box_of(labels, label)
        if found is None:
            return
        box = found[3 - labels.ndim :]
        inside = labels[box] == label
        start = [s.start for s in reversed(box)]
        self._add(where + "BoundingBox", (*start, *reversed(inside.shape)))
        indices = np.nonzero(inside)
        self._add(where + "VoxelNum", len(indices[0]))
        self._add(where + "VolumeNum", _pieces(inside))
        center = tuple(np.float64(i.mean() + s) for i, s in zip(reversed(indices), start, strict=True))
        self._add(where + "CenterOfMassIndex", center)
        place = mask.TransformContinuousIndexToPhysicalPoint([float(c) for c in center])
        self._add(where + "CenterOfMass", place)
        if prefix == "original":
            return
        self._add_statistics(where, _statistics(sitk.GetArrayViewFromImage(image)[box][inside]))

    def addFailure(self, what: str, error: Exception) -> None:
        """Say that an image type or feature class is missing from the result, and why."""
        self._add(f"Failed_{what}", f"{type(error).__name__}: {error}")

    def _add_statistics(self, where: str, statistics: tuple[np.float64, ...]) -> None:
        for name, value in zip(("Mean", "Minimum", "Maximum"), statistics, strict=True):
            self._add(where + name, value)

    def _add(self, name: str, value: Any) -> None:
        self._elements[PREFIX + name] = value


@cache
def _versions() -> dict[str, str]:
    def version(distribution: str) -> str:
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            return "not installed"

    return {
        "PyRadiomics": f"none: fasttex {__version__}, convention {PYRADIOMICS.name}",
        "Numpy": np.__version__,
        "SimpleITK": sitk.Version_VersionString(),
        "PyWavelet": version("PyWavelets"),
        "Python": platform.python_version(),
    }


def _hash(image: sitk.Image) -> str:
    """SHA-1 of the voxels in memory, which `SimpleITK.Hash` takes ten times as long to compute."""
    return hashlib.sha1(sitk.GetArrayViewFromImage(image), usedforsecurity=False).hexdigest()


def _statistics(values: NDArray[Any]) -> tuple[np.float64, ...]:
    return values.mean(dtype=np.float64), np.float64(values.min()), np.float64(values.max())


def _pieces(inside: NDArray[np.bool_]) -> int:
    """How many parts there are that do not touch at a face."""
    from scipy import ndimage

    return int(ndimage.label(inside)[1])
