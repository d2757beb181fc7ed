"""From an image and a mask to gray levels: normalize, crop, resample, re-segment, discretize."""

from .chain import crop_all, to_levels
from .crop import crop
from .discretize import discretize
from .grid import new_grid, wanted_spacing
from .ivh import ivh_values
from .normalize import normalize
from .resample import resample
from .resegment import resegment

__all__ = [
    "crop",
    "crop_all",
    "discretize",
    "ivh_values",
    "new_grid",
    "normalize",
    "resample",
    "resegment",
    "to_levels",
    "wanted_spacing",
]
