"""The report of a run: one page with what is done, what failed and why, and what the numbers look like."""

from __future__ import annotations

import json
import math
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path

from ..features.columns import parse_column
from ..features.families import describe
from ..storage import write_atomically
from ..table import FLAGS
from .cases import Case, Failure, Recipe, content_key
from .charts import bars, histogram
from .distributions import Distribution, distributions
from .hashes import hash_of_parts
from .journal import Journal
from .page import folded, grid, page, picture, table, text
from .status import Status, without_numbers
from .thumbnails import thumbnail
from .view import View
from .work import Done, Work, begin

__all__ = ["write_report"]


@dataclass
class _Failures:
    """An example of each reason, and who has it."""

    example: dict[tuple[str, str], Failure] = field(default_factory=dict)
    names: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, failure: Failure, name: str) -> None:
        reason = failure.kind, without_numbers(failure.text)
        self.example.setdefault(reason, failure)
        self.names[reason].append(name)

    def table(self, kind: str) -> str:
        """The most frequent reason first; names that are many are folded."""
        often = sorted(self.names.items(), key=lambda item: -len(item[1]))
        return table(
            [kind, "failure", "for instance", "which"],
            [
                (len(names), self.example[reason].kind, self.example[reason].text, [_listed(names)])
                for reason, names in often
            ],
        )


@dataclass
class _Facts:
    """What the page tells, but for the pictures."""

    status: Status
    recipe: str
    cases: _Failures
    rois: _Failures
    flags: Counter[str]
    features: list[Distribution]


def write_report(journal: Journal, path: str | os.PathLike[str], *, thumbnails: int = 50) -> None:
    """Write one HTML page about a run, as far as it is.

    It needs no other file and no network, runs no script, and identifies by case and ROI alone.

    Parameters
    ----------
    journal : Journal
        Open for reading at least.
    path : path
        Of the page.
    thumbnails : int
        Draw so many cases, the first ones with a result. Their images and ROIs are read anew, from where the
        manifest says; where they are no longer there, or have changed, the page says so.

    Raises
    ------
    InputError
        The page cannot be written there.
    """
    with journal.snapshot():
        facts = _gather(journal)
        done = (case for case, result, _ in journal.results_in_order() if result is not None)
        drawn = [(case, journal.content_key_of(case.name)) for case in islice(done, max(0, thumbnails))]
        record, recipe_key = journal.recipe, journal.recipe_key
    work = Work(Path(), Recipe((), record["select"], record["names"]))
    cards = [_picture(work, case, key, recipe_key) for case, key in drawn]
    body = [_overview(facts), _pictures(cards), _features(facts.features), _settings(facts)]
    parts = page("Report of a cohort", (part for section in body for part in section))
    write_atomically(Path(path), lambda file: file.writelines(parts))


def _gather(journal: Journal) -> _Facts:
    view = View(journal)
    cases, rois = _Failures(), _Failures()
    flags: Counter[str] = Counter()
    n_rows: Counter[str] = Counter()
    for name, failure, _, _ in journal.failures():
        cases.add(failure, name)
    for block in view.blocks():
        if not block.has_result:
            continue
        for row in block.about:
            n_rows[row["recipe_id"]] += 1
            flags.update(row["flags"].split())
            if row["error"]:
                rois.add(Failure("", row["error"]), f"{row['case']}: {row['roi']} {row['variant']}".strip())
    recipe = json.dumps(view.provenance(), indent=1, default=str)
    return _Facts(journal.status(), recipe, cases, rois, flags, list(distributions(view, n_rows)))


def _overview(facts: _Facts) -> Iterator[str]:
    status = facts.status
    numbers = [(state, n) for state, n in status.cases.items() if n or state != "running"]
    told = [("cases", sum(status.cases.values())), *numbers, ("rows", status.rows)]
    told.append(("rows failed", status.failed_rows))
    items = "".join(f"<li><b>{n:,}</b>{text(name)}</li>" for name, n in told)
    yield f'<ul class="numbers">{items}<li><b>{_rate(status.rate)}</b>cases per second</li></ul>\n'
    if facts.cases.names:
        yield f"<h2>Failed cases</h2>\n{facts.cases.table('cases')}"
    if facts.rois.names:
        yield f"<h2>Failed ROIs of other cases</h2>\n{facts.rois.table('rows')}"
    if status.seconds:
        yield f"<h2>Time per stage</h2>\n{bars(status.seconds)}\n"
        yield '<p class="dim">Summed over all cases with a result, whichever worker had them.</p>\n'
    if facts.flags:
        rows = [(n, flag, FLAGS.get(flag, "")) for flag, n in facts.flags.most_common()]
        yield f"<h2>Flags</h2>\n{table(['rows', 'flag', 'says'], rows)}"


