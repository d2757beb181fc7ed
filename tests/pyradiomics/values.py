"""Rows of published values: which run, which images, which features, and how close is close."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from fasttex.pyradiomics import firstorder, glcm, gldm, glrlm, glszm, ngtdm, shape, shape2D

CLASSES = {
    "glcm": glcm.RadiomicsGLCM,
    "glrlm": glrlm.RadiomicsGLRLM,
    "glszm": glszm.RadiomicsGLSZM,
    "gldm": gldm.RadiomicsGLDM,
    "ngtdm": ngtdm.RadiomicsNGTDM,
    "firstorder": firstorder.RadiomicsFirstOrder,
    "shape": shape.RadiomicsShape,
    "shape2D": shape2D.RadiomicsShape2D,
}
#: Terms of these cancel: what their values must be seen against, where it is more than the value itself.
SCALES = dict.fromkeys(("Correlation", "Imc1", "Imc2", "Skewness"), 1.0)
#: What is as small as this is 0, and rounded differently.
SMALLEST = 1e-6
TOLERANCE = 1e-9


@dataclass
class Run:
    """Values of one run of PyRadiomics, by the extractor's keys."""

    case: str
    image: str
    label: int
    settings: dict[str, Any]
    types: dict[str, Any]
    expected: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.case}-{self.image}-{self.label}"


def data_folder() -> Path:
    folder = os.environ.get("FASTTEX_TEST_DATA")
    if not folder:
        pytest.skip("needs real images: set FASTTEX_TEST_DATA to the folder that holds data/ and reference/")
    return Path(folder)


@cache
def runs() -> tuple[Run, ...]:
    """All runs; none where there are no test data."""
    folder = os.environ.get("FASTTEX_TEST_DATA")
    found: dict[tuple[str, ...], Run] = {}
    for row in _rows(folder) if folder else ():
        settings, types = row["settings_json"], row.get("image_types_json", "{}")
        case, image, label = row.get("case") or row["test_case"], row["image"], row.get("label", "1")
        made = Run(case, image, int(label), json.loads(settings), json.loads(types))
        run = found.setdefault((case, image, label, settings, types), made)
        run.expected[row["feature"]] = float(row.get("value") or row["current_value"])
    return tuple(found.values())


def _rows(folder: str) -> Iterator[dict[str, str]]:
    for name in ("pyradiomics_brain1_baselines.csv", "pyradiomics_more.csv"):
        with (Path(folder) / "reference" / name).open(newline="", encoding="utf-8") as file:
            yield from csv.DictReader(file)


@cache
def images(name: str) -> tuple[sitk.Image, sitk.Image]:
    """An image and its labels by the names of the rows."""
    folder = data_folder() / "data" / "pyradiomics"
    if name.startswith("brain1"):
        image, labels = (sitk.ReadImage(folder / f"brain1_{part}.nrrd") for part in ("image", "label"))
        if name == "brain1_float32_per_1000":
            image = sitk.Cast(image, sitk.sitkFloat32) / 1000  # SimpleITK divides in float64
        if "z=16" in name:
            labels = _only_slice(labels, 16)
        return image, labels
    subvolume = folder / "prostate_phantom_subvolume"
    return sitk.ReadImage(f"{subvolume}.nrrd"), sitk.ReadImage(f"{subvolume}-label.nrrd")


def _only_slice(labels: sitk.Image, z: int) -> sitk.Image:
    kept = np.zeros_like(sitk.GetArrayViewFromImage(labels))
    kept[z] = sitk.GetArrayViewFromImage(labels)[z]
    only = sitk.GetImageFromArray(kept)
    only.CopyInformation(labels)
    return only


def cropped(image: sitk.Image, labels: sitk.Image, label: int) -> tuple[sitk.Image, sitk.Image]:
    """Both cut to the label's box, as PyRadiomics' extractor hands them to its classes."""
    inside = np.argwhere(sitk.GetArrayViewFromImage(labels) == label)
    low, high = (inside.min(axis=0)[::-1].tolist(), (inside.max(axis=0) + 1)[::-1].tolist())
    size = [h - s for s, h in zip(low, high, strict=True)]
    return sitk.RegionOfInterest(image, size, low), sitk.RegionOfInterest(labels, size, low)


def difference(feature: str, expected: float, found: float, together: dict[str, float]) -> float:
    """How far apart two values are, against the scale of the definition's terms."""
    if np.isnan(expected) and np.isnan(found):
        return 0.0
    if feature == "MCC":  # a root: near 0 it is far less exact than what it is the root of
        return abs(expected**2 - found**2)
    smallest = 1.0 if feature.endswith("Entropy") else SCALES.get(feature, SMALLEST)
    scale = max(abs(expected), smallest)
    if feature == "ClusterShade":
        scale = max(scale, together.get("ClusterProminence", 0.0) ** 0.75)
    return abs(expected - found) / scale
