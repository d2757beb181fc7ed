"""The compiled rows of whole ROIs are those of the NumPy definitions, with the same bits on every build."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import backend_or_skip
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import rois

from fasttex import prepare
from fasttex.features import intensity_histogram, intensity_statistics, ivh, morphology
from fasttex.features.compiled_whole import COMPILED, compiled_morphology, ivh_axis, surroundings_of
from fasttex.features.local_intensity import local_intensity
from fasttex.matrices.surface import surface
from fasttex.types import DiscretizedRoi, IvhValues

BUILDS = ("cpp-avx2", "cpp-baseline")
ORDER = ("median", "minimum", "percentile_10", "percentile_90", "maximum", "interquartile_range", "range",
         "quartile_coefficient_of_dispersion")  # fmt: skip


@pytest.fixture(scope="module")
def extensions():
    return [backend_or_skip(name).extension for name in BUILDS]


def alike(extensions, compute):
    """What all builds compute, which has the same bits."""
    found = [np.asarray(compute(extension)) for extension in extensions]
    assert all(f.tobytes() == found[0].tobytes() for f in found)
    return found[0]


def close(found, wanted, scale):
    assert np.array_equal(np.isnan(found), np.isnan(wanted)), (found, wanted)
    assert (np.isnan(wanted) | (found == wanted) | (abs(found - wanted) <= 1e-12 * scale)).all(), (
        found,
        wanted,
        abs(found - wanted) / scale,
    )


def intensities():
    """Few and many, whole and broken, of each dtype that images have, with gaps, and alike."""
    kinds = (
        ("i2", st.integers(-2000, 3000)),
        ("i2", st.sampled_from([-32768, 0, 7, 32767])),
        ("f4", st.floats(-1e4, 1e4, width=32)),
        ("f8", st.floats(-1e3, 1e3)),
        ("f8", st.sampled_from([0.1, 0.2, 1e9 + 0.5])),
    )
    return st.one_of(
        [
            hnp.arrays(dtype, n, elements=elements).map(lambda x: x.astype(np.float64))
            for dtype, elements in kinds
            for n in (1, 2, 3, 9, 70, 1100)
        ]
    )


def statistics_scale(names, x, row):
    """Sums of absolute terms: of powers of x - μ, of which every factor may carry a rounding of |x| + |μ|."""
    largest = abs(x).max()
    far = abs(x - x.mean()).max()
    lost = 1 + largest / far if far else 1.0
    value = dict(zip(names, row, strict=True))
    scale = dict.fromkeys(names, 2 * largest)
    scale |= dict.fromkeys(ORDER, 0.0)
    scale["variance"] = far * (far + largest)
    scale["skewness"] = lost * np.sqrt(abs(value["kurtosis"]) + 3)
    scale["kurtosis"] = lost * (abs(value["kurtosis"]) + 6)
    scale["energy"] = value.get("energy", 0.0)
    size = abs(value["coefficient_of_variation"])
    scale["coefficient_of_variation"] = 4 * size * (lost + largest / abs(value["mean"] or 1.0))
    return np.array([scale[name] for name in names])


@given(intensities())
@example(np.zeros(1))
@example(np.full(2000, 0.1))
@example(np.append(np.zeros(3000), 1e12))
@example(np.array([-1e200, 1e200, 3.0]))
@example(np.array([1e-200, 2e-200, 5e-200]))
@example(np.array([-3.0, 1e-17, 2.0]))
def test_intensity_statistics(extensions, x):
    if 0 < abs(x.mean()) <= 1e-12 * abs(x).max():
        return  # whether the mean is 0 is a matter of rounding
    names = [f.name for f in intensity_statistics.FEATURES]
    with np.errstate(over="ignore"):
        wanted = intensity_statistics.intensity_statistics(x)
        scale = statistics_scale(names, x, wanted)
    found = alike(extensions, lambda e: e.intensity_statistics([x], True, 1))[0]
    close(found, wanted, scale)


def test_large_samples_need_no_sort(extensions):
    rng = np.random.default_rng(5)
    for x in (rng.normal(size=200_001), rng.standard_cauchy(50_000), rng.integers(-900, 900, 150_000) * 1.0):
        names = [f.name for f in intensity_statistics.FEATURES]
        wanted = intensity_statistics.intensity_statistics(x)
        found = alike(extensions, lambda e, x=x: e.intensity_statistics([x], True, 1))[0]
        close(found, wanted, statistics_scale(names, x, wanted))


def test_no_voxel_is_undefined(extensions):
    nothing = np.empty(0)
    assert np.isnan(alike(extensions, lambda e: e.intensity_statistics([nothing], True, 1))).all()
    assert np.isnan(alike(extensions, lambda e: e.ivh([IvhValues(nothing, 1, 3)], 1))).all()


@given(rois())
def test_intensity_histogram(extensions, roi):
    names = [f.name for f in intensity_histogram.FEATURES]
    wanted = intensity_histogram.intensity_histogram(roi)
    found = alike(extensions, lambda e: e.intensity_histogram([roi], True, 1))[0]
    if np.isnan(wanted).all():
        assert np.isnan(found).all()
        return
    x = roi.level_values[roi.levels[roi.levels > 0].astype(int) - 1].astype(float)
    scale = statistics_scale(names, x, wanted)
    exact = ("mode", *(n for n in names if "gradient" in n))
    scale[[names.index(n) for n in exact]] = 0.0
    scale[[names.index(n) for n in ("entropy", "uniformity")]] = wanted[17:19]
    close(found, wanted, scale)


@given(intensities(), st.sampled_from([0.0, 1.0, 0.25, 3.0]), st.booleans())
def test_ivh(extensions, x, step, wider):
    low, high = float(x.min()), float(x.max())
    if step:
        x = low + np.rint((x - low) / step) * step
        high = float(x.max())
    axis = IvhValues(x, low - (step or 1.0) * 5 * wider, high + (step or 1.0) * 3 * wider, step)
    wanted = ivh.ivh_features(axis)
    close(alike(extensions, lambda e: e.ivh([axis], 1))[0], wanted, 0.0)


def images():
    """A ROI and the image around it, of any dtype, with NaN beside the ROI."""

    @st.composite
    def draw_images(draw):
        roi = draw(rois())
        margins = [draw(st.tuples(st.integers(0, 3), st.integers(0, 9))) for _ in range(3)]
        shape = tuple(a + n + b for (a, b), n in zip(margins, roi.shape, strict=True))
        elements, dtype = draw(
            st.sampled_from(
                [
                    (st.integers(-9, 9), "i2"),
                    (st.integers(0, 2**31), "i8"),
                    (st.floats(-9, 9, width=32), "f4"),
                ]
            )
        )
        image = draw(hnp.arrays(dtype, shape, elements=elements))
        start = tuple(a for a, _ in margins)
        here = tuple(slice(a, a + n) for a, n in zip(start, roi.shape, strict=True))
        if dtype == "f4" and draw(st.booleans()):
            image = np.where(np.indices(shape).sum(axis=0) % 3 == 0, np.float32(np.nan), image)
            image[here] = np.nan_to_num(image[here])
        inside = np.zeros(shape, dtype=bool)
        inside[here] = roi.levels > 0
        spacing = draw(st.sampled_from([(3.0, 1.0, 2.0), (1.5, 2.0, 0.7), (9.0, 9.0, 9.0), (2.0, 2.0, 2.0)]))
        return roi, image, inside, start, spacing

    return draw_images()


@given(images())
def test_local_intensity(extensions, case):
    roi, image, inside, start, spacing = case
    placed = replace(roi, surroundings=image, surroundings_start=start, spacing_mm=spacing)
    wanted = local_intensity(image, inside, spacing)
    found = alike(extensions, lambda e: COMPILED["local_intensity"](e, prepare(placed), None))[0]
    close(found, wanted, np.nanmax(abs(image.astype(float))) * 10)


def test_local_intensity_tells_close_intensities_apart(extensions):
    """Both highest differ from the first voxel by the same rounded number."""
    image = np.array([[[1e16, 2.0, 4.0, 4.0, 4.0, 0.0]]])
    image[0, 0, 2:4] = [3e16, np.nextafter(3e16, 4e16)]
    roi = DiscretizedRoi.from_levels((image > 0).astype(int), spacing_mm=(1.0, 1.0, 6.0))
    wanted = local_intensity(image, image > 0, roi.spacing_mm)
    placed = replace(roi, surroundings=image)
    found = alike(extensions, lambda e: COMPILED["local_intensity"](e, prepare(placed), None))[0]
    close(found, wanted, 3e16)


@given(rois(), st.sampled_from([(1.0, 1.0, 1.0), (3.0, 0.7, 1.9), (0.5, 0.5, 4.0)]))
def test_morphology(extensions, roi, spacing):
    roi = replace(roi, spacing_mm=spacing)
    if not len(roi.intensities):
        return
    batch = prepare(roi)
    meshes = surface(batch)
    wanted = morphology.morphology_features(roi, meshes[0])
    found = alike(extensions, lambda e: compiled_morphology(e, batch, meshes))[0]
    names = [f.name for f in morphology.FEATURES]
    row = dict(zip(names, wanted, strict=True))
    scale = 10 * abs(wanted)
    scale[names.index("asphericity")] += 10
    scale[names.index("center_of_mass_shift")] = 10 * row["maximum_3d_diameter"]
    for name in ("minor_axis_length", "least_axis_length", "elongation", "flatness"):
        n = names.index(name)
        found[n], wanted[n] = found[n] ** 2, wanted[n] ** 2
        scale[n] = 10 * (row["major_axis_length"] ** 2 if "axis" in name else 1.0)
    thin = row["least_axis_length"] / row["major_axis_length"]
    for name in names:
        if "ellipsoid" in name:  # divided by lengths that are compared squared
            scale[names.index(name)] *= 1 + 1 / thin**2 if thin else 1.0
    close(found, wanted, scale)


@given(hnp.arrays(st.sampled_from(["u1", "i2", "f4", "f8"]), (3, 5, 18)), st.integers(0, 2**32 - 1))
def test_values_inside_a_mask(extensions, image, seed):
    inside = np.random.default_rng(seed).random(image.shape) < 0.6
    n = np.count_nonzero(inside)
    with np.errstate(invalid="ignore"):
        assert np.array_equal(
            extensions[0].values_inside(image, inside, n), image[inside].astype(float), equal_nan=True
        )
        assert np.array_equal(
            extensions[0].values_inside(image.T, inside.T, n), image.T[inside.T].astype(float), equal_nan=True
        )


@pytest.mark.parametrize("threads", [1, 3])
def test_a_batch_is_each_of_its_rois(extensions, threads):
    rng = np.random.default_rng(1)
    items = [DiscretizedRoi.from_levels(rng.integers(0, 5, (4, 5, n))) for n in (3, 17, 8, 4)]
    batch = prepare(items, threads=threads)
    meshes = surface(batch)
    e = extensions[-1]
    together = [
        compiled_morphology(e, batch, meshes),
        e.intensity_histogram(items, True, threads),
        e.ivh([ivh_axis(item) for item in items], threads),
        COMPILED["local_intensity"](e, batch, None),
    ]
    for n, item in enumerate(items):
        alone = prepare(item)
        rows = [
            compiled_morphology(e, alone, meshes[n : n + 1]),
            e.intensity_histogram([item], True, 1),
            e.ivh([ivh_axis(item)], 1),
            COMPILED["local_intensity"](e, alone, None),
        ]
        assert all(np.array_equal(t[n], r[0], equal_nan=True) for t, r in zip(together, rows, strict=True))
        assert surroundings_of(item)[1] == (0, 0, 0)


def test_what_does_not_fit_is_refused(extensions):
    roi = DiscretizedRoi.from_levels(np.ones((2, 3, 4), dtype=int))
    batch = prepare(replace(roi, intensities=np.ones(23)))
    with pytest.raises(ValueError, match="no intensity"):
        compiled_morphology(extensions[0], batch, surface(batch))
    beside = replace(roi, surroundings=np.ones((2, 3, 4)), surroundings_start=(0, 0, 1))
    with pytest.raises(ValueError, match="surroundings"):
        COMPILED["local_intensity"](extensions[0], prepare(beside), None)
