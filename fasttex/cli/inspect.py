"""``fasttex demo``, ``doctor``, ``verify`` and ``features``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from .shared import CHECK_FAILED, csv_text, plain_errors, print_table, write_text


@click.command(short_help="See fasttex work on data that travels with it.")
@click.option(
    "--backend", default="auto", show_default=True, help="Who counts: auto, cpp, numba, cuda, reference."
)
@click.option("--threads", type=int, help="All cores that this process may use, if not given.")
@click.option("--picture", default="fasttex-demo.png", show_default=True, help="Where to draw the slices.")
def demo(backend: str, threads: int | None, picture: str) -> None:
    """Run on data that travels with the package: whether it works, is right, and how fast it is.

    Checks the reference values of the IBSI digital phantom, then extracts three organs of a volume made
    from a seed, and draws its slices where matplotlib is installed.
    """
    with plain_errors():
        from .. import demo as data

        reproduced, known = data.check_ibsi(backend)
        click.echo(f"IBSI digital phantom: {reproduced} of {known} reference values reproduced\n")
        table = data.run(backend, threads)
    shown = ("intensity_statistics_mean", "glcm_joint_entropy__3d_averaged", "glszm_zone_percentage__3d")
    print_table(
        ["ROI", "voxels", "levels", *shown, "flags"],
        [
            [
                row.roi,
                row.voxels,
                row.n_levels,
                *(f"{table.column(c)[n]:.5g}" for c in shown),
                " ".join(row.flags),
            ]
            for n, row in enumerate(table.rows)
        ],
    )
    click.echo(f"... and {len(table.columns) - len(shown)} more features of each ROI\n")
    seconds = {**table.timings, "in all": sum(table.timings.values())}
    print_table(["stage", "ms"], [[name, f"{s * 1e3:.1f}"] for name, s in seconds.items()])
    click.echo(f"\ncounted by: {table.provenance['backend']}, threads: {table.provenance['threads']}")
    try:
        data.draw(Path(picture))
        click.echo(f"picture: {picture}")
    except ImportError:
        click.echo("picture: none, matplotlib is not installed (python -m pip install 'fasttex[plot]')")
    if reproduced < known:
        sys.exit(CHECK_FAILED)


@click.command(short_help="See what is installed, what is not, and why.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for reports of faults.")
@click.option("--cuda", is_flag=True, help="Look for CUDA too, and say what to install.")
@click.option("--selftest", is_flag=True, help="With --cuda: run all kernels on the card, and compare.")
def doctor(as_json: bool, cuda: bool, selftest: bool) -> None:
    """Say which backends are here and why others are not, versions, processor, and where fasttex lies.

    Without --cuda nothing looks for a GPU. With --cuda --selftest, every kernel counts small phantoms on the
    card, which must give the same bits as the CPU.

    Exit status 1 where no fast backend can run; with --cuda, also where CUDA cannot be used; with --selftest,
    also where a kernel counts wrong.
    """
    from ..doctor import examine, examine_cuda

    if selftest and not cuda:
        raise click.UsageError("--selftest tests the card that --cuda finds: give both")
    report = examine()
    healthy = report["auto"] is not None
    if cuda:
        report["cuda"] = examine_cuda()
        report["backends"]["cuda"] = "see below"
        healthy = healthy and report["cuda"]["usable"] == "yes"
    if selftest and report["cuda"]["usable"] == "yes":
        report["cuda selftest"] = _selftest()
        healthy = healthy and not report["cuda selftest"]["faults"]
    click.echo(json.dumps(report, indent=1)) if as_json else _print_report(report)
    if not healthy:
        sys.exit(CHECK_FAILED)


def _selftest() -> dict[str, Any]:
    """The self-test's outcome: whom it compared with, how many checks failed, and each by name."""
    from ..kernels.cuda.selftest import run

    report = run()
    return {
        "compared with": report.judge,
        "checks": len(report.checks),
        "faults": len(report.faults),
        **{f"{check.kernel} on {check.phantom}": check.fault or "the same bits" for check in report.checks},
    }


