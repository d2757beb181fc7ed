"""Kernels in C++: the compiled extension, called once per batch."""

from ._cpp import build_info, cpu_features
from .border_distance import border_distance
from .discretize import discretize
from .glcm import glcm
from .glrlm import glrlm
from .neighborhood import neighborhood
from .resample import resample
from .surface import surface
from .zones import zones

NAME = "cpp"

__all__ = [
    "NAME",
    "border_distance",
    "build_info",
    "cpu_features",
    "discretize",
    "glcm",
    "glrlm",
    "neighborhood",
    "resample",
    "surface",
    "zones",
]
