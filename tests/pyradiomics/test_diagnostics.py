"""The diagnostics of the extractor: computed beside the features where there are processors for both."""

import multiprocessing
import time

import numpy as np
import pytest
import SimpleITK as sitk
from pyradiomics.cases import images

from fasttex.errors import LabelNotFoundError
from fasttex.pyradiomics import generalinfo, shared
from fasttex.pyradiomics.featureextractor import RadiomicsFeatureExtractor


def mean_only(mask):
    extractor = RadiomicsFeatureExtractor()
    extractor.disableAllFeatures()
    extractor.enableFeaturesByName(firstorder=["Mean"])
    found = extractor.execute(images()[0], mask)
    return {key: value for key, value in found.items() if key.startswith("diagnostics_")}


def test_diagnostics_do_not_depend_on_processors(monkeypatch):
    image, mask = images()
    labels = sitk.GetArrayFromImage(mask)
    by_threads = []
    for threads in ("1", "2"):
        monkeypatch.setenv("FASTTEX_NUM_THREADS", threads)
        by_threads.append(mean_only(mask))
    assert by_threads[0] == by_threads[1]
    found = by_threads[0]
    assert found["diagnostics_Image-original_Hash"] == sitk.Hash(image, sitk.HashImageFilter.SHA1)
    as_32_bits = sitk.Cast(mask, sitk.sitkUInt32)
    assert found["diagnostics_Mask-original_Hash"] == sitk.Hash(as_32_bits, sitk.HashImageFilter.SHA1)
    where = np.nonzero(labels == 1)
    assert found["diagnostics_Mask-original_VoxelNum"] == len(where[0])
    assert found["diagnostics_Mask-original_CenterOfMassIndex"] == tuple(w.mean() for w in where[::-1])


@pytest.mark.parametrize("dtype", ["i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
def test_diagnostics_do_not_depend_on_the_pixels_of_the_mask(dtype):
    mask = images()[1]
    other = sitk.GetImageFromArray(sitk.GetArrayFromImage(mask).astype(dtype))
    other.CopyInformation(mask)
    assert mean_only(other) == mean_only(mask)


@pytest.mark.parametrize("threads", ["1", "2"])
def test_what_fails_beside_the_features_is_not_lost(monkeypatch, threads):
    def fail(voxels):
        raise MemoryError("no room")

    monkeypatch.setenv("FASTTEX_NUM_THREADS", threads)
    monkeypatch.setattr(generalinfo, "_hash_of_labels", fail)
    with pytest.raises(MemoryError, match="no room"):
        mean_only(images()[1])


def test_no_thread_outlives_a_failure(monkeypatch):
    """It reads the caller's image."""
    done = []

    def slowly(voxels):
        time.sleep(0.2)
        done.append(True)

    monkeypatch.setenv("FASTTEX_NUM_THREADS", "2")
    monkeypatch.setattr(generalinfo, "_hash_of_labels", slowly)
    with pytest.raises(LabelNotFoundError):
        RadiomicsFeatureExtractor(label=5).execute(*images())
    assert done == [True]


def test_without_another_thread_it_is_computed_here(monkeypatch):
    wanted = mean_only(images()[1])

    def fail(*args):
        raise RuntimeError("can't start new thread")

    monkeypatch.setenv("FASTTEX_NUM_THREADS", "2")
    monkeypatch.setattr(shared.ThreadPoolExecutor, "submit", fail)
    assert mean_only(images()[1]) == wanted


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="processes cannot fork here"
)
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_diagnostics_in_forked_workers(monkeypatch):
    monkeypatch.setenv("FASTTEX_NUM_THREADS", "2")
    labels = sitk.GetArrayFromImage(images()[1])
    wanted = hashes_of(labels)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.map(hashes_of, [labels, labels]) == [wanted, wanted]


def hashes_of(labels):
    mask = sitk.GetImageFromArray(labels)
    mask.CopyInformation(images()[1])
    return [value for key, value in mean_only(mask).items() if key.endswith("Hash")]
