"""Real images: every backend gives the same table, to the last bit."""

import numpy as np
import pytest

import fasttex
from fasttex import Settings
from fasttex.settings import AGGREGATIONS

CASES = {
    "ct_phantom": ("data/ibsi1_ct_phantom/image.nii.gz", "data/ibsi1_ct_phantom/mask.nii.gz", [125_256]),
    "brain1": ("data/pyradiomics/brain1_image.nrrd", "data/pyradiomics/brain1_label.nrrd", [4_137]),
    "prostate": (
        "data/pyradiomics/prostate_phantom_subvolume.nrrd",
        "data/pyradiomics/prostate_phantom_subvolume-label.nrrd",
        [168, 170, 2_997, 9_088],
    ),
}
RECIPES = {
    "native": Settings(aggregations=AGGREGATIONS),
    "2 mm, rounded": Settings(spacing_mm=2, round_intensities=True, aggregations=AGGREGATIONS),
}
_tables = {}


def table(data_file, case, recipe, backend, threads):
    """Each is made once."""
    key = case, recipe, backend, threads
    if key not in _tables:
        image, mask, _ = CASES[case]
        _tables[key] = fasttex.extract(
            data_file(image), data_file(mask), RECIPES[recipe], backend=backend, threads=threads
        )
    return _tables[key]


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("case", CASES)
def test_numba_and_cpp_agree(both_fast_backends, data_file, case, recipe):
    one, other = (
        table(data_file, case, recipe, b.NAME, threads)
        for b, threads in zip(both_fast_backends, (2, 1), strict=True)
    )
    assert one.columns == other.columns
    assert one.values.tobytes() == other.values.tobytes()
    assert [row.about() for row in one.rows] == [row.about() for row in other.rows]
    assert one.provenance["recipes"] == other.provenance["recipes"]


@pytest.mark.parametrize("case", CASES)
def test_all_voxels_are_counted(fast_backend, data_file, case):
    found = table(data_file, case, "native", fast_backend.NAME, 1)
    assert [row.voxels for row in found.rows] == CASES[case][2]
    assert not any(row.error for row in found.rows)


@pytest.mark.parametrize("case", ["brain1", "prostate"])
def test_the_reference_agrees(fast_backend, data_file, case):
    """With every family; 3D alone, as the reference takes its time."""
    image, mask, _ = CASES[case]
    slow = fasttex.extract(data_file(image), data_file(mask), backend="reference")
    fast = fasttex.extract(data_file(image), data_file(mask), backend=fast_backend.NAME)
    assert slow.values.tobytes() == fast.values.tobytes()
    assert np.isfinite(slow.values).all()


def test_the_reference_agrees_after_resampling(fast_backend, data_file):
    image, mask, _ = CASES["prostate"]
    recipe = RECIPES["2 mm, rounded"].replace(aggregations=["3d_merged"])
    slow, fast = (
        fasttex.extract(data_file(image), data_file(mask), recipe, backend=name, on_error="row")
        for name in ("reference", fast_backend.NAME)
    )
    assert slow.values.tobytes() == fast.values.tobytes()
