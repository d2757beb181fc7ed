"""Laws of the mesh: what must not change it, and bodies whose area, volume, hull and diameter are known."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from fasttex.backends import prepare
from fasttex.matrices import cubes
from fasttex.matrices.mesh import area_mm2, convex_hull, maximum_diameter_mm, vertices_mm, volume_mm3
from fasttex.matrices.surface import surface
from fasttex.types import DiscretizedRoi

ANISOTROPIC = (3.0, 0.7, 1.1)
masks = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=3, max_dims=3, max_side=6)).filter(np.any)
spacings = st.tuples(*[st.floats(0.3, 4.0)] * 3)


def roi_of(mask, spacing_mm=(1.0, 1.0, 1.0)):
    return DiscretizedRoi.from_levels(np.asarray(mask).astype(np.uint8), spacing_mm=spacing_mm)


def area_and_volume(mask, spacing_mm=(1.0, 1.0, 1.0)):
    (found,) = surface(prepare(roi_of(mask, spacing_mm), backend="reference"))
    return area_mm2(found), volume_mm3(found)


def triangles_of(mask):
    """The whole mesh in voxels: (n, 3, 3), and each triangle's share."""
    padded = np.pad(mask, 1).astype(np.int64)
    z, y, x = (n - 1 for n in padded.shape)
    pattern = sum(
        padded[a : a + z, b : b + y, c : c + x] << (4 * a + 2 * b + c) for a, b, c in np.ndindex(2, 2, 2)
    )
    table = cubes.triangles()
    parts = [
        (table.corners[table.pattern == p] + np.array(cube), table.share[table.pattern == p])
        for cube, p in np.ndenumerate(pattern)
    ]
    return np.concatenate([a for a, _ in parts]) - 1, np.concatenate([b for _, b in parts])


def all_vertices_mm(mask, spacing_mm):
    """Halfway between every voxel inside and each of its neighbors outside."""
    padded = np.pad(mask, 1)
    found = []
    for axis, side in product(range(3), (-1, 1)):
        ends = np.argwhere(padded & ~np.roll(padded, -side, axis)) - 1.0
        ends[:, axis] += side / 2
        found.append(ends)
    return np.concatenate(found) * spacing_mm


@given(mask=masks, spacing=spacings, data=st.data())
def test_flips_and_permutations(mask, spacing, data):
    order = data.draw(st.permutations(range(3)))
    flips = tuple(slice(None, None, data.draw(st.sampled_from([1, -1]))) for _ in range(3))
    turned = roi_of(mask.transpose(order)[flips], tuple(spacing[a] for a in order))
    straight = roi_of(mask, spacing)
    assert area_and_volume(turned.morphological_mask, turned.spacing_mm) == pytest.approx(
        area_and_volume(mask, spacing), rel=1e-12
    )
    assert maximum_diameter_mm(turned) == pytest.approx(maximum_diameter_mm(straight), rel=1e-13)
    assert convex_hull(turned) == pytest.approx(convex_hull(straight), rel=1e-12)


def test_each_pattern_has_the_area_and_volume_of_its_images():
    corners = np.arange(8).reshape(2, 2, 2)
    area, volume = cubes.area_table((1.0, 1.0, 1.0)), cubes.volume_table()
    for order, flips in product(permutations(range(3)), product((1, -1), repeat=3)):
        to = corners.transpose(order)[tuple(slice(None, None, f) for f in flips)].ravel()
        image = [sum((p >> int(to[bit]) & 1) << bit for bit in range(8)) for p in range(256)]
        np.testing.assert_allclose(area[image], area, rtol=0, atol=1e-14)
        np.testing.assert_allclose(volume[image], volume, rtol=0, atol=1e-14)


@given(mask=masks, spacing=spacings, more=st.tuples(*[st.tuples(st.integers(0, 3), st.integers(0, 3))] * 3))
def test_translation(mask, spacing, more):
    moved, still = roi_of(np.pad(mask, more), spacing), roi_of(mask, spacing)
    assert area_and_volume(moved.morphological_mask, spacing) == pytest.approx(
        area_and_volume(mask, spacing), rel=1e-14
    )
    assert maximum_diameter_mm(moved) == pytest.approx(maximum_diameter_mm(still), rel=1e-13)
    assert convex_hull(moved) == pytest.approx(convex_hull(still), rel=1e-12)
    offset = np.array([before for before, _ in more]) * spacing
    np.testing.assert_allclose(vertices_mm(moved), vertices_mm(still) + offset, rtol=1e-13, atol=1e-13)


@given(mask=masks, spacing=spacings)
def test_the_mesh_itself_has_this_area_and_volume(mask, spacing):
    """Signed tetrahedra from any point, over all triangles: the table's sums have forgotten nothing."""
    triangles, share = triangles_of(mask)
    mm = triangles * spacing - np.array([7.0, -3.0, 2.0])
    area = (np.linalg.norm(np.cross(mm[:, 1] - mm[:, 0], mm[:, 2] - mm[:, 0]), axis=1) / 2 * share).sum()
    volume = (np.linalg.det(mm) / 6 * share).sum()
    scale = np.prod(spacing) * mask.size * 20
    assert area_and_volume(mask, spacing) == (
        pytest.approx(area, rel=1e-12),
        pytest.approx(volume, abs=1e-12 * scale),
    )


@given(mask=masks)
def test_the_mesh_is_closed(mask):
    """Whatever way is shown by one triangle's side is shown back by another's."""
    triangles, share = triangles_of(mask)
    balance = {}
    for corners, part in zip(np.rint(triangles * 2).astype(int).tolist(), share, strict=True):
        for n in range(3):
            a, b = tuple(corners[n]), tuple(corners[(n + 1) % 3])
            balance[min(a, b), max(a, b)] = balance.get((min(a, b), max(a, b)), 0) + (
                part if a < b else -part
            )
    assert max(map(abs, balance.values())) < 1e-12


