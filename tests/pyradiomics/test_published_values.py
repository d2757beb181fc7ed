"""Values that PyRadiomics gives for real images, from the feature classes alone."""

from __future__ import annotations

import pytest
from pyradiomics.values import CLASSES, TOLERANCE, Run, cropped, data_folder, difference, images, runs

RUNS = list(runs())


def test_there_are_runs():
    data_folder()
    assert sum(len(values) for run in RUNS for values in run.expected.values()) > 1500


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_classes_reproduce_published_values(run: Run):
    image, labels = cropped(*images(run.image), run.label)
    wrong = []
    for family, expected in run.expected.items():
        made = CLASSES[family](image, labels, **{**run.settings, "label": run.label})
        found = {feature: float(value) for feature, value in made.execute().items()}
        wrong += [
            (family, feature, value, found[feature])
            for feature, value in expected.items()
            if not difference(feature, value, found[feature], found) <= TOLERANCE
        ]
    assert not wrong
