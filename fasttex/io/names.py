"""Which ROIs are asked for, and what they are called."""

from __future__ import annotations

import json
import operator
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import InputError

# A label, a name, or several of them that make one ROI.
Target = int | str | list[int | str]


def parse_select(texts: Iterable[str]) -> dict[str, Target] | list[Target]:
    """Turn the texts of a command line into what `read_rois` takes as `select`.

    Parameters
    ----------
    texts : iterable of str
        Each a label (``"3"``), a name (``"tumor"``), a new name for one of them (``"tumor=3"``), or a
        name for several as one ROI (``"lung=10,11,12"``); or a JSON file of such pairs
        (``{"tumor": 3, "lung": [10, 11, 12]}``).

    Returns
    -------
    list or dict
        A list where no text holds ``=``, else a mapping from name to label, name or list of them.

    Examples
    --------
    >>> parse_select(["1", "tumor"])
    [1, 'tumor']
    >>> parse_select(["tumor=2", "lung=10,11"])
    {'tumor': 2, 'lung': [10, 11]}
    """
    pairs: list[tuple[str, Target]] = []
    renames = False
    for text in texts:
        if text.endswith(".json"):
            pairs += _groups(Path(text)).items()
            renames = True
            continue
        name, equals, value = (part.strip() for part in text.rpartition("="))
        parts = [part.strip() for part in value.split(",")] if equals else [value]
        if not all(parts) or bool(equals) != bool(name):
            raise InputError(
                f"ROI {text!r} is not understood, expected LABEL, NAME, NEW=LABEL or NEW=LABEL,LABEL,..."
            )
        targets = [_number_or_text(part) for part in parts]
        pairs.append((name or value, targets[0] if len(targets) == 1 else targets))
        renames |= bool(equals)
    if not renames:
        return [target for _, target in pairs]
    if twins := {name for name, n in Counter(name for name, _ in pairs).items() if n > 1}:
        raise InputError(
            f"select names {twins.pop()!r} twice; labels that make one ROI go together: lung=10,11"
        )
    return dict(pairs)


def _groups(path: Path) -> Mapping[str, Target]:
    found = _read_json(path)
    if not isinstance(found, Mapping):
        raise InputError(f'{path} holds no pairs of name and labels, such as {{"lung": [10, 11]}}')
    return found


def _number_or_text(text: str) -> int | str:
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() else text


def wanted_targets(select: Any) -> list[tuple[str | None, list[int | str]]] | None:
    """`select` as pairs of new name (None: keep its own) and labels or names that make the ROI."""
    if select is None:
        return None
    if isinstance(select, Mapping):
        pairs = [(_name(new, "select"), target) for new, target in select.items()]
    else:
        is_one = isinstance(select, str) or not isinstance(select, Iterable)
        pairs = [(None, target) for target in ([select] if is_one else select)]  # type: ignore[misc]
    if not pairs:
        raise InputError("select is empty, expected at least one label or name; leave it out to get all ROIs")
    return [(new, _targets(target, may_group=new is not None)) for new, target in pairs]


def _targets(target: Any, may_group: bool) -> list[int | str]:
    """One label or name, or the several of a group."""
    if isinstance(target, str):
        return [target]
    if may_group and isinstance(target, Iterable):
        members = [_targets(t, may_group=False)[0] for t in target]
        if members:
            return members
    label = as_label(target)
    if label is None:
        raise InputError(
            f"select holds {target!r}, expected labels (integers) and names; several as one ROI need a name: "
            "select={'lung': [10, 11]}"
        )
    return [label]


def as_label(value: Any) -> int | None:
    """`value` as an int where it is one, NumPy's included; None for bool and all else."""
    try:
        return None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        return None


def read_names(names: Any) -> dict[int, str]:
    """Names of labels from ``{label: name}``, ``{name: label}``, or a JSON file that holds either.

    Raises
    ------
    InputError
        Not one of these, or a label or name occurs twice.
    """
    what = "names"
    if isinstance(names, (str, os.PathLike)):
        what = os.fsdecode(names)
        names = _read_json(Path(what))
    if not isinstance(names, Mapping):
        raise InputError(
            f"{what} is of type {type(names).__name__}, expected a mapping such as {{1: 'liver'}}"
        )
    labels = [as_label(value) for value in names.values()]
    if all(isinstance(key, str) for key in names) and None not in labels:
        pairs = [(label, name) for name, label in zip(names, labels, strict=True)]
    else:
        pairs = [(as_label(k) if as_label(k) is not None else _digits(k), v) for k, v in names.items()]
    checked: list[tuple[int, str]] = []
    for key, (label, name) in zip(names, pairs, strict=True):
        if label is None or not isinstance(name, str):
            unite = "; to unite labels, select them: lung=10,11" if isinstance(name, (list, tuple)) else ""
            raise InputError(
                f"{what} has {{{key!r}: {names[key]!r}}}, expected {{label: name}} or {{name: label}}{unite}"
            )
        checked.append((label, _name(name, what)))
    _no_twins([(name, label) for label, name in checked], "name", what)
    return _no_twins(checked, "label", what)


def _digits(key: Any) -> int | None:
    number = _number_or_text(key.strip()) if isinstance(key, str) else None
    return number if isinstance(number, int) else None


def _read_json(path: Path) -> Any:
    try:
        return json.loads(
            path.read_text(encoding="utf-8-sig"), object_pairs_hook=lambda p: _no_twins(p, "key", str(path))
        )
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}; expected a JSON file of ROI names"
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f'{path} is no JSON ({error}); expected a file such as {{"1": "liver"}}') from error


def _name(name: Any, what: str) -> str:
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise InputError(f"{what} holds the name {name!r}, expected printable text that is not blank")
    return name.strip()


def _no_twins(pairs: Sequence[tuple[Any, Any]], kind: str, what: str) -> dict[Any, Any]:
    """Make a dict of the pairs; an error where a key occurs twice."""
    found: dict[Any, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InputError(
                f"{what}: the {kind} {key!r} occurs twice ({found[key]!r} and {value!r}); keep one"
            )
        found[key] = value
    return found


def default_name(path: str) -> str:
    """Name of a ROI that came as a file: the file's, without folder and endings."""
    name = Path(path).name
    for end in (".gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".img", ".hdr"):
        if name.lower().endswith(end) and len(name) > len(end):
            name = name[: -len(end)]
    return name
