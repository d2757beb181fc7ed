"""Tables of a cohort: complete, exact, safe to open and to pass on, whatever failed."""

import csv
import json
import math
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from cohort_made import COLUMNS, RECIPE, SETTINGS, case, result
from hypothesis import given
from hypothesis import strategies as st

from fasttex.cohort.cases import Failure, Recipe
from fasttex.cohort.export import export
from fasttex.cohort.journal import Journal
from fasttex.cohort.tables import _numbers
from fasttex.errors import InputError
from fasttex.features.compute import feature_columns
from fasttex.table import ABOUT, KEY, FeatureTable, Row
from fasttex.writing import csv_cell, csv_line


@pytest.fixture
def journal(tmp_path):
    with Journal.open(tmp_path, write=True) as opened:
        yield opened


def wide(folder: Path, name: str = "features") -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_case_is_there_with_its_reason(journal, tmp_path):
    cases = [case(name, site=f"site of {name}") for name in ("good", "late", "broken")]
    journal.begin(cases, RECIPE)
    made = result(1)
    failed = replace(made.rows[1], error="<rois>: empty", flags=("failed",))
    values = made.values.copy()
    values[1] = np.nan
    journal.commit("good", "key", replace(made, rows=(made.rows[0], failed), values=values))
    journal.fail("broken", Failure("InputError", "<image> is not there"), "/data/broken.nii is not there")
    written = export(journal, tmp_path)
    assert written.skipped == ""
    assert {path.name for path in written.files} == {
        "features.csv", "features.parquet", "diagnostics.csv", "diagnostics.parquet", "provenance.json",
    }  # fmt: skip
    rows = wide(tmp_path)
    assert list(rows[0]) == [*KEY, "site", *ABOUT[len(KEY) :], *COLUMNS]
    told = [(row["case"], row["roi"], row["flags"], row["error"]) for row in rows]
    assert told == [
        ("good", "roi1", "few_voxels flat", ""),
        ("good", "roi2", "failed", "<rois>: empty"),
        ("late", "", "pending", "the run of the cohort has not come to this case"),
        ("broken", "", "failed", "<image> is not there"),
    ]
    assert {row["recipe_id"] for row in rows} == {SETTINGS.recipe_id}
    assert [row["site"] for row in rows] == ["site of good", "site of good", "site of late", "site of broken"]
    assert [float(rows[0][name]) for name in COLUMNS] == made.values[0].tolist()
    assert {row[name] for row in rows[1:] for name in COLUMNS} == {""}


def as_text(value: str | float | None) -> str:
    return "" if value is None else value if isinstance(value, str) else str(csv_cell(value))


def test_parquet_says_the_same_as_csv(journal, tmp_path):
    journal.begin([case("a", site="x"), case("b", site="y")], RECIPE)
    journal.commit("a", "key", result(1, n_rois=5))
    export(journal, tmp_path, long=True)
    for name in ("features", "diagnostics", "features_long"):
        table = pq.read_table(tmp_path / f"{name}.parquet")
        rows = wide(tmp_path, name)
        assert table.num_rows == len(rows) > 0
        assert table.column_names == list(rows[0])
        read = [[as_text(value) for value in row.values()] for row in table.to_pylist()]
        assert read == [list(row.values()) for row in rows]
    schema = pq.read_schema(tmp_path / "features.parquet")
    assert schema.field("ngtdm_coarseness__3d").metadata == {b"ibsi": b"QCDE", b"unit": b""}
    made = json.loads(schema.metadata[b"fasttex"])
    assert made["recipes"][0]["recipe_id"] == SETTINGS.recipe_id
    assert schema.field("voxels").type == "int64"


def test_as_the_table_of_a_single_image(journal, tmp_path):
    """The same cells as `FeatureTable.to_csv`, wide and long."""
    made = result(3)
    values = made.values * 10.0 ** np.arange(-12, len(COLUMNS) - 12)
    values[0, :4] = math.inf, -math.inf, math.nan, -0.0
    journal.begin([case("a")], RECIPE)
    journal.commit("a", "key", replace(made, values=values))
    export(journal, tmp_path, formats=["csv"], long=True)
    rows = [
        Row("a", r.roi, r.label, r.recipe_id, v, r.voxels, r.n_levels, flags=r.flags)
        for r, v in zip(made.rows, values, strict=True)
    ]
    table = FeatureTable(COLUMNS, tuple(rows))
    assert (tmp_path / "features.csv").read_text() == table.to_csv()
    assert (tmp_path / "features_long.csv").read_text() == table.to_csv(long=True)


