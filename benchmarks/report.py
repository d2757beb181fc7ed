"""Tables from the results of compare.py.

``python benchmarks/report.py results.json [--readme README.md]`` prints every row, and writes the selected ones
between the markers of the README.
"""

import argparse
import json
import re
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from peers._rows import ROWS

BEGIN = "<!-- comparison: written by benchmarks/report.py -->"
END = "<!-- end of comparison -->"
#: Rows of the README's table, and what they are called there: the goals.
GOALS = {
    "matrix_all/smooth-100k-32": "all matrices, 100,000 voxels, 32 levels",
    "matrix_all/smooth-1M-32": "all matrices, 1,000,000 voxels, 32 levels",
    "glcm_features/smooth-100k-32": "GLCM features from counts, 32 levels",
    "glcm_features/smooth-100k-256": "GLCM features from counts, 256 levels",
    "textures_from_levels/smooth-10k-32": "textures from levels, 10,000 voxels",
    "textures_from_levels/smooth-100k-32": "textures from levels, 100,000 voxels",
    "textures_from_levels/smooth-1M-32": "textures from levels, 1,000,000 voxels",
    "textures/smooth-100k-32": "textures from intensities, 100,000 voxels",
    "everything/smooth-10k-32": "first order, shape and textures, 10,000 voxels",
    "everything/smooth-100k-32": "first order, shape and textures, 100,000 voxels",
    "everything/ibsi_ct-width-25": "the same of the IBSI CT phantom, bin width 25",
    "discretize/*": "crop and discretization",
    "resample/*": "trilinear resampling",
    "file_to_csv/*": "two files to a CSV, fresh process",
    "cold_start/*": "first result of a fresh process",
    "memory/smooth-100k-32": "peak memory of a fresh process, 100,000 voxels",
}


def judged(row: dict[str, Any]) -> bool:
    """Whether a row counts: constants are printed, not judged."""
    return not row["case"].startswith("constant")


def ratio(row: dict[str, Any]) -> float | None:
    """How many times the peer takes what fasttex takes: least CPU time, or peak memory.

    CPU time, because others may share the machine; on one core and one thread it is else the wall time.
    """
    if "error" in row:
        return None
    return _measured(row, "theirs") / _measured(row, "ours")


def cells(row: dict[str, Any]) -> list[str]:
    """A row of the full table: ours and theirs as minimum / median / CPU minimum, in milliseconds."""
    head = [row["row"], row["case"], row["peer"]]
    if "error" in row:
        return [*head, "-", "-", "-", row["error"].replace("|", "/")]
    sides = [_side(row["row"], row[side]) for side in ("ours", "theirs")]
    times = f"{ratio(row):.2f}" + ("" if judged(row) else " (not judged)")
    return [*head, *sides, times, agreement(row)]


def agreement(row: dict[str, Any]) -> str:
    """Values that agree of those compared, and by how much they differ at most; "-" where none were."""
    if "columns" in row.get("ours", {}):
        return f"{row['ours']['columns']} and {row['theirs']['columns']} columns"
    if not row.get("compared"):
        return "-"
    return f"{row['agree']} of {row['compared']} ({row['largest_difference']:.0e})"


def _side(kind: str, side: dict[str, Any]) -> str:
    if kind == "memory":
        return f"{side['peak_bytes'] / 1e6:.0f} MB ({side['before_bytes'] / 1e6:.0f} before)"
    keys = [key for key in ("wall_min_s", "wall_median_s", "cpu_min_s") if key in side]
    return " / ".join(milliseconds(side[key]) for key in keys)


def milliseconds(seconds: float) -> str:
    """Three digits, or whole milliseconds from 100 on.

    Examples
    --------
    >>> milliseconds(0.0012345), milliseconds(0.01234), milliseconds(1.5)
    ('1.23', '12.3', '1,500')
    """
    ms = seconds * 1e3
    return f"{ms:,.0f}" if ms >= 99.95 else f"{ms:.1f}" if ms >= 9.995 else f"{ms:.2f}"


