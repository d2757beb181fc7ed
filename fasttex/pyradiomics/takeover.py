"""PyRadiomics made faster in place, or stood in for where it is missing.

`accelerate` puts fasttex's feature classes and ``checkMask`` in the place of an installed PyRadiomics' own:
whatever calls ``radiomics`` goes on to do so, and its loading, filters and settings stay. `install` lets
``import radiomics`` find the drop-in where there is no PyRadiomics. Neither happens unasked.

Both last as long as the process. Workers that start anew (spawn, loky, Dask) are reached by the environment:
``FASTTEX_ACCELERATE=1`` is read at the start of every Python that has fasttex installed.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from .. import __version__
from ..errors import BackendUnavailableError
from . import getFeatureClasses
from .masks import checkMask

__all__ = ["Acceleration", "accelerate", "install"]

#: In a result of accelerated PyRadiomics.
KEY = "diagnostics_Versions_Accelerated"

_ALIAS = "radiomics"


class Acceleration:
    """PyRadiomics with fasttex's feature classes; `restore` gives it back its own.

    Attributes
    ----------
    classes : tuple of str
        The feature classes that are replaced.
    """

    def __init__(self, radiomics: ModuleType) -> None:
        self._radiomics = radiomics
        self._own: dict[str, Any] = dict(radiomics.getFeatureClasses())
        self._extractor = _module("featureextractor").RadiomicsFeatureExtractor
        self._execute = self._extractor.execute
        self._operations = _module("imageoperations")
        self._check = self._operations.checkMask
        self.classes = tuple(name for name in getFeatureClasses() if name in self._own)
        for name in self.classes:
            self._put(name, _replacement(self._own[name], getFeatureClasses()[name]))
        self._extractor.execute = _telling(self._execute)
        self._operations.checkMask = _checking(self._check)

    def restore(self) -> None:
        """Undo all of it."""
        for name in self.classes:
            self._put(name, self._own[name])
        self._extractor.execute = self._execute
        self._operations.checkMask = self._check
        _active.clear()

    def _put(self, name: str, replacement: Any) -> None:
        self._radiomics.getFeatureClasses()[name] = replacement
        setattr(_module(name), self._own[name].__name__, replacement)


def _module(name: str) -> Any:
    return importlib.import_module(f"{_ALIAS}.{name}")


_active: list[Acceleration] = []


def accelerate() -> Acceleration:
    """Let the installed PyRadiomics compute with fasttex, in this process.

    Values stay the same. Results get the key ``diagnostics_Versions_Accelerated``. Feature maps
    (``voxelBased=True``) are still PyRadiomics' own.

    Returns
    -------
    Acceleration
        With a method `restore`. The same one if it was on already.

    Raises
    ------
    BackendUnavailableError
        PyRadiomics is not installed.

    Examples
    --------
    ``import fasttex.pyradiomics; fasttex.pyradiomics.accelerate()`` before or after ``import radiomics``.
    """
    if not _active:
        try:
            radiomics = importlib.import_module(_ALIAS)
        except ImportError:
            raise BackendUnavailableError(
                "PyRadiomics is not installed, so there is nothing to accelerate; "
                "fasttex.pyradiomics.install() stands in for it"
            ) from None
        if _is_ours(radiomics):
            raise BackendUnavailableError("radiomics is fasttex already, by fasttex.pyradiomics.install()")
        _active.append(Acceleration(radiomics))
    return _active[0]


def _replacement(own: Any, ours: Any) -> Any:
    """A class that computes with fasttex, but feature maps as before."""

    class Accelerated(ours):  # type: ignore[misc]
        __doc__ = ours.__doc__

        def __new__(cls, inputImage: Any, inputMask: Any, **kwargs: Any) -> Any:
            if kwargs.get("voxelBased"):
                return own(inputImage, inputMask, **kwargs)
            return super().__new__(cls)

    Accelerated.__name__ = Accelerated.__qualname__ = own.__name__
    return Accelerated


def _checking(own: Any) -> Any:
    """Our check; where that objects, PyRadiomics' own, which corrects the mask or has its own errors."""

    def check(imageNode: Any, maskNode: Any, **kwargs: Any) -> Any:
        if kwargs.get("geometryTolerance") is None:
            with contextlib.suppress(Exception):
                return checkMask(imageNode, maskNode, **{**kwargs, "correctMask": False})
        return own(imageNode, maskNode, **kwargs)

    check.__name__, check.__doc__ = own.__name__, own.__doc__
    return check


def _telling(execute: Any) -> Any:
    def told(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = execute(self, *args, **kwargs)
        result[KEY] = f"fasttex {__version__}"
        return result

    told.__doc__ = execute.__doc__
    return told


def install() -> None:
    """Let ``import radiomics`` find the drop-in, in this process.

    Raises
    ------
    BackendUnavailableError
        PyRadiomics is installed: use `accelerate`, which keeps it.
    """
    if _is_ours(sys.modules.get(_ALIAS)) or any(isinstance(f, _AliasFinder) for f in sys.meta_path):
        return
    if _ALIAS in sys.modules or importlib.util.find_spec(_ALIAS):
        raise BackendUnavailableError(
            "PyRadiomics is installed here and would be hidden; use fasttex.pyradiomics.accelerate()"
        )
    sys.meta_path.insert(0, _AliasFinder())  # before those that would find submodules by the path


class _AliasFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds ``radiomics`` and its submodules in the drop-in; the modules are the same objects."""

    def __init__(self) -> None:
        self._own_specs: dict[str, Any] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != _ALIAS and not name.startswith(_ALIAS + "."):
            return None
        if importlib.util.find_spec(_original(name)) is None:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=name == _ALIAS)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module(_original(spec.name))
        self._own_specs[module.__name__] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """It was executed before; importing it again gave it another spec, though."""
        module.__spec__ = self._own_specs[module.__name__]


def _original(name: str) -> str:
    return f"{__package__}{name.removeprefix(_ALIAS)}"


def _is_ours(radiomics: ModuleType | None) -> bool:
    return radiomics is not None and radiomics.__name__ == __package__
