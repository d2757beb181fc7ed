"""From image and ROIs to a table: rows, columns, provenance, and what failing ROIs become."""

import json

import numpy as np
import pytest

import fasttex
from fasttex import FeatureTable, Settings, SettingsError
from fasttex.errors import EmptyRoiError, LabelNotFoundError
from fasttex.features.engine import features_engine
from fasttex.settings import AGGREGATIONS, FAMILIES
from fasttex.table import ABOUT, FLAGS, require_recipe


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(1).integers(-200, 300, (12, 20, 18)).astype(np.int16)


@pytest.fixture(scope="module")
def labels():
    found = np.zeros((12, 20, 18), dtype=np.uint8)
    found[2:9, 3:12, 4:15] = 1
    found[9:11, 12:19, 2:9] = 4
    return found


def small(**given):
    return Settings(families=["intensity_statistics", "ngtdm"], **given)


def test_a_row_per_label_a_column_per_feature(image, labels):
    table = fasttex.extract(image, labels, case="p1", spacing_mm=2)
    assert [(row.case, row.roi, row.label, row.voxels) for row in table.rows] == [
        ("p1", "1", 1, 693),
        ("p1", "4", 4, 98),
    ]
    assert len(table.columns) == 23 + 2 + 18 + 23 + 6 + 25 + 16 + 16 + 16 + 5 + 17
    assert np.isfinite(table.values).all()
    assert table.rows[0].recipe_id == Settings().recipe_id
    assert table.column("intensity_statistics_minimum")[0] == image[labels == 1].min()


def test_every_aggregation(image, labels):
    table = fasttex.extract(image, labels, Settings(aggregations=AGGREGATIONS))
    assert len(table.columns) == 23 + 2 + 18 + 23 + 6 + 6 * (25 + 16) + 3 * (16 + 16 + 5 + 17)
    assert len(set(table.columns)) == len(table.columns)


def test_slices_across_another_axis(image, labels):
    textures = [family for family in FAMILIES if family[:2] in ("gl", "ng")]
    recipe = Settings(families=textures, aggregations=["2d_averaged", "2_5d_merged"], slice_axis="x")
    turned = fasttex.extract(
        image.transpose(2, 0, 1), labels.transpose(2, 0, 1), recipe.replace(slice_axis="z")
    )
    assert np.array_equal(fasttex.extract(image, labels, recipe).values, turned.values)


def test_a_single_slice_is_2d_by_default(image, labels):
    table = fasttex.extract(image[5], labels[5], small())
    assert table.columns[-1] == "ngtdm_strength__2d"
    assert np.isfinite(table.values).all()
    assert table.provenance["recipes"][0]["aggregations"] == ["2d_averaged"]


def test_several_recipes_read_the_image_once(image, labels):
    recipes = [small(bin_number=8), small(bin_number=64), Settings(families=["glrlm"])]
    table = fasttex.extract(image, labels, recipes)
    assert [row.recipe_id for row in table.rows] == [r.recipe_id for r in recipes for _ in range(2)]
    for recipe, first in zip(recipes, (0, 2, 4), strict=True):
        alone = fasttex.extract(image, labels, recipe)
        at = [table.columns.index(name) for name in alone.columns]
        assert np.array_equal(table.values[first : first + 2][:, at], alone.values)
    assert np.isnan(table.values[0, table.columns.index("glrlm_run_percentage__3d_averaged")])
    with pytest.raises(SettingsError, match="no two alike"):
        fasttex.extract(image, labels, [small(), small()])


