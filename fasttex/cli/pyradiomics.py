"""``fasttex pyradiomics``: what the command ``pyradiomics`` takes, and the same columns."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import KernelUnavailableError, SettingsError
from .shared import ROWS_FAILED, USAGE, plain_errors, write_text

if TYPE_CHECKING:
    from ..pyradiomics.batch import Case, Output


@click.command(name="pyradiomics")
@click.argument("image")
@click.argument("mask", required=False)
@click.option("--param", "-p", metavar="FILE", help="Parameter file (.yaml or .json).")
@click.option(
    "--setting",
    "-s",
    metavar="NAME:VALUE",
    multiple=True,
    help='Change one setting of the file: -s "binWidth:10", -s "resampledPixelSpacing:1,1,1". Repeatable.',
)
@click.option("--label", "-l", type=int, help="Value of the ROI in the mask; a batch's column Label wins.")
@click.option(
    "--jobs", "-j", type=click.IntRange(1), default=1, show_default=True, help="Processes for a batch."
)
@click.option("--validate", is_flag=True, help="Check parameters and paths, and compute nothing.")
@click.option("--out", "-o", metavar="FILE", help="Append to this file instead of printing.")
@click.option("--out-dir", "-od", metavar="DIR", help="Write a CSV file per case here as well.")
@click.option(
    "--mode", "-m", type=click.Choice(["segment", "voxel"]), default="segment", help="Values, or maps."
)
@click.option("--skip-nans", is_flag=True, help="Leave values out that are not a number.")
@click.option(
    "--format",
    "-f",
    type=click.Choice(["csv", "json", "txt"]),
    default="txt",
    show_default=True,
    help="A table, a list of objects, or a line per value.",
)
@click.option(
    "--format-path",
    type=click.Choice(["absolute", "relative", "basename"]),
    default="absolute",
    show_default=True,
    help="How the paths of image and mask are written.",
)
@click.option("--unix-path", "-up", is_flag=True, help="Write paths with / on every system.")
@click.option("--logging-level", metavar="LEVEL", default="WARNING", help="Least level of the log file.")
@click.option("--log-file", metavar="FILE", help="Append log records to this file.")
@click.option(
    "--verbosity",
    "-v",
    type=click.IntRange(1, 5),
    default=3,
    show_default=True,
    help="What is printed to stderr: 1 the least, 3 warnings, 4 every step, 5 everything.",
)
def pyradiomics(image: str, mask: str | None, **options: Any) -> None:
    """Extract PyRadiomics' features of an IMAGE and its MASK, or of the cases of a batch file.

    A batch is a .csv file with the columns Image, Mask, and if need be Label and Label_channel; other columns
    are passed through.

    \b
    fasttex pyradiomics ct.nrrd tumor.nrrd -p params.yaml -f csv -o features.csv
    fasttex pyradiomics cases.csv -p params.yaml -j 8 -f csv -o features.csv
    """
    with plain_errors():
        from ..pyradiomics.batch import Case, Output, read_cases, run_cases

        if options["mode"] == "voxel":
            raise KernelUnavailableError("feature maps (--mode voxel) are not available; leave --mode out")
        _log(options)
        if mask is None and not image.lower().endswith(".csv"):
            raise click.UsageError(f"{image} has no mask: give IMAGE and MASK, or a batch file (.csv)")
        cases = [Case(1, {"Image": image, "Mask": mask})] if mask else read_cases(Path(image))
        if options["validate"]:
            _validate(cases, options)
            return
        output = Output(
            options["format"],
            options["format_path"],
            unix_path=options["unix_path"],
            skip_nans=options["skip_nans"],
        )
        done = run_cases(
            cases, options["param"], _settings(options["setting"]), options["label"], options["jobs"]
        )
        rows, n_failed = _collect(done, len(cases), output, options["out_dir"])
        _write(output.text(rows), options["out"])
    if n_failed:
        sys.exit(ROWS_FAILED)


def _settings(changes: Sequence[str]) -> dict[str, Any]:
    """From ``NAME:VALUE``; lists with commas, as in ``resampledPixelSpacing:1,1,1``."""
    settings = {}
    for change in changes:
        name, colon, text = change.partition(":")
        if not colon:
            raise SettingsError(f"--setting {change!r} has no ':', expected NAME:VALUE, such as binWidth:10")
        values = [_value(part.strip()) for part in text.strip().strip("[]").split(",")]
        listed = "," in text or text.strip().startswith("[")
        settings[name.strip()] = values if listed else values[0]
    return settings


def _value(text: str) -> Any:
    words = {"true": True, "false": False, "none": None, "null": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _validate(cases: Sequence[Case], options: dict[str, Any]) -> None:
    from ..pyradiomics.featureextractor import RadiomicsFeatureExtractor

    RadiomicsFeatureExtractor(options["param"], **_settings(options["setting"]))
    missing = [
        f"case {case.number}: {path} does not exist"
        for case in cases
        for path in (case.image, case.mask)
        if not Path(path).is_file()
    ]
    for line in missing:
        click.echo(line, err=True)
    if missing:
        sys.exit(USAGE)
    click.echo(f"parameters and {len(cases)} cases are valid", err=True)


def _collect(
    done: Iterator[tuple[Case, dict[str, Any], str]], n_cases: int, output: Output, out_dir: str | None
) -> tuple[list[dict[str, Any]], int]:
    """Rows of all cases, and how many failed; says how far it is."""
    from ..pyradiomics.batch import Output

    rows, n_failed = [], 0
    for case, features, error in done:
        rows.append(output.row(case, features))
        if error:
            n_failed += 1
            click.echo(f"case {case.number}: {error}", err=True)
        elif out_dir:
            Path(out_dir).mkdir(parents=True, exist_ok=True)
            alone = Output("csv", "absolute", unix_path=False, skip_nans=False)
            write_text(str(Path(out_dir) / f"features_{case.number}.csv"), alone.text([rows[-1]]))
        if n_cases > 1:
            click.echo(f"{len(rows)} of {n_cases} cases, {n_failed} failed", err=True)
    return rows, n_failed


def _write(text: str, path: str | None) -> None:
    if path is None:
        click.echo(text, nl=False)
        return
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)


def _log(options: dict[str, Any]) -> None:
    import logging

    from ..pyradiomics import logger, setVerbosity

    levels = [logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG]
    setVerbosity(levels[options["verbosity"] - 1])
    if options["log_file"]:
        handler = logging.FileHandler(options["log_file"])
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        handler.setLevel(options["logging_level"].upper())
        logger.addHandler(handler)
        logger.setLevel(min(logger.level, handler.level))