def times(found: float) -> str:
    """A ratio in two digits, or as a whole number from 10 on.

    Examples
    --------
    >>> times(0.456), times(1.0), times(9.99), times(142.2)
    ('0.46', '1.0', '10', '142')
    """
    return f"{found:.0f}" if found >= 9.95 else f"{found:.1f}" if found >= 0.995 else f"{found:.2f}"


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    header = list(header)
    lines = [header, ["---"] * len(header), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def by_row(results: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows in the order of `ROWS`, cases and peers as they were run."""
    order = list(ROWS)
    return sorted(results["rows"], key=lambda row: order.index(row["row"]))


def markdown(results: dict[str, Any]) -> str:
    """Everything that was measured."""
    header = ["what", "case", "peer", "fasttex, ms", "peer, ms", "ratio", "values that agree (difference)"]
    parts = [
        where(results),
        "Milliseconds: least / median wall / least CPU. Ratio: peer's least CPU time by fasttex's.",
        table(header, [*(cells(row) for row in by_row(results)), *_missing(results)]),
        peers(results),
        "\n".join(f"- {name}: {text}" for name, text in ROWS.items()),
    ]
    return "\n\n".join(parts)


def _missing(results: dict[str, Any]) -> list[list[str]]:
    """A line per peer that did not install."""
    failed = {name: peer["reason"] for name, peer in results["peers"].items() if "reason" in peer}
    return [["-", "-", name, "-", "-", "-", f"not installed: {reason}"] for name, reason in failed.items()]


def where(results: dict[str, Any]) -> str:
    """Date and machine."""
    m = results["machine"]
    return (
        f"fasttex {results['fasttex']} ({results['commit']}), {m['date']}, {m['cpu']}, {m['cores']} cores, "
        f"{m['os']}, Python {m['python']}, one thread."
    )


def peers(results: dict[str, Any]) -> str:
    """A line per peer: version, agreement, note and what it has no row for; or why it is missing."""
    lines = []
    for name, peer in results["peers"].items():
        if "reason" in peer:
            lines.append(f"- {name}: not installed: {peer['reason']}")
            continue
        parts = [f"{peer['version']}: {agreement_of(results, name)}{peer['note']}"]
        parts += [f"No function for {', '.join(peer['lacks'])}."] if peer.get("lacks") else []
        parts += [f"Left out: {', '.join(peer['skips'])}."] if peer.get("skips") else []
        lines.append(f"- {name} {' '.join(parts)}")
    return "\n".join(lines)


def agreement_of(results: dict[str, Any], peer: str) -> str:
    """Over all rows of a peer but those on constants, and those of counts, most of which are 0."""
    rows = [r for r in results["rows"] if r["peer"] == peer and judged(r) and "error" not in r]
    rows = [r for r in rows if "compared" in r and not r["row"].startswith("matrix_")]
    agree, compared = (sum(r[key] for r in rows) for key in ("agree", "compared"))
    return f"{agree:,} of {compared:,} values agree; " if rows else ""


def goals(results: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The rows of `GOALS` that were measured, each with what it is called."""
    found = []
    for pattern, text in GOALS.items():
        for row in results["rows"]:
            if fnmatch(f"{row['row']}/{row['case']}", pattern) and "error" not in row:
                found.append((text if "*" not in pattern else f"{text} ({row['case']})", row))
    return found


def section(results: dict[str, Any]) -> str:
    """What stands between the markers of the README: a line per goal, a column per peer."""
    names = list(dict.fromkeys(_column(row["peer"]) for _, row in goals(results)))
    lines: dict[str, dict[str, str]] = {}
    ours: dict[str, list[float]] = {}
    for text, row in goals(results):
        lines.setdefault(text, {})[_column(row["peer"])] = f"{amount(row, 'theirs')} ({times(ratio(row))}×)"
        ours.setdefault(text, []).append(_measured(row, "ours"))
    spread = {text: _range(found, "memory" in text) for text, found in ours.items()}
    body = [[text, spread[text], *(found.get(n, "-") for n in names)] for text, found in lines.items()]
    return "\n\n".join(
        [
            "Least CPU time in milliseconds; in brackets how many times fasttex's. fasttex computes what the "
            "peer does, hence its range. Values agree where they differ by less than a millionth.",
            table(["what", "fasttex", *names], body),
            peers(results),
            where(results),
        ]
    )


def _column(peer: str) -> str:
    return {"numpy_digitize": "NumPy, SimpleITK", "simpleitk": "NumPy, SimpleITK"}.get(peer, peer)


def _measured(row: dict[str, Any], side: str) -> float:
    return row[side]["peak_bytes" if row["row"] == "memory" else "cpu_min_s"]


def amount(row: dict[str, Any], side: str) -> str:
    """What one side took, in milliseconds or MB."""
    found = _measured(row, side)
    return f"{found / 1e6:.0f} MB" if row["row"] == "memory" else milliseconds(found)


def _range(found: list[float], memory: bool) -> str:
    ends = [f"{x / 1e6:.0f} MB" if memory else milliseconds(x) for x in (min(found), max(found))]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def insert(readme: str, text: str) -> str:
    """The README with `text` between its markers.

    Raises
    ------
    ValueError
        The markers are not there.
    """
    if BEGIN not in readme or END not in readme:
        raise ValueError(f"the README has no lines {BEGIN!r} and {END!r}; add them where the table belongs")
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return pattern.sub(lambda _: f"{BEGIN}\n{text}\n{END}", readme)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--readme", type=Path, help="write the selected rows between its markers")
    options = parser.parse_args()
    results = json.loads(options.results.read_text(encoding="utf-8"))
    print(markdown(results))
    print("\nGoals: how many times the peer takes what fasttex takes\n")
    for text, row in goals(results):
        print(f"{ratio(row):8.2f}  {text}: {row['peer']}")
    if options.readme:
        text = options.readme.read_text(encoding="utf-8")
        options.readme.write_text(insert(text, section(results)), encoding="utf-8")


if __name__ == "__main__":
    main()
