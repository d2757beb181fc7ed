"""From an image and a mask to gray levels: crop, resample, re-segment, discretize."""

from .chain import crop_all, to_levels
from .crop import crop
from .discretize import discretize
from .resample import new_grid, resample, wanted_spacing
from .resegment import resegment

__all__ = [
    "crop",
    "crop_all",
    "discretize",
    "new_grid",
    "resample",
    "resegment",
    "to_levels",
    "wanted_spacing",
]
