"""The IBSI reference data that the tests in this folder compare with."""

import json
from pathlib import Path

import numpy as np

from fasttex import ibsi

DATA = Path(__file__).parent / "data"


def phantom():
    """The digital phantom: levels (z, y, x), 0 outside, and its matrices by aggregation."""
    image, mask, _ = ibsi.digital_phantom()
    matrices = json.loads((DATA / "ibsi1_phantom_matrices.json").read_text(encoding="utf-8"))["matrices"]
    return np.where(mask, image, 0), matrices
