"""What the compiled passes over masks and label maps find is what NumPy and SciPy find."""

import numpy as np
import pytest
from conftest import backend_or_skip
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage


@pytest.fixture(scope="module")
def extensions():
    return [backend_or_skip(name).extension for name in ("cpp-avx2", "cpp-baseline")]


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=3, max_dims=3, max_side=24), fill=st.booleans()))
@example(np.indices((6, 7, 33)).sum(axis=0) % 2 == 0)
@example(np.indices((6, 7, 33)).sum(axis=0) % 3 == 0)
def test_a_mask_is_summed_up(extensions, inside):
    if not inside.any():
        return
    voxels, pieces, first, stop = extensions[0].mask_summary(np.ascontiguousarray(inside))
    box = ndimage.find_objects(inside.astype(int))[0]
    assert voxels == np.count_nonzero(inside)
    assert pieces == ndimage.label(inside, np.ones((3, 3, 3)))[1]
    assert (first, stop) == (tuple(b.start for b in box), tuple(b.stop for b in box))


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=3, max_dims=3, max_side=24), fill=st.booleans()))
@example(np.indices((6, 7, 33)).sum(axis=0) % 2 == 0)
@example(np.indices((6, 7, 33)).sum(axis=0) % 3 == 0)
def test_pieces_by_faces_and_sums(extensions, inside):
    where = [int(index.sum()) for index in np.nonzero(inside)]
    found = (np.count_nonzero(inside), ndimage.label(inside)[1], tuple(where))
    assert all(e.pieces_and_sums(np.ascontiguousarray(inside)) == found for e in extensions)


def box_by_numpy(inside):
    where = np.nonzero(inside)
    return (tuple(w.min() for w in where), tuple(w.max() + 1 for w in where)) if inside.any() else None


@given(
    st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"]),
    hnp.array_shapes(min_dims=3, max_dims=3, max_side=7),
    st.integers(0, 300),
    st.data(),
)
def test_the_box_of_a_label(extensions, dtype, shape, length, data):
    """Few voxels of the label, among others, in rows around the widths of registers."""
    labels = np.zeros((*shape[:2], shape[2] + length), dtype)
    lowest, highest = np.iinfo(dtype).min, np.iinfo(dtype).max
    label = data.draw(st.sampled_from([1, highest, lowest or 2]))
    for value in (label, label, 3):
        for place in data.draw(st.lists(st.integers(0, labels.size - 1), max_size=4)):
            labels.flat[place] = value
    for extension in extensions:
        assert extension.label_box(labels, label % 2**64) == box_by_numpy(labels == label)
        assert extension.label_box(labels, 4) is None


@pytest.mark.parametrize("dtype", ["u1", "i2", "u4", "i8"])
def test_the_box_of_a_large_ball_and_of_everything(extensions, dtype):
    z, y, x = np.indices((40, 70, 200)) - np.array([20, 33, 90])[:, None, None, None]
    for inside in (z**2 + y**2 + x**2 < 300, z > -99, (z == 0) & (abs(y) + abs(x) < 40)):
        for extension in extensions:
            labels = np.where(inside, np.iinfo(dtype).max, 0).astype(dtype)
            assert extension.label_box(labels, np.iinfo(dtype).max) == box_by_numpy(inside)


@given(hnp.arrays(st.sampled_from(["u1", "u2", "i2", "i4", "u8"]), (4, 5, 19), elements=st.integers(0, 9)))
def test_boxes_of_labels(extensions, labels):
    found = extensions[0].label_boxes(labels, 12)
    boxes = [[b.start for b in box] + [b.stop for b in box] if box else [0] * 6
             for box in ndimage.find_objects(labels.astype(np.int64), 12)]  # fmt: skip
    assert found.tolist() == boxes
    assert extensions[0].label_boxes(labels.T, 12) is None
