"""Cohorts: many cases, many ROIs of one image, large tables. Prints a Markdown table for each.

``python benchmarks/cohort.py cases`` runs 200 cases of 8 ROIs with one worker and with two.
``python benchmarks/cohort.py rois`` computes 104 ROIs of one CT-sized image in one pass, and, where PyRadiomics is
installed beside fasttex, how long its extractor takes, from a sample of the ROIs.
``python benchmarks/cohort.py export`` writes the tables of 10,000 rows and 1,200 columns.

Needs Linux or macOS and, under a temporary folder, half a gigabyte.
"""

import argparse
import csv
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import SimpleITK as sitk
from cohort_volume import write_volume
from make_cohort import make_cohort

import fasttex
from fasttex.cohort.cases import Case, MaskFile, Recipe, Result, RowData
from fasttex.cohort.export import export
from fasttex.cohort.journal import Journal
from fasttex.features.compute import feature_columns
from fasttex.settings import AGGREGATIONS

LEAST_SPEEDUP, MOST_OVERHEAD_S, LEAST_RATIO = 1.6, 0.005, 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("part", choices=list(PARTS))
    parser.add_argument("--cases", type=int, default=200, help="of the part cases")
    parser.add_argument("--turns", type=int, default=2, help="of the part cases; the least time counts")
    parser.add_argument("--sample", type=int, default=6, help="ROIs that PyRadiomics gets; 0: none")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        PARTS[given.part](Path(folder), given)


