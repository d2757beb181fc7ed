"""Small images for tests of the drop-in."""

import numpy as np
import SimpleITK as sitk


def images(seed: int = 0, shape=(8, 12, 10), spacing=(0.9, 0.8, 2.5)) -> tuple[sitk.Image, sitk.Image]:
    """Smooth int16 intensities, and a ball of label 1 beside a box of label 7; spacing (x, y, z) in mm."""
    rng = np.random.default_rng(seed)
    values = rng.normal(400, 120, shape)
    values[1:] += values[:-1]
    z, y, x = np.indices(shape)
    mask = ((z - 4) ** 2 / 9 + (y - 6) ** 2 / 16 + (x - 4) ** 2 / 12 <= 1).astype(np.uint8)
    mask[1:3, 1:4, 8:10] = 7
    both = sitk.GetImageFromArray(values.astype(np.int16)), sitk.GetImageFromArray(mask)
    for image in both:
        image.SetSpacing(spacing)
        image.SetOrigin((-3.0, 4.5, 10.0))
    return both
