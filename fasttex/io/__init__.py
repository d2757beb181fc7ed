"""Images and ROIs in: files, arrays, SimpleITK and nibabel images.

The only place that knows (x, y, z); whatever leaves it has axes (z, y, x).
"""

from .names import parse_select
from .rois import RoiFailure, Rois, read_rois
from .volumes import read_image

__all__ = ["RoiFailure", "Rois", "parse_select", "read_image", "read_rois"]
