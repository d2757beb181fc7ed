"""Every feature class agrees with its definition, whatever the ROI and the settings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pyradiomics import classes, meshes
from pyradiomics import definitions as d
from pyradiomics.regions import SPACINGS, as_images, masks, regions
from pyradiomics.values import CLASSES, TOLERANCE, difference

from fasttex.errors import BackendError
from fasttex.pyradiomics.counting import Discretized
from fasttex.pyradiomics.region import Region
from fasttex.pyradiomics.shape2D import RadiomicsShape2D

ROOTS = ("Elongation", "Flatness", "LeastAxisLength", "MinorAxisLength")


def close(feature, expected, found, together):
    if feature in ROOTS:  # roots of variances, of which rounding errors may remain in the definition
        return np.isclose(expected**2, found**2, rtol=1e-9, atol=1e-9, equal_nan=True)
    return difference(feature, expected, found, together) <= TOLERANCE


def compare(expected, found):
    assert set(expected) == set(found)
    wrong = {f: (expected[f], found[f]) for f in expected if not close(f, expected[f], found[f], expected)}
    assert not wrong


def computed(made):
    for feature in made.getFeatureNames():
        if feature not in made.REPLACED:
            made.enableFeatureByName(feature)
    return {feature: float(value) for feature, value in made.execute().items()}


@pytest.mark.parametrize("family", classes.TEXTURES)
@given(region=regions())
def test_textures(family, region):
    image, mask, spacing, settings = region
    distances = [1] if family in ("glrlm", "glszm") else settings.get("distances", [1])
    try:
        found = computed(CLASSES[family](*as_images(image, mask, spacing), **settings))
    except BackendError:
        assert not d.angles(mask.shape, distances, classes.across(settings))
        return
    assume(d.angles(mask.shape, distances, classes.across(settings)))
    compare(classes.features_of(family, image, mask, spacing, settings), found)


@given(regions())
def test_first_order(region):
    image, mask, spacing, settings = region
    found = computed(CLASSES["firstorder"](*as_images(image, mask, spacing), **settings))
    compare(classes.features_of("firstorder", image, mask, spacing, settings), found)


@given(masks(), SPACINGS)
def test_shape(mask, spacing):
    found = computed(CLASSES["shape"](*as_images(mask.astype(np.uint8), mask, spacing)))
    expected = meshes.shape_features(mask, spacing)
    if abs(expected["MeshVolume"]) < 1e-9:  # the triangles of a mesh with gaps may cancel
        for feature in (
            "SurfaceVolumeRatio",
            "SphericalDisproportion",
            "Sphericity",
            "Compactness1",
            "Compactness2",
            "MeshVolume",
        ):
            del expected[feature], found[feature]
    compare(expected, found)


@given(
    masks(st.tuples(st.integers(1, 7), st.integers(1, 7))),
    st.tuples(st.sampled_from([1.0, 0.7]), st.just(1.3)),
)
def test_shape_2d(mask, spacing):
    found = computed(RadiomicsShape2D(*as_images(mask.astype(np.uint8), mask, spacing)))
    compare(meshes.shape2d_features(mask, spacing), found)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_shape_2d_of_a_slice_in_a_volume(axis):
    mask = np.zeros((5, 6, 7), dtype=bool)
    index = [slice(1, 4), slice(2, 6), slice(1, 5)]
    index[axis] = slice(2, 3)
    mask[tuple(index)] = True
    mask[tuple(s.start for s in index)] = False
    spacing = (3.0, 0.7, 1.3)
    made = RadiomicsShape2D(
        *as_images(mask.astype(np.uint8), mask, spacing), force2D=True, force2Ddimension=axis
    )
    compare(meshes.shape2d_features(mask.take(2, axis=axis), np.delete(spacing, axis)), computed(made))


@given(
    region=regions(), before=st.tuples(*[st.integers(0, 3)] * 3), after=st.tuples(*[st.integers(0, 3)] * 3)
)
def test_what_lies_around_the_roi_changes_no_texture(region, before, after):
    image, mask, spacing, settings = region
    around = list(zip(before, after, strict=True))
    assume(d.angles(mask.shape, [1], classes.across(settings)))
    settings = {**settings, "distances": [1]}
    for family in [*classes.TEXTURES, "firstorder"]:
        alone = computed(CLASSES[family](*as_images(image, mask, spacing), **settings))
        wider = as_images(np.pad(image, around, constant_values=7), np.pad(mask, around), spacing)
        np.testing.assert_equal(computed(CLASSES[family](*wider, **settings)), alone)


@given(regions())
def test_classes_that_share_levels_give_the_same(region):
    image, mask, spacing, settings = region
    assume(d.angles(mask.shape, settings.get("distances", [1]), classes.across(settings)))
    assume(d.angles(mask.shape, [1], classes.across(settings)))
    pair = as_images(image, mask, spacing)
    shared = Discretized(Region.from_images(*pair), **settings)
    for family in [*classes.TEXTURES, "firstorder"]:
        alone = CLASSES[family](*pair, **settings).execute()
        np.testing.assert_equal(CLASSES[family].from_discretized(shared, **settings).execute(), alone)


def test_mcc_of_a_roi_of_one_level_is_1_and_of_pairs_of_one_level_0():
    image = np.zeros((1, 3, 6), dtype=np.int16)
    mask = np.zeros(image.shape, dtype=bool)
    mask[0, 0, :3] = True
    found = CLASSES["glcm"](*as_images(image, mask, (1, 1, 1)))
    assert float(found.execute()["MCC"]) == 1.0
    image[0, 2, 5], mask[0, 2, 5] = 99, True  # a voxel of another level, without a neighbor
    found = CLASSES["glcm"](*as_images(image, mask, (1, 1, 1))).execute()
    assert (float(found["MCC"]), float(found["Correlation"])) == (0.0, 1.0)


def test_many_levels_with_gaps():
    rng = np.random.default_rng(0)
    image = rng.choice(rng.integers(0, 200_000, 40), (5, 6, 7)).astype(np.int32)
    mask = rng.random(image.shape) < 0.8
    for family in classes.TEXTURES:
        found = computed(CLASSES[family](*as_images(image, mask, (1.0, 1.0, 2.0)), binWidth=1))
        levels = d.levels_of(image, mask, binWidth=1)
        # The definitions make dense matrices: their levels are numbered through, so only some features agree.
        assert (
            found.keys()
            == classes.TEXTURES[family](
                np.unique(levels, return_inverse=True)[1].reshape(levels.shape), mask, (1, 1, 1), {}
            ).keys()
        )
        assert all(np.isfinite(value) for value in found.values())
