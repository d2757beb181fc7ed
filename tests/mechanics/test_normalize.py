"""Normalization of an image's intensities: rules, records, refusals."""

import numpy as np
import pytest

from fasttex import InputError, Settings
from fasttex.errors import LabelNotFoundError
from fasttex.preprocess import crop, normalize
from fasttex.types import Grid, Image, Mask


def an_image(values, unit="unknown"):
    values = np.asarray(values)
    return Image(values, Grid(values.shape, (1.0, 1.0, 1.0)), unit, {"kind": "array"})


@pytest.fixture
def image():
    values = np.random.default_rng(0).gamma(2, 100, (4, 5, 6))
    values[:2] = 0
    return an_image(values.astype(np.float32))


@pytest.fixture
def masks():
    return [
        Mask("fat", 1, np.ones((1, 2, 2), dtype=bool), (2, 0, 0)),
        Mask("muscle", 2, np.ones((1, 3, 3), dtype=bool), (3, 1, 1)),
    ]


def voxels(image, over):
    x = image.intensities.astype(float)
    return {"image": x.ravel(), "body": x[x > x.mean()], "muscle": x[3:4, 1:4, 1:4].ravel()}[over]


@pytest.mark.parametrize("over", ["image", "body", "muscle"])
def test_z_score(image, masks, over):
    before = image.intensities.copy()
    found = normalize(image, Settings(normalize="z_score", normalize_over=over, normalize_scale=100), masks)
    x = voxels(image, over)
    assert np.allclose(found.intensities, (before - x.mean()) / x.std() * 100, rtol=1e-12, atol=1e-9)
    assert np.array_equal(image.intensities, before)
    record = found.record["normalize"]
    assert (record["rule"], record["over"], record["scale"], record["voxels"]) == (
        "z_score",
        over,
        100,
        len(x),
    )
    assert record["mean"] == pytest.approx(x.mean())
    assert record["standard_deviation"] == pytest.approx(x.std())
    assert found.record["kind"] == "array"
    assert (found.grid, found.intensity_unit) == (image.grid, "arbitrary")
    again = voxels(found, over if over == "muscle" else "image")
    if over != "body":
        assert (again.mean(), again.std()) == pytest.approx((0, 100), abs=1e-9)


def test_percentiles(image, masks):
    found = normalize(image, Settings(normalize="percentiles", normalize_over="fat"), masks)
    low, high = np.percentile(image.intensities[2:3, :2, :2].astype(float), [1, 99])
    assert np.allclose(found.intensities, (image.intensities - low) / (high - low), rtol=1e-12, atol=1e-12)
    assert found.intensities.min() < 0  # not clipped
    record = found.record["normalize"]
    assert (record["percentiles"], record["low"], record["high"]) == ([1, 99], low, high)


def test_a_linear_change_of_the_scale_changes_nothing(image):
    other = an_image(image.intensities.astype(float) * 3.5 - 20)
    for rule in ("z_score", "percentiles"):
        recipe = Settings(normalize=rule, normalize_over="body")
        assert np.allclose(
            normalize(image, recipe).intensities, normalize(other, recipe).intensities, rtol=1e-6, atol=1e-6
        )


def test_the_record_goes_to_each_roi(image, masks):
    found = normalize(image, Settings(normalize="z_score"), masks)
    roi = crop(found, masks[0])
    assert [record["step"] for record in roi.records] == ["normalize", "crop"]
    assert roi.records[0]["rule"] == "z_score"


def test_nothing_to_do_is_the_very_image(image):
    assert normalize(image, Settings()) is image
    assert normalize(image, Settings(intensity_unit="unknown")) is image
    told = normalize(image, Settings(intensity_unit="HU"))
    assert told.intensity_unit == "HU"
    assert told.intensities is image.intensities
    assert normalize(image, Settings(normalize="z_score", intensity_unit="SUV")).intensity_unit == "SUV"


def test_what_is_not_finite_is_left_out(image):
    image.intensities[0, 0, 0] = np.nan
    image.intensities[0, 0, 1] = np.inf
    for over in ("image", "body"):
        found = normalize(image, Settings(normalize="z_score", normalize_over=over))
        assert np.isfinite(found.intensities).sum() == image.intensities.size - 2


def test_refusals(image, masks):
    with pytest.raises(
        LabelNotFoundError, match="no ROI is called, expected image, body or one of: fat, muscle"
    ):
        normalize(image, Settings(normalize="z_score", normalize_over="bone"), masks)
    with pytest.raises(InputError, match="divides by 0: its 24 voxels run from 7 to 7"):
        normalize(an_image(np.full((2, 3, 4), 7)), Settings(normalize="percentiles"))
    with pytest.raises(InputError, match="no finite intensity"):
        normalize(an_image(np.full((2, 3, 4), np.nan)), Settings(normalize="z_score"))