@given(a=masks, b=masks, gap=st.integers(1, 3))
def test_pieces_add_up(a, b, gap):
    shape = (
        *(max(m, n) for m, n in zip(a.shape[:2], b.shape[:2], strict=True)),
        a.shape[2] + gap + b.shape[2],
    )
    both = np.zeros(shape, dtype=bool)
    both[: a.shape[0], : a.shape[1], : a.shape[2]] = a
    both[: b.shape[0], : b.shape[1], -b.shape[2] :] = b
    apart = np.add(area_and_volume(a, ANISOTROPIC), area_and_volume(b, ANISOTROPIC))
    assert area_and_volume(both, ANISOTROPIC) == pytest.approx(tuple(apart), rel=1e-12)


@pytest.mark.parametrize(
    "shape",
    [(1, 1, 1), (1, 1, 9), (1, 7, 1), (5, 1, 1), (1, 4, 6), (6, 1, 4), (4, 6, 1), (3, 4, 5), (2, 2, 2)],
)
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), ANISOTROPIC])
def test_boxes(shape, spacing):
    """A box with its edges and corners cut off: convex, so the mesh is its own hull."""
    (z, y, x), (dz, dy, dx) = np.array(shape) - 1, spacing
    volume = np.prod(spacing) * (np.prod(shape) - (z + y + x) / 2 - 5 / 6)
    faces = 2 * (z * dz * y * dy + z * dz * x * dx + y * dy * x * dx)
    edges = 2 * (z * dz * np.hypot(dy, dx) + y * dy * np.hypot(dz, dx) + x * dx * np.hypot(dz, dy))
    corners = np.sqrt((dz * dy) ** 2 + (dz * dx) ** 2 + (dy * dx) ** 2)
    box, expected = np.ones(shape, dtype=bool), (faces + edges + corners, volume)
    assert area_and_volume(box, spacing) == pytest.approx(expected, rel=1e-13)
    assert convex_hull(roi_of(box, spacing)) == pytest.approx(expected[::-1], rel=1e-13)
    sides = np.array([z * dz, y * dy, x * dx])
    longest = max(np.hypot(sides[a] + spacing[a], np.linalg.norm(np.delete(sides, a))) for a in range(3))
    assert maximum_diameter_mm(roi_of(box, spacing)) == pytest.approx(longest, rel=1e-14)


def test_a_hole_adds_area_and_takes_volume():
    box = np.ones((5, 5, 6), dtype=bool)
    hollow = box.copy()
    hollow[2, 2, 2] = False
    area, volume = area_and_volume(box, ANISOTROPIC)
    hole_area, hole_volume = area_and_volume(np.ones((1, 1, 1), dtype=bool), ANISOTROPIC)
    expected = (area + hole_area, volume - hole_volume)
    assert area_and_volume(hollow, ANISOTROPIC) == pytest.approx(expected, rel=1e-13)
    assert convex_hull(roi_of(hollow)) == convex_hull(roi_of(box))


def ball(radius, center=(0.31, -0.12, 0.23), spacing=(1.0, 1.0, 1.0)):
    half = [int(radius / d) + 2 for d in spacing]
    axes = np.ogrid[tuple(slice(-h, h + 1) for h in half)]
    return sum((a * d - c) ** 2 for a, c, d in zip(axes, center, spacing, strict=True)) <= radius**2


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 1.0)])
def test_the_volume_of_a_ball_converges(spacing):
    errors = []
    for radius in (10, 20, 40):
        volume = area_and_volume(ball(radius, spacing=spacing), spacing)[1]
        errors.append(abs(volume / (4 / 3 * np.pi * radius**3) - 1))
    assert errors[2] < 1e-3
    assert errors[2] < errors[0] / 3


def test_the_area_of_a_ball_is_too_large_by_nine_percent():
    for radius in (30, 40, 50):
        assert area_and_volume(ball(radius))[0] / (4 * np.pi * radius**2) == pytest.approx(1.088, abs=0.003)


@given(mask=masks, spacing=spacings)
def test_diameter_and_hull_are_those_of_all_vertices(mask, spacing):
    roi, vertices = roi_of(mask, spacing), all_vertices_mm(mask, spacing)
    assert maximum_diameter_mm(roi) == pytest.approx(pdist(vertices).max(), rel=1e-14)
    hull = ConvexHull(vertices)
    assert convex_hull(roi) == pytest.approx((hull.volume, hull.area), rel=1e-9)
    found = {tuple(v) for v in np.round(vertices_mm(roi), 9)}
    assert found <= {tuple(v) for v in np.round(vertices, 9)}


@pytest.mark.parametrize("shape", [(40, 41, 43), (1, 90, 80), (100, 2, 3)])
@pytest.mark.parametrize("outside", [0.02, 0.5, 0.999])
def test_diameter_of_larger_rois(shape, outside):
    mask = np.random.default_rng(1).random(shape) >= outside
    mask[0, 0, 0] = True
    vertices = all_vertices_mm(mask, ANISOTROPIC)
    corners = vertices[ConvexHull(vertices).vertices]
    roi = roi_of(mask, ANISOTROPIC)
    assert maximum_diameter_mm(roi) == pytest.approx(pdist(corners).max(), rel=1e-14)
    assert convex_hull(roi) == pytest.approx((ConvexHull(corners).volume, ConvexHull(corners).area), rel=1e-9)
