"""Our side: every row of the comparison with fasttex; `peer` says which families and aggregation."""

from types import ModuleType
from typing import Any

import numpy as np

import fasttex

from ._cases import Case

DISTRIBUTION = "fasttex"


def matrix_glcm(case: Case, peer: ModuleType):
    batch = fasttex.prepare(case.levels)
    return lambda: {"glcm": fasttex.glcm(batch)}


def matrix_glrlm(case: Case, peer: ModuleType):
    batch = fasttex.prepare(case.levels)
    return lambda: {"glrlm": fasttex.glrlm(batch)}


def matrix_glszm(case: Case, peer: ModuleType):
    batch = fasttex.prepare(case.levels)
    return lambda: {"zones": fasttex.zones(batch, border_distance=False)}


def matrix_ngtdm(case: Case, peer: ModuleType):
    batch = fasttex.prepare(case.levels)
    return lambda: {"ngtdm": fasttex.ngtdm(batch)}


def matrix_ngldm(case: Case, peer: ModuleType):
    batch = fasttex.prepare(case.levels)
    return lambda: {"ngldm": fasttex.ngldm(batch)}


def matrix_all(case: Case, peer: ModuleType):
    from fasttex.matrices.neighborhood import ngtdm_ngldm

    batch = fasttex.prepare(case.levels)

    def run():
        tones, dependences = ngtdm_ngldm(batch)
        found = {"glcm": fasttex.glcm(batch), "glrlm": fasttex.glrlm(batch), "zones": fasttex.zones(batch)}
        return {**found, "ngtdm": tones, "ngldm": dependences}

    return run


def glcm_features(case: Case, peer: ModuleType):
    """Averaged or merged over directions as the peer does it, with the coefficient that is not IBSI's if it has that."""
    from fasttex.conventions import convention
    from fasttex.features.correlation import maximal_correlation_coefficient
    from fasttex.features.engine import features_of_groups
    from fasttex.features.families import FEATURES, MATRIX_FAMILIES

    counted = fasttex.glcm(fasttex.prepare(case.levels))
    names = [f"glcm_{feature.name}" for feature in FEATURES["glcm"]]

    def run():
        matrices = counted
        if peer.AGGREGATION == "3d_merged":
            matrices = [MATRIX_FAMILIES["glcm"].merge_offsets(matrix) for matrix in counted]
        rows, _ = features_of_groups("glcm", [matrices], convention("ibsi1"))
        found = dict(zip(names, rows.mean(axis=0).tolist(), strict=True))
        if peer.__name__.endswith("pyradiomics"):
            found["MCC"] = float(maximal_correlation_coefficient(matrices).mean())
        return found

    return run


def textures_from_levels(case: Case, peer: ModuleType):
    def run():
        batch = fasttex.prepare(case.levels, spacing_mm=case.spacing_mm)
        return fasttex.compute_features(batch, peer.FAMILIES, aggregations=[peer.AGGREGATION])

    return run


def textures(case: Case, peer: ModuleType):
    return _extraction(case, peer, [])


def everything(case: Case, peer: ModuleType):
    return _extraction(case, peer, ["morphology", "intensity_statistics"])


def _extraction(case: Case, peer: ModuleType, more: list[str]):
    bins: dict[str, Any] = {"bin_width": case.bin_width, "bin_origin": case.bin_origin}
    if case.bin_width is None:
        bins = {"bin_number": int(case.name.split("-")[-1])}
    recipe = {"families": [*more, *peer.FAMILIES], "aggregations": [peer.AGGREGATION], **bins}
    return lambda: fasttex.extract(case.image, case.mask, recipe, spacing_mm=case.spacing_mm, threads=1)


def discretize(case: Case, peer: ModuleType):
    recipe = {"bin_number": 32, "families": ["glcm"]}
    return lambda: fasttex.discretize(case.image, case.mask, recipe, spacing_mm=case.spacing_mm, threads=1)


def discretize_kernel(case: Case, peer: ModuleType):
    from fasttex.backends import get_backend, put
    from fasttex.types import Binning

    x = case.image[case.mask]
    low, high = float(x.min()), float(x.max())
    batch = put([Binning(case.image, case.mask, "fbn", 32, 1, low, high - low)])
    backend = get_backend()
    return lambda: backend.discretize(batch)


def resample(case: Case, peer: ModuleType):
    from fasttex.backends import get_backend, put
    from fasttex.preprocess.grid import axis_table
    from fasttex.types import Sampling

    def run():
        tables = [
            axis_table(np.arange(int(n * mm)) / mm, n, 0, "linear")
            for n, mm in zip(case.image.shape, case.spacing_mm, strict=True)
        ]
        return get_backend().resample(put([Sampling(case.image, tuple(tables))]))

    return run


def values(row: str, output: Any) -> dict[str, Any]:
    if row.startswith("matrix_"):
        return _counts(output)
    if row == "discretize":
        return {"levels": output[0].levels}
    if row == "discretize_kernel":
        return {"levels": output[0][1:-1, 1:-1, 1:-1]}
    if row == "resample":
        return {"values": output[0]}
    if isinstance(output, dict):
        return output
    return {c.partition("__")[0]: v for c, v in zip(output.columns, output.values[0].tolist(), strict=True)}


def _counts(output: dict[str, Any]) -> dict[str, np.ndarray]:
    """Dense counts, directions summed, GLCM symmetric."""
    from fasttex.matrices.ngtdm import tone_differences
    from fasttex.matrices.zones import _dense, distance_rows, size_rows

    found = {}
    if "glcm" in output:
        counts = output["glcm"][0].counts.sum(axis=0)
        found["glcm"] = counts + counts.T
    if "glrlm" in output:
        found["glrlm"] = output["glrlm"][0].counts.sum(axis=0)
    if "zones" in output:
        zones = output["zones"][0]
        found["glszm"] = _dense(size_rows(zones), len(zones.level_values))
        if zones.rows[:, 2].any():
            found["gldzm"] = _dense(distance_rows(zones), len(zones.level_values))
    if "ngtdm" in output:
        found["ngtdm_s"], found["ngtdm_n"] = tone_differences(output["ngtdm"][0])
    if "ngldm" in output:
        found["ngldm"] = output["ngldm"][0].counts
    return found


def file_to_csv(image: str, mask: str, output: str, peer: ModuleType) -> None:
    from fasttex.cli import main

    recipe = ["bin_width=25", "bin_origin=0", f'aggregations=["{peer.AGGREGATION}"]']
    changes = [word for change in recipe for word in ("--set", change)]
    families = ",".join(["morphology", "intensity_statistics", *peer.FAMILIES])
    command = ["extract", image, mask, "--families", families, *changes, "--threads", "1", "-o", output]
    main(command, standalone_mode=False)
