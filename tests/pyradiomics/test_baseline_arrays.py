"""The matrices that PyRadiomics' own baseline holds for brain1."""

from __future__ import annotations

import numpy as np
import pytest
from pyradiomics.values import CLASSES, data_folder, images

SETTINGS = {"binWidth": 25, "label": 1}


def matrices(name):
    expected = np.load(data_folder() / "data" / "pyradiomics" / "baseline_npy" / f"brain1_{name}.npy")
    return expected, getattr(CLASSES[name](*images("brain1"), **SETTINGS), f"P_{name}")


@pytest.mark.parametrize("name", ["glcm", "glrlm", "glszm", "gldm"])
def test_exactly(name):
    expected, found = matrices(name)
    assert np.array_equal(found.reshape(expected.shape), expected)


def test_tone_differences():
    expected, found = matrices("ngtdm")
    found = found.reshape(expected.shape)
    assert np.array_equal(found[..., [0, 2]], expected[..., [0, 2]])
    np.testing.assert_allclose(found[..., 1], expected[..., 1], rtol=1e-12)