def test_diagnostics_in_long_form(journal, tmp_path):
    journal.begin([case("a")], RECIPE)
    journal.commit("a", "key", result(n_rois=1))
    export(journal, tmp_path)
    rows = wide(tmp_path, "diagnostics")
    assert {tuple(row[name] for name in KEY) for row in rows} == {("a", "roi1", "1", "", SETTINGS.recipe_id)}
    assert [(row["step"], row["name"], row["value"]) for row in rows] == [
        ("crop", "voxels", "80"),
        ("crop", "box_start", "[0, 1, 2]"),
        ("crop", "touches_border", "false"),
        ("discretize", "rule", "fbn"),
        ("discretize", "bin_origin", "-3.5"),
        ("discretize", "ivh.low", "-3.5"),
    ]


def test_provenance_has_a_line_per_case(journal, tmp_path):
    journal.begin([case("a"), case("b"), case("c")], RECIPE)
    journal.commit("a", "key", result())
    journal.fail("b", Failure("Crash", "died"))
    export(journal, tmp_path)
    made = json.loads((tmp_path / "provenance.json").read_text())
    assert made["cases"] == {"pending": 1, "running": 0, "done": 1, "failed": 1}
    assert made["recipes"][0]["settings"]["bin_number"] == 32
    assert made["made"][0] == {"case": "a", **result().provenance}
    assert made["made"][1] == {"case": "b", "class": "Crash", "error": "died"}
    assert [one["case"] for one in made["made"]] == ["a", "b", "c"]


# Columns


def columns_of(folder: Path) -> list[str]:
    return list(wide(folder)[0])[len(ABOUT) :]


def test_columns_are_fixed_though_all_failed(journal, tmp_path):
    narrow = SETTINGS.replace(families=["glcm"], aggregations=["2d_averaged", "3d_merged"])
    journal.begin([case("a")], Recipe((SETTINGS, narrow)))
    journal.fail("a", Failure("Crash", "died"))
    export(journal, tmp_path)
    assert columns_of(tmp_path) == [*COLUMNS, *feature_columns(["glcm"], ["2d_averaged", "3d_merged"])]
    assert [row["recipe_id"] for row in wide(tmp_path)] == [SETTINGS.recipe_id, narrow.recipe_id]


def test_columns_where_the_image_decides(journal, tmp_path):
    free = SETTINGS.replace(aggregations=None)
    solid, flat = (feature_columns(free.families, [a]) for a in ("3d_averaged", "2d_averaged"))
    cases = [case("none"), case("flat"), case("solid")]
    journal.begin(cases, Recipe((free,)))
    export(journal, tmp_path)
    assert columns_of(tmp_path) == list(solid)
    journal.commit("flat", "key flat", result(1, 1, flat))
    export(journal, tmp_path)
    assert columns_of(tmp_path) == list(flat)
    journal.commit("solid", "key solid", result(2, 1, solid))
    export(journal, tmp_path)
    assert columns_of(tmp_path) == [*solid, *(name for name in flat if name not in solid)]
    rows = wide(tmp_path)
    assert [float(rows[1][name]) for name in flat] == result(1, 1, flat).values[0].tolist()
    assert rows[1]["ngtdm_coarseness__3d"] == ""


# What spreadsheets, memory and disks make of it

EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"]


@pytest.mark.parametrize("text", EVIL)
def test_no_cell_is_a_formula(journal, tmp_path, text):
    made = result(n_rois=1)
    row = replace(made.rows[0], roi=text, error=text, variant=text, intensity_min=-5.0)
    steps = [{"roi": text, "steps": [{"step": "crop", "name": text, "low": -3.5, "high": -3}]}]
    journal.begin([case(text, **{text: text}), case("b", **{text: "plain"})], RECIPE)
    journal.commit(text, "key", replace(made, rows=(row,), diagnostics=steps, values=-abs(made.values)))
    export(journal, tmp_path, long=True)
    safe = f"'{text}"
    (found, *_) = wide(tmp_path)
    assert [found[name] for name in ("case", "roi", "variant", "error", safe)] == [safe] * 5
    assert found["intensity_min"] == "-5.0"
    assert [float(found[name]) for name in COLUMNS] == (-abs(made.values[0])).tolist()
    assert [row["value"] for row in wide(tmp_path, "diagnostics")] == [safe, "-3.5", "-3"]
    assert wide(tmp_path, "features_long")[0]["roi"] == safe
    assert pq.read_table(tmp_path / "features.parquet")["case"].to_pylist() == [
        text,
        "b",
    ]  # not for spreadsheets


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.integers() | st.none(), min_size=2))
def test_lines_of_csv_come_back(cells):
    (read,) = csv.reader([csv_line(cells)] if cells else [])
    texts = ["" if cell is None else str(cell) for cell in cells]
    evil = ("=", "+", "-", "@", "\t", "\r")
    expected = [
        f"'{text}" if isinstance(cell, str) and text.startswith(evil) else text
        for cell, text in zip(cells, texts, strict=True)
    ]
    assert read == expected