def _print_report(report: dict[str, Any]) -> None:
    for name, value in report.items():
        if isinstance(value, dict):
            click.echo(f"{name}:")
            for key, text in value.items():
                click.echo(f"  {key:<19} {text}")
        else:
            click.echo(f"{name}: {', '.join(value) if isinstance(value, list) else value}")


@click.group()
def verify() -> None:
    """Compare with published values, here and now."""


@verify.command()
@click.option("--data", metavar="DIR", help="Folder with the CT phantom (github.com/theibsi/data_sets).")
@click.option(
    "--backend", default="auto", show_default=True, help="Who counts: auto, cpp, numba, cuda, reference."
)
@click.option("--threads", type=int, help="All cores that this process may use, if not given.")
@click.option("--json", "json_file", metavar="FILE", help="Write the outcome as JSON too.")
@click.option("--markdown", "markdown_file", metavar="FILE", help="Write the table as Markdown too.")
def ibsi(
    data: str | None, backend: str, threads: int | None, json_file: str | None, markdown_file: str | None
) -> None:
    """Reproduce the reference values of the IBSI 1 phantoms.

    The digital phantom travels with the package; with --data, the five configurations of the CT phantom
    are processed too. Exit status 1 if any value is missed.
    """
    with plain_errors():
        from ..verify import as_markdown, as_records, verify_ibsi

        outcomes = list(verify_ibsi(Path(data) if data else None, backend, threads))
        header, *rows = as_records(outcomes)
        print_table(header, rows)
        for outcome in outcomes:
            for column in outcome.missed:
                click.echo(f"missed: {outcome.dataset} {column}", err=True)
        if json_file:
            write_text(json_file, json.dumps([vars(outcome) for outcome in outcomes], indent=1) + "\n")
        if markdown_file:
            write_text(markdown_file, as_markdown(outcomes))
    if any(outcome.missed for outcome in outcomes):
        sys.exit(CHECK_FAILED)


@verify.command(name="pyradiomics")
@click.argument("image")
@click.argument("mask")
@click.option("--param", "-p", metavar="FILE", help="Parameter file (.yaml or .json).")
def verify_pyradiomics(image: str, mask: str, param: str | None) -> None:
    """Run fasttex and the installed PyRadiomics on IMAGE and MASK, and compare values and times.

    Differences are relative to the scale of each feature; up to 1e-9 they are rounding. Exit status 1 if any
    is larger. Times are of each class alone, images in memory, filters included: the lesser of two runs, as
    the first also imports and prepares.
    """
    with plain_errors():
        from ..pyradiomics.compare import compare

        found = list(compare(image, mask, param))
        header = ("class", "values", "worst difference", "of", "fasttex ms", "PyRadiomics ms", "ratio")
        rows = [
            [
                each.name,
                each.n_values,
                f"{each.worst:.1e}",
                each.worst_feature,
                f"{each.seconds * 1e3:.1f}",
                f"{each.seconds_peer * 1e3:.1f}",
                f"{each.seconds_peer / each.seconds:.0f}",
            ]
            for each in found
        ]
        print_table(header, rows)
        for each in found:
            for key in each.missing:
                click.echo(f"only one of the two has {key}", err=True)
    if not all(each.agrees for each in found):
        sys.exit(CHECK_FAILED)


@click.command(short_help="List every feature with its code, unit and definition.")
@click.option("--family", metavar="NAME", help="Only this family; all if not given.")
@click.option(
    "--format", "kind", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True
)
def features(family: str | None, kind: str) -> None:
    """List every feature: family, name, IBSI code, unit, aggregations, definition, PyRadiomics name."""
    with plain_errors():
        from ..catalog import catalog

        rows = catalog(family)
    if kind == "json":
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
    elif kind == "csv":
        click.echo(csv_text(rows), nl=False)
    else:
        shown = ("family", "name", "ibsi", "unit", "definition", "pyradiomics")
        print_table(shown, [[row[key] for key in shown] for row in rows])
