"""Both engines on one case: which values agree, and how long each takes."""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..errors import BackendUnavailableError
from .featureextractor import RadiomicsFeatureExtractor

__all__ = ["ClassComparison", "compare", "difference"]

#: Differences up to this are rounding: relative to what the terms of a feature's definition add up to.
TOLERANCE = 1e-9

# Where terms cancel, their sum is bounded by another feature of the class, to a power.
_SCALES = {"ClusterShade": ("ClusterProminence", 0.75), "Mean": ("RootMeanSquared", 1.0)}
_OF_ORDER_ONE = ("Correlation", "Imc1", "Imc2", "Skewness", "MCC")


@dataclass(frozen=True)
class ClassComparison:
    """One feature class, on all image types.

    Attributes
    ----------
    name : str
    n_values : int
        Values that both gave.
    worst : float
        The largest difference, relative to the feature's scale.
    worst_feature : str
        Whose that is.
    missing : tuple of str
        What one of the two does not have.
    seconds, seconds_peer : float
        fasttex's and PyRadiomics' time for the extraction of this class alone, images in memory: the lesser
        of two runs, as the first of a process also imports and prepares.
    """

    name: str
    n_values: int
    worst: float
    worst_feature: str
    missing: tuple[str, ...]
    seconds: float
    seconds_peer: float

    @property
    def agrees(self) -> bool:
        """Whether nothing differs but by rounding."""
        return self.worst <= TOLERANCE and not self.missing


def compare(image: str, mask: str, params: str | None = None) -> Iterator[ClassComparison]:
    """Run fasttex and the installed PyRadiomics, class by class.

    Parameters
    ----------
    image, mask : str
        Paths.
    params : str, optional
        Parameter file.

    Raises
    ------
    BackendUnavailableError
        PyRadiomics is not installed.
    """
    peer = _peer()
    files = sitk.ReadImage(image), sitk.ReadImage(mask)
    for name, features in RadiomicsFeatureExtractor(params).enabledFeatures.items():
        given = [params] if params else []
        engines = RadiomicsFeatureExtractor(*given), peer.RadiomicsFeatureExtractor(*given)
        for engine in engines:
            engine.addProvenance(False)
            engine.disableAllFeatures()
            engine.enableFeaturesByName(**{name: features})
        (found, ours), (expected, theirs) = (_timed(engine, *files) for engine in engines)
        yield _compared(name, found, expected, (ours, theirs))


def _timed(engine: Any, *images: sitk.Image) -> tuple[Mapping[str, Any], float]:
    """Features, and the lesser time of two runs in seconds."""
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        found = engine.execute(*images)
        seconds.append(time.perf_counter() - start)
    return found, min(seconds)


def _peer() -> ModuleType:
    try:
        extractor = importlib.import_module("radiomics.featureextractor")
    except ImportError:
        raise BackendUnavailableError(
            "PyRadiomics is not installed here, so there is nothing to compare with: "
            "python -m pip install pyradiomics-bhklab"
        ) from None
    if extractor.RadiomicsFeatureExtractor is RadiomicsFeatureExtractor:
        raise BackendUnavailableError(
            "radiomics is fasttex here, by fasttex.pyradiomics.install(): run this without it"
        )
    return extractor


def _compared(
    name: str, ours: Mapping[str, Any], theirs: Mapping[str, Any], seconds: Sequence[float]
) -> ClassComparison:
    both = [key for key in theirs if key in ours]
    found = {key: difference(key, ours, theirs) for key in both}
    worst = max(found, key=lambda key: found[key], default="")
    missing = tuple(key for key in [*theirs, *ours] if key not in found)
    return ClassComparison(name, len(both), found.get(worst, 0.0), worst, missing, *seconds)


def difference(key: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> float:
    """How far two values of a feature are apart, relative to its scale; infinite if only one is NaN.

    The maximal correlation coefficient is compared squared, as it is the root of what is computed.
    """
    prefix, _, feature = key.rpartition("_")
    a, b = (float(np.real(values[key])) for values in (ours, theirs))
    if math.isnan(a) or math.isnan(b):
        return 0.0 if math.isnan(a) and math.isnan(b) else math.inf
    if feature == "MCC":
        a, b = a * a, b * b
    scale = max(abs(a), abs(b))
    if feature in _OF_ORDER_ONE or feature.endswith("Entropy"):
        scale = max(scale, 1.0)
    if feature in _SCALES:
        other, power = _SCALES[feature]
        scale = max(scale, abs(float(np.real(ours.get(f"{prefix}_{other}", 0.0)))) ** power)
    return abs(a - b) / scale if a != b else 0.0
