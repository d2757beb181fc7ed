"""ROIs: label maps, masks, and which of them are asked for."""

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from numpy.testing import assert_array_equal

from fasttex.errors import EmptyRoiError, GeometryMismatchError, InputError
from fasttex.io import read_image, read_rois

LABELS = np.zeros((4, 5, 6), np.uint8)
LABELS[1:3, 1:3, 1:3] = 1
LABELS[3, 4, 2:5] = 2
LABELS[0, 0, 5] = 7
IMAGE = read_image(np.zeros(LABELS.shape, np.int16))


def found(rois, **options):
    """Name, label and number of voxels of each ROI, none of which may fail."""
    result = read_rois(rois, IMAGE, **options)
    assert result.failures == []
    return [(m.name, m.label, int(m.inside.sum())) for m in result.masks]


def failure(rois, **options):
    result = read_rois(rois, IMAGE, **options)
    assert len(result.failures) == 1
    return result.failures[0]


def whole(mask, shape):
    full = np.zeros(shape, bool)
    full[tuple(slice(s, s + n) for s, n in zip(mask.start, mask.inside.shape, strict=True))] = mask.inside
    return full


KINDS = {
    "array": lambda a, _: a,
    "fortran": lambda a, _: np.asfortranarray(a),
    "sliced": lambda a, _: np.repeat(np.flip(a, 0), 2, axis=2)[::-1, :, ::2],
    "swapped": lambda a, _: a.astype(">u2"),
    "int64": lambda a, _: a.astype(np.int64),
    "uint32": lambda a, _: a.astype(np.uint32),
    "float": lambda a, _: a.astype(np.float32),
    "SimpleITK": lambda a, _: sitk.GetImageFromArray(a),
    "nibabel": lambda a, _: nibabel.Nifti1Image(a.T, np.eye(4)),
    "file": lambda a, p: save(a, p / "labels.nii.gz"),
}


def save(array, path):
    sitk.WriteImage(sitk.GetImageFromArray(array), str(path))
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_label_map(kind, tmp_path):
    given = KINDS[kind](LABELS, tmp_path)
    before = given.copy() if isinstance(given, np.ndarray) else None
    if before is not None:
        given.flags.writeable = False
    result = read_rois(given, IMAGE)
    assert [(m.name, m.label) for m in result.masks] == [("1", 1), ("2", 2), ("7", 7)]
    for mask in result.masks:
        assert mask.inside.dtype == bool
        assert mask.inside.flags.c_contiguous
        assert_array_equal(whole(mask, LABELS.shape), mask.label == LABELS)
        assert all(mask.inside.any(axis=tuple({0, 1, 2} - {a}))[[0, -1]].all() for a in range(3))
    if before is not None:
        assert_array_equal(given, before)


def test_xyz():
    assert found(LABELS.T, axes="xyz") == found(LABELS)
    with pytest.raises(GeometryMismatchError, match="look reversed: pass axes='xyz'"):
        read_rois(LABELS.T, IMAGE)


def test_slice():
    image = read_image(np.zeros((5, 6)))
    masks = read_rois(LABELS[1], image).masks
    assert masks[0].inside.shape == (1, 2, 2)
    assert masks[0].start == (0, 1, 1)


@pytest.mark.parametrize(("value", "label"), [(1, 1), (255, 255), (0.0039, 1), (2.0, 2), (True, 1)])
def test_one_nonzero_value_is_one_roi(value, label):
    mask = np.where(LABELS == 1, value, type(value)(0))
    assert found(mask) == [(str(label), label, 8)]
    assert found({"tumor": mask}) == [("tumor", 1, 8)]


def test_large_labels():
    labels = LABELS.astype(np.int64)
    labels[labels == 7] = 2**31
    labels[labels == 2] = 70_000
    expected = [("1", 1, 8), ("70000", 70_000, 3), (str(2**31), 2**31, 1)]
    assert found(labels) == expected
    assert found(labels.astype(np.uint64)) == expected
    assert found(labels.astype(np.float64)) == expected
    with pytest.raises(InputError, match=r"label 1e\+20, expected at most 2\*\*53"):
        read_rois(np.where(labels == 1, 1e20, 0), IMAGE)


def test_probabilities():
    chances = np.where(LABELS == 1, 0.7, 0.2) * (LABELS > 0)
    with pytest.raises(InputError, match=r"no whole numbers \(such as 0.2 and 0.7\).*threshold=0.5"):
        read_rois(chances, IMAGE)
    assert found(chances, threshold=0.5) == [("1", 1, 8)]
    assert found(chances, threshold=0.7) == [("1", 1, 8)]
    assert found([chances, chances], threshold=0.1) == [("1", 1, 12), ("2", 1, 12)]
    assert found(chances - 1, threshold=-0.9) == [("1", 1, 12)]
    assert isinstance(failure(chances, threshold=0.9).error, EmptyRoiError)
    with pytest.raises(InputError, match="threshold is nan"):
        read_rois(chances, IMAGE, threshold=np.nan)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("threshold", [None, 0.5])
