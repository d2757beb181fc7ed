"""The drop-in beside PyRadiomics, stage by stage: run it with the Python of an environment that has both.

``python benchmarks/drop_in.py IMAGE MASK`` extracts with both extractors in turns, images in memory, and prints the
least CPU time of each stage and the least time on the clock of the whole. Libraries compute on one thread; fasttex
hashes its input, for the diagnostics, in threads beside the features where there is a second processor. Once with
default settings, and once with settings as PyRadiomics' CT example has them: 1 mm, original image, five Laplacians
of Gaussians and eight wavelet bands.
"""

import argparse
import functools
import importlib
import json
import logging
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
os.environ["FASTTEX_NUM_THREADS"] = str(os.cpu_count())

import SimpleITK as sitk

from fasttex.pyradiomics.compare import TOLERANCE, difference

ENGINES = {"fasttex": "fasttex.pyradiomics", "PyRadiomics": "radiomics"}
CT_EXAMPLE = {
    "imageType": {"Original": {}, "LoG": {"sigma": [1.0, 2.0, 3.0, 4.0, 5.0]}, "Wavelet": {}},
    "setting": {
        "binWidth": 25,
        "interpolator": "sitkBSpline",
        "resampledPixelSpacing": [1, 1, 1],
        "voxelArrayShift": 1000,
        "additionalInfo": False,
    },
    "featureClass": dict.fromkeys(("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")),
}
CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "defaults, no diagnostics": (None, {"additionalInfo": False}),
    "defaults": (None, {}),
    "CT example": (CT_EXAMPLE, {}),
}
CLOCK = "in all, on the clock"
STAGES = {
    "check and crop": ("getMask", "checkMask", "cropToTumorMask"),
    "resample": ("resampleImage",),
    "filter": ("getLoGImage", "getWaveletImage"),
}


class Timed:
    """An engine's extractor, whose stages add up their CPU time."""

    def __init__(self, package: str) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._depth = 0
        self.extractor = importlib.import_module(f"{package}.featureextractor").RadiomicsFeatureExtractor
        operations = importlib.import_module(f"{package}.imageoperations")
        for stage, names in STAGES.items():
            for name in names:
                wrap = self._iterated if name.startswith("get") and name != "getMask" else self._called
                setattr(operations, name, wrap(getattr(operations, name), stage))
        for name, stage in (("computeShape", "shape"), ("computeFeatures", "first order and textures")):
            setattr(self.extractor, name, self._called(getattr(self.extractor, name), stage))

    def _called(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self._clock(stage):
                return function(*args, **kwargs)

        return timed

    def _iterated(self, function: Callable[..., Iterator[Any]], stage: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Iterator[Any]:
            made = function(*args, **kwargs)
            while True:
                with self._clock(stage):
                    item = next(made, None)
                if item is None:
                    return
                yield item

        return timed

    def _clock(self, stage: str) -> "Clock":
        return Clock(self, stage)


class Clock:
    """Adds the time in its block to a stage, unless another stage's block is around it."""

    def __init__(self, engine: Timed, stage: str) -> None:
        self.engine, self.stage = engine, stage

    def __enter__(self) -> None:
        self.engine._depth += 1
        self.start = time.process_time()

    def __exit__(self, *_: object) -> None:
        self.engine._depth -= 1
        if self.engine._depth == 0:
            self.engine.seconds[self.stage] += time.process_time() - self.start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("image")
    parser.add_argument("mask")
    parser.add_argument("--turns", type=int, default=3, help="of both; the least time counts")
    parser.add_argument("--json", metavar="FILE")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    engines = {name: Timed(package) for name, package in ENGINES.items()}
    files = sitk.ReadImage(given.image), sitk.ReadImage(given.mask)
    report = {}
    for case, (params, settings) in CASES.items():
        times: dict[str, dict[str, float]] = {name: {} for name in engines}
        found: dict[str, dict[str, Any]] = {}
        for _ in range(given.turns):
            for name, engine in engines.items():
                repeats = 1 if name == "PyRadiomics" else 5
                for _ in range(repeats):
                    found[name] = once(engine, params, settings, files, times[name])
        report[case] = {"ms": times, "values": compared(found)}
        show(case, times, report[case]["values"])
    if given.json:
        with open(given.json, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)


def once(
    engine: Timed,
    params: Any,
    settings: dict[str, Any],
    files: tuple[sitk.Image, ...],
    least: dict[str, float],
) -> dict[str, Any]:
    """One extraction; keeps the least time of every stage."""
    extractor = engine.extractor(params, **settings) if params else engine.extractor(**settings)
    engine.seconds.clear()
    start, clock = time.process_time(), time.perf_counter()
    found = extractor.execute(*files)
    whole, elapsed = time.process_time() - start, time.perf_counter() - clock
    rest = whole - sum(engine.seconds.values())
    stages = {**engine.seconds, "the rest": rest, "in all": whole, CLOCK: elapsed}
    for stage, seconds in stages.items():
        least[stage] = min(least.get(stage, 1e9), seconds * 1e3)
    return dict(found)


def compared(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """How many values agree, and the worst."""
    ours, theirs = found["fasttex"], found["PyRadiomics"]
    keys = [key for key in theirs if not key.startswith("diagnostics")]
    far = {key: difference(key, ours, theirs) for key in keys}
    worst = max(far, key=lambda key: far[key])
    agree = sum(value <= TOLERANCE for value in far.values())
    return {"compared": len(keys), "agree": agree, "worst": far[worst], "of": worst}


def show(case: str, times: dict[str, dict[str, float]], values: dict[str, Any]) -> None:
    """A table of stages."""
    print(
        f"\n{case}: {values['agree']} of {values['compared']} values agree, worst {values['worst']:.1e} ({values['of']})"
    )
    print(f"{'stage':<26}{'fasttex ms':>12}{'PyRadiomics ms':>16}{'ratio':>8}")
    for stage in [*STAGES, "shape", "first order and textures", "the rest", "in all", CLOCK]:
        ours, theirs = (times[name].get(stage, 0.0) for name in ("fasttex", "PyRadiomics"))
        ratio = f"{theirs / ours:8.1f}" if ours > 0.05 else ""
        print(f"{stage:<26}{ours:12.1f}{theirs:16.1f}{ratio}")


if __name__ == "__main__":
    main()
