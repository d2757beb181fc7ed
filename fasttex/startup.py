"""Acceleration of PyRadiomics for processes that start anew, asked for by the environment.

The file ``fasttex_accelerate.pth`` beside the package makes every Python look at ``FASTTEX_ACCELERATE`` when
it starts; only where that is 1 is this module imported. It waits until somebody imports PyRadiomics.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType

__all__ = ["VARIABLE", "watch"]

VARIABLE = "FASTTEX_ACCELERATE"


def watch() -> None:
    """Accelerate PyRadiomics as soon as it is imported in this process."""
    if not any(isinstance(finder, _Watcher) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watcher())


class _Watcher(importlib.abc.MetaPathFinder):
    """Lets others find ``radiomics``, and follows its import."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "radiomics":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _Follower(spec.loader)
        return spec


class _Follower(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader) -> None:
        self._loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self._loader  # as if nobody had followed
        self._loader.exec_module(module)
        from .pyradiomics import accelerate

        accelerate()
