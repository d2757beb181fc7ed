"""What the result says beside the features: ``diagnostics_*`` keys, named as in PyRadiomics."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from importlib import metadata
from typing import Any, TypeVar

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .. import __version__
from ..backends import compiled
from ..conventions import PYRADIOMICS
from ..types import BoolArray
from .boxes import box_of
from .shared import Shared

__all__ = ["PREFIX", "GeneralInfo"]

T = TypeVar("T")

PREFIX = "diagnostics_"
#: Labels that are hashed together: few enough to stay in the cache.
_AT_ONCE = 2**18


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
        return {key: value() if callable(value) else value for key, value in self._elements.items()}

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
            described = self._later("description", image, _described)
            self._add(where + "Hash", partial(_nth, described, 0))
            self._add(where + "Dimensionality", f"{image.GetDimension()}D")
            statistics: Iterable[Any] = [partial(_nth, described, n) for n in (1, 2, 3)]
        else:
            statistics = _statistics(sitk.GetArrayViewFromImage(image))
        self._add(where + "Spacing", image.GetSpacing())
        self._add(where + "Size", image.GetSize())
        self._add_statistics(where, statistics)

    def addMaskElements(
        self, image: sitk.Image, mask: sitk.Image, label: int, prefix: str = "original"
    ) -> None:
        """Describe the ROI: its voxels, pieces, box and center; if it was changed, the intensities in it."""
        where = f"Mask-{prefix}_"
        if prefix == "original":
            self._add(where + "Hash", self._later("hash", mask, _hash_of_labels))
        self._add(where + "Spacing", mask.GetSpacing())
        self._add(where + "Size", mask.GetSize())
        labels = sitk.GetArrayViewFromImage(mask)
        found = box_of(labels, label)
        if found is None:
            return
        box = found[3 - labels.ndim :]
        inside = np.ascontiguousarray(labels[box] == label)
        start = [s.start for s in reversed(box)]
        self._add(where + "BoundingBox", (*start, *reversed(inside.shape)))
        voxels, pieces, sums = _pieces_and_sums(inside)
        self._add(where + "VoxelNum", voxels)
        self._add(where + "VolumeNum", pieces)
        center = tuple(np.float64(k / voxels + s) for k, s in zip(reversed(sums), start, strict=True))
        self._add(where + "CenterOfMassIndex", center)
        place = mask.TransformContinuousIndexToPhysicalPoint([float(c) for c in center])
        self._add(where + "CenterOfMass", place)
        if prefix == "original":
            return
        self._add_statistics(where, _statistics(sitk.GetArrayViewFromImage(image)[box][inside]))

    def addFailure(self, what: str, error: Exception) -> None:
        """Say that an image type or feature class is missing from the result, and why."""
        self._add(f"Failed_{what}", f"{type(error).__name__}: {error}")

    def _later(self, what: str, image: sitk.Image, compute: Callable[[NDArray[Any]], T]) -> Callable[[], T]:
        """What takes long to compute of all voxels of an image, begun once for all its ROIs."""
        voxels = sitk.GetArrayViewFromImage(image)  # `once` keeps the image
        made: Callable[[], T] = self._shared.once(
            what, image, lambda: self._shared.later(partial(compute, voxels))
        )
        return made

    def _add_statistics(self, where: str, statistics: Iterable[Any]) -> None:
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


def _described(voxels: NDArray[Any]) -> tuple[str, np.float64, np.float64, np.float64]:
    """SHA-1 of the voxels in memory, for which `SimpleITK.Hash` takes ten times as long; statistics."""
    return hashlib.sha1(voxels.data, usedforsecurity=False).hexdigest(), *_statistics(voxels)


def _hash_of_labels(labels: NDArray[Any]) -> str:
    """SHA-1 of the labels as 32-bit unsigned integers, which are made some at a time."""
    labels = labels.reshape(-1)
    digest = hashlib.sha1(usedforsecurity=False)
    for start in range(0, len(labels), _AT_ONCE):
        digest.update(labels[start : start + _AT_ONCE].astype(np.uint32, copy=False).data)
    return digest.hexdigest()


def _statistics(values: NDArray[Any]) -> tuple[np.float64, np.float64, np.float64]:
    return values.mean(dtype=np.float64), np.float64(values.min()), np.float64(values.max())


def _nth(made: Callable[[], Sequence[Any]], n: int) -> Any:
    return made()[n]


def _pieces_and_sums(inside: BoolArray) -> tuple[int, int, tuple[int, ...]]:
    """Voxels, parts that do not touch at a face, and the sum of the voxels' indices along each axis."""
    extension = compiled()
    if extension is not None:
        voxels, pieces, sums = extension.pieces_and_sums(inside.reshape((-1, *inside.shape[-2:])))
        return voxels, pieces, sums[3 - inside.ndim :]
    from scipy import ndimage

    indices = np.nonzero(inside)
    return len(indices[0]), int(ndimage.label(inside)[1]), tuple(int(i.sum()) for i in indices)
