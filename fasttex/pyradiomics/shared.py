"""What several ROIs of an image have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Shared"]


class Shared:
    """What the labels of one image have in common, made once and kept as long as this."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, int], tuple[Any, Any]] = {}

    def once(self, what: str, source: Any, make: Callable[[], Any]) -> Any:
        """The result of `make`, which depends on the object `source` alone."""
        key = what, id(source)
        if key not in self._made:
            self._made[key] = source, make()  # who keeps the source keeps its id
        return self._made[key][1]
