"""The pass over neighborhoods that NGTDM and GLDM share."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

from ..errors import SettingsError
from ..types import Neighborhood
from .counting import Discretized

__all__ = ["checked_alpha", "neighborhood_of"]


def neighborhood_of(discretized: Discretized, settings: Mapping[str, Any]) -> Neighborhood:
    """Count both matrices at once; whichever class comes second finds them counted."""
    angles = discretized.angles(dict(settings), bidirectional=True)
    return discretized.counts.neighborhood(angles, checked_alpha(settings.get("gldm_a", 0)))


def checked_alpha(alpha: Any) -> int:
    """``gldm_a``, in gray levels.

    Raises
    ------
    SettingsError
        No whole number >= 0.
    """
    if not isinstance(alpha, numbers.Real) or not float(alpha).is_integer() or float(alpha) < 0:
        raise SettingsError(f"gldm_a is {alpha!r}, expected a whole number of gray levels >= 0")
    return int(float(alpha))
