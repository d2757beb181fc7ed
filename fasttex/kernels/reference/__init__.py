"""The definition: plain NumPy and Python, to be read beside the IBSI manual. Never optimized."""

from .border_distance import border_distance
from .discretize import discretize
from .glcm import glcm
from .glrlm import glrlm
from .neighborhood import neighborhood
from .resample import resample
from .surface import surface
from .zones import zones

NAME = "reference"

__all__ = [
    "NAME",
    "border_distance",
    "discretize",
    "glcm",
    "glrlm",
    "neighborhood",
    "resample",
    "surface",
    "zones",
]
