"""``fasttex bench``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from .shared import CHECK_FAILED, plain_errors, print_table

if TYPE_CHECKING:
    from ..bench import Measurement, Report


@click.command(short_help="Measure how fast this machine is.")
@click.option("--backend", default="auto", show_default=True, help="Whom to measure; auto: cpp and numba.")
@click.option("--threads", type=int, help="How many to compare with one; two, where there are, if not given.")
@click.option("--quick", is_flag=True, help="Smaller ROIs: some seconds instead of most of a minute.")
@click.option("--json", "as_json", is_flag=True, help="As JSON on standard output, with every number.")
def bench(backend: str, threads: int | None, quick: bool, as_json: bool) -> None:
    """Measure how fast the kernels and the features are on this machine, and that the backends agree.

    The data are smooth noise within a ball, 32 gray levels, made from a seed. Each task runs once before it
    is timed, so the first run also compiles what Numba has not in its cache. Other work on the machine shows
    in the median first, then in the minimum.

    Exit status 1 where backends disagree.

    \b
    fasttex bench --quick
    fasttex bench --backend cpp --threads 8 --json > bench.json
    """
    with plain_errors():
        from ..bench import run

        with _stages() as progress:
            report = run(backend, threads, quick=quick, progress=progress)
    if as_json:
        click.echo(json.dumps(report.record, indent=1))
    else:
        _print(report)
    for difference in report.disagreements:
        click.echo(f"disagreement: {difference}", err=True)
    if report.disagreements:
        sys.exit(CHECK_FAILED)


@contextmanager
def _stages() -> Iterator[Callable[[str], None]]:
    """The stage in a line on standard error while it is a terminal; nothing otherwise."""
    if not sys.stderr.isatty():
        yield lambda stage: None
        return
    clear = "\r\x1b[K"
    try:
        yield lambda stage: click.echo(f"{clear}{stage} ...", err=True, nl=False)
    finally:
        click.echo(clear, err=True, nl=False)


def _print(report: Report) -> None:
    machine, times = report.machine, report.measurements
    click.echo(f"{machine['system']}, {machine['processor']}, threads by default: {machine['threads']}")
    click.echo(", ".join(f"{name} {version}" for name, version in machine["versions"].items()))
    if build := machine.get("cpp build"):
        click.echo(f"cpp build: {build['name']}, compiled by {build['compiler']}")
    kernels = [m for m in times if m.what not in ("features", "cold start")]
    voxels = next(m.voxels for m in kernels if m.what == "glcm")
    _print_section(
        f"Kernels, one ROI of {voxels:,} voxels, ns per voxel (resample: per new voxel)",
        "kernel",
        [(m.what, m, 1e9 / m.voxels) for m in kernels],
    )
    _print_section(
        "Statistics and six textures of one ROI, matrices and features, ms",
        "voxels",
        [(f"{m.voxels:,}", m, 1e3) for m in times if m.what == "features"],
    )
    _print_section(
        "A fresh process, from its start to its end, s",
        "task",
        [("the same of 1,000 voxels", m, 1) for m in times if m.what == "cold start"],
    )
    verdict = "found otherwise in places" if report.disagreements else "found what the reference finds"
    click.echo(f"\n{' and '.join(dict.fromkeys(m.backend for m in times))}: {verdict}")


def _print_section(title: str, first: str, cells: list[tuple[str, Measurement, float]]) -> None:
    """A line per name; for each backend the least and the median time, and the least with more threads."""
    lines: dict[str, dict[str, str]] = {}
    columns: dict[str, None] = {}
    for name, m, factor in cells:
        if m.threads == 1:
            found = {f"{m.backend} min": m.min_s, f"{m.backend} median": m.median_s}
        else:
            found = {f"{m.backend} {m.threads} threads": m.min_s}
        columns |= dict.fromkeys(found)
        lines.setdefault(name, {}).update({column: f"{s * factor:.3g}" for column, s in found.items()})
    click.echo(f"\n{title}:")
    rows = [[name, *(line.get(column, "") for column in columns)] for name, line in lines.items()]
    print_table([first, *columns], rows)
