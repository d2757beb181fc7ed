"""The choices that two schools of radiomics make differently: one table of data per convention."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import SettingsError

__all__ = ["CONVENTIONS", "NUMERICS", "PYRADIOMICS", "Convention", "convention"]

#: Version of the numbers: raised whenever any value changes for the same input and settings.
NUMERICS = 1


@dataclass(frozen=True)
class Convention:
    """One school's choices.

    Attributes
    ----------
    name : str
        As `Settings.convention` spells it.
    offsets_at_distance : str
        Which offsets lie at distance δ: ``"directions"``, the 13 unit directions times δ (IBSI), or
        ``"chebyshev"``, every offset of which the largest component is δ.
    excess_kurtosis : bool
        Whether 3 is subtracted, so that a normal distribution has kurtosis 0.
    lone_voxels_in_ngtdm : bool
        Whether voxels without a neighbor in the ROI count, with difference 0.
    """

    name: str
    offsets_at_distance: str
    excess_kurtosis: bool
    lone_voxels_in_ngtdm: bool


CONVENTIONS = {
    "ibsi1": Convention(
        name="ibsi1", offsets_at_distance="directions", excess_kurtosis=True, lone_voxels_in_ngtdm=False
    ),
}

#: What `fasttex.pyradiomics` follows; not offered by `Settings`, as these are only some of its choices.
PYRADIOMICS = Convention(
    name="pyradiomics-3.1", offsets_at_distance="chebyshev", excess_kurtosis=False, lone_voxels_in_ngtdm=True
)


def convention(name: str) -> Convention:
    """Look a convention up by its name.

    Raises
    ------
    SettingsError
        No convention has that name.
    """
    try:
        return CONVENTIONS[name]
    except KeyError:
        known = ", ".join(CONVENTIONS)
        raise SettingsError(f"convention is {name!r}, which is not known here; known are: {known}") from None