def test_settings_as_a_mapping_and_refusals(image, labels):
    table = fasttex.extract(image, labels, {"bin_number": 8, "families": ["ngtdm"]})
    assert table.rows[0].n_levels == 8
    with pytest.raises(SettingsError, match="did you mean 'bin_number'"):
        fasttex.extract(image, labels, {"bin_numbr": 8})
    with pytest.raises(SettingsError, match="on_error is 'ignore', expected 'raise' or 'row'"):
        fasttex.extract(image, labels, on_error="ignore")
    with pytest.raises(SettingsError, match="memory_limit is 'much'"):
        fasttex.extract(image, labels, memory_limit="much")
    with pytest.raises(SettingsError, match="threads is 0"):
        fasttex.extract(image, labels, threads=0)
    with pytest.raises(fasttex.BackendError, match="backend is 'gpu', expected one of: auto, cpp"):
        fasttex.extract(image, labels, backend="gpu")


def test_names_and_groups(image, labels):
    table = fasttex.extract(
        image, labels, small(), names={1: "liver"}, select={"both": [1, 4], "liver": "liver"}
    )
    assert [(row.roi, row.voxels) for row in table.rows] == [("both", 791), ("liver", 693)]


def test_overlapping_masks_are_each_alone(image):
    a, b = np.zeros((2, *image.shape), dtype=bool)
    a[2:9, 3:12, 4:15] = True
    b[5:10, 8:15, 4:15] = True
    both = fasttex.extract(image, {"a": a, "b": b}, small())
    alone = [fasttex.extract(image, {"m": m}, small()).values[0] for m in (a, b)]
    assert np.array_equal(both.values, alone)


def test_failing_rois_become_rows_and_take_none_along(image, labels):
    masks = {"good": labels == 1, "empty": labels == 99, "dot": np.zeros(image.shape, dtype=bool)}
    masks["dot"][0, 0, 0] = True
    recipe = small(spacing_mm=4)
    table = fasttex.extract(image, masks, recipe, on_error="row", spacing_mm=1)
    found = {row.roi: row for row in table.rows}
    assert set(found) == {"good", "empty", "dot"}
    assert found["good"].error == ""
    assert np.isfinite(found["good"].values).all()
    assert "empty" in found["empty"].error
    assert found["empty"].flags == ("failed",)
    assert "no voxel left after resampling" in found["dot"].error
    assert found["dot"].flags == ("failed", "lost_in_resampling")
    assert np.isnan(found["dot"].values).all()
    alone = fasttex.extract(image, masks["good"], recipe, spacing_mm=1)
    assert np.array_equal(found["good"].values, alone.rows[0].values)
    with pytest.raises(EmptyRoiError):
        fasttex.extract(image, masks, recipe)


def test_all_rois_failing_still_is_a_table(image):
    table = fasttex.extract(image, {"a": np.zeros(image.shape, dtype=bool)}, small(), on_error="row")
    assert len(table) == 1
    assert table.columns[0] == "intensity_statistics_mean"


def test_label_that_is_not_there(image, labels):
    with pytest.raises(LabelNotFoundError, match=r"(?s)7.*1.*693.*4.*98"):
        fasttex.extract(image, labels, select=[7])


