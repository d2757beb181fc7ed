"""From a batch of levels to a table of features."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ..conventions import convention as look_up
from ..errors import InputError, SettingsError
from ..matrices.glcm import glcm
from ..matrices.glrlm import glrlm
from ..matrices.neighborhood import ngtdm_ngldm
from ..matrices.zones import zones
from ..measures import Stopwatch
from ..types import Batch, DiscretizedRoi, FloatArray
from .aggregate import DIRECTED_NAMES, Aggregation, Aggregator, aggregations_of
from .chunks import Options, Taker, chunks
from .columns import column_name
from .families import FEATURES, MATRIX_FAMILIES, features_of
from .whole import whole_features

__all__ = ["FeatureValues", "compute_features", "feature_columns"]

#: Families that one pass of a kernel serves.
_PASSES = (("glcm",), ("glrlm",), ("glszm", "gldzm"), ("ngtdm", "ngldm"))


@dataclass(frozen=True, eq=False)
class FeatureValues:
    """Features of the ROIs of a batch.

    Attributes
    ----------
    columns : tuple of str
        Names, as `column_name` spells them.
    values : ndarray of float64, shape (n_rois, n_columns)
        NaN where a feature is undefined.
    """

    columns: tuple[str, ...]
    values: FloatArray


def compute_features(
    batch: Batch[DiscretizedRoi],
    families: Iterable[str] | None = None,
    *,
    aggregations: Iterable[str] | None = None,
    distance: int = 1,
    alpha: int = 0,
    slice_axis: int = 0,
    convention: str = "ibsi1",
    spatial_autocorrelation: str = "none",
    memory_limit: int = 2 * 2**30,
    watch: Stopwatch | None = None,
    take: Taker | None = None,
) -> FeatureValues:
    """Compute the features of every ROI of a batch.

    Parameters
    ----------
    batch : Batch
        From `prepare`; levels 1 to ``n_levels`` inside each ROI and 0 outside, axes (z, y, x).
    families : iterable of str, optional
        Among ``morphology local_intensity intensity_statistics intensity_histogram ivh glcm glrlm glszm
        gldzm ngtdm ngldm``; all of them by default.
    aggregations : iterable of str, optional
        Among ``2d_averaged 2d_slice_merged 2_5d_direction_merged 2_5d_merged 3d_averaged 3d_merged``;
        by default ``3d_averaged``. Families without directions know 2D, 2.5D and 3D only.
    distance : int, default 1
        In voxels; for GLCM, NGTDM and NGLDM.
    alpha : int, default 0
        By how many gray levels a neighbor may differ and still be alike; for NGLDM.
    slice_axis : int, default 0
        Across which the 2D and 2.5D methods cut: 0, 1 or 2 for z, y or x.
    convention : str, default "ibsi1"
        Whose choices to follow where definitions leave one.
    spatial_autocorrelation : {"none", "exact"}
        Whether morphology includes Moran's I and Geary's C.
    memory_limit : int, default 2 GiB
        In bytes: what the counts that are held at one time may take.
    watch : Stopwatch, optional
        Gets the seconds of the stages ``count`` and ``features``.
    take : callable, optional
        Gets the matrices as they are counted: called with the family, whether they are of slices, the
        index of each one's ROI, and the matrices. Families of one pass get the same ones.

    Returns
    -------
    FeatureValues
        One row per ROI.

    Raises
    ------
    SettingsError
        An unknown family, aggregation or convention.
    LevelRangeError
        The counts of a single ROI need more than `memory_limit`.

    Examples
    --------
    >>> from fasttex.backends import prepare
    >>> batch = prepare(np.array([[[1, 1, 2], [2, 2, 0]]]), backend="reference")
    >>> found = compute_features(batch, ["ngtdm"])
    >>> found.columns[0], found.values.shape
    ('ngtdm_coarseness__3d', (1, 5))
    """
    if batch.planar:
        raise InputError("the batch holds slices, expected whole ROIs; ask for 2D by aggregations=")
    options = Options(
        distance,
        alpha,
        slice_axis,
        look_up(convention),
        spatial_autocorrelation,
        memory_limit,
        watch or Stopwatch(),
        take,
    )
    plan = _plan(families, aggregations)
    columns, places = _columns(plan, spatial_autocorrelation)
    values = np.full((len(batch), len(columns)), np.nan)
    for family in plan:
        if family not in MATRIX_FAMILIES:
            features = features_of(family, spatial_autocorrelation)
            values[:, places[family, ""]] = whole_features(batch, family, features, options)
    for planar in (False, True):
        share = {f: [a for a in chosen if a.planar == planar] for f, chosen in plan.items()}
        share = {f: chosen for f, chosen in share.items() if chosen}
        for family, aggregation, rows in _run(batch, share, planar, options):
            values[:, places[family, aggregation]] = rows
    return FeatureValues(columns, values)


def feature_columns(
    families: Iterable[str] | None = None,
    aggregations: Iterable[str] | None = None,
    spatial_autocorrelation: str = "none",
) -> tuple[str, ...]:
    """Name the columns that `compute_features` gives, in their order, without computing anything."""
    return _columns(_plan(families, aggregations), spatial_autocorrelation)[0]


def _plan(families: Iterable[str] | None, aggregations: Iterable[str] | None) -> dict[str, list[Aggregation]]:
    """Families in the order of the columns, each with its aggregations."""
    wanted = list(FEATURES) if families is None else _known("family", families, FEATURES)
    names = ["3d_averaged"] if aggregations is None else _known("aggregation", aggregations, DIRECTED_NAMES)
    return {
        family: aggregations_of(family, names) if family in MATRIX_FAMILIES else []
        for family in FEATURES
        if family in wanted
    }


def _known(what: str, given: Iterable[str], known: Iterable[str]) -> list[str]:
    names = [given] if isinstance(given, str) else list(given)
    for name in names:
        if name not in known:
            raise SettingsError(f"{what} is {name!r}, expected one of: {', '.join(known)}")
    return names


def _columns(
    plan: dict[str, list[Aggregation]], spatial_autocorrelation: str
) -> tuple[tuple[str, ...], dict[tuple[str, str], slice]]:
    """All columns, and where those of a family and aggregation lie."""
    columns: list[str] = []
    places = {}
    for family, chosen in plan.items():
        features = features_of(family, spatial_autocorrelation)
        for name in [a.name for a in chosen] or [""]:
            places[family, name] = slice(len(columns), len(columns) + len(features))
            columns += _names(family, spatial_autocorrelation, name)
    return tuple(columns), places


@cache
def _names(family: str, spatial_autocorrelation: str, aggregation: str) -> tuple[str, ...]:
    features = features_of(family, spatial_autocorrelation)
    return tuple(column_name(family, feature.name, aggregation) for feature in features)


def _run(
    batch: Batch[DiscretizedRoi], share: dict[str, list[Aggregation]], planar: bool, options: Options
) -> Iterator[tuple[str, str, FloatArray]]:
    """Count and aggregate chunk by chunk; yields (family, aggregation, a row of features per ROI)."""
    if not share:
        return
    aggregators = {
        f: Aggregator(f, chosen, len(batch), options.convention, batch.threads) for f, chosen in share.items()
    }
    for chunk in chunks(batch, share, planar, options):
        for families in _PASSES:
            here = [family for family in families if family in share]
            if not here:
                continue
            with options.watch.stage("count"):
                counted = _count(chunk, here, options)
            with options.watch.stage("features"):
                for family in here:
                    aggregators[family].add(chunk.owners, counted[family])
                    if options.take is not None:
                        options.take(family, planar, chunk.owners, counted[family])
        # Slices come ROI by ROI, so only the last one may go on in the next chunk.
        complete = [roi for roi in dict.fromkeys(chunk.owners) if roi != chunk.owners[-1]]
        with options.watch.stage("features"):
            for aggregator in aggregators.values():
                aggregator.close(complete)
    for family, aggregator in aggregators.items():
        aggregator.close()
        for aggregation, rows in aggregator.rows().items():
            yield family, aggregation, rows


def _count(chunk: Batch[DiscretizedRoi], families: Sequence[str], options: Options) -> dict[str, list[Any]]:
    """Run the one kernel that serves these families."""
    if "glcm" in families:
        return {"glcm": glcm(chunk, distance=options.distance, convention=options.convention.name)}
    if "glrlm" in families:
        return {"glrlm": glrlm(chunk)}
    if "glszm" in families or "gldzm" in families:
        found = zones(chunk, border_distance="gldzm" in families)
        return {"glszm": found, "gldzm": found}
    tones, dependences = ngtdm_ngldm(chunk, distance=options.distance, alpha=options.alpha)
    return {"ngtdm": tones, "ngldm": dependences}
