"""Morphological features against their definitions, and what must not change them."""

import math
from dataclasses import replace
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import rois

from fasttex.backends import prepare
from fasttex.features.ellipsoid import _rank, ellipsoid_area, semi_axes, voxel_centers
from fasttex.features.morphology import FEATURES, SPATIAL_FEATURES, morphology_features
from fasttex.matrices.mesh import area_mm2, convex_hull, maximum_diameter_mm, vertices_mm, volume_mm3
from fasttex.matrices.surface import surface
from fasttex.types import DiscretizedRoi

ALL = (*FEATURES, *SPATIAL_FEATURES)
LENGTHS = {"mm": 1, "mm^2": 2, "mm^3": 3, "mm^-1": -1, "intensity·mm^3": 3, "": 0}
spacings = st.tuples(*[st.sampled_from([0.5, 0.977, 1.0, 2.0, 3.0, 7.3])] * 3)


def values_of(roi, features=ALL):
    counted = surface(prepare([roi], backend="reference"))[0]
    return dict(zip([f.name for f in features], morphology_features(roi, counted, features), strict=True))


def roi_of(inside, spacing_mm=(1.0, 1.0, 1.0), intensities=None):
    """A ROI of one level with these intensities in C order; 1, 2, 3 … if not given."""
    inside = np.asarray(inside, dtype=bool)
    roi = DiscretizedRoi.from_levels(inside.astype(np.int64), spacing_mm=spacing_mm)
    x = np.arange(1.0, roi.n_voxels + 1) if intensities is None else np.asarray(intensities, np.float64)
    return replace(roi, intensities=x)


@st.composite
def shapes_with_intensities(draw):
    """ROIs of any spacing; the morphological mask may have more voxels than have intensities."""
    roi = replace(draw(rois()), spacing_mm=draw(spacings))
    values = st.integers(-400, 400).map(lambda n: n / 4)
    return replace(roi, intensities=draw(hnp.arrays(np.float64, roi.n_voxels, elements=values)))


def same(found, expected, rel=1e-9, abs_=1e-9):
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=rel, abs=abs_, nan_ok=True), name


def quotient(a, b):
    return a / b if b else math.nan


def definitions(roi):
    """All but Moran's I and Geary's C, from the points themselves."""
    counted = surface(prepare([roi], backend="reference"))[0]
    v, a = volume_mm3(counted), area_mm2(counted)
    points = np.argwhere(roi.morphological_mask) * roi.spacing_mm
    weighted = np.argwhere(roi.levels) * roi.spacing_mm
    x = roi.intensities
    total = math.fsum(x)
    center = np.array([quotient(math.fsum(x * p), total) for p in weighted.T])
    n = len(points)
    with_vertices = np.ptp(vertices_mm(roi), axis=0)
    sides = with_vertices[0] * with_vertices[1], with_vertices[1] * with_vertices[2]
    axes = [math.nan] * 3
    if n > 1:
        eigenvalues = np.linalg.eigvalsh(np.cov(points.T))[::-1]
        axes = [4 * math.sqrt(value) if value > 1e-12 else 0.0 for value in eigenvalues]
    hull = convex_hull(roi)
    return {
        "volume_mesh": v,
        "volume_voxel_counting": n * math.prod(roi.spacing_mm),
        "surface_area_mesh": a,
        "surface_to_volume_ratio": a / v,
        "compactness_1": v / math.sqrt(math.pi * a**3),
        "compactness_2": 36 * math.pi * v**2 / a**3,
        "spherical_disproportion": a / (36 * math.pi * v**2) ** (1 / 3),
        "sphericity": (36 * math.pi * v**2) ** (1 / 3) / a,
        "asphericity": (a**3 / (36 * math.pi * v**2)) ** (1 / 3) - 1,
        "center_of_mass_shift": math.dist(points.mean(axis=0), center),
        "maximum_3d_diameter": maximum_diameter_mm(roi),
        "major_axis_length": axes[0],
        "minor_axis_length": axes[1],
        "least_axis_length": axes[2],
        "elongation": quotient(axes[1], axes[0]),
        "flatness": quotient(axes[2], axes[0]),
        "volume_density_axis_aligned_bounding_box": v / with_vertices.prod(),
        "area_density_axis_aligned_bounding_box": a / 2 / (sum(sides) + with_vertices[2] * with_vertices[0]),
        "volume_density_approximate_enclosing_ellipsoid": quotient(v, math.pi / 6 * math.prod(axes)),
        "area_density_approximate_enclosing_ellipsoid": quotient(a, ellipsoid_area(*[d / 2 for d in axes])),
        "volume_density_convex_hull": v / hull[0],
        "area_density_convex_hull": a / hull[1],
        "integrated_intensity": v * total / len(x),
    }


