"""Which ROIs are asked for, by label and by name."""

import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from fasttex.errors import InputError, LabelNotFoundError
from fasttex.io import parse_select, read_image, read_rois

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


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ([7, 1], [("7", 7, 1), ("liver", 1, 8)]),
        (2, [("2", 2, 3)]),
        ("liver", [("liver", 1, 8)]),
        (["liver", "7"], [("liver", 1, 8), ("7", 7, 1)]),
        (np.array([1, 2]), [("liver", 1, 8), ("2", 2, 3)]),
        ({"a": 2, "b": "liver"}, [("a", 2, 3), ("b", 1, 8)]),
        ({"both": [2, "liver"], "two": 2}, [("both", 2, 11), ("two", 2, 3)]),
        ({"same": ["liver", 1]}, [("same", 1, 8)]),
        ((n for n in (1, 2)), [("liver", 1, 8), ("2", 2, 3)]),
    ],
    ids=str,
)
def test_select(select, expected):
    assert found(LABELS, select=select, names={1: "liver"}) == expected


def test_select_among_masks():
    rois = [LABELS == 1, LABELS == 2]
    assert found(rois, select=[2]) == [("2", 1, 3)]
    assert found({"a": rois[0], "b": rois[1]}, select={"union": ["a", "b"]}) == [("union", 1, 11)]
    assert "no ROI has the name 'c'; there are 'a'" in str(failure({"a": rois[0]}, select="c").error)


def test_union_keeps_every_voxel():
    (mask,) = read_rois(LABELS, IMAGE, select={"all": [7, 2, 1]}).masks
    assert mask.start == (0, 0, 1)
    assert_array_equal(mask.inside, LABELS[:, :, 1:] > 0)


def test_label_not_there():
    result = read_rois(LABELS, IMAGE, select=[1, 3, "spleen"], names={1: "liver", 9: "spleen"})
    assert [m.name for m in result.masks] == ["liver"]
    assert [(f.name, f.label, type(f.error)) for f in result.failures] == [
        ("3", 3, LabelNotFoundError), ("spleen", None, LabelNotFoundError),
    ]  # fmt: skip
    assert str(result.failures[0].error) == (
        "no ROI has the label 3; there are 1 'liver' (8 voxels), 2 (3 voxels), 7 (1 voxels); "
        "select one of these"
    )
    assert failure(LABELS, select={"lung": [1, 10]}).name == "lung"


def test_many_labels_are_counted_not_listed():
    many = np.arange(120, dtype=np.uint8).reshape(LABELS.shape)
    text = str(failure(many, select=200).error)
    assert "20 (1 voxels) and 99 more" in text
    assert "21 (" not in text


@pytest.mark.parametrize("select", [[1.5], [True], [[1, 2]], [None], {"": 1}, {"a": []}, {2: 1}, []], ids=str)
def test_select_that_makes_no_sense(select):
    with pytest.raises(InputError, match="select"):
        read_rois(LABELS, IMAGE, select=select)


def test_one_roi_asked_for_twice():
    with pytest.raises(InputError, match="'liver' is asked for twice"):
        read_rois(LABELS, IMAGE, select=[1, "liver"], names={1: "liver"})


@pytest.mark.parametrize(
    "names",
    [{1: "liver", 9: "spleen"}, {"liver": 1, "spleen": 9}, {"1": "liver"}, {np.int64(1): "liver"}],
    ids=str,
)
def test_names(names, tmp_path):
    assert found(LABELS, names=names)[0] == ("liver", 1, 8)
    if not isinstance(next(iter(names)), np.integer):
        (tmp_path / "names.json").write_text(json.dumps(names))
        assert found(LABELS, names=tmp_path / "names.json")[0] == ("liver", 1, 8)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ({1: "a", 2: "a"}, "name 'a' occurs twice"),
        ({"a": 1, "b": 1}, "label 1 occurs twice"),
        ({1: "2"}, "labels 1 and 2 are both called '2'"),
        ({1: " "}, "not blank"),
        ({1: 2}, "expected {label: name} or {name: label}"),
        ({"a": "b"}, "expected {label: name} or {name: label}"),
        ({1: None}, "expected {label: name} or {name: label}"),
        ({"lung": [1, 2]}, r"has {'lung': \[1, 2\]}, .*; to unite labels, select them: lung=10,11"),
        (3, "expected a mapping"),
    ],
    ids=str,
)
def test_wrong_names(names, text):
    with pytest.raises(InputError, match=text):
        read_rois(LABELS, IMAGE, names=names)


def test_wrong_names_file(tmp_path):
    path = tmp_path / "names.json"
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_rois(LABELS, IMAGE, names=path)
    for content, text in (
        ("{", "is no JSON"),
        ('{"1": "a", "1": "b"}', "key '1' occurs twice"),
        ("[1]", "mapping"),
    ):
        path.write_text(content)
        with pytest.raises(InputError, match=text):
            read_rois(LABELS, IMAGE, names=path)


def test_names_are_for_label_maps():
    with pytest.raises(InputError, match="name masks with a dict"):
        read_rois([LABELS > 0], IMAGE, names={1: "a"})


@pytest.mark.parametrize(
    ("texts", "select"),
    [
        (["1"], [1]),
        (["tumor", "2"], ["tumor", 2]),
        (["tumor=2"], {"tumor": 2}),
        (["lung=10,11, 12", "liver"], {"lung": [10, 11, 12], "liver": "liver"}),
        ([" a = b "], {"a": "b"}),
        (["3", "x=1"], {"3": 3, "x": 1}),
    ],
)
def test_parse_select(texts, select):
    assert parse_select(texts) == select


def test_parse_select_from_a_file(tmp_path):
    path = tmp_path / "groups.json"
    path.write_text('{"both": [1, "liver"], "rest": 7}')
    assert parse_select([str(path), "2"]) == {"both": [1, "liver"], "rest": 7, "2": 2}
    rois = read_rois(LABELS, IMAGE, select=parse_select([str(path)]), names={2: "liver"})
    assert [(mask.name, mask.inside.sum()) for mask in rois.masks] == [("both", 11), ("rest", 1)]
    with pytest.raises(InputError, match="names 'rest' twice"):
        parse_select([str(path), "rest=1"])
    path.write_text("[1]")
    with pytest.raises(InputError, match="holds no pairs of name and labels"):
        parse_select([str(path)])


@pytest.mark.parametrize("texts", [[""], ["=1"], ["a="], ["a=1,,2"], ["a=1", "a=2"]])
def test_parse_select_refuses(texts):
    with pytest.raises(InputError, match=r"ROI|select"):
        parse_select(texts)
