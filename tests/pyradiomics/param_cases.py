"""The parameter files of params/, and the image that they are tried on.

Needs NumPy and SimpleITK only, so that PyRadiomics' environment can run it, too: see make_golden_params.py.
"""

from pathlib import Path

import numpy as np
import SimpleITK as sitk

PARAMS = sorted((Path(__file__).parent / "params").iterdir())
SHAPE = (14, 26, 24)  # z, y, x


def images(name: str) -> tuple[sitk.Image, sitk.Image]:
    """Smooth int16 noise of integer arithmetic, and the mask that the parameter file asks for."""
    z, y, x = np.indices(tuple(n + 4 for n in SHAPE), dtype=np.int64)
    noise = (z * 7919 + y * 104729 + x * 1299709 + z * x * 31 + y * x * 17 + z * y * 13) % 1009
    noise = noise * noise % 512
    smooth = sum(
        np.roll(noise, (a, b, c), (0, 1, 2))[2:-2, 2:-2, 2:-2]
        for a in range(3)
        for b in range(3)
        for c in range(3)
    )
    image = sitk.GetImageFromArray((smooth // 12).astype(np.int16))
    z, y, x = np.indices(SHAPE) - np.array([7, 13, 11]).reshape(3, 1, 1, 1)
    inside = (z * z * 4 + y * y + x * x < 90) & (noise[2:-2, 2:-2, 2:-2] % 13 != 0)
    mask = sitk.GetImageFromArray(inside.astype(np.uint8) * (255 if name == "label_255" else 1))
    for each in (image, mask):
        each.SetSpacing((0.75, 0.75, 2.5))
        each.SetOrigin((-20.0, 11.5, 300.0))
    if name == "slices":  # the mask's grid is a part of the image's
        mask = mask[:, 2:, 1:]
    return image, mask
