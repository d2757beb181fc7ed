"""Reproduce the IBSI's reference values here, with this installation, and say how well."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import ibsi
from .backends import get_backend
from .extraction import extract
from .io import read_image, read_rois
from .preprocess import crop, resample, resegment
from .preprocess.diagnostics import image_diagnostics, interpolated_image, roi_diagnostics
from .types import Roi

__all__ = ["Outcome", "as_markdown", "as_records", "verify_ibsi"]


@dataclass(frozen=True)
class Outcome:
    """How one family of one dataset came out.

    Attributes
    ----------
    dataset, family : str
        As `fasttex.ibsi` spells them.
    reproduced, known : int
        Reference values within their tolerance, and all.
    worst : float
        Largest deviation, in tolerances; None for diagnostics.
    difference : float
        Largest relative difference from the other implementation's values in full precision; likewise.
    seconds : float
        Of the whole dataset.
    missed : tuple of str
        Columns, or stages and names of diagnostics, that are not reproduced.
    """

    dataset: str
    family: str
    reproduced: int
    known: int
    worst: float | None
    difference: float | None
    seconds: float
    missed: tuple[str, ...]


def verify_ibsi(
    data: Path | None = None, backend: str = "auto", threads: int | None = None
) -> Iterator[Outcome]:
    """Compare with every reference value: of the digital phantom, and of the CT phantom where it is given.

    Parameters
    ----------
    data : Path, optional
        Folder that holds the CT phantom, as `fasttex.ibsi.ct_phantom` finds it.
    backend : str
        Who counts.
    threads : int, optional
        All cores if not given.

    Yields
    ------
    Outcome
        Dataset by dataset, family by family.
    """
    image, mask, spacing_mm = ibsi.digital_phantom()
    inputs: dict[str, tuple[Any, Any, Any]] = {"digital_phantom": (image, mask, spacing_mm)}
    if data is not None:
        files = ibsi.ct_phantom(data)
        inputs.update({name: (*files, None) for name in ibsi.CONFIGURATIONS if name != "digital_phantom"})
    for dataset, (voxels, roi, spacing) in inputs.items():
        begin = time.perf_counter()
        table = extract(
            voxels, roi, ibsi.CONFIGURATIONS[dataset], spacing_mm=spacing, backend=backend, threads=threads
        )
        seconds = time.perf_counter() - begin
        values = dict(zip(table.columns, table.rows[0].values.tolist(), strict=True))
        known = ibsi.references(dataset)
        for family in dict.fromkeys(r.family for r in known):
            mine = [r for r in known if r.family == family]
            lost = ibsi.missed(values, mine)
            worst = max(r.deviation(values[r.column]) for r in mine)
            apart = max(r.difference(values[r.column]) for r in mine)
            columns = tuple(r.column for r in lost)
            yield Outcome(dataset, family, len(mine) - len(lost), len(mine), worst, apart, seconds, columns)
        if dataset != "digital_phantom":
            yield _diagnostics(dataset, voxels, roi, get_backend(backend).NAME)


def _diagnostics(dataset: str, image_file: Path, mask_file: Path, backend: str) -> Outcome:
    """Compare what image and ROI look like between the steps."""
    begin, settings = time.perf_counter(), ibsi.CONFIGURATIONS[dataset]
    image = read_image(image_file)
    cropped = crop(image, read_rois(mask_file, image).masks[0])
    sampled = resample([cropped], settings, backend)[0]
    assert isinstance(sampled, Roi)
    stages = {
        "initial_image": image_diagnostics(image),
        "interpolated_image": image_diagnostics(interpolated_image(image, settings, backend)),
        "initial_roi": roi_diagnostics(cropped),
        "interpolated_roi": roi_diagnostics(sampled),
        "resegmented_roi": roi_diagnostics(resegment(sampled, settings)),
    }
    known = ibsi.diagnostics(dataset)
    lost = tuple(f"{d.stage} {d.name}" for d in known if not d.holds(stages[d.stage][d.name]))
    seconds = time.perf_counter() - begin
    return Outcome(dataset, "diagnostics", len(known) - len(lost), len(known), None, None, seconds, lost)


def as_records(outcomes: Sequence[Outcome]) -> list[tuple[str, ...]]:
    """A header and a line of text per family, then one per dataset and one for all features."""
    header = ("dataset", "family", "reproduced", "worst / tolerance", "full precision", "seconds")
    lines: list[tuple[str, ...]] = [header]
    features = [o for o in outcomes if o.family != "diagnostics"]
    for dataset in dict.fromkeys(o.dataset for o in outcomes):
        mine = [o for o in features if o.dataset == dataset]
        lines += [(dataset, o.family, _sum([o]), *_worst([o]), "") for o in mine]
        lines.append((dataset, "all features", _sum(mine), *_worst(mine), f"{mine[0].seconds:.2f}"))
        lines += [
            (dataset, o.family, _sum([o]), "", "", f"{o.seconds:.2f}")
            for o in outcomes
            if o.dataset == dataset and o not in mine
        ]
    lines.append(("all", "all features", _sum(features), *_worst(features), ""))
    return lines


def as_markdown(outcomes: Sequence[Outcome]) -> str:
    """The same as a Markdown table."""
    header, *lines = (f"| {' | '.join(line)} |" for line in as_records(outcomes))
    return "\n".join([header, "|---|---|---|---|---|---|", *lines]) + "\n"


def _sum(outcomes: Sequence[Outcome]) -> str:
    return f"{sum(o.reproduced for o in outcomes)} of {sum(o.known for o in outcomes)}"


def _worst(outcomes: Sequence[Outcome]) -> tuple[str, str]:
    return f"{max(o.worst or 0 for o in outcomes):.2f}", f"{max(o.difference or 0 for o in outcomes):.1e}"
