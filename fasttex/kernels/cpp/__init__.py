"""Kernels in C++: the compiled extension, called once per batch."""

try:
    from . import _cpp
except ImportError as error:
    raise ImportError(f"the compiled extension {__name__}._cpp cannot be loaded: {error}") from error

from .border_distance import border_distance
from .discretize import discretize
from .glcm import glcm
from .glrlm import glrlm
from .neighborhood import neighborhood
from .resample import resample
from .zones import zones

NAME = "cpp"

build_info = _cpp.build_info
cpu_features = _cpp.cpu_features

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
    "zones",
]