@given(shapes_with_intensities())
def test_definitions(roi):
    assume(abs(roi.intensities.sum()) > 1e-3 or not roi.intensities.any())
    same(values_of(roi, FEATURES), definitions(roi))


@given(shapes_with_intensities())
def test_bounds(roi):
    found = values_of(roi, FEATURES)
    below_one = [
        "sphericity",
        "compactness_2",
        "volume_density_convex_hull",
        "volume_density_axis_aligned_bounding_box",
    ]
    assert all(0 < found[name] <= 1 + 1e-12 for name in below_one)
    if roi.morphological_mask.sum() > 1:
        assert 0 <= found["flatness"] <= found["elongation"] <= 1
        assert found["major_axis_length"] > 0
    assert found["maximum_3d_diameter"] ** 2 <= sum(s**2 for s in np.ptp(vertices_mm(roi), axis=0)) * (
        1 + 1e-12
    )


def rearranged(roi, change, spacing_mm=None):
    """The ROI whose levels, mask and intensities are changed alike."""
    spread = np.zeros(roi.shape)
    spread[roi.levels > 0] = roi.intensities
    levels = change(roi.levels)
    changed = DiscretizedRoi.from_levels(
        levels, n_levels=roi.n_levels, spacing_mm=spacing_mm or roi.spacing_mm
    )
    return replace(
        changed,
        morphological_mask=np.ascontiguousarray(change(roi.morphological_mask)),
        intensities=change(spread)[levels > 0],
    )


@given(shapes_with_intensities(), st.tuples(*[st.tuples(st.integers(0, 4), st.integers(0, 2))] * 3))
def test_translation(roi, margin):
    assume(abs(roi.intensities.sum()) > 1e-3 or not roi.intensities.any())
    moved = rearranged(roi, lambda x: np.pad(x, margin))
    same(values_of(moved), values_of(roi))


@given(shapes_with_intensities(), st.sampled_from(list(permutations(range(3)))), st.integers(0, 7))
def test_permutation_and_flip(roi, order, flips):
    assume(abs(roi.intensities.sum()) > 1e-3 or not roi.intensities.any())
    axes = [a for a in range(3) if flips >> a & 1]
    turned = rearranged(
        roi, lambda x: np.flip(x.transpose(order), axes), tuple(roi.spacing_mm[a] for a in order)
    )
    same(values_of(turned), values_of(roi))


@given(shapes_with_intensities(), st.sampled_from([0.25, 3.7, 1000.0]))
def test_scale(roi, factor):
    assume(abs(roi.intensities.sum()) > 1e-3 or not roi.intensities.any())
    before = values_of(roi)
    after = values_of(replace(roi, spacing_mm=tuple(s * factor for s in roi.spacing_mm)))
    same(
        after, {f.name: before[f.name] * factor ** LENGTHS[f.unit] for f in ALL}, rel=1e-9, abs_=1e-9 * factor
    )


@given(shapes_with_intensities(), st.integers(-100, 100).filter(bool))
def test_intensities_decide_four_features_alone(roi, shift):
    other = replace(roi, intensities=roi.intensities * 3 + shift)
    mixed = ("center_of_mass_shift", "integrated_intensity", "moran_i_index", "geary_c_measure")
    before, after = values_of(roi), values_of(other)
    same(
        {k: v for k, v in after.items() if k not in mixed},
        {k: v for k, v in before.items() if k not in mixed},
        0,
        0,
    )


@given(st.data())
def test_an_enormous_offset_costs_the_center_of_mass_no_digits(data):
    """Against exact fractions; the masks are the same, so the shift is far smaller than the ROI."""
    n = data.draw(st.integers(2, 30))
    x = 1e9 + data.draw(hnp.arrays(np.float64, n, elements=st.integers(-8, 8).map(float)))
    found = values_of(roi_of(np.ones((1, 1, n)), intensities=x), FEATURES)["center_of_mass_shift"]
    total = sum(Fraction(v) for v in x)
    exact = sum(Fraction(v) * k for k, v in enumerate(x)) / total - Fraction(n - 1, 2)
    assert found == pytest.approx(float(abs(exact)), rel=1e-9, abs=1e-22)


NAN_OF_ONE_VOXEL = {
    "major_axis_length",
    "minor_axis_length",
    "least_axis_length",
    "elongation",
    "flatness",
    "volume_density_approximate_enclosing_ellipsoid",
    "area_density_approximate_enclosing_ellipsoid",
    "moran_i_index",
    "geary_c_measure",
}


