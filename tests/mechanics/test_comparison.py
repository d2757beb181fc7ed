"""The arithmetic and the tables of the comparison with peers; nothing is installed here."""

import json
import time

import numpy as np
import pytest
import report
from peers import _rows, _venvs
from peers._agreement import compare
from peers._names import ours_by, snake
from peers._times import turns


def side(seconds):
    return {"wall_min_s": seconds, "wall_median_s": 2 * seconds, "cpu_min_s": seconds, "repeats": 3}


def row(**changes):
    found = {
        "peer": "mirp", "row": "textures", "case": "smooth-100k-32", "ours": side(0.02), "theirs": side(0.5),
        "compared": 95, "agree": 94, "largest_difference": 3e-14, "differing": {"glcm_contrast": [1, 2]},
    }  # fmt: skip
    return {**found, **changes}


@pytest.fixture
def results():
    memory = {"before_bytes": 10e6, "peak_bytes": 50e6}
    rows = [
        row(),
        row(row="matrix_all", case="constant-100k-32"),
        row(row="everything", case="ibsi_ct-width-25", error="ValueError: a | b"),
        {"peer": "mirp", "row": "memory", "case": "smooth-100k-32"}
        | {"ours": memory, "theirs": {**memory, "peak_bytes": 200e6}},
    ]
    machine = {"cpu": "A CPU", "cores": 2, "os": "Linux", "python": "3.12.1", "date": "2026-01-01"}
    peers = {
        "mirp": {"version": "2.7", "note": "slow", "lacks": ["matrix_all"]},
        "nyxus": {"reason": "no wheel"},
    }
    # through JSON, as the files are
    return json.loads(
        json.dumps({"machine": machine, "fasttex": "0.1", "commit": "abc", "peers": peers, "rows": rows})
    )


def test_ratios():
    assert report.ratio(row()) == pytest.approx(25)
    assert report.ratio(row(error="it broke")) is None
    memory = {"ours": {"peak_bytes": 50}, "theirs": {"peak_bytes": 200}}
    assert report.ratio(row(row="memory", **memory)) == 4


def test_agreement_in_words():
    files = {"ours": {"columns": 131}, "theirs": {"columns": 107}}
    assert report.agreement(row()) == "94 of 95 (3e-14)"
    assert report.agreement(row(row="file_to_csv", **files)) == "131 and 107 columns"
    assert report.agreement({"row": "cold_start"}) == "-"


def test_numbers_in_words():
    assert [report.times(x) for x in (0.456, 1.0, 9.99, 142.2)] == ["0.46", "1.0", "10", "142"]
    assert [report.milliseconds(x) for x in (1e-3, 0.01234, 1.5)] == ["1.00", "12.3", "1,500"]


def test_the_full_table(results):
    text = report.markdown(results)
    assert "| textures | smooth-100k-32 | mirp | 20.0 / 40.0 / 20.0 | 500 / 1,000 / 500 | 25.00 | " in text
    assert "94 of 95 (3e-14)" in text
    assert "25.00 (not judged)" in text
    assert "| - | - | - | ValueError: a / b |" in text
    assert "| - | - | nyxus | - | - | - | not installed: no wheel |" in text
    lengths = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert lengths == {8}


def test_the_readme_gets_the_goals_between_its_markers(results):
    readme = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
    text = report.insert(readme, report.section(results))
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "| what | fasttex | mirp |" in text
    assert "| textures from intensities, 100,000 voxels | 20.0 | 500 (25×) |" in text
    assert "| peak memory of a fresh process, 100,000 voxels | 50 MB | 200 MB (4.0×) |" in text
    assert "- mirp 2.7: 94 of 95 values agree; slow No function for matrix_all." in text
    assert "constant" not in text
    assert report.insert(text, report.section(results)) == text
    with pytest.raises(ValueError, match="add them"):
        report.insert("no markers", "text")


def test_goals_are_rows_that_are_run():
    run = [f"{name}/{case}" for name, case in _rows.chosen([], quick=False)]
    for goal in report.GOALS:
        assert any(report.fnmatch(one, goal) for one in run), goal


def test_cases_can_be_chosen():
    assert _rows.chosen(["textures/smooth-10k*"], quick=True) == [("textures", "smooth-10k-32")]
    assert set(_rows.chosen([], quick=True)) < set(_rows.chosen([], quick=False))
    assert set(_rows.CASES) == set(_rows.ROWS)


def test_agreement_counts_values():
    ours = {"a": 1.0, "b": np.nan, "c": 2.0, "only ours": 1.0, "counts": np.array([[1, 2], [0, 3]])}
    theirs = {"a": 1.0 + 1e-9, "b": np.nan, "c": 2.1, "counts": np.array([[1, 2, 0], [0, 4, 0]])}
    found = compare(ours, theirs)
    assert (found["agree"], found["compared"]) == (7, 9)
    assert found["largest_difference"] == pytest.approx(1e-9, rel=1e-6)
    assert found["differing"] == {"c": [2.0, 2.1], "counts": []}


def test_one_nan_is_a_difference():
    assert compare({"a": np.nan}, {"a": 1.0})["agree"] == 0


def test_turns_alternate():
    order = []
    found = turns([lambda: order.append("a"), lambda: order.append("b")], 3, 60.0, turn_s=0)
    assert "".join(order) == "abbaab"
    assert [s["repeats"] for s in found] == [3, 3]


def test_quick_sides_are_called_again_until_their_turn_is_over():
    found = turns([lambda: None, lambda: time.sleep(0.02)], 3, 60.0, turn_s=0.01)
    assert found[0]["repeats"] > 30
    assert found[1]["repeats"] == 3


def test_turns_end_when_time_is_up():
    found = turns([lambda: None, lambda: None], 50, 0.0, turn_s=0)
    assert [s["repeats"] for s in found] == [3, 3]


def test_names_of_others():
    assert ours_by("pyradiomics_name")["original_glcm_Contrast"] == "glcm_contrast"
    assert ours_by("ibsi_code")["glszm_5QRC"] == "glszm_small_zone_emphasis"
    assert snake("SmallDistanceHighGrayLevelEmphasis") == "small_distance_high_gray_level_emphasis"


def test_the_reason_of_a_failed_installation_has_no_paths():
    text = "Collecting x\nERROR: No matching distribution found for x (from /some/where)\nhint\n"
    assert _venvs.last_error(text) == "ERROR: No matching distribution found for x (from"
