"""Every choice that is part of the numbers, in one frozen object."""

from .files import read_mapping
from .presets import PRESETS
from .recipe import AGGREGATIONS, FAMILIES, Settings, Spacing

__all__ = ["AGGREGATIONS", "FAMILIES", "PRESETS", "Settings", "Spacing", "read_mapping"]
