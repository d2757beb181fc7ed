"""The ROIs of one execution: what belongs to each on the way."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..errors import InputError
from .generalinfo import PREFIX, GeneralInfo
from .shared import Shared

__all__ = ["Roi", "box_key", "crops", "labels_of", "read"]

logger = logging.getLogger(__name__)


@dataclass
class Roi:
    """One ROI on its way."""

    settings: dict[str, Any]
    info: GeneralInfo
    shared: Shared
    box: Any = None  # of the re-segmented mask
    mask: Any = None  # all of it, or what lies within the box
    features: OrderedDict[str, Any] = field(default_factory=OrderedDict)
    failure: Exception | None = None

    def result(self) -> OrderedDict[str, Any]:
        """Diagnostics, then features; only the reason if it failed."""
        if self.failure is not None:
            logger.error("label %s failed: %s", self.settings["label"], self.failure)
            return OrderedDict({f"{PREFIX}Failed": f"{type(self.failure).__name__}: {self.failure}"})
        found = self.info.getGeneralInfo()
        if not self.settings.get("additionalInfo"):
            found = {key: value for key, value in found.items() if key.startswith(f"{PREFIX}Failed")}
        return OrderedDict(found | self.features)


def box_key(settings: Mapping[str, Any]) -> str:
    """What a ROI's checked box is called among what is shared."""
    return f"box of {settings.get('label') or 1}"


def crops(settings: Mapping[str, Any]) -> bool:
    """Whether filters see a part of the image that depends on the ROI."""
    resamples = settings.get("interpolator") is not None and settings.get("resampledPixelSpacing") is not None
    return resamples or bool(settings.get("preCrop"))


def labels_of(labelmap: sitk.Image) -> list[int]:
    """All labels of a map from 1."""
    found = np.unique(sitk.GetArrayViewFromImage(labelmap))
    return [int(label) for label in found if label >= 1]


def read(given: str | Path | sitk.Image, what: str) -> sitk.Image:
    """Read a file; an image is given back as it is."""
    if isinstance(given, sitk.Image):
        return given
    if not isinstance(given, (str, Path)) or not Path(given).is_file():
        shown = repr(given) if isinstance(given, (str, Path)) else f"a {type(given).__name__}"
        raise InputError(f"the {what} is {shown}, expected the path of a file or a SimpleITK image")
    return sitk.ReadImage(str(given))
