"""NumPy: discretization as scripts write it. Every installation of fasttex has it."""

import numpy as np

from ._cases import Case

REQUIREMENTS = ()
DISTRIBUTION = "numpy"
FAMILIES = ()
AGGREGATION = "3d_averaged"
NOTE = "np.digitize on the voxels inside."
SKIP = ()
VENV = "fasttex"


def discretize(case: Case):
    def run():
        box = tuple(_range(case.mask.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1)))
        image, inside = case.image[box], case.mask[box]
        x = image[inside]
        edges = np.linspace(x.min(), x.max(), 33)
        levels = np.zeros(image.shape, dtype=np.uint8)
        levels[inside] = np.digitize(x, edges[1:-1]) + 1
        return levels

    return run


def discretize_kernel(case: Case):
    x = case.image[case.mask]
    edges = np.linspace(x.min(), x.max(), 33)[1:-1]

    def run():
        levels = np.zeros(case.image.shape, dtype=np.uint8)
        levels[case.mask] = np.digitize(case.image[case.mask], edges) + 1
        return levels

    return run


def _range(hit: np.ndarray) -> slice:
    where = np.flatnonzero(hit)
    return slice(int(where[0]), int(where[-1]) + 1)


def values(row: str, output: np.ndarray) -> dict[str, np.ndarray]:
    return {"levels": output}