@pytest.mark.parametrize(
    ("make", "flag"),
    [
        (lambda i, m: (i * 0, m), "flat"),
        (lambda i, m: (i // 100, m), "few_levels"),
        (lambda i, m: (i, _only(m, (slice(3, 5), slice(4, 6), slice(5, 7)))), "few_voxels"),
        (lambda i, m: (i, m | _only(m | True, (0, slice(2), slice(2)))), "touches_border"),
        (lambda i, m: (i, m | _only(m | True, (11, 19, slice(15, 17)))), "disconnected"),
    ],
    ids=["flat", "few_levels", "few_voxels", "touches_border", "disconnected"],
)
def test_flags(image, labels, make, flag):
    mask = labels == 1
    assert flag not in fasttex.extract(image, mask, small()).rows[0].flags
    assert flag in fasttex.extract(*make(image, mask), small()).rows[0].flags


def _only(mask, box):
    found = np.zeros_like(mask)
    found[box] = mask[box]
    return found


def test_flags_of_preprocessing(image, labels):
    def flags(settings, spacing_mm=1):
        return fasttex.extract(image, labels == 1, settings, spacing_mm=spacing_mm).rows[0].flags

    assert "anisotropic_not_resampled" in flags(small(), (3, 1, 1))
    assert "anisotropic_not_resampled" not in flags(small(spacing_mm=1), (3, 1, 1))
    assert "upsampled" in flags(small(spacing_mm=1), (3, 1, 1))
    assert "clipped" in flags(small(bin_width=25, bin_origin=0))
    assert "resegmented" in flags(small(resegment_range=[0, 100]))
    assert "compacted" in flags(small(bin_width=0.005, bin_origin="roi_minimum"))
    assert set(FLAGS) >= set(flags(small(), (3, 1, 1)))


def test_compacting_changes_no_value(image, labels):
    """Levels left out of the matrices because they do not occur: the numbers are those of the full ones."""
    recipe = Settings(bin_width=2, bin_origin=-2000, aggregations=AGGREGATIONS)
    full = fasttex.extract(image // 100, labels, recipe)
    compact = fasttex.extract(image // 100, labels, recipe, memory_limit=30_000_000)
    assert "compacted" not in full.rows[0].flags
    assert "compacted" in compact.rows[0].flags
    assert np.allclose(full.values, compact.values, rtol=1e-12, atol=0, equal_nan=True)


def test_provenance_says_how(image, labels):
    recipe = Settings.preset("ct")
    table = fasttex.extract(image, labels, recipe, spacing_mm=(3, 1, 1), names={1: "a", 4: "b"})
    made = table.provenance
    assert made["backend"] in ("cpp", "numba")
    assert made["features_engine"] == features_engine()
    assert made["versions"]["fasttex"] == fasttex.__version__
    assert made["image"]["spacing_mm"] == [3, 1, 1]
    assert made["image"]["dtype_read"] == "int16"
    part = made["recipes"][0]
    assert part["settings"]["bin_width"] == 25
    assert "bin_width" not in part["defaults"]
    assert "alpha" in part["defaults"]
    steps = {step["step"]: step for step in part["rois"][0]["steps"]}
    assert list(steps) == ["crop", "resample", "round", "resegment", "discretize", "overlap"]
    assert steps["crop"]["voxels"] == 693
    assert steps["crop"]["volume_mm3"] == 693 * 3
    assert steps["resample"]["shape"] == [18, 10, 9]
    assert steps["discretize"]["bin_width"] == 25
    assert steps["discretize"]["bin_edges"][:2] == [-1000, -975]
    json.dumps(made)


def test_timings_name_the_stages(image, labels):
    timings = fasttex.extract(image, labels).timings
    assert set(timings) == {"read", "crop", "resample", "discretize", "count", "features"}
    assert all(seconds >= 0 for seconds in timings.values())


def test_progress_ends_at_the_number_of_rows(image, labels):
    seen = []
    fasttex.extract(image, labels, [small(), small(bin_number=8)], progress=lambda *at: seen.append(at))
    assert seen[-1] == (4, 4)
    assert seen == sorted(seen)


def test_same_bits_on_every_backend_and_thread_count(image, labels):
    recipe = Settings(spacing_mm=1.5, round_intensities=True, aggregations=AGGREGATIONS)
    tables = [
        fasttex.extract(image, labels, recipe, spacing_mm=(3, 1, 1), backend=name, threads=threads).values
        for name, reason in fasttex.available().items()
        for threads in (1, 3)
        if not reason
    ]
    assert len(tables) >= 4
    assert all(t.tobytes() == tables[0].tobytes() for t in tables)


# Layouts and kinds of arrays ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: a[::-1].copy()[::-1],
        lambda a: a.astype(a.dtype.newbyteorder(">")),
        lambda a: a.astype(np.int64),
        lambda a: a.astype(np.float32),
        lambda a: a.astype(np.float64),
    ],
    ids=["fortran", "sliced", "reversed", "big-endian", "int64", "float32", "float64"],
)
def test_layout_and_dtype_change_nothing(image, labels, change):
    recipe = small(spacing_mm=1.4)
    expected = fasttex.extract(image, labels, recipe).values
    i, m = change(image), change(labels)
    i.flags.writeable = m.flags.writeable = False
    before = i.tobytes(), m.tobytes()
    assert fasttex.extract(i, m, recipe).values.tobytes() == expected.tobytes()
    assert (i.tobytes(), m.tobytes()) == before


def test_unsigned_images(image, labels):
    shifted = (image.astype(np.int32) + 200).astype(np.uint16)
    moved = fasttex.extract(shifted, labels, Settings(families=["glcm"]))
    assert np.array_equal(moved.values, fasttex.extract(image, labels, Settings(families=["glcm"])).values)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 7), (7, 1, 1), (1, 6, 7), (6, 1, 7)])
