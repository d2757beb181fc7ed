"""``fasttex settings``."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any

import click

from ..errors import SettingsError
from ..settings import PRESETS, Settings
from .shared import CHECK_FAILED, plain_errors, recipe_options, recipes_of


@click.group()
def settings() -> None:
    """Show, check and write settings."""


@settings.command()
@recipe_options
def show(**options: Any) -> None:
    """Print every setting as it would take effect, as JSON; those that nobody chose are listed last."""
    with plain_errors():
        from ..provenance import recipe_record

        for recipe in recipes_of(options):
            click.echo(json.dumps(recipe_record(recipe), indent=1))


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
