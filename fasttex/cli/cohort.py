"""``fasttex cohort``."""

from __future__ import annotations

import sys

import click

from .cohort_run import export, report, run, share, status
from .shared import ROWS_FAILED, plain_errors


@click.group()
def cohort() -> None:
    """Many images with their ROIs: interrupted, resumed, nothing lost."""


for command in (run, status, export, share, report):
    cohort.add_command(command)


@cohort.command(short_help="List the images and ROIs of a folder in a manifest.")
@click.option(
    "--from-folder", "root", metavar="ROOT", required=True, help="The folder above those of the cases."
)
@click.option("--image", metavar="PATTERN", required=True, help="The image, from a case's folder.")
@click.option("--rois", metavar="PATTERN", required=True, help="The files with ROIs, from a case's folder.")
@click.option("--follow-links", is_flag=True, help="Follow links out of ROOT too.")
@click.option(
    "-o", "--output", default="-", metavar="FILE", help="A .csv file; standard output if not given or -."
)
def manifest(root: str, image: str, rois: str, follow_links: bool, output: str) -> None:
    """Write a manifest: CSV with a line for each file with ROIs, to look at, edit and run.

    Each folder below ROOT in which the pattern of --image finds a file is a case. It is called by its path
    from ROOT, with _ between. With

    \b
    study/patient1/ct.nii.gz
    study/patient1/seg/liver.nii.gz
    study/patient1/seg/tumor.nii.gz

    the command

    \b
    fasttex cohort manifest --from-folder study --image ct.nii.gz --rois 'seg/*.nii.gz' -o study.csv

    writes

    \b
    case,image,rois,roi
    patient1,study/patient1/ct.nii.gz,study/patient1/seg/liver.nii.gz,liver
    patient1,study/patient1/ct.nii.gz,study/patient1/seg/tumor.nii.gz,tumor

    Paths are relative to the manifest's folder where they lie below it; on standard output all are absolute.
    Quote patterns, so that the shell leaves them alone. Columns may be added: label takes one label of a
    file, variant tells perturbed copies of ROIs apart. What is left out, such as folders without ROIs and
    links out of ROOT, is said on standard error; exit status 3 then.
    """
    with plain_errors():
        from ..cohort.manifest import manifest_from_folder, manifest_text, write_manifest

        rows, left_out = manifest_from_folder(root, image, rois, follow_links=follow_links)
        if output == "-":
            click.echo(manifest_text(rows, None), nl=False)
        else:
            write_manifest(rows, output)
    for folder, reason in left_out:
        click.echo(f"left out: {folder!r}: {reason}", err=True)
    n_cases = len({row["case"] for row in rows})
    target = "" if output == "-" else f"{output}: "
    click.echo(
        f"{target}{n_cases} cases, {len(rows)} files with ROIs, {len(left_out)} folders left out", err=True
    )
    if left_out:
        sys.exit(ROWS_FAILED)
