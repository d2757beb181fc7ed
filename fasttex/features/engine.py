"""Who computes the features of matrices: the rows of each family in NumPy, or their compiled twins.

NumPy is the definition; the twins give the same features in one call for a whole batch. They are taken
wherever the compiled extension is there, whoever counted. The environment's ``FASTTEX_FEATURES`` forces one
of `ENGINES`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from ..backends import compiled, get_backend
from ..conventions import Convention
from ..errors import BackendUnavailableError, SettingsError
from ..types import FloatArray, IntArray
from .families import FEATURES, MATRIX_FAMILIES

__all__ = ["ENGINES", "features_engine", "features_of_groups"]

#: Names that ``FASTTEX_FEATURES`` and the provenance know.
ENGINES = ("compiled", "numpy")

#: From the extension, matrices of any ROIs, the convention and threads to one row of features per offset of
#: each matrix, with NaN for an empty one.
_COMPILED: dict[str, Callable[[Any, Sequence[Any], Convention, int], FloatArray]] = {
    "glcm": lambda x, m, c, threads: x.glcm_features(m, threads),
    "glrlm": lambda x, m, c, threads: x.dense_features(m, threads)[:, :-1],
    "glszm": lambda x, m, c, threads: x.zone_features(m, 1, threads)[:, :-1],
    "gldzm": lambda x, m, c, threads: x.zone_features(m, 2, threads)[:, :-1],
    "ngtdm": lambda x, m, c, threads: x.ngtdm_features(m, c.lone_voxels_in_ngtdm, threads),
    "ngldm": lambda x, m, c, threads: x.dense_features(m, threads),
}

#: Families of which empty matrices are left out, not NaN.
_LEAVE_OUT_EMPTY = ("glcm", "ngtdm")


@cache
def features_engine() -> str:
    """Say who computes the features of matrices here, decided once.

    Returns
    -------
    {"compiled", "numpy"}

    Raises
    ------
    SettingsError
        ``FASTTEX_FEATURES`` names no engine.
    BackendUnavailableError
        It names the compiled one, which is not here.
    """
    forced = os.environ.get("FASTTEX_FEATURES", "")
    if forced and forced not in ENGINES:
        raise SettingsError(
            f"FASTTEX_FEATURES is {forced!r}, expected one of: {', '.join(ENGINES)}; or unset it"
        )
    if forced == "numpy":
        return "numpy"
    try:
        get_backend("cpp")
    except BackendUnavailableError as error:
        if forced:
            raise BackendUnavailableError(f"FASTTEX_FEATURES is {forced!r}, but {error}") from error
        return "numpy"
    return "compiled"


def features_of_groups(
    family: str, groups: Sequence[Sequence[Any]], convention: Convention, threads: int = 1
) -> tuple[FloatArray, IntArray]:
    """Compute the features of every matrix of several groups.

    Parameters
    ----------
    family : str
        A family with matrices.
    groups : sequence of sequences of matrices
        The matrices of a group are of one ROI: they share their levels.
    convention : Convention
        Whose choices to follow.
    threads : int, default 1
        Share the matrices among them; results do not depend on it.

    Returns
    -------
    rows : ndarray of float64, shape (n_rows, n_features)
        Group by group: a row per offset of every matrix, as each family's function gives them.
    group : ndarray of int64, shape (n_rows,)
        The index of each row's group.
    """
    if features_engine() == "numpy":
        parts = [MATRIX_FAMILIES[family].compute(group, convention) for group in groups]
        rows = np.concatenate([np.empty((0, len(FEATURES[family]))), *parts])
        return rows, np.repeat(np.arange(len(groups)), [len(part) for part in parts])
    matrices = [matrix for group in groups for matrix in group]
    lengths = [sum(matrix.n_matrices for matrix in group) for group in groups]
    rows = _COMPILED[family](compiled(), matrices, convention, threads)
    owners = np.repeat(np.arange(len(groups)), lengths)
    if family in _LEAVE_OUT_EMPTY:
        empty = np.isnan(rows[:, 0])
        if empty.any():
            return rows[~empty], owners[~empty]
    return rows, owners
