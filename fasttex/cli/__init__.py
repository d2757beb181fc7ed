"""The command line."""

import click

from .. import __version__
from .bench import bench
from .cohort import cohort
from .cohort_run import features_from_counts
from .extract import extract
from .inspect import demo, doctor, features, verify
from .pyradiomics import pyradiomics
from .run import run
from .settings import settings


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def main() -> None:
    """Texture features of medical images, exact and fast.

    Begin with `fasttex demo`; `fasttex doctor` says what is installed.

    Exit status: 0 all went well, 1 a check failed or an unexpected error, 2 wrong use, 3 some ROIs failed.
    """


for command in (
    *(extract, cohort, features_from_counts, demo, doctor, bench, verify),
    *(features, settings, pyradiomics, run),
):
    main.add_command(command)
