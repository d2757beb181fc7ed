"""What travels through fasttex. Axes are always (z, y, x); lengths in mm carry ``_mm``."""

from .arrays import (
    MAX_LEVELS,
    BoolArray,
    FloatArray,
    IntArray,
    LevelArray,
    Record,
    Shape,
    Triple,
    on_device,
)
from .batches import AxisTable, Batch, Binning, Sampling, T
from .images import Grid, Image, Mask, Roi
from .levels import DiscretizedRoi, IvhValues, padded_zeros
from .matrices import Glcm, Glrlm, Neighborhood, Ngldm, Ngtdm, Surface, Zones

__all__ = [
    "MAX_LEVELS",
    "AxisTable",
    "Batch",
    "Binning",
    "BoolArray",
    "DiscretizedRoi",
    "FloatArray",
    "Glcm",
    "Glrlm",
    "Grid",
    "Image",
    "IntArray",
    "IvhValues",
    "LevelArray",
    "Mask",
    "Neighborhood",
    "Ngldm",
    "Ngtdm",
    "Record",
    "Roi",
    "Sampling",
    "Shape",
    "Surface",
    "T",
    "Triple",
    "Zones",
    "on_device",
    "padded_zeros",
]