@given(st.lists(st.floats(), min_size=1))
def test_numbers_are_written_as_by_repr(numbers):
    assert _numbers(np.array(numbers)) == [csv_cell(number) for number in numbers]


@given(st.integers(-330, 310), st.floats(1, 10), st.booleans())
def test_numbers_of_every_magnitude(exponent, mantissa, negative):
    number = float(f"{'-' if negative else ''}{mantissa}e{exponent}")
    assert _numbers(np.array([number])) == [csv_cell(number)]


def test_names_that_are_no_utf8_get_question_marks(journal, tmp_path):
    made = result(n_rois=1)
    journal.begin([case("a")], RECIPE)
    journal.commit("a", "key", replace(made, rows=(replace(made.rows[0], roi="liver\udcff"),)))
    export(journal, tmp_path, long=True)
    assert wide(tmp_path)[0]["roi"] == "liver?"


SENTINEL = "SENTINEL"


def test_nothing_private_is_written(journal, tmp_path):
    """A name in paths, in records of files, in private texts and in the manifest's record gets nowhere."""
    path = Path(f"/data/{SENTINEL}/image.nii")
    private = {"path": str(path), "sha256": SENTINEL, "warnings": [SENTINEL], "shape": [1, 2, 3]}
    made = result()
    steps = [{"roi": "1", "steps": [{"step": "crop", "source": {"path": str(path)}}]}] * 2
    journal.begin(
        [replace(case("a"), image=path), replace(case("b"), image=path)], RECIPE, {"path": str(path)}
    )
    journal.commit("a", "key", replace(made, provenance={"image": private}, diagnostics=steps))
    journal.fail("b", Failure("InputError", "<image> is not there"), f"{path} is not there")
    files = export(journal, tmp_path, long=True).files
    for file in files:
        assert SENTINEL.encode() not in file.read_bytes()
    assert all(
        SENTINEL not in str(pq.read_table(file).to_pylist()) for file in files if file.suffix == ".parquet"
    )
    assert SENTINEL.encode() in (tmp_path / "journal.sqlite-wal").read_bytes()


def test_without_pyarrow(journal, tmp_path, monkeypatch):
    journal.begin([case("a")], RECIPE)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    written = export(journal, tmp_path)
    assert [path.suffix for path in written.files] == [".csv", ".csv", ".json"]
    assert "no Parquet files: Parquet needs pyarrow: python -m pip install" in written.skipped
    with pytest.raises(InputError, match="needs pyarrow"):
        export(journal, tmp_path, formats=["parquet"])
    with pytest.raises(InputError, match="format is 'xlsx'"):
        export(journal, tmp_path, formats=["xlsx"])


def test_a_table_that_cannot_be_written_leaves_the_old_one(journal, tmp_path, monkeypatch):
    journal.begin([case("a")], RECIPE)
    export(journal, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("features.*")}

    def full(*given, **options):
        raise OSError(28, "No space left on device")

    journal.commit("a", "key", result())
    monkeypatch.setattr("fasttex.cohort.tables.csv_line", full)
    with pytest.raises(InputError, match=r"No space left on device; make room"):
        export(journal, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("features.*")} == before
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_reader_exports_while_another_writes(journal, tmp_path):
    journal.begin([case("a"), case("b")], RECIPE)
    journal.commit("a", "key a", result(1))
    with Journal.open(tmp_path, write=False) as reader:
        export(reader, tmp_path)
    journal.commit("b", "key b", result(2))
    assert [row["error"] == "" for row in wide(tmp_path)] == [True, True, False]


def test_memory_does_not_grow_with_the_cohort(journal, tmp_path):
    """2,000 rows of 300 features, 4.8 MB as numbers, in a quarter of that beside a row group of Parquet."""
    columns = tuple(f"image{n}__ngtdm_coarseness__3d" for n in range(300))
    journal.begin([case(f"case{n}") for n in range(500)], RECIPE)
    for n in range(500):
        journal.commit(f"case{n}", f"key {n}", result(n, 4, columns))
    peaks = {}
    for kind in ("csv", "parquet"):
        export(journal, tmp_path, formats=[kind])  # imports
        tracemalloc.start()
        export(journal, tmp_path, formats=[kind])
        peaks[kind] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peaks["csv"] < 1.2e6, peaks
    assert peaks["parquet"] < 20e6, peaks
    assert len(wide(tmp_path)) == 2000
