"""What is wanted of the extractor: settings, image types, feature classes."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import InputError
from . import getFeatureClasses, getImageTypes
from .parameters import DEFAULTS, check_arguments, read_parameters

__all__ = ["Selection"]

logger = logging.getLogger(__name__)


class Selection:
    """Settings, image types and feature classes, from parameters and by methods.

    Parameters and attributes are those of `RadiomicsFeatureExtractor`.
    """

    def __init__(self, params: str | Path | Mapping[str, Any] | None = None, **settings: Any) -> None:
        self.settings: dict[str, Any] = dict(DEFAULTS)
        self.enabledImagetypes: dict[str, dict[str, Any]] = {}
        self.enabledFeatures: dict[str, list[str] | None] = {}
        self.featureClassNames = list(getFeatureClasses())
        if params:
            self._apply(params)
        else:
            self.enabledImagetypes = {"Original": {}}
            self.enabledFeatures = {name: [] for name in self.featureClassNames if name != "shape2D"}
        self.settings.update(settings)
        check_arguments(self.settings)

    def loadParams(self, paramsFile: str | Path) -> None:
        """Begin anew with a parameter file (YAML or JSON)."""
        self._apply(paramsFile)

    def loadJSONParams(self, JSON_configuration: str) -> None:
        """Begin anew with parameters written as JSON."""
        self._apply(json.loads(JSON_configuration))

    def _apply(self, params: str | Path | Mapping[str, Any]) -> None:
        given = read_parameters(params)
        for name in given.imageType:
            _known("image type", name, getImageTypes())
        for name, features in given.featureClass.items():
            _known("feature class", name, self.featureClassNames)
            for feature in features or ():
                _known(f"feature of {name}", feature, getFeatureClasses()[name].getFeatureNames())
        self.settings = {**DEFAULTS, **given.setting, **given.voxelSetting}
        self.enabledImagetypes = {name: dict(v) for name, v in given.imageType.items()} or {"Original": {}}
        self.enabledFeatures = dict(given.featureClass) or {name: [] for name in self.featureClassNames}

    def addProvenance(self, provenance_on: bool = True) -> None:
        """Switch the ``diagnostics_*`` keys on or off."""
        self.settings["additionalInfo"] = provenance_on

    def enableAllImageTypes(self) -> None:
        """Enable every image type, each with the common settings alone."""
        for name in getImageTypes():
            self.enabledImagetypes[name] = {}

    def disableAllImageTypes(self) -> None:
        """Disable every image type."""
        self.enabledImagetypes = {}

    def enableImageTypeByName(
        self, imageType: str, enabled: bool = True, customArgs: Mapping[str, Any] | None = None
    ) -> None:
        """Enable (or disable) an image type, with settings of its own."""
        if _is_known("image type", imageType, getImageTypes()):
            if enabled:
                self.enabledImagetypes[imageType] = dict(customArgs or {})
            else:
                self.enabledImagetypes.pop(imageType, None)

    def enableImageTypes(self, **enabledImagetypes: Mapping[str, Any]) -> None:
        """Enable image types, each with settings of its own: ``enableImageTypes(LoG={"sigma": [3]})``."""
        for name, custom in enabledImagetypes.items():
            self.enableImageTypeByName(name, customArgs=custom)

    def enableAllFeatures(self) -> None:
        """Enable every feature of every class."""
        for name in self.featureClassNames:
            self.enabledFeatures[name] = []

    def disableAllFeatures(self) -> None:
        """Disable every class."""
        self.enabledFeatures = {}

    def enableFeatureClassByName(self, featureClass: str, enabled: bool = True) -> None:
        """Enable (or disable) every feature of a class."""
        if _is_known("feature class", featureClass, self.featureClassNames):
            if enabled:
                self.enabledFeatures[featureClass] = []
            else:
                self.enabledFeatures.pop(featureClass, None)

    def enableFeaturesByName(self, **enabledFeatures: list[str] | None) -> None:
        """Enable single features: ``enableFeaturesByName(glcm=["Contrast"], firstorder=[])``."""
        for name, features in enabledFeatures.items():
            if _is_known("feature class", name, self.featureClassNames):
                self.enabledFeatures[name] = features


def _known(what: str, name: str, known: Sequence[str] | Mapping[str, Any]) -> None:
    if name not in known:
        raise InputError(f"{what} {name!r} is not known; known are: {', '.join(known)}")


def _is_known(what: str, name: str, known: Sequence[str] | Mapping[str, Any]) -> bool:
    """As the extractor's methods do it: whoever enables what does not exist gets a warning."""
    if name in known:
        return True
    logger.warning("%s %r is not known and left out; known are: %s", what, name, ", ".join(known))
    return False
