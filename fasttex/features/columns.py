"""The grammar of column names: ``[<image>__]<family>_<feature>[__<aggregation>]``."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ..errors import InputError
from ..settings import FAMILIES

__all__ = ["AGGREGATIONS", "FAMILIES", "Column", "column_name", "parse_column"]

#: The last word of a column: how matrices were aggregated, with IBSI's codes. The last three stand for
#: the families without directions.
AGGREGATIONS = {
    "2d_averaged": "BTW3",
    "2d_slice_merged": "SUJT",
    "2_5d_direction_merged": "JJUI",
    "2_5d_merged": "ZW7Z",
    "3d_averaged": "ITBB",
    "3d_merged": "IAZD",
    "2d": "8QNN",
    "2_5d": "62GR",
    "3d": "KOBO",
}


class Column(NamedTuple):
    """What a column's name says.

    Attributes
    ----------
    family : str
        One of `FAMILIES`.
    feature : str
        A feature's name.
    aggregation : str
        One of `AGGREGATIONS`, or "" for the families that have none.
    image : str
        The filter that made the image, or "" for the original.
    """

    family: str
    feature: str
    aggregation: str = ""
    image: str = ""


@lru_cache(maxsize=4096)
def column_name(family: str, feature: str, aggregation: str = "", image: str = "") -> str:
    """Spell a column's name.

    Raises
    ------
    InputError
        A part that `parse_column` could not tell from the others.

    Examples
    --------
    >>> column_name("glcm", "joint_maximum", "3d_averaged")
    'glcm_joint_maximum__3d_averaged'
    """
    if family not in FAMILIES:
        raise InputError(f"family is {family!r}, expected one of: {', '.join(FAMILIES)}")
    if aggregation and aggregation not in AGGREGATIONS:
        raise InputError(f"aggregation is {aggregation!r}, expected one of: {', '.join(AGGREGATIONS)}")
    for part, value in (("feature", feature), ("image", image)):
        if not (_is_word(value) or (part == "image" and not value)):
            raise InputError(f"{part} is {value!r}, expected a name without '__' and without '_' at its ends")
    return "__".join(part for part in (image, f"{family}_{feature}", aggregation) if part)


def parse_column(name: str) -> Column:
    """Read a column's name: the inverse of `column_name`.

    Parameters
    ----------
    name : str
        Such as ``glcm_joint_maximum__3d_averaged``.

    Returns
    -------
    Column
        Family, feature, aggregation and image.

    Raises
    ------
    InputError
        The name does not follow the grammar.

    Examples
    --------
    >>> parse_column("glcm_joint_maximum__3d_averaged")
    Column(family='glcm', feature='joint_maximum', aggregation='3d_averaged', image='')
    """
    parts = name.split("__")
    aggregation = parts.pop() if len(parts) > 1 and parts[-1] in AGGREGATIONS else ""
    middle = parts.pop()
    family = next((f for f in FAMILIES if middle.startswith(f"{f}_")), "")
    feature = middle[len(family) + 1 :]
    if len(parts) > 1 or not family or not all(map(_is_word, (feature, *parts))):
        raise InputError(
            f"{name!r} is no feature column, expected [<image>__]<family>_<feature>[__<aggregation>]"
        )
    return Column(family, feature, aggregation, parts[0] if parts else "")


def _is_word(text: str) -> bool:
    return bool(text) and "__" not in text and text.strip("_") == text
