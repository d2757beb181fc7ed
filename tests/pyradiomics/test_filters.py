"""Image types: laws, what is left out or refused, and the libraries they need."""

import logging
import sys

import numpy as np
import pytest
import SimpleITK as sitk

from fasttex.errors import LabelNotFoundError, SettingsError
from fasttex.pyradiomics import imageoperations as operations

VALUES = np.random.default_rng(3).normal(100, 50, (9, 11, 13))


def make(values):
    return sitk.GetImageFromArray(values)


IMAGE = make(VALUES)
MASK = make((VALUES > 90).astype(np.uint8))


def arrays(generator):
    return {name: sitk.GetArrayFromImage(image) for image, name, _ in generator}


def test_settings_come_along_and_the_image_is_itself():
    ((image, name, settings),) = operations.getOriginalImage(IMAGE, MASK, binWidth=5, anything=1)
    assert (image, name, settings) == (IMAGE, "original", {"binWidth": 5, "anything": 1})


@pytest.mark.parametrize("name", ["Square", "SquareRoot", "Logarithm", "Exponential"])
def test_pointwise_filters_keep_the_largest_magnitude(name):
    (found,) = arrays(getattr(operations, f"get{name}Image")(IMAGE, None)).values()
    np.testing.assert_allclose(np.abs(found).max(), np.abs(VALUES).max(), rtol=1e-12)
    assert found.dtype == np.float64


@pytest.mark.parametrize(
    ("name", "value"), [("Square", 0), ("SquareRoot", 0), ("Logarithm", 0), ("Exponential", 1)]
)
def test_pointwise_filters_of_an_image_of_zeros(name, value):
    zeros = make(np.zeros((3, 4, 5), np.int16))
    (found,) = arrays(getattr(operations, f"get{name}Image")(zeros, None)).values()
    assert np.unique(found).tolist() == [value]


def test_the_lowest_of_its_type_has_a_magnitude_too():
    (found,) = arrays(operations.getSquareImage(make(np.full((2, 2, 2), -128, np.int8)), None)).values()
    np.testing.assert_allclose(found, 128, rtol=1e-12)


def test_scales_that_do_not_fit_are_left_out_aloud(caplog):
    with caplog.at_level(logging.WARNING):
        found = arrays(operations.getLoGImage(IMAGE, MASK, sigma=[1, 2.5, 9, 0]))
    assert list(found) == ["log-sigma-1-mm-3D", "log-sigma-2-5-mm-3D"]
    assert "needs an image of [10, 10, 10] voxels" in caplog.text
    assert "expected more than 0" in caplog.text
    assert not arrays(operations.getLoGImage(make(VALUES[:3]), MASK, sigma=[1]))
    assert not arrays(operations.getLoGImage(IMAGE, MASK))


@pytest.mark.parametrize("sigma", [2, None, "3", ["a"], [None]])
def test_scales_that_are_none(sigma):
    with pytest.raises(SettingsError, match=r"expected .*lengths in mm"):
        list(operations.getLoGImage(IMAGE, MASK, sigma=sigma))


def test_wavelets_add_up_and_are_named_x_first():
    pytest.importorskip("pywt")
    slope = make(np.broadcast_to(np.arange(16.0) % 2, (16, 16, 16)).copy())  # varies along x alone
    found = arrays(operations.getWaveletImage(slope, None, wavelet="haar"))
    assert list(found) == [f"wavelet-{b}" for b in ("LLH", "LHL", "LHH", "HLL", "HLH", "HHL", "HHH", "LLL")]
    power = {name: float(np.square(values).sum()) for name, values in found.items()}
    assert [name for name in power if power[name] > 1e-9] == ["wavelet-HLL", "wavelet-LLL"]
    assert sum(power.values()) == pytest.approx(8 * np.square(sitk.GetArrayViewFromImage(slope)).sum())


def test_threads_do_not_change_wavelets():
    pytest.importorskip("pywt")
    n = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    many = arrays(operations.getWaveletImage(IMAGE, None, level=2))
    try:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
        one = arrays(operations.getWaveletImage(IMAGE, None, level=2))
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(n)
    assert all(np.array_equal(one[name], many[name]) for name in many)


