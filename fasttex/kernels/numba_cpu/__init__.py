"""Kernels compiled by Numba: needs no compiler of its own; reads like the reference, in loops.

Importing it compiles nothing: each kernel is compiled at its first call and read from Numba's cache later
(see `jit`).
"""

from .border_distance import border_distance
from .discretize import discretize
from .glcm import glcm
from .glrlm import glrlm
from .neighborhood import neighborhood
from .resample import resample
from .surface import surface
from .zones import zones

NAME = "numba"

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
