"""``fasttex cohort run``, and what looks at a run directory: ``status``, ``export``, ``share``."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from ..errors import SettingsError
from .shared import ROWS_FAILED, plain_errors, print_table, recipe_options, recipes_of, roi_options

if TYPE_CHECKING:
    from ..cohort.export import Exported
    from ..cohort.run import Progress, Summary

INTERRUPTED = 130  # as shells report Ctrl-C
_EVERY_S = 30.0

_formats = click.option(
    "--format",
    "formats",
    type=click.Choice(["csv", "parquet"]),
    multiple=True,
    help="Repeatable; both if not given.",
)
_long = click.option("--long", is_flag=True, help="Write a line per ROI and feature as well.")


@click.command()
@click.argument("manifest")
@click.option("-o", "--output", "run_dir", metavar="RUN_DIR", required=True, help="Journal and tables.")
@recipe_options
@roi_options
@click.option(
    "--keep",
    metavar="COLUMN",
    multiple=True,
    help="Pass this column of the manifest on to the tables. Repeatable.",
)
@click.option(
    "--shard",
    metavar="I/N",
    default="1/1",
    help="Only each N-th case, from the I-th on, for several machines.",
)
@click.option(
    "--workers", type=int, help="Processes that share the cases; as many as the machine allows if not given."
)
@click.option("--keep-counts", is_flag=True, help="Keep the matrices, for fasttex features-from-counts.")
@click.option("--threads", type=int, default=1, show_default=True, help="Of each process.")
@click.option("--backend", default="auto", show_default=True, help="Who counts; as in extract.")
@click.option("--timeout", "timeout_s", type=float, metavar="S", help="Give a case up after so many seconds.")
@click.option(
    "--retries", type=int, default=0, show_default=True, help="For a case whose process died or hung."
)
@click.option("--memory-limit", default="2GB", show_default=True, help="For an image, and for matrices.")
@click.option(
    "--worker-memory", metavar="SIZE", help="What a process may have in all, such as 8GB; Linux only."
)
@click.option("--prefetch/--no-prefetch", default=True, help="Read the next case while one is computed.")
@click.option("--dry-run", is_flag=True, help="Say what would run, and stop.")
def run(manifest: str, run_dir: str, dry_run: bool, **options: Any) -> None:
    """Compute the features of all ROIs of all images of a MANIFEST; go on where an earlier run stopped.

    The manifest is a table with the columns image and rois; `fasttex cohort manifest --help` makes one.
    RUN_DIR gets a journal, features.csv, features.parquet, diagnostics and provenance.json. The same command
    resumes: cases that are done are not computed again, those that failed are tried again. Ctrl-C lets the
    cases in flight finish first; a second one does not wait.

    \b
    fasttex cohort run study.csv -o study_run --preset ct --workers 8
    fasttex cohort status study_run

    Exit status: 0 all went well, 2 wrong use or the run could not go on, 3 some cases or ROIs failed (their
    rows say why), 130 stopped by Ctrl-C.
    """
    with plain_errors():
        from ..cohort.run import plan, run_cohort
        from ..io import parse_select

        settings = recipes_of(options)
        options["select"] = parse_select(options["select"]) if options["select"] else None
        options["shard"] = _shard(options["shard"])
        if dry_run:
            _tell_plan(plan(manifest, run_dir, settings, **{k: options[k] for k in _PLANNED}))
            return
        try:
            with _progress() as progress:
                summary = run_cohort(manifest, run_dir, settings, progress=progress, **options)
        except KeyboardInterrupt:
            click.echo(
                f"\nstopped; what is done is kept in {run_dir}. The same command resumes there.", err=True
            )
            sys.exit(INTERRUPTED)
    _tell(summary)


_PLANNED = ("select", "names", "keep", "keep_counts", "shard")


def _shard(text: str) -> tuple[int, int]:
    try:
        i, n = (int(part) for part in text.split("/"))
    except ValueError:
        raise SettingsError(f"--shard is {text!r}, expected I/N such as 1/4") from None
    return i, n


def _tell_plan(planned: dict[str, Any]) -> None:
    for name, value in planned.items():
        click.echo(f"{name}: {value}")


def _tell(summary: Summary) -> None:
    progress = summary.progress
    for change in summary.changes:
        click.echo(f"other settings than before: {change}", err=True)
    for failure, n in summary.failures:
        click.echo(f"{n} x {failure.kind}: {failure.text}", err=True)
    if summary.skipped:
        click.echo(summary.skipped, err=True)
    click.echo(
        f"{progress.done} cases done ({progress.resumed} of them before), {progress.failed} failed; "
        f"{summary.rows} rows, {summary.failed_rows} failed; {progress.seconds:.1f} s",
        err=True,
    )
    names = ", ".join(path.name for path in summary.files)
    click.echo(f"{summary.files[0].parent}: {names}", err=True)
    if progress.failed:
        click.echo("the same command tries the failed cases again", err=True)
    if progress.failed or summary.failed_rows:
        sys.exit(ROWS_FAILED)


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """A bar with rate and time left on a terminal; elsewhere a line now and then."""
    if sys.stderr.isatty():
        with click.progressbar(
            length=1, label="cases", file=sys.stderr, show_pos=True, show_eta=True, item_show_func=_aside
        ) as bar:

            def show(progress: Progress) -> None:
                bar.length = progress.total
                bar.update(progress.done + progress.failed - bar.pos, progress)

            yield show
        return
    last = [time.monotonic()]

    def write(progress: Progress) -> None:
        if time.monotonic() - last[0] >= _EVERY_S:
            last[0] = time.monotonic()
            click.echo(
                f"{progress.done + progress.failed}/{progress.total} cases, {_aside(progress)}", err=True
            )

    yield write


def _aside(progress: Progress | None) -> str:
    return "" if progress is None else f"{progress.rate:.3g} cases/s, {progress.failed} failed"


@click.command()
@click.argument("run_dir")
def status(run_dir: str) -> None:
    """How a run stands: cases by state, failures by reason, time per stage. Also while it runs.

    States are pending, running, done and failed. A case that is done may have ROIs that failed: those are
    among the rows. Failures whose texts differ in numbers alone are one line, with an example.

    \b
    fasttex cohort status study_run
    """
    with plain_errors():
        from ..cohort.journal import Journal

        with Journal.open(run_dir, write=False) as journal:
            found = journal.status()
    print_table(["state", "cases"], list(found.cases.items()))
    rate = "" if math.isnan(found.rate) else f"; {found.rate:.3g} cases/s"
    click.echo(f"\n{found.rows} rows, {found.failed_rows} of them failed{rate}")
    if found.seconds:
        click.echo()
        print_table(["stage", "seconds"], [(name, f"{s:.1f}") for name, s in found.seconds.items()])
    if found.failures:
        click.echo()
        print_table(["cases", "failure", "for instance"], [(n, f.kind, f.text) for f, n in found.failures])


@click.command()
@click.argument("run_dir")
@_formats
@_long
def export(run_dir: str, formats: tuple[str, ...], long: bool) -> None:
    """Write the tables of a run into its directory anew, as far as it is; also while it runs.

    Cases that are not done yet have the flag pending. --long adds features_long: a line per ROI, recipe and
    feature, with IBSI code and unit.

    \b
    fasttex cohort export study_run --format csv --long
    """
    with plain_errors():
        from ..cohort.export import FORMATS
        from ..cohort.export import export as write
        from ..cohort.journal import Journal

        with Journal.open(run_dir, write=False) as journal:
            _tell_files(write(journal, run_dir, formats=formats or FORMATS, long=long))


@click.command()
@click.argument("run_dir")
@click.option("-o", "--output", metavar="FOLDER", required=True, help="For the tables; made if not there.")
@click.option(
    "--key-file", type=click.File("rb"), metavar="FILE", help="The key of the hashes; else RUN_DIR's own."
)
@click.option("--keep", metavar="COLUMN", multiple=True, help="A kept column to pass on. Repeatable.")
@_formats
@_long
def share(
    run_dir: str,
    output: str,
    key_file: BinaryIO | None,
    keep: tuple[str, ...],
    formats: tuple[str, ...],
    long: bool,
) -> None:
    """Write the tables with a keyed hash in place of each case's name.

    Who has the key, by default RUN_DIR/share.key, can tell the cases again; nobody else can. Kept columns are
    left out unless --keep names them. Names of ROIs stay as they are: look at them first.

    \b
    fasttex cohort share study_run -o study_shared
    """
    with plain_errors():
        from ..cohort.export import FORMATS
        from ..cohort.journal import Journal
        from ..cohort.share import share as write

        key = key_file.read() if key_file else None
        with Journal.open(run_dir, write=False) as journal:
            _tell_files(
                write(journal, run_dir, output, key=key, keep=keep, formats=formats or FORMATS, long=long)
            )


@click.command()
@click.argument("run_dir")
@click.option("-o", "--output", metavar="FILE", required=True, help="An .html file.")
@click.option(
    "--thumbnails", metavar="N", type=click.IntRange(0), default=50, show_default=True,
    help="Draw the first N cases with their ROIs; their files are read anew.",
)  # fmt: skip
def report(run_dir: str, output: str, thumbnails: int) -> None:
    """Write one web page about a run: cases, failures, times, flags, distributions, pictures.

    It needs no other file and no network. Also while the run goes on.
    """
    with plain_errors():
        from ..cohort.journal import Journal
        from ..cohort.report import write_report

        with Journal.open(run_dir, write=False) as journal:
            write_report(journal, output, thumbnails=thumbnails)
    click.echo(output)


@click.command()
@click.argument("run_dir")
@click.option("-o", "--output", metavar="FOLDER", help="For the tables; RUN_DIR/from_counts if not given.")
@_formats
@_long
def features_from_counts(run_dir: str, output: str | None, formats: tuple[str, ...], long: bool) -> None:
    """Compute the texture features of a run anew from its matrices, without images.

    For runs with `fasttex cohort run --keep-counts`. The values are those of the run's own tables.
    """
    with plain_errors():
        from ..cohort.counts import features_from_counts as write
        from ..cohort.export import FORMATS
        from ..cohort.journal import Journal

        folder = output or Path(run_dir) / "from_counts"
        with Journal.open(run_dir, write=False) as journal:
            _tell_files(write(journal, folder, formats=formats or FORMATS, long=long))


def _tell_files(written: Exported) -> None:
    if written.skipped:
        click.echo(written.skipped, err=True)
    for path in written.files:
        click.echo(path)