@pytest.mark.parametrize(
    ("name", "settings", "text"),
    [
        ("Wavelet", {"wavelet": "foo"}, "wavelet is 'foo'"),
        ("Wavelet", {"wavelet": "mexh"}, "continuous"),
        ("Wavelet", {"level": 0}, "level is 0, expected a whole number above 0"),
        ("Wavelet", {"level": 1.5}, "level is 1.5"),
        ("Wavelet", {"start_level": -1}, "start_level is -1"),
        ("Wavelet", {"force2D": True, "force2Ddimension": 3}, "force2Ddimension is 3"),
        ("LBP2D", {"lbp2DMethod": "foo"}, "lbp2DMethod is 'foo'"),
        ("LBP2D", {"lbp2DSamples": 0}, "lbp2DSamples is 0"),
        ("LBP2D", {"force2D": True, "force2Ddimension": 5}, "force2Ddimension is 5"),
        ("LBP3D", {"lbp3DLevels": 0}, "lbp3DLevels is 0"),
        ("LBP3D", {"lbp3DIcosphereRadius": 0}, "lbp3DIcosphereRadius is 0"),
        ("LBP3D", {"lbp3DIcosphereSubdivision": -1}, "lbp3DIcosphereSubdivision is -1"),
    ],
)
@pytest.mark.filterwarnings("ignore:Applying .local_binary_pattern.:UserWarning")
def test_settings_that_are_refused(name, settings, text):
    pytest.importorskip({"Wavelet": "pywt", "LBP2D": "skimage", "LBP3D": "trimesh"}[name])
    with pytest.raises(ValueError, match=text):
        list(getattr(operations, f"get{name}Image")(IMAGE, MASK, **settings))


@pytest.mark.parametrize(
    ("name", "module"), [("Wavelet", "pywt"), ("LBP2D", "skimage.feature"), ("LBP3D", "trimesh")]
)
def test_a_missing_library_is_named(name, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"pip install 'fasttex\[pyradiomics\]'"):
        list(getattr(operations, f"get{name}Image")(make(VALUES.astype(np.int16)), MASK))


def test_planes_in_space_are_mentioned(caplog):
    pytest.importorskip("skimage")
    image = make(VALUES.astype(np.int16))
    with caplog.at_level(logging.WARNING):
        list(operations.getLBP2DImage(image, MASK))
    assert "force2D" in caplog.text
    caplog.clear()
    found = arrays(operations.getLBP2DImage(image, MASK, force2D=True))["lbp-2D"]
    assert found.dtype == np.int16
    assert found.max() <= 9
    assert not caplog.text


def test_patterns_in_space_are_of_the_roi_alone():
    pytest.importorskip("trimesh")
    found = arrays(operations.getLBP3DImage(IMAGE, MASK, lbp3DLevels=3))
    assert list(found) == ["lbp-3D-m1", "lbp-3D-m2", "lbp-3D-m3", "lbp-3D-k"]
    outside = VALUES <= 90
    assert all(not values[outside].any() for values in found.values())
    with pytest.raises(LabelNotFoundError):
        list(operations.getLBP3DImage(IMAGE, MASK, label=2))


def test_patterns_do_not_notice_how_many_voxels_are_sampled_at_a_time(monkeypatch):
    pytest.importorskip("trimesh")
    once = arrays(operations.getLBP3DImage(IMAGE, MASK))
    monkeypatch.setattr("fasttex.pyradiomics.filters.patterns._AT_ONCE", 100)
    often = arrays(operations.getLBP3DImage(IMAGE, MASK))
    assert all(np.allclose(once[name], often[name], rtol=0, atol=1e-12) for name in once)


def test_planes_have_no_patterns_in_space(caplog):
    with caplog.at_level(logging.WARNING):
        assert not list(operations.getLBP3DImage(make(VALUES[0]), make((VALUES[0] > 90).astype(np.uint8))))
    assert "2 axes" in caplog.text


@pytest.mark.parametrize(
    "name", ["Square", "SquareRoot", "Logarithm", "Exponential", "Gradient", "LoG", "Wavelet"]
)
def test_the_image_given_is_left_as_it_is(name):
    if name == "Wavelet":
        pytest.importorskip("pywt")
    image = make(VALUES.copy())
    list(getattr(operations, f"get{name}Image")(image, MASK, sigma=[1]))
    assert np.array_equal(sitk.GetArrayViewFromImage(image), VALUES)
