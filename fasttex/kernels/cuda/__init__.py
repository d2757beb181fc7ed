"""Kernels in CUDA, through CuPy: plain CUDA C++ files, compiled on the user's machine at first use.

Importing it imports no CuPy; `detection` finds out what is here.
"""

from .border_distance import border_distance
from .discretize import discretize
from .glcm import glcm
from .glrlm import glrlm
from .neighborhood import neighborhood
from .resample import resample
from .surface import surface
from .zones import zones

NAME = "cuda"

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
