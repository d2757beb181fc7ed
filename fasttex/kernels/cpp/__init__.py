"""Kernels in C++: the compiled extension, called once per batch."""

from ._builds import BUILD, BUILDS, absent, extension, load
from .border_distance import border_distance
from .discretize import discretize
from .glcm import glcm
from .glrlm import glrlm
from .neighborhood import neighborhood
from .resample import resample
from .surface import surface
from .zones import zones

NAME = "cpp"

build_info = extension.build_info
cpu_features = extension.cpu_features

__all__ = [
    "BUILD",
    "BUILDS",
    "NAME",
    "absent",
    "border_distance",
    "build_info",
    "cpu_features",
    "discretize",
    "glcm",
    "glrlm",
    "load",
    "neighborhood",
    "resample",
    "surface",
    "zones",
]
