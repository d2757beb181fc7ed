"""What the commands share: exit statuses, errors in one line, the options of a recipe, tables."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ..errors import FasttexError, SettingsError
from ..settings import PRESETS, Settings, read_mapping

CHECK_FAILED, USAGE, ROWS_FAILED = 1, 2, 3


@contextmanager
def plain_errors() -> Iterator[None]:
    """Say what went wrong on purpose in one line, not in a traceback."""
    try:
        yield
    except FasttexError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(USAGE)


def recipe_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that make up a recipe, the same in every command."""
    for option in reversed(
        [
            click.option(
                "--preset", type=click.Choice(list(PRESETS)), help="Begin with settings for a modality."
            ),
            click.option(
                "--settings",
                metavar="FILE",
                multiple=True,
                help="Settings from a .toml, .json or .yaml file. Repeatable: a recipe, and a row, for each.",
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


def roi_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which labels are ROIs and what they are called."""
    select = click.option(
        "--select",
        metavar="[NAME=]LABEL[,...]",
        multiple=True,
        help="Keep this label or name, and call it NAME; lung=10,11 makes one ROI of two. Or a .json file: "
        '{"lung": [10, 11]}. Repeatable; all are kept if not given.',
    )
    names = click.option(
        "--names", metavar="FILE", help="JSON with the labels' names: label to name, or name to label."
    )
    return select(names(command))


def recipes_of(options: dict[str, Any]) -> list[Settings]:
    """A recipe for each file of ``--settings``, or one: the preset below, single changes on top.

    Takes its options out of `options`, and tells several recipes' ids, by which tables tell rows apart.
    """
    below = {key: value for key, (value, _) in PRESETS.get(options.pop("preset") or "", {}).items()}
    files = options.pop("settings")
    above: dict[str, Any] = {}
    for change in options.pop("set"):
        key, equals, text = change.partition("=")
        if not equals:
            raise SettingsError(f"--set {change!r} has no '=', expected KEY=VALUE, such as bin_number=64")
        try:
            above[key.strip()] = json.loads(text)
        except json.JSONDecodeError:
            above[key.strip()] = text.strip()
    if families := options.pop("families"):
        above["families"] = [name.strip() for name in families.split(",")]
    if convention := options.pop("convention"):
        above["convention"] = convention
    given = [read_mapping(Path(file)) for file in files] or [{}]
    recipes = [Settings(**{**below, **values, **above}) for values in given]
    if len(files) > 1:
        for file, recipe in zip(files, recipes, strict=True):
            click.echo(f"recipe {recipe.recipe_id}: {file}", err=True)
    return recipes


def print_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print columns as wide as what they hold."""
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[n]) for row in cells) for n in range(len(header))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows with the same keys as CSV; lists with spaces between."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({k: " ".join(v) if isinstance(v, list) else v for k, v in row.items()})
    return text.getvalue()


def write_text(path: str, text: str) -> None:
    """Write a file so that it is there whole or not at all."""
    from ..storage import write_atomically

    write_atomically(Path(path), lambda file: file.write(text.encode()))
