"""Small synthetic images, and what is done to them, for comparison with PyRadiomics.

Needs NumPy and SimpleITK only, so that PyRadiomics' environment can run it, too: see make_golden_images.py.
"""

import hashlib
import math

import numpy as np
import SimpleITK as sitk

SHAPE = (9, 12, 15)  # z, y, x
VOXELS = ((4, 5, 6), (0, 0, 0), (-1, -1, -1), (3, -2, 1))  # a few to look at, of any result
COS, SIN = math.cos(0.3), math.sin(0.3)

RESAMPLE = {
    "bspline_int16": ("int16", {"resampledPixelSpacing": [1, 1, 1]}),
    "bspline_uint8_keep_z": ("uint8", {"resampledPixelSpacing": [2, 1.7, 0], "padDistance": 2}),
    "bspline_float32_oblique": (
        "float32 oblique",
        {"resampledPixelSpacing": [0.9, 0.9, 3], "padDistance": 0},
    ),
    "bspline_float64_up": ("float64", {"resampledPixelSpacing": [0.4, 0.5, 0.6], "padDistance": 1}),
    "linear_flipped": ("int16 flipped", {"resampledPixelSpacing": [1, 1, 1], "interpolator": "sitkLinear"}),
    "nearest_by_number": ("int16", {"resampledPixelSpacing": [1.3, 1.3, 1.3], "interpolator": 1}),
    "gaussian": ("float64", {"resampledPixelSpacing": [1.3, 1.3, 1.3], "interpolator": "sitkGaussian"}),
    "one_slice": ("int16 slice", {"resampledPixelSpacing": [1.3, 1.3, 1.3], "padDistance": 2}),
    "at_the_border": ("float64 border", {"resampledPixelSpacing": [1.1, 1.1, 1.1], "padDistance": 4}),
    "spacing_as_it_is": ("int16", {"resampledPixelSpacing": [0.8, 0, 2.5]}),
}
CROP = {"bare": ("int16", {}), "padded": ("float32 oblique", {"padDistance": 3})}
CORRECT = {"shifted": ("int16 shifted", {"correctMask": True})}
NORMALIZE = {
    "plain": ("int16", {}),
    "scale": ("float32", {"normalizeScale": 100}),
    "outliers": ("float64", {"normalizeScale": 10, "removeOutliers": 1.5}),
}
RESEGMENT = {
    "absolute": ("int16", {"resegmentRange": [-20, 60]}),
    "unordered": ("float32", {"resegmentRange": [60, -20]}),
    "one_end": ("float64", {"resegmentRange": [10.5]}),
    "relative": ("int16", {"resegmentRange": [0.2, 0.7], "resegmentMode": "relative"}),
    "sigma": ("float32", {"resegmentRange": [-1, 1.5], "resegmentMode": "sigma"}),
    "other_label": ("int16 two", {"resegmentRange": [0, 90], "label": 2}),
}
FILTER = {
    f"{name}_{kind}": (kind, {"filter": name, **settings})
    for kind in ("int16", "float32", "float64")
    for name, settings in (
        ("Square", {}),
        ("SquareRoot", {}),
        ("Logarithm", {}),
        ("Exponential", {}),
        ("Gradient", {}),
        ("LoG", {"sigma": [1.0, 2.5, 40]}),
        ("Wavelet", {}),
    )
} | {
    "gradient_per_voxel": ("int16", {"filter": "Gradient", "gradientUseSpacing": False}),
    "wavelet_levels": ("int16", {"filter": "Wavelet", "wavelet": "db2", "level": 2, "start_level": 1}),
    "wavelet_2D": (
        "float64",
        {"filter": "Wavelet", "wavelet": "haar", "force2D": True, "force2Ddimension": 1},
    ),
    "lbp2D": ("int16", {"filter": "LBP2D", "force2D": True}),
    "lbp2D_x": (
        "uint8",
        {"filter": "LBP2D", "force2D": True, "force2Ddimension": 2, "lbp2DRadius": 2, "lbp2DSamples": 11},
    ),
    "lbp2D_ror": ("int16", {"filter": "LBP2D", "force2D": True, "force2Ddimension": 1, "lbp2DMethod": "ror"}),
}
# PyRadiomics yields nothing here with SciPy 1.17 and later: these are of an older one.
LBP3D = {
    "default": ("int16", {"filter": "LBP3D"}),
    "levels": ("float64", {"filter": "LBP3D", "lbp3DLevels": 4, "lbp3DIcosphereRadius": 1.5}),
    "fine": ("float32", {"filter": "LBP3D", "lbp3DIcosphereSubdivision": 2}),
}
GROUPS = {
    "resample": RESAMPLE,
    "crop": CROP,
    "correct": CORRECT,
    "normalize": NORMALIZE,
    "resegment": RESEGMENT,
    "filter": FILTER,
    "lbp3D": LBP3D,
}