def test_a_voxel_a_line_a_slice(shape):
    values = np.random.default_rng(3).integers(0, 9, shape)
    table = fasttex.extract(values, np.ones(shape, dtype=bool), Settings(aggregations=AGGREGATIONS))
    assert table.rows[0].error == ""
    assert table.rows[0].voxels == values.size
    assert not np.isinf(table.values).any()
    if values.size == 1:
        undefined = {
            name.partition("_")[0]
            for name, v in zip(table.columns, table.rows[0].values, strict=True)
            if np.isnan(v)
        }
        assert undefined >= {"glcm", "ngtdm", "morphology", "ivh"}
        assert not undefined & {"glrlm", "glszm", "gldzm", "ngldm", "local"}


# The table -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table(image, labels):
    return fasttex.extract(image, labels, small(), case="p1", names={1: "a", 4: "b"})


def test_csv_keeps_every_digit(table, tmp_path):
    import csv

    text = table.to_csv()
    rows = list(csv.DictReader(text.splitlines()))
    assert [float(rows[n][name]) for n in range(2) for name in table.columns] == table.values.ravel().tolist()
    assert table.to_csv(tmp_path / "t.csv") is None
    assert (tmp_path / "t.csv").read_text() == text
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]
    with pytest.raises(fasttex.InputError, match="cannot write"):
        table.to_csv(tmp_path / "no" / "t.csv")


def test_json(table):
    content = json.loads(table.to_json())
    assert content["rows"][1]["roi"] == "b"
    assert content["rows"][0][table.columns[0]] == table.values[0, 0]
    assert content["provenance"]["recipes"][0]["recipe_id"] == small().recipe_id


def test_nan_is_null_and_empty(table):
    undefined = FeatureTable(
        table.columns, (table.rows[0].__class__("c", "r", 1, "x", table.values[0] * np.nan),)
    )
    assert json.loads(undefined.to_json())["rows"][0][table.columns[0]] is None
    assert undefined.to_csv().splitlines()[1].endswith(",,,")


def test_long(table):
    long = table.long()
    assert len(long) == 2 * len(table.columns)
    assert long[0] == {
        "case": "p1", "roi": "a", "label": 1, "variant": "", "recipe_id": small().recipe_id, "image": "",
        "family": "intensity_statistics", "feature": "mean", "aggregation": "", "ibsi": "Q4LE",
        "unit": "intensity", "value": table.values[0, 0],
    }  # fmt: skip
    assert table.to_csv(long=True).count("\n") == len(long) + 1


def test_pandas_and_parquet(table, tmp_path):
    pandas, parquet = pytest.importorskip("pandas"), pytest.importorskip("pyarrow.parquet")
    frame = table.to_pandas()
    assert list(frame.columns) == [*ABOUT, *table.columns]
    assert np.array_equal(frame[list(table.columns)].to_numpy(), table.values)
    table.to_parquet(tmp_path / "t.parquet")
    stored = parquet.read_table(tmp_path / "t.parquet")
    assert stored.schema.field("intensity_statistics_mean").metadata == {
        b"ibsi": b"Q4LE",
        b"unit": b"intensity",
    }
    assert json.loads(stored.schema.metadata[b"fasttex"])["recipes"][0]["settings"]["bin_number"] == 32
    assert stored.column(table.columns[0]).to_pylist() == table.values[:, 0].tolist()
    assert isinstance(frame, pandas.DataFrame)


