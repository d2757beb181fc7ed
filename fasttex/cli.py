"""The command line: ``fasttex extract``, ``demo``, ``doctor``, ``settings``."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import __version__
from .errors import FasttexError, InputError, SettingsError
from .settings import PRESETS, Settings, read_mapping

if TYPE_CHECKING:
    from .table import FeatureTable

CHECK_FAILED, USAGE, ROWS_FAILED = 1, 2, 3


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Say what went wrong on purpose in one line, not in a traceback."""
    try:
        yield
    except FasttexError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(USAGE)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def main() -> None:
    """Texture features of medical images, exact and fast.

    Begin with `fasttex demo`; `fasttex doctor` says what is installed.

    Exit status: 0 all went well, 1 a check failed or an unexpected error, 2 wrong use, 3 some ROIs failed.
    """


def _recipe_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that make up a recipe, the same in every command."""
    for option in reversed(
        [
            click.option(
                "--preset", type=click.Choice(list(PRESETS)), help="Begin with settings for a modality."
            ),
            click.option(
                "--settings", metavar="FILE", help="Settings from a .toml, .json or .yaml file.", default=None
            ),
            click.option(
                "--set",
                metavar="KEY=VALUE",
                multiple=True,
                help="Change one setting: --set bin_number=64, --set resegment_range=[0,400]. Repeatable.",
            ),
            click.option("--families", metavar="LIST", help="Feature families, with commas; default all."),
            click.option("--convention", metavar="NAME", help="Whose definitions to follow; default ibsi1."),
        ]
    ):
        command = option(command)
    return command


def _recipe(options: dict[str, Any]) -> Settings:
    """Preset, file and single changes, the later ones on top; takes its options out of `options`."""
    values = {key: value for key, (value, _) in PRESETS.get(options.pop("preset") or "", {}).items()}
    if file := options.pop("settings"):
        values.update(read_mapping(Path(file)))
    for change in options.pop("set"):
        key, equals, text = change.partition("=")
        if not equals:
            raise SettingsError(f"--set {change!r} has no '=', expected KEY=VALUE, such as bin_number=64")
        try:
            values[key.strip()] = json.loads(text)
        except json.JSONDecodeError:
            values[key.strip()] = text.strip()
    if families := options.pop("families"):
        values["families"] = [name.strip() for name in families.split(",")]
    if convention := options.pop("convention"):
        values["convention"] = convention
    return Settings(**values)


@main.command()
@click.argument("image")
@click.argument("rois", nargs=-1, required=True)
@_recipe_options
@click.option(
    "--select",
    metavar="[NAME=]LABEL",
    multiple=True,
    help="Keep this label or name, and call it NAME. Repeatable; all are kept if not given.",
)
@click.option("--names", metavar="FILE", help="JSON with the labels' names: label to name, or name to label.")
@click.option("--threshold", type=float, help="Inside is where a mask is at least this; for probabilities.")
@click.option("--case", default="", help="What the table calls this image.")
@click.option(
    "--on-error",
    type=click.Choice(["row", "raise"]),
    default="row",
    show_default=True,
    help="A ROI that fails becomes a row with its reason, or stops everything.",
)
@click.option("--backend", default="auto", show_default=True, help="Who counts: auto, cpp, numba, reference.")
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
    r"""Compute the texture features of the ROIs of an IMAGE.

    ROIS is a label map, each label of which becomes a row, or several mask files.

    \b
    fasttex extract ct.nii.gz organs.nii.gz --preset ct -o features.csv
    fasttex extract mr.nrrd tumor.nrrd --select tumor=1 --set bin_number=64
    """
    with _plain_errors():
        from .extraction import extract as run
        from .io import parse_select

        _refuse_output(output, long)
        settings = _recipe(options)
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


@main.command()
@click.option("--backend", default="auto", show_default=True, help="Who counts: auto, cpp, numba, reference.")
@click.option("--threads", type=int, help="All cores that this process may use, if not given.")
@click.option("--picture", default="fasttex-demo.png", show_default=True, help="Where to draw the slices.")
def demo(backend: str, threads: int | None, picture: str) -> None:
    """Run on data that travels with the package: whether it works, is right, and how fast it is.

    Checks the reference values of the IBSI digital phantom, then extracts three organs of a volume made
    from a seed, and draws its slices where matplotlib is installed.
    """
    with _plain_errors():
        from . import demo as data

        reproduced, known = data.check_ibsi(backend)
        click.echo(f"IBSI digital phantom: {reproduced} of {known} reference values reproduced\n")
        table = data.run(backend, threads)
    shown = ("intensity_statistics_mean", "glcm_joint_entropy__3d_averaged", "glszm_zone_percentage__3d")
    _print_table(
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
    _print_table(["stage", "ms"], [[name, f"{s * 1e3:.1f}"] for name, s in seconds.items()])
    click.echo(f"\ncounted by: {table.provenance['backend']}, threads: {table.provenance['threads']}")
    try:
        data.draw(Path(picture))
        click.echo(f"picture: {picture}")
    except ImportError:
        click.echo("picture: none, matplotlib is not installed (python -m pip install 'fasttex[plot]')")
    if reproduced < known:
        sys.exit(CHECK_FAILED)


def _print_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[n]) for row in cells) for n in range(len(header))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@main.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, for reports of faults.")
def doctor(as_json: bool) -> None:
    """Say which backends are here and why others are not, versions, processor, and where fasttex lies.

    Exit status 1 where no fast backend can run.
    """
    from .doctor import examine

    report = examine()
    if as_json:
        click.echo(json.dumps(report, indent=1))
    else:
        for name, value in report.items():
            if isinstance(value, dict):
                click.echo(f"{name}:")
                for key, text in value.items():
                    click.echo(f"  {key:<15} {text}")
            else:
                click.echo(f"{name}: {', '.join(value) if isinstance(value, list) else value}")
    if report["auto"] is None:
        sys.exit(CHECK_FAILED)


@main.group()
def settings() -> None:
    """Show, check and write settings."""


@settings.command()
@_recipe_options
def show(**options: Any) -> None:
    """Print every setting as it would take effect, as JSON; those that nobody chose are listed last."""
    with _plain_errors():
        from .provenance import recipe_record

        click.echo(json.dumps(recipe_record(_recipe(options)), indent=1))


@settings.command()
@click.argument("file")
def check(file: str) -> None:
    """Say whether a settings FILE is sound; exit status 1 if it is not."""
    try:
        found = Settings.from_file(file)
    except SettingsError as error:
        click.echo(f"{file}: {error}", err=True)
        sys.exit(CHECK_FAILED)
    click.echo(f"{file}: sound, recipe {found.recipe_id}")


@settings.command()
@click.option("--preset", type=click.Choice(list(PRESETS)), help="Fill in the settings for a modality.")
def template(preset: str | None) -> None:
    """Print a TOML file with every setting, what it means and what it may be."""
    chosen = PRESETS.get(preset or "", {})
    click.echo("# Settings of fasttex. A line that begins with # shows the default.\n")
    for field in dataclasses.fields(Settings):
        click.echo(f"# {field.metadata['doc']}\n# Expected: {field.metadata['expected']}.")
        if field.name in chosen:
            value, source = chosen[field.name]
            click.echo(f"# Source: {source}.\n{field.name} = {json.dumps(value)}\n")
        else:
            default = '"follows from others"' if field.default is None else json.dumps(field.default)
            click.echo(f"# {field.name} = {default}\n")
