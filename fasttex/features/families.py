"""The families of features, and how the matrices of each are merged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..conventions import Convention
from ..matrices import glcm as glcm_matrix
from ..matrices import glrlm as glrlm_matrix
from ..matrices import ngldm as ngldm_matrix
from ..matrices import ngtdm as ngtdm_matrix
from ..matrices import zones as zones_matrix
from ..types import FloatArray
from . import (
    glcm,
    gldzm,
    glrlm,
    glszm,
    intensity_histogram,
    intensity_statistics,
    ivh,
    local_intensity,
    morphology,
    ngldm,
    ngtdm,
)
from .columns import parse_column
from .feature import Feature

__all__ = ["DIRECTED", "FEATURES", "MATRIX_FAMILIES", "MatrixFamily", "describe", "features_of"]

#: Families whose matrices have directions, and so six aggregations instead of three.
DIRECTED = ("glcm", "glrlm")


@dataclass(frozen=True)
class MatrixFamily:
    """How the matrices of one family are merged and turned into features.

    Attributes
    ----------
    compute : callable
        The definition: matrices of one ROI and the convention to float64 of shape (n_matrices,
        n_features); each direction is a matrix of its own, and empty matrices are left out.
    merge_slices : callable
        The matrices of a ROI's slices to one.
    merge_offsets : callable
        A matrix to the one in which all directions are summed; without directions, to itself.
    """

    compute: Callable[[Sequence[Any], Convention], FloatArray]
    merge_slices: Callable[[Sequence[Any]], Any]
    merge_offsets: Callable[[Any], Any] = lambda matrix: matrix


#: In the order of the columns.
MATRIX_FAMILIES: dict[str, MatrixFamily] = {
    "glcm": MatrixFamily(
        lambda m, _: glcm.glcm_features(m), glcm_matrix.merge_slices, glcm_matrix.merge_offsets
    ),
    "glrlm": MatrixFamily(
        lambda m, _: glrlm.glrlm_features(m), glrlm_matrix.merge_slices, glrlm_matrix.merge_offsets
    ),
    "glszm": MatrixFamily(lambda m, _: glszm.glszm_features(m), zones_matrix.merge_slices),
    "gldzm": MatrixFamily(lambda m, _: gldzm.gldzm_features(m), zones_matrix.merge_slices),
    "ngtdm": MatrixFamily(
        lambda m, c: ngtdm.ngtdm_features(m, lone_voxels=c.lone_voxels_in_ngtdm), ngtdm_matrix.merge_slices
    ),
    "ngldm": MatrixFamily(lambda m, _: ngldm.ngldm_features(m), ngldm_matrix.merge_slices),
}

#: The features of each family, in the order of the columns.
FEATURES: dict[str, tuple[Feature[Any], ...]] = {
    "morphology": morphology.FEATURES + morphology.SPATIAL_FEATURES,
    "local_intensity": local_intensity.FEATURES,
    "intensity_statistics": intensity_statistics.FEATURES,
    "intensity_histogram": intensity_histogram.FEATURES,
    "ivh": ivh.FEATURES,
    "glcm": glcm.FEATURES,
    "glrlm": glrlm.FEATURES,
    "glszm": glszm.FEATURES,
    "gldzm": gldzm.FEATURES,
    "ngtdm": ngtdm.FEATURES,
    "ngldm": ngldm.FEATURES,
}


def features_of(family: str, spatial_autocorrelation: str) -> tuple[Feature[Any], ...]:
    """The features of a family that are computed; Moran's I and Geary's C only where asked for."""
    if family == "morphology" and spatial_autocorrelation == "none":
        return morphology.FEATURES
    return FEATURES[family]


def describe(column: str) -> Feature[Any]:
    """Look up the feature that a column holds: its IBSI code, unit and definition.

    Examples
    --------
    >>> describe("glcm_joint_maximum__3d_averaged").ibsi
    'GYBY'
    """
    parsed = parse_column(column)
    return next(f for f in FEATURES[parsed.family] if f.name == parsed.feature)
