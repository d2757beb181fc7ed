"""``fasttex extract``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import InputError
from .shared import ROWS_FAILED, plain_errors, recipe_options, recipes_of, roi_options

if TYPE_CHECKING:
    from ..table import FeatureTable


@click.command()
@click.argument("image")
@click.argument("rois", nargs=-1, required=True)
@recipe_options
@roi_options
@click.option("--threshold", type=float, help="Inside is where a mask is at least this; for probabilities.")
@click.option("--case", default="", help="What the table calls this image.")
@click.option(
    "--on-error",
    type=click.Choice(["row", "raise"]),
    default="row",
    show_default=True,
    help="A ROI that fails becomes a row with its reason, or stops everything.",
)
@click.option(
    "--backend", default="auto", show_default=True, help="Who counts: auto, cpp, numba, cuda, reference."
)
@click.option("--threads", type=int, help="All cores that this process may use, if not given.")
@click.option("--memory-limit", default="2GB", show_default=True, help="For the image, and for the matrices.")
@click.option("--long", is_flag=True, help="CSV with a line per ROI and feature, with IBSI codes and units.")
@click.option(
    "-o",
    "--output",
    default="-",
    metavar="FILE",
    help="A .csv, .json or .parquet file; CSV on standard output if not given or -.",
)
def extract(image: str, rois: tuple[str, ...], output: str, long: bool, **options: Any) -> None:
    """Compute the texture features of the ROIs of an IMAGE.

    ROIS is a label map, each label of which becomes a row, or several mask files.

    \b
    fasttex extract ct.nii.gz organs.nii.gz --preset ct -o features.csv
    fasttex extract mr.nrrd tumor.nrrd --select tumor=1 --set bin_number=64
    """
    with plain_errors():
        from ..extraction import extract as run
        from ..io import parse_select

        _refuse_output(output, long)
        settings = recipes_of(options)
        options["select"] = parse_select(options["select"]) if options["select"] else None
        with _progress() as progress:
            table = run(
                image, rois[0] if len(rois) == 1 else list(rois), settings, progress=progress, **options
            )
        _write(table, output, long)
    failed = [row for row in table.rows if row.error]
    for row in failed:
        click.echo(f"{row.roi}: {row.error}", err=True)
    if output != "-":
        click.echo(
            f"{output}: {len(table)} rows of {len(table.columns)} features, {len(failed)} failed", err=True
        )
    if failed:
        sys.exit(ROWS_FAILED)


def _refuse_output(output: str, long: bool) -> None:
    """Say that a table could not be written before the work is done, not after."""
    if output != "-" and Path(output).suffix not in (".csv", ".json", ".parquet"):
        raise InputError(
            f"--output is {output!r}, expected a name that ends in .csv, .json or .parquet, or -"
        )
    if output != "-" and not Path(output).absolute().parent.is_dir():
        raise InputError(f"--output is {output!r}, but there is no folder {Path(output).absolute().parent}")
    if long and not output.endswith((".csv", "-")):
        raise InputError(f"--long is for CSV, but --output is {output!r}")


def _write(table: FeatureTable, output: str, long: bool) -> None:
    if output == "-":
        click.echo(table.to_csv(long=long), nl=False)
    elif output.endswith(".csv"):
        table.to_csv(output, long=long)
    elif output.endswith(".json"):
        table.to_json(output)
    else:
        table.to_parquet(output)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error while it is a terminal; nothing otherwise."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with click.progressbar(length=1, label="ROIs", file=sys.stderr, show_pos=True) as bar:

        def show(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield show
