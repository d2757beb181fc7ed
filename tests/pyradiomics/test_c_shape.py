"""The functions of cShape agree with the definitions, and with values of PyRadiomics for random masks."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pyradiomics import meshes
from pyradiomics.regions import SPACINGS, masks

from fasttex.errors import InputError
from fasttex.pyradiomics import cShape
from fasttex.pyradiomics.diameters import farthest, planar_diameters
from fasttex.pyradiomics.mesh import edges_of


def published():
    with (Path(__file__).parent / "mesh_values.csv").open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))


@pytest.mark.parametrize("row", list(published()), ids=lambda row: f"{row['shape_zyx']} {row['mask'][:8]}")
def test_meshes_of_random_masks(row):
    shape = tuple(map(int, row["shape_zyx"].split()))
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(row["mask"]), np.uint8), count=int(np.prod(shape)))
    spacing = [float(s) for s in row["spacing_zyx"].split()]
    area, volume, diameters = cShape.calculate_coefficients(np.pad(bits.reshape(shape), 1), spacing)
    found = [area, volume, *diameters]
    names = ("area", "volume", "diameter_z", "diameter_y", "diameter_x", "diameter")
    np.testing.assert_allclose(found, [float(row[name]) for name in names], rtol=1e-12, atol=1e-12)


@given(masks(), SPACINGS, st.tuples(*[st.tuples(st.integers(1, 3), st.integers(1, 2))] * 3))
def test_meshes(mask, spacing, around):
    padded = np.pad(mask, around)  # a mesh with gaps has another volume elsewhere
    area, volume, diameters = cShape.calculate_coefficients(padded, spacing)
    np.testing.assert_allclose((area, volume), meshes.surface(padded, spacing), rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(diameters, meshes.diameters(padded, spacing), rtol=1e-12)


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=5)), SPACINGS)
def test_open_meshes(mask, spacing):
    area, volume, diameters = cShape.calculate_coefficients(mask, spacing)
    np.testing.assert_allclose((area, volume), meshes.surface(mask, spacing), rtol=1e-11, atol=1e-11)
    assert max(diameters[:3]) <= diameters[3] + 1e-9


@given(masks(st.tuples(st.integers(1, 8), st.integers(1, 8))))
def test_outlines(mask):
    padded, spacing = np.pad(mask, 1), (0.7, 1.9)
    perimeter, area, diameter = cShape.calculate_coefficients2D(padded, spacing)
    np.testing.assert_allclose((perimeter, area), meshes.outline(padded, spacing), rtol=1e-12)
    np.testing.assert_allclose(diameter, meshes.diameter(*meshes.vertices(padded, spacing)), rtol=1e-12)


@pytest.mark.parametrize("name", ["ball", "ellipsoid", "noise", "checkerboard", "shell"])
def test_planar_diameters_of_larger_masks(name):
    z, y, x = np.indices((17, 24, 21)) - np.array([8, 11, 10])[:, None, None, None]
    mask = {
        "ball": z**2 + y**2 + x**2 < 60,
        "ellipsoid": (z / 7) ** 2 + ((y + x) / 14) ** 2 + ((y - x) / 6) ** 2 < 1,
        "noise": np.random.default_rng(0).random(z.shape) < 0.1,
        "checkerboard": (z + y + x) % 2 == 0,
        "shell": abs(z**2 + y**2 + x**2 - 50) < 15,
    }[name]
    padded, spacing = np.pad(mask, 1), (2.5, 0.8, 1.1)
    points, half = meshes.vertices(padded, spacing)
    expected = [max(farthest(points[points[:, a] == k] * half) for k in set(points[:, a])) for a in range(3)]
    np.testing.assert_allclose(planar_diameters(edges_of(padded), spacing), expected, rtol=1e-12)
    assert cShape.calculate_coefficients(padded, spacing)[2][3] == pytest.approx(
        farthest(points * half), rel=1e-12
    )


def test_nothing_inside():
    assert cShape.calculate_coefficients(np.zeros((3, 4, 5)), (1, 1, 1)) == (0.0, 0.0, (0.0, 0.0, 0.0, 0.0))
    assert cShape.calculate_coefficients2D(np.zeros((3, 4)), (1, 1)) == (0.0, 0.0, 0.0)


def test_errors():
    with pytest.raises(InputError, match="expected 3 axes and 3 lengths"):
        cShape.calculate_coefficients(np.ones((3, 4)), (1, 1, 1))
    with pytest.raises(InputError, match=r"shape \(2,\)"):
        cShape.calculate_coefficients(np.ones((3, 4, 5)), (1, 1))
    with pytest.raises(InputError, match="expected 2 axes and 2 lengths"):
        cShape.calculate_coefficients2D(np.ones((3, 4, 5)), (1, 1))