def texture(shape: tuple[int, ...]) -> np.ndarray:
    """Values from -100 to 155 that look like chance, and are the same with every version of NumPy."""
    z, y, x = np.indices(shape, dtype=np.int64)
    noise = (z * 7919 + y * 104729 + x * 1299709 + z * x * 31 + y * x * 17 + z * y * 13) % 1009
    return noise * noise % 256 - 100


def image_and_mask(kind: str) -> tuple[sitk.Image, sitk.Image]:
    """An image of the pixel type that `kind` starts with; what follows says how it or its mask is unusual."""
    dtype, _, special = kind.partition(" ")
    values = texture(SHAPE) + (100 if dtype == "uint8" else 0)
    values[:, :3] = values[0, 0, 0]  # a flat part
    image = sitk.GetImageFromArray((values / (1 if "int" in dtype else 7)).astype(dtype))
    image.SetSpacing((0.8, 1.25, 2.5))
    image.SetOrigin((-10.5, 3.25, 100.0))
    if special == "oblique":
        image.SetDirection((COS, -SIN, 0, SIN, COS, 0, 0, 0, 1))
    elif special == "flipped":
        image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    inside = np.zeros(SHAPE, dtype=np.uint8)
    box = {"slice": np.s_[3:4, 2:9, 3:11], "border": np.s_[5:9, 0:4, 8:15]}.get(
        special, np.s_[2:7, 2:9, 3:11]
    )
    inside[box] = texture(SHAPE)[box] % 5 != 0
    if special == "two":
        inside[box] += inside[box] & (texture(SHAPE)[box] % 2 == 0)
    mask = sitk.GetImageFromArray(inside)
    mask.CopyInformation(image)
    if special == "shifted":
        mask.SetOrigin((-9.9, 3.0, 101.0))
    return image, mask


def results(operations, group: str, case: str):
    """Name and image of each result of a case, by the functions of a module like PyRadiomics' own."""
    kind, settings = GROUPS[group][case]
    image, mask = image_and_mask(kind)
    if group == "resample":
        yield from zip(("image", "mask"), operations.resampleImage(image, mask, **settings), strict=True)
    elif group == "crop":
        box = operations.checkMask(image, mask)[0]
        yield from zip(
            ("image", "mask"), operations.cropToTumorMask(image, mask, box, **settings), strict=True
        )
    elif group == "correct":
        yield "mask", operations.checkMask(image, mask, **settings)[1]
    elif group == "normalize":
        yield "image", operations.normalizeImage(image, **settings)
    elif group == "resegment":
        yield "mask", operations.resegmentMask(image, mask, **settings)
    else:
        rest = {key: value for key, value in settings.items() if key != "filter"}
        generate = getattr(operations, f"get{settings['filter']}Image")
        for found, name, _ in generate(image, mask, **rest):
            yield name, sitk.Mask(found, mask) if group == "lbp3D" else found


def numbers(image: sitk.Image) -> dict[str, str]:
    """What is compared of an image, as texts: its grid, its sums and some voxels, floats in full."""
    values = sitk.GetArrayFromImage(image)
    found = {
        "dtype": str(values.dtype),
        "size": " ".join(map(str, image.GetSize())),
        "origin": " ".join(map(repr, image.GetOrigin())),
        "spacing": " ".join(map(repr, image.GetSpacing())),
    }
    if values.dtype.kind in "iu":
        found["sha256"] = hashlib.sha256(values.astype("<i8").tobytes()).hexdigest()[:16]
    wide = values.astype(np.float64)
    found |= {"sum": wide.sum(), "min": wide.min(), "max": wide.max(), "squares": np.square(wide).sum()}
    for voxel in VOXELS:
        at = tuple(v % n for v, n in zip(voxel, values.shape, strict=True))
        found["voxel " + " ".join(map(str, at))] = wide[at]
    return {key: value if isinstance(value, str) else repr(float(value)) for key, value in found.items()}