def test_written_tables_hold_no_paths_or_hashes(tmp_path, image, labels):
    import SimpleITK as sitk

    secret = tmp_path / "patient_name.nrrd"
    sitk.WriteImage(sitk.GetImageFromArray(image), str(secret))
    made = fasttex.extract(secret, labels, small(), hash_inputs=True)
    assert "patient_name" in json.dumps(made.provenance)
    assert len(made.provenance["image"]["sha256"]) == 64
    for text in (made.to_json(), made.to_csv()):
        assert "patient_name" not in text
        assert made.provenance["image"]["sha256"] not in text


def test_require_recipe(table):
    assert require_recipe(table, small().recipe_id) is table
    with pytest.raises(SettingsError, match="expected 000000000000 alone"):
        require_recipe(table, "0" * 12)


def test_unknown_column(table):
    with pytest.raises(fasttex.InputError, match="no column 'nope'"):
        table.column("nope")


def test_paths_stay_out_of_the_rows(tmp_path, image, labels):
    missing = tmp_path / "patient_name.nrrd"
    made = fasttex.extract(image, {"a": labels == 1, "b": missing}, small(), on_error="row")
    assert "<rois>" in made.rows[1].error
    assert "patient_name" not in made.to_json()
    with pytest.raises(fasttex.InputError, match="patient_name"):
        fasttex.extract(image, {"a": labels == 1, "b": missing}, small())


def test_several_threads_may_extract_at_once(image, labels):
    from concurrent.futures import ThreadPoolExecutor

    expected = fasttex.extract(image, labels, Settings()).values.tobytes()
    with ThreadPoolExecutor(4) as pool:
        tables = list(pool.map(lambda _: fasttex.extract(image, labels, Settings()), range(16)))
    assert {t.values.tobytes() for t in tables} == {expected}


def test_moran_and_geary_only_where_asked_for(image, labels):
    recipe = Settings(families=["morphology"], spatial_autocorrelation="exact")
    table = fasttex.extract(image, labels, recipe)
    assert table.columns[-2:] == ("morphology_moran_i_index", "morphology_geary_c_measure")
    assert np.isfinite(table.values).all()
    without = fasttex.extract(image, labels, Settings(families=["morphology"]))
    assert np.array_equal(table.values[:, :-2], without.values)


def test_a_roi_too_large_for_moran_becomes_a_row_and_takes_none_along():
    image = np.random.default_rng(2).normal(size=(20, 30, 30))
    labels = np.ones(image.shape, dtype=np.uint8)
    labels[:3, :3, :3] = 2
    recipe = Settings(families=["morphology"], spatial_autocorrelation="exact")
    table = fasttex.extract(image, labels, recipe, on_error="row", memory_limit=1_000_000)
    assert [bool(row.error) for row in table.rows] == [True, False]
    assert "memory_limit" in table.rows[0].error
    assert np.isfinite(table.rows[1].values).all()
    with pytest.raises(fasttex.InputError, match="memory_limit"):
        fasttex.extract(image, labels, recipe, memory_limit=1_000_000)


def test_normalized_images(image, labels):
    shifted = image * 3.0 + 500
    recipe = Settings(normalize="percentiles", normalize_over="liver", families=["intensity_statistics"])
    one, other = (fasttex.extract(i, labels, recipe, names={1: "liver"}).values for i in (image, shifted))
    assert np.allclose(one, other, rtol=1e-9, atol=1e-12)
    steps = fasttex.extract(image, labels, recipe, names={1: "liver"}).provenance["recipes"][0]["rois"][0][
        "steps"
    ]
    assert steps[0]["step"] == "normalize"
