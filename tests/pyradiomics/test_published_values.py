"""Values that PyRadiomics gives for real images, from the feature classes alone."""

from __future__ import annotations

import pytest
from pyradiomics.values import CLASSES, TOLERANCE, Run, cropped, data_folder, difference, images, runs

#: What a class alone does not do.
PREPROCESSING = {"normalize", "resampledPixelSpacing", "resegmentRange"}
RUNS = [run for run in runs() if not run.types and not any(run.settings.get(step) for step in PREPROCESSING)]


def test_there_are_runs():
    data_folder()
    assert sum(len(run.expected) for run in RUNS) > 1500


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_classes_reproduce_published_values(run: Run):
    image, labels = cropped(*images(run.image), run.label)
    found: dict[str, dict[str, float]] = {}
    for family in {key.split("_")[1] for key in run.expected}:
        made = CLASSES[family](image, labels, **{**run.settings, "label": run.label})
        found[family] = {feature: float(value) for feature, value in made.execute().items()}
    wrong = []
    for key, expected in run.expected.items():
        _, family, feature = key.split("_")
        if not difference(feature, expected, found[family][feature], found[family]) <= TOLERANCE:
            wrong.append((key, expected, found[family][feature]))
    assert not wrong
