"""``fasttex run``."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

import click

from .shared import USAGE


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--accelerate", is_flag=True, help="Let PyRadiomics compute with fasttex, here and in workers.")
@click.argument("script", metavar="SCRIPT.py")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(accelerate: bool, script: str, arguments: tuple[str, ...]) -> None:
    """Run a Python script that uses PyRadiomics, unchanged.

    \b
    fasttex run --accelerate extract_cohort.py --jobs 8
    """
    from ..startup import VARIABLE, watch

    if not Path(script).is_file():
        click.echo(f"Error: {script} is no file, expected a Python script", err=True)
        sys.exit(USAGE)
    if accelerate:
        os.environ[VARIABLE] = "1"
        watch()
    sys.argv = [script, *arguments]
    sys.path.insert(0, str(Path(script).resolve().parent))
    runpy.run_path(script, run_name="__main__")
