"""How PyRadiomics measures meshes, restated: triangle by triangle and pair by pair of vertices.

The table of triangles by pattern is measured data, and all that comes from fasttex.
"""

from __future__ import annotations

import itertools
import json
import math
from importlib.resources import files

import numpy as np
from pyradiomics.definitions import NAN, beside, voxels

MESH = json.loads((files("fasttex") / "data" / "pyradiomics_mesh_cases.json").read_text(encoding="utf-8"))


def surface(mask, spacing):
    """Area and signed volume of the mesh, triangle by triangle."""
    area = volume = 0.0
    middle = np.array(MESH["edge_midpoints_zyx"])
    for cube in itertools.product(*(range(n - 1) for n in mask.shape)):
        pattern = sum(bool(mask[beside(cube, c)]) << k for k, c in enumerate(MESH["corner_order_zyx"]))
        sign = 1 if pattern < 128 else -1
        for triangle in MESH["triangles"][str(min(pattern, 255 - pattern))]:
            a, b, c = (np.array(cube) + middle[triangle]) * spacing
            area += np.linalg.norm(np.cross(b - a, c - a)) / 2
            volume += sign * np.dot(a, np.cross(b, c)) / 6
    return area, volume


def vertices(mask, spacing):
    """Middles of edges between a voxel inside and one outside."""
    inside = set(voxels(mask))
    steps = [tuple(s) for unit in np.eye(mask.ndim, dtype=int) for s in (unit.tolist(), (-unit).tolist())]
    found = {
        tuple(2 * v + s for v, s in zip(voxel, step, strict=True))
        for voxel in inside
        for step in steps
        if beside(voxel, step) not in inside
    }
    return np.array(sorted(found)).reshape(-1, mask.ndim), np.array(spacing) / 2


def diameter(points, half):
    return max((float(np.linalg.norm((p - q) * half)) for p in points for q in points), default=0.0)


def diameters(mask, spacing):
    """Largest distances between vertices of equal z, of equal y, of equal x, and of any two."""
    points, half = vertices(mask, spacing)
    planar = [
        max(diameter(points[points[:, axis] == k], half) for k in set(points[:, axis])) for axis in range(3)
    ]
    return (*planar, diameter(points, half))


def outline(mask, spacing):
    """Perimeter and area, segment by segment."""
    perimeter = area = 0.0
    data = MESH["shape2d"]
    middle = np.array(data["edge_midpoints_yx"])
    for square in itertools.product(*(range(n - 1) for n in mask.shape)):
        pattern = sum(bool(mask[beside(square, c)]) << k for k, c in enumerate(data["corner_order_yx"]))
        for segment in data["segments"][str(pattern)]:
            a, b = (np.array(square) + middle[segment]) * spacing
            perimeter += np.linalg.norm(a - b)
            area += (a[0] * b[1] - a[1] * b[0]) / 2
    return perimeter, area


def axes(mask, spacing):
    """Variances along the principal axes, over N, largest first."""
    centers = np.argwhere(mask) * spacing
    return np.linalg.eigvalsh(np.cov(centers.T, bias=True).reshape(mask.ndim, mask.ndim)).clip(min=0)[::-1]


def shape_features(mask, spacing):
    padded = np.pad(mask, 1)
    area, volume = surface(padded, spacing)
    slices, columns, rows, any_two = diameters(padded, spacing)
    major, minor, least = axes(mask, spacing)
    ball = np.cbrt(36 * math.pi * volume**2)
    return {
        "Compactness1": volume / (math.sqrt(math.pi) * area**1.5),
        "Compactness2": 36 * math.pi * volume**2 / area**3,
        "Elongation": math.sqrt(minor / major) if major else NAN,
        "Flatness": math.sqrt(least / major) if major else NAN,
        "LeastAxisLength": 4 * math.sqrt(least),
        "MajorAxisLength": 4 * math.sqrt(major),
        "Maximum2DDiameterColumn": columns,
        "Maximum2DDiameterRow": rows,
        "Maximum2DDiameterSlice": slices,
        "Maximum3DDiameter": any_two,
        "MeshVolume": volume,
        "MinorAxisLength": 4 * math.sqrt(minor),
        "SphericalDisproportion": area / ball if ball else NAN,
        "Sphericity": ball / area,
        "SurfaceArea": area,
        "SurfaceVolumeRatio": area / volume if volume else NAN,
        "VoxelVolume": mask.sum() * np.prod(spacing),
    }


def shape2d_features(mask, spacing):
    padded = np.pad(mask, 1)
    perimeter, area = outline(padded, spacing)
    major, minor = axes(mask, spacing)
    circle = 2 * math.sqrt(math.pi * area)
    return {
        "Elongation": math.sqrt(minor / major) if major else NAN,
        "MajorAxisLength": 4 * math.sqrt(major),
        "MaximumDiameter": diameter(*vertices(padded, spacing)),
        "MeshSurface": area,
        "MinorAxisLength": 4 * math.sqrt(minor),
        "Perimeter": perimeter,
        "PerimeterSurfaceRatio": perimeter / area,
        "PixelSurface": mask.sum() * np.prod(spacing),
        "SphericalDisproportion": perimeter / circle,
        "Sphericity": circle / perimeter,
    }