def _rate(rate: float) -> str:
    if math.isnan(rate):
        return "–"
    return f"{rate:.3g}" if rate < 1000 else f"{rate:,.0f}"


def _listed(names: list[str]) -> str:
    all_of_them = text(", ".join(names))
    return all_of_them if len(names) <= 5 else folded(f"{names[0]}, {names[1]}, …", all_of_them)


def _pictures(cards: list[str]) -> Iterator[str]:
    if cards:
        yield "<h2>Cases</h2>\n"
        yield (
            f'<p class="dim">The first {len(cards)} with a result: the slice with '
            "most voxels of ROIs, rows and columns as stored, the middle 99 % of its intensities.</p>\n"
        )
        yield grid(cards)


def _picture(work: Work, case: Case, key: str | None, recipe_key: str) -> str:
    """A case as its files are now, if they are as they were."""
    head = f"<div><b>{text(case.name)}</b>"
    read = begin(work, case)
    if isinstance(read, Done) or read.picture is None or read.found is None:
        why = read.failure.text if isinstance(read, Done) and read.failure else ""
        return f'{head}<br><span class="dim">image or ROIs not found: {text(why)}</span></div>'
    hashes = {part: sha256 for part, (_, sha256) in read.files.items()}
    if content_key(case, {path: hash_of_parts(path, hashes) for path in case.files}, recipe_key) != key:
        return (
            f'{head}<br><span class="dim">image or ROIs have changed since: run the cohort again</span></div>'
        )
    drawn = thumbnail(read.picture, read.found.masks)
    keys = " ".join(
        f'<span class="key"><i class="c{color}"></i> {text(name)}</span>' for name, color in drawn.rois
    )
    alternative = f"Slice of {case.name} with outlines of {len(drawn.rois)} ROIs"
    return f"{head}{picture(drawn.png, drawn.shape, alternative)}{keys}</div>"


def _features(features: list[Distribution]) -> Iterator[str]:
    if not features:
        return
    yield "<h2>Features</h2>\n"
    yield (
        '<p class="dim">Over all ROIs of cases with a result. Line: median; band: from the lower to the '
        "upper quartile. What lies beyond three times the band from it is in the outer bars.</p>\n"
    )
    several = len({feature.recipe_id for feature in features}) > 1
    for (recipe, image, family), group in groupby(features, _family):
        of_family = list(group)
        name = " ".join(filter(None, [image, family, f"(recipe {recipe})" if several else ""]))
        yield folded(f"{name}: {len(of_family)}", grid(map(_card, of_family)), opened=True)


def _family(feature: Distribution) -> tuple[str, str, str]:
    column = parse_column(feature.column)
    return feature.recipe_id, column.image, column.family


def _card(found: Distribution) -> str:
    column, feature = parse_column(found.column), describe(found.column)
    about = ", ".join(filter(None, [column.aggregation, feature.ibsi, feature.unit]))
    counts = f"n {found.n:,}, NaN {found.missing:,}"
    head = f'<div><b>{text(column.feature)}</b><br><span class="dim">{text(about)}</span>'
    if not found.n:
        return f"{head}<br>{counts}</div>"
    lowest, q1, median, q3, highest = (f"{value:.4g}" for value in found.quantiles)
    return (
        f"{head}{histogram(found)}{median} ({q1} to {q3})<br>"
        f'<span class="dim">{counts}<br>min {lowest}, max {highest}</span></div>'
    )


def _settings(facts: _Facts) -> Iterator[str]:
    yield f"<h2>Recipe</h2>\n{folded('as in provenance.json', f'<pre>{text(facts.recipe)}</pre>')}"