def show(rows: Iterable[tuple[str, str]]) -> None:
    print("| | |\n|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def judged(text: str, good: bool, goal: str) -> str:
    return f"{text} ({'goal' if good else 'MISSED'}: {goal})"


def cases(folder: Path, given: argparse.Namespace) -> None:
    """Two workers beside one, what a case costs beyond its stages, and whether all values are right."""
    manifest = make_cohort(folder / "cohort", given.cases, 8)
    runs = {workers: [] for workers in (1, 2)}
    for turn in range(given.turns):
        for workers, found in runs.items():
            found.append(_run(manifest, folder / f"run{turn}_{workers}", workers))
    one, two = (min(found, key=lambda run: run["wall"]) for found in runs.values())
    ratio = one["wall"] / two["wall"]
    overhead = min(run["overhead"] for run in runs[1])
    stages = ", ".join(f"{name} {s / given.cases * 1e3:.1f}" for name, s in one["stages"].items())
    show(
        [
            ("cases × ROIs × features", f"{given.cases} × 8 × {len(feature_columns())}"),
            ("1 worker", f"{one['wall']:.2f} s"),
            ("2 workers", f"{two['wall']:.2f} s"),
            ("ratio", judged(f"{ratio:.2f}", ratio >= LEAST_SPEEDUP, f"≥ {LEAST_SPEEDUP}")),
            ("of that once: start of the worker", f"{one['start']:.2f} s"),
            ("of that once: import of pyarrow", f"{one['imports']:.2f} s"),
            ("stages, ms a case", stages),
            (
                "a case beyond the stages, tables included",
                judged(f"{overhead * 1e3:.1f} ms a case", overhead < MOST_OVERHEAD_S, "< 5 ms"),
            ),
            ("of that for the tables", f"{one['tables'] * 1e3:.1f} ms a case"),
            ("rows compared with extracting each ROI alone", str(_compare(manifest, folder / "run0_2"))),
        ]
    )


def _run(manifest: Path, run_dir: Path, workers: int) -> dict[str, Any]:
    """Seconds of a run: all of it, what it costs once, and a case's beyond its stages."""
    told: list[float] = []
    begin = time.perf_counter()
    summary = fasttex.run_cohort(
        manifest,
        run_dir,
        workers=workers,
        prefetch=False,
        progress=lambda _: told.append(time.perf_counter()),
    )
    end = time.perf_counter()
    assert (summary.progress.done, summary.progress.failed) == (len(told), 0), summary
    with Journal.open(run_dir, write=False) as journal:
        stages = journal.status().seconds
        first = next(iter(journal.results_in_order()))[1]
        again = time.perf_counter()
        export(journal, run_dir)  # once more, as the first time imports pyarrow
        tables_s = time.perf_counter() - again
    in_stages = sum(stages.values())
    of_first = sum(first.seconds.values())
    return {
        "wall": end - begin,
        "stages": stages,
        "start": told[0] - begin - of_first,
        "tables": tables_s / len(told),
        "overhead": (told[-1] - told[0] - (in_stages - of_first)) / (len(told) - 1) + tables_s / len(told),
        "imports": end - told[-1] - tables_s,
    }


def _compare(manifest: Path, run_dir: Path) -> int:
    """How many rows of every 50th case are, cell by cell, those of each ROI extracted alone."""
    with (run_dir / "features.csv").open(encoding="utf-8", newline="") as file:
        table = {(row["case"], row["label"]): row for row in csv.DictReader(file)}
    n = 0
    for case in list(csv.DictReader(manifest.read_text("utf-8").splitlines()))[::50]:
        image, rois = (manifest.parent / case[name] for name in ("image", "rois"))
        for label in np.unique(sitk.GetArrayFromImage(sitk.ReadImage(str(rois))))[1:].tolist():
            alone = fasttex.extract(image, rois, case=case["case"], select=[label], threads=1)
            (row,) = csv.DictReader(alone.to_csv().splitlines())
            assert row == table[case["case"], str(label)], (case["case"], label)
            n += 1
    return n


def rois(folder: Path, given: argparse.Namespace) -> None:
    """All ROIs of one image in one pass, beside a loop that calls PyRadiomics' extractor."""
    image, labels, sizes = write_volume(folder)
    ours = in_process(_extract, image, labels, 1)
    stages = ", ".join(f"{name} {s:.2f}" for name, s in ours["stages"].items())
    show(
        [
            ("ROIs; voxels of the least, of the largest, of all", _sizes(sizes)),
            (
                f"one pass, 1 thread, {ours['columns']} features",
                f"{ours['seconds']:.1f} s, {ours['cpu']:.1f} s of CPU time",
            ),
            ("stages, s", stages),
            ("peak memory of the process", f"{ours['peak'] / 1e9:.2f} GB"),
        ]
    )
    if given.sample and _has_pyradiomics():
        _beside(image, labels, sizes, given.sample)


def _sizes(sizes: dict[int, int]) -> str:
    return f"{len(sizes)}; {min(sizes.values())}, {max(sizes.values())}, {sum(sizes.values())}"


def _extract(image: Path, labels: Path, threads: int) -> dict[str, Any]:
    begin, clock = time.process_time(), time.perf_counter()
    table = fasttex.extract(image, labels, {"bin_width": 25, "bin_origin": -1024}, threads=threads)
    return {
        "cpu": time.process_time() - begin,
        "seconds": time.perf_counter() - clock,
        "stages": dict(table.timings),
        "columns": len(table.columns),
    }


def _has_pyradiomics() -> bool:
    try:
        import radiomics  # noqa: F401
    except ImportError:
        return False
    return True


def _beside(image: Path, labels: Path, sizes: dict[int, int], n_sampled: int) -> None:
    """PyRadiomics on ROIs at quantiles of the sizes; between them time is interpolated by voxels.

    CPU time on one thread, as others may share the machine. Both read the files: PyRadiomics for each ROI.
    """
    os.environ.update(FASTTEX_NUM_THREADS="1", OMP_NUM_THREADS="1", ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS="1")
    ordered = sorted(sizes, key=lambda label: sizes[label])
    sample = [ordered[n] for n in np.linspace(0, len(ordered) - 1, n_sampled).round().astype(int)]
    drop_in = in_process(_labels_at_once, image, labels)
    took = in_process(_one_by_one, image, labels, sample)["seconds"]
    estimate = float(np.interp(list(sizes.values()), [sizes[n] for n in sample], took).sum())
    ratio = estimate / drop_in["seconds"]
    show(
        [
            ("fasttex.pyradiomics, `execute_labels`, CPU time", f"{drop_in['seconds']:.1f} s"),
            ("its peak memory", f"{drop_in['peak'] / 1e9:.2f} GB"),
            *((f"PyRadiomics, {sizes[n]} voxels", f"{s:.2f} s") for n, s in zip(sample, took, strict=True)),
            (f"PyRadiomics, {len(sizes)} ROIs, interpolated from these", f"{estimate:.0f} s"),
            ("ratio", judged(f"{ratio:.0f}", ratio >= LEAST_RATIO, f"≥ {LEAST_RATIO}")),
        ]
    )


def _labels_at_once(image: Path, labels: Path) -> dict[str, Any]:
    from fasttex.pyradiomics import featureextractor

    begin = time.process_time()
    found = featureextractor.RadiomicsFeatureExtractor().execute_labels(str(image), str(labels))
    seconds = time.process_time() - begin
    assert all(len(one) > 100 for one in found.values()), "a label has failed"
    return {"seconds": seconds}


def _one_by_one(image: Path, labels: Path, sample: list[int]) -> dict[str, Any]:
    import logging

    from radiomics import featureextractor

    logging.disable(logging.CRITICAL)
    extractor = featureextractor.RadiomicsFeatureExtractor()
    seconds = []
    for label in sample:
        begin = time.process_time()
        assert len(extractor.execute(str(image), str(labels), label=label)) > 100
        seconds.append(time.process_time() - begin)
    return {"seconds": seconds}


def tables(folder: Path, given: argparse.Namespace) -> None:
    """The export of a run that has 1,250 cases of 8 ROIs."""
    n_columns, n_cases, n_rois = 1200, 1250, 8
    settings = fasttex.Settings(aggregations=AGGREGATIONS)
    plain = feature_columns(None, AGGREGATIONS)
    columns = (*plain, *(f"{image}__{name}" for image in ("log", "wavelet") for name in plain))[:n_columns]
    made = [
        Case(f"case-{n}", Path(f"{n}.nii"), (MaskFile(Path(f"{n}_rois.nii")),), {}) for n in range(n_cases)
    ]
    rows = tuple(RowData(f"organ{n}", n, settings.recipe_id, voxels=1000) for n in range(1, n_rois + 1))
    random = np.random.default_rng(0)
    with Journal.open(folder, write=True) as journal:
        journal.begin(made, Recipe((settings,)))
        for n, case in enumerate(made):
            values = random.lognormal(sigma=4, size=(n_rois, len(columns)))
            journal.commit(case.name, str(n), Result(columns, rows, values))
    found = in_process(_export, folder)
    show(
        [
            ("rows × columns", f"{n_cases * n_rois} × {len(columns)}"),
            *((name, f"{seconds:.1f} s") for name, seconds in found["seconds"].items()),
            ("peak memory of the process", f"{found['peak'] / 1e6:.0f} MB"),
            ("of that before it exports", f"{found['before'] / 1e6:.0f} MB"),
        ]
    )


def _export(folder: Path) -> dict[str, Any]:
    import pyarrow.parquet  # noqa: F401

    before, seconds = _peak(), {}
    with Journal.open(folder, write=False) as journal:
        for kind in ("csv", "parquet"):
            begin = time.perf_counter()
            files = export(journal, folder, formats=[kind]).files
            seconds[kind] = time.perf_counter() - begin
            (table,) = (path for path in files if path.stem == "features")
            seconds[f"{kind}, {table.stat().st_size / 1e6:.0f} MB"] = seconds.pop(kind)
    return {"seconds": seconds, "before": before}


def in_process(function: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """Call it in a fresh process; its result, and the process's peak memory in bytes."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (function, arguments))


def _measured(function: Callable[..., dict[str, Any]], arguments: tuple[Any, ...]) -> dict[str, Any]:
    return {**function(*arguments), "peak": _peak()}


def _peak() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


PARTS = {"cases": cases, "rois": rois, "export": tables}

if __name__ == "__main__":
    main()