def test_one_voxel():
    """Its mesh is an octahedron of height 1; it has no principal axes."""
    found = values_of(roi_of([[[1]]], intensities=[7.0]))
    assert {name for name, value in found.items() if math.isnan(value)} == NAN_OF_ONE_VOXEL
    assert found["volume_mesh"] == pytest.approx(1 / 6)
    assert found["surface_area_mesh"] == pytest.approx(math.sqrt(3))
    assert found["maximum_3d_diameter"] == 1
    assert found["volume_density_convex_hull"] == pytest.approx(1)
    assert found["volume_density_axis_aligned_bounding_box"] == pytest.approx(1 / 6)
    assert found["center_of_mass_shift"] == 0
    assert found["integrated_intensity"] == pytest.approx(7 / 6)


@pytest.mark.parametrize(
    "inside", [np.ones((1, 1, 5)), np.ones((6, 1, 1)), np.eye(5)[None], np.eye(4)[:, None, ::-1]]
)
def test_lines(inside):
    found = values_of(roi_of(inside, (0.7, 0.977, 0.3)))
    assert (
        found["minor_axis_length"]
        == found["least_axis_length"]
        == found["elongation"]
        == found["flatness"]
        == 0
    )
    undefined = {name for name, value in found.items() if math.isnan(value)}
    assert undefined == {name for name in NAN_OF_ONE_VOXEL if "ellipsoid" in name}


z, y, x = np.indices((6, 6, 6))


@pytest.mark.parametrize("inside", [y[:1] < 9, z == y, z + y == 5, x + y + z == 7, 2 * x - y == 1])
def test_planes(inside):
    """Leaning or not, they are exactly flat: noise would make densities of 1e8."""
    found = values_of(roi_of(inside, (0.7, 0.977, 0.3)))
    assert found["least_axis_length"] == found["flatness"] == 0 < found["elongation"]
    undefined = {name for name, value in found.items() if math.isnan(value)}
    assert undefined == {"volume_density_approximate_enclosing_ellipsoid"}
    assert found["area_density_approximate_enclosing_ellipsoid"] > 0


@given(hnp.arrays(np.bool_, (3, 3, 4)).filter(lambda inside: inside.sum() > 1))
def test_axes_are_as_many_as_dimensions(inside):
    points = np.argwhere(inside)
    axes = semi_axes(voxel_centers(inside), (0.7, 0.977, 0.3))
    assert np.count_nonzero(axes) == np.linalg.matrix_rank(points - points[0])


@given(st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), min_size=2, max_size=5))
def test_rank_of_whole_numbers(points):
    p = np.array(points)
    assert _rank((p.T @ p).tolist()) == np.linalg.matrix_rank(p)


def test_a_plane_and_one_voxel_more_is_no_plane():
    inside = np.zeros((2, 60, 60), dtype=bool)
    inside[0] = inside[1, 7, 9] = True
    assert 0 < semi_axes(voxel_centers(inside), (1.0, 1.0, 1.0))[2] < 0.1


def test_intensities_that_add_up_to_zero_have_no_center():
    found = values_of(roi_of([[[1, 1]]], intensities=[-1.0, 1.0]))
    assert math.isnan(found["center_of_mass_shift"])
    assert found["integrated_intensity"] == 0


def test_a_flat_roi_has_no_autocorrelation():
    found = values_of(roi_of(np.ones((2, 3, 4)), intensities=[0.1] * 24))
    assert math.isnan(found["moran_i_index"])
    assert math.isnan(found["geary_c_measure"])
    assert found["center_of_mass_shift"] == 0


@given(st.tuples(*[st.floats(0.01, 1.0)] * 3))
def test_ellipsoid_series(axes):
    """Term by term, as the manual prints it."""
    from scipy.special import eval_legendre

    a, b, c = sorted(axes, reverse=True)
    alpha, beta = math.sqrt(1 - (b / a) ** 2), math.sqrt(1 - (c / a) ** 2)
    assume(alpha * beta > 1e-3)
    nu = np.arange(21)
    terms = (
        (alpha * beta) ** nu / (1 - 4 * nu**2) * eval_legendre(nu, (alpha**2 + beta**2) / (2 * alpha * beta))
    )
    assert ellipsoid_area(a, b, c) == pytest.approx(4 * math.pi * a * b * math.fsum(terms), rel=1e-9)


def test_ellipsoid_area_is_that_of_the_manual():
    """A sphere's is true; else the manual's eccentricities make another one of it, which its references have."""
    from scipy.special import elliprg

    assert ellipsoid_area(2.0, 2.0, 2.0) == pytest.approx(16 * math.pi, rel=1e-15)
    true_area = 4 * math.pi * elliprg(1.5**2, 1.5**2, 1.0)  # of semi-axes 1.5, 1 and 1
    assert ellipsoid_area(1.5, 1.0, 1.0) == pytest.approx(0.8768 * true_area, rel=1e-4)
