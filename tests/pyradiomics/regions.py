"""Small images, masks and settings: noise and flat parts, ragged ROIs, lone voxels, lines and slices."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

SHAPES = st.one_of(
    hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=5),
    st.tuples(st.just(1), st.just(1), st.integers(2, 12)),
    st.tuples(st.just(1), st.integers(2, 6), st.integers(2, 6)),
)
SPACINGS = st.tuples(*[st.sampled_from([1.0, 0.7, 1.3, 2.5])] * 3)


@st.composite
def masks(draw, shapes=SHAPES):
    shape = draw(shapes)
    mask = draw(hnp.arrays(np.bool_, shape, elements=st.booleans(), fill=st.booleans()))
    if not mask.any():
        mask.flat[draw(st.integers(0, mask.size - 1))] = True
    return mask


@st.composite
def images(draw, shape):
    """Whole numbers, or float32 or float64 that are not."""
    whole = draw(hnp.arrays(np.int16, shape, elements=st.integers(-40, 90), fill=st.integers(-40, 90)))
    dtype = draw(st.sampled_from([np.int16, np.int32, np.float32, np.float64, np.uint8]))
    if dtype is np.uint8:
        return (whole + 40).astype(np.uint8)
    return whole.astype(dtype) if np.dtype(dtype).kind == "i" else (whole / 97).astype(dtype)


@st.composite
def settings(draw, image):
    """Settings by PyRadiomics' names, each given or not."""
    widths = st.sampled_from([5, 25, 7.3] if image.dtype.kind in "iu" else [0.1, 0.03, 0.3, 2])
    optional = {
        "binCount": st.integers(1, 9),
        "distances": st.sampled_from([[1], [2], [3], [1, 2], [3, 1], [1, 2, 3]]),
        "weightingNorm": st.sampled_from(
            [None, "infinity", "euclidean", "manhattan", "no_weighting", "other"]
        ),
        "symmetricalGLCM": st.booleans(),
        "gldm_a": st.integers(0, 3),
        "voxelArrayShift": st.integers(-20, 300),
        "force2D": st.just(True),
        "force2Ddimension": st.integers(0, 2),
    }
    given = draw(st.fixed_dictionaries({"binWidth": widths}, optional=optional))
    if "binCount" in given and draw(st.booleans()):
        del given["binCount"]
    return given


@st.composite
def regions(draw, shapes=SHAPES):
    """Image, mask and spacing (z, y, x), and settings."""
    mask = draw(masks(shapes))
    image = draw(images(mask.shape))
    return image, mask, draw(SPACINGS), draw(settings(image))


def as_images(image, mask, spacing, label=1):
    """SimpleITK images of arrays."""
    made = []
    for array in (image, mask.astype(np.uint8) * label):
        converted = sitk.GetImageFromArray(np.ascontiguousarray(array))
        converted.SetSpacing(spacing[::-1])
        made.append(converted)
    return made
