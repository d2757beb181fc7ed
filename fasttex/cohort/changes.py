"""What a run refuses among its cases, and what it says when its recipe is another one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InputError
from ..features.columns import parse_column
from ..table import ABOUT
from .cases import Case

__all__ = ["check_cases", "differences"]


def check_cases(cases: Sequence[Case]) -> None:
    """Refuse cases that a table could not tell apart, and kept columns that it could not hold.

    Raises
    ------
    InputError
        Names or columns clash, or are no text.
    """
    twice = [name for name, n in Counter(case.name for case in cases).items() if n > 1]
    if twice:
        raise InputError(f"two cases have the name {twice[0]!r}, expected each once; rename one")
    columns = dict.fromkeys(column for case in cases for column in case.kept)
    clash = [column for column in columns if column in ABOUT or _is_feature(column)]
    if clash:
        raise InputError(f"column {clash[0]!r} cannot be kept: tables have one of that name; rename it")
    for text in (*(case.name for case in cases), *columns):
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InputError(f"{text!r} is no text that files can hold; rename it") from None


def _is_feature(column: str) -> bool:
    try:
        parse_column(column)
    except InputError:
        return False
    return True


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Say setting by setting in what two recipes differ.

    Parameters
    ----------
    old, new : dict
        From `Recipe.record`, as JSON has them.

    Returns
    -------
    list of str
        Such as ``bin_number: 32, now 64``.
    """
    before, after = _flat(old), _flat(new)
    return [
        f"{name}: {_said(before.get(name))}, now {_said(after.get(name))}"
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]


def _said(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by name, with the number of their recipe where there are several."""
    flat = {name: value for name, value in record.items() if name != "recipes"}
    recipes = record.get("recipes", [])
    for n, recipe in enumerate(recipes, 1):
        place = f"recipe {n}: " if len(recipes) > 1 else ""
        flat |= {f"{place}{name}": value for name, value in recipe["settings"].items()}
    return flat
