"""PyRadiomics' API on fasttex: change the import, keep the numbers.

>>> from fasttex.pyradiomics import featureextractor

Modules, classes, settings and keys have PyRadiomics' names; values are those of PyRadiomics 3.1.
"""

from __future__ import annotations

import importlib
import logging
from functools import cache
from typing import Any

__all__ = ["accelerate", "getFeatureClasses", "getImageTypes", "install", "setVerbosity"]

logger = logging.getLogger(__name__)
logger.addHandler(logging.NullHandler())

#: Module and class of each feature class.
_CLASSES = {
    "firstorder": "RadiomicsFirstOrder",
    "glcm": "RadiomicsGLCM",
    "gldm": "RadiomicsGLDM",
    "glrlm": "RadiomicsGLRLM",
    "glszm": "RadiomicsGLSZM",
    "ngtdm": "RadiomicsNGTDM",
    "shape": "RadiomicsShape",
    "shape2D": "RadiomicsShape2D",
}

#: Modules that ``import radiomics`` makes attributes.
_MODULES = (*_CLASSES, "base", "cMatrices", "cShape", "featureextractor", "generalinfo", "imageoperations")

_IMAGE_TYPES = (
    "Exponential",
    "Gradient",
    "LBP2D",
    "LBP3D",
    "LoG",
    "Logarithm",
    "Original",
    "Square",
    "SquareRoot",
    "Wavelet",
)


@cache
def getFeatureClasses() -> dict[str, Any]:
    """Give the feature classes by the name that settings and keys call them."""
    return {
        module: getattr(importlib.import_module(f"{__name__}.{module}"), name)
        for module, name in _CLASSES.items()
    }


def getImageTypes() -> list[str]:
    """Name the image types: the original and the filters."""
    return list(_IMAGE_TYPES)


def setVerbosity(level: int) -> None:
    """Print log records of this `logging` level and above to stderr; 60 silences."""
    for handler in logger.handlers:
        if isinstance(handler, logging.StreamHandler):
            logger.removeHandler(handler)
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    handler.setLevel(level)
    logger.addHandler(handler)
    logger.setLevel(min(level, logging.WARNING))


def __getattr__(name: str) -> Any:
    """Import what is used of it: the modules of this package, and those that change PyRadiomics."""
    if name in ("accelerate", "install"):
        return getattr(importlib.import_module(f"{__name__}.takeover"), name)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