def test_not_finite(value, threshold):
    mask = LABELS.astype(float)
    mask[0, 0, 0] = value
    with pytest.raises(InputError, match="NaN or infinite"):
        read_rois(mask, IMAGE, threshold=threshold)


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float32])
def test_negative(dtype):
    mask = LABELS.astype(dtype)
    mask[0, 0, 0] = -3
    with pytest.raises(InputError, match=r"negative values \(down to -3(\.0)?\), expected 0 outside"):
        read_rois(mask, IMAGE)


def test_masks_may_overlap_and_have_names(tmp_path):
    a, b = LABELS > 0, LABELS == 1
    assert found({"all": a, "one": b}) == [("all", 1, 12), ("one", 1, 8)]
    assert found([a, b]) == [("1", 1, 12), ("2", 1, 8)]
    paths = [
        save(a.astype(np.uint8), tmp_path / "liver.nii.gz"),
        str(save(b.astype(np.uint8), tmp_path / "a.b.nrrd")),
    ]
    assert found(paths) == [("liver", 1, 12), ("a.b", 1, 8)]
    assert found((paths[0],)) == [("liver", 1, 12)]


def test_one_bad_mask_does_not_take_the_others_along(tmp_path):
    empty = np.zeros_like(LABELS)
    rois = {
        "a": LABELS == 1,
        "b": empty,
        "c": LABELS,
        "d": LABELS[1:],
        "e": tmp_path / "no.nii",
        "f": LABELS > 1,
    }
    result = read_rois(rois, IMAGE)
    assert [m.name for m in result.masks] == ["a", "f"]
    assert [(f.name, f.label, type(f.error)) for f in result.failures] == [
        ("b", 1, EmptyRoiError), ("c", 1, InputError), ("d", 1, GeometryMismatchError), ("e", 1, InputError),
    ]  # fmt: skip
    assert "the mask 'b' holds no voxel" in str(result.failures[0].error)
    assert "several labels (1, 2, 7)" in str(result.failures[1].error)
    assert "give the label map alone" in str(result.failures[1].error)


def test_empty_label_map(tmp_path):
    path = save(np.zeros_like(LABELS), tmp_path / "nothing.nii.gz")
    for rois, name in ((path, "nothing"), (np.zeros(LABELS.shape, bool), "1")):
        failed = failure(rois)
        assert failed.name == name
        assert isinstance(failed.error, EmptyRoiError)
        assert f"the ROI {name!r} is empty" in str(failed.error)
    assert isinstance(failure(path, select={"tumor": 3}).error, EmptyRoiError)


def test_nothing_given():
    for rois in ([], {}):
        with pytest.raises(InputError, match="rois is empty"):
            read_rois(rois, IMAGE)
    with pytest.raises(InputError, match="type NoneType"):
        read_rois(None, IMAGE)
    with pytest.raises(InputError, match="the name 1, expected"):
        read_rois({1: LABELS}, IMAGE)


def test_two_files_of_one_name(tmp_path):
    (tmp_path / "x").mkdir()
    paths = [save(LABELS, tmp_path / "a.nrrd"), save(LABELS, tmp_path / "x" / "a.nii.gz")]
    with pytest.raises(InputError, match="two of the masks are called 'a'"):
        read_rois(paths, IMAGE)


def test_record(tmp_path):
    path = save(LABELS, tmp_path / "a.nii.gz")
    record = read_rois(path, read_image(path)).record
    assert record["max_corner_distance_mm"] == 0
    assert record["sources"][0]["format"] == "Nifti"
    assert len(record["sources"][0]["sha256"]) == 64
    assert read_rois(LABELS, IMAGE, hash_input=True).record["sources"][0]["sha256"]
    grouped = read_rois(LABELS, IMAGE, select={"a": [1, 2]}, threshold=None).record
    assert grouped["groups"] == {"a": [1, 2]}
    assert grouped["max_corner_distance_mm"] is None


def test_memory_limit(tmp_path):
    with pytest.raises(InputError, match="memory_limit is 100 bytes"):
        read_rois(save(LABELS, tmp_path / "a.nii.gz"), IMAGE, memory_limit=100)


@pytest.mark.parametrize(
    ("image", "roi", "voxels"),
    [
        ("pyradiomics/brain1_image.nrrd", "pyradiomics/brain1_label.nrrd", {1: 4137}),
        (
            "pyradiomics/prostate_phantom_subvolume.nrrd",
            "pyradiomics/prostate_phantom_subvolume-label.nrrd",
            {1: 168, 7: 170, 8: 2997, 9: 9088},
        ),
        ("ibsi1_ct_phantom/image.nii.gz", "ibsi1_ct_phantom/mask.nii.gz", {1: 125_256}),
        ("ibsi1_digital_phantom/image.nii.gz", "ibsi1_digital_phantom/mask.nii.gz", {1: 74}),
    ],
    ids=["brain", "prostate", "CT phantom", "digital phantom"],
)
def test_known_data(image, roi, voxels, data_file):
    result = read_rois(data_file(f"data/{roi}"), read_image(data_file(f"data/{image}")))
    assert {m.label: int(m.inside.sum()) for m in result.masks} == voxels
    assert result.record["max_corner_distance_mm"] < 1e-3
