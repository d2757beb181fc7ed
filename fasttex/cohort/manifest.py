"""Manifests: which images a cohort has, and which files hold their ROIs."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from ..errors import InputError
from ..io.names import default_name
from .cases import Case, MaskFile
from .cells import is_printable, manifest_text, split_paths, unescape, write_manifest
from .folders import LeftOut, manifest_from_folder
from .sheets import Sheet, find_columns, read_sheet

__all__ = [
    "LeftOut",
    "ManifestRecord",
    "manifest_from_folder",
    "manifest_text",
    "read_manifest",
    "write_manifest",
]

_MOST_FAULTS = 20
_WHOLE_NUMBER = re.compile(r"\+?([0-9]{1,18})(\.0*)?")  # pandas writes 1.0 where a column has gaps


@dataclass(frozen=True)
class ManifestRecord:
    """What was read of a manifest.

    Attributes
    ----------
    path : Path
        Absolute.
    sha256 : str
        Of the file.
    form : str
        Format, delimiter and encoding.
    n_rows, n_cases, n_masks : int
        Rows with text; cases; files with ROIs, counted once per label and variant.
    kept : tuple of str
        Columns that go into the tables.
    ignored : tuple of str
        Columns that nothing reads.
    named : bool
        Whether the manifest names its cases; else they have numbers.
    """

    path: Path
    sha256: str
    form: str
    n_rows: int
    n_cases: int
    n_masks: int
    kept: tuple[str, ...]
    ignored: tuple[str, ...]
    named: bool


def read_manifest(
    path: str | os.PathLike[str], *, keep: Collection[str] = ()
) -> tuple[list[Case], ManifestRecord]:
    """Read which images there are and where their ROIs lie.

    A manifest is CSV (comma, semicolon or tab; UTF-8 or UTF-16) or Parquet (extra ``table``) with the columns
    ``image``, ``rois`` (or ``mask``) and, if need be, ``case``, ``label``, ``variant`` and ``roi``, in any
    order and case. Rows of the same case are one case with several files of ROIs; several paths in one cell
    have semicolons between (`split_paths` says how). Relative paths begin in the manifest's folder. Paths
    are taken as they are: no ``~``, no variables, no wildcards. Whether the files are there is not asked.

    Without the column ``case``, rows of the same image are one case, and cases are called ``case-0001``,
    ``case-0002`` and so on in the order in which their images first appear, with as many digits as the
    number of cases has, four at least: names of files do not end up in tables. These names change with
    the order of the rows, so give a column ``case``.

    A file with a single ROI may give it a name in the column ``roi``. Else, where a case has several files
    and no label is asked for, the file's name is the ROI's, if it occurs in another case too (so that it
    names an organ and not a patient), or it is called ``mask-1``, ``mask-2`` by its place in the case.

    PyRadiomics' batch files (``Image``, ``Mask``, ``Label``) are manifests. Where ``Label`` is empty, all
    labels are taken, not label 1. ``Label_channel`` may be empty or 0: no other channel is read.

    Parameters
    ----------
    path : str or path
        The manifest.
    keep : collection of str
        Further columns, which are passed on to the tables. All rows of a case must agree in them.

    Returns
    -------
    cases : list of Case
        In the order in which they first appear.
    record : ManifestRecord
        How the manifest was understood, and which columns were ignored.

    Raises
    ------
    InputError
        It cannot be read, or holds faults: all of them, up to 20, with their lines.
    """
    sheet = read_sheet(Path(path).absolute())
    columns, kept = find_columns(sheet, [keep] if isinstance(keep, str) else keep)
    rows = _Rows(sheet, columns, kept, list(sheet.faults))
    entries = [entry for number, cells in sheet.rows if (entry := rows.entry(number, cells))]
    if "case" not in columns:
        entries = _numbered(entries)
    cases = _with_names(rows.cases(entries))
    _refuse(sheet, rows.faults)
    used = {*columns.values(), *kept.values()}
    ignored = tuple(name for n, name in enumerate(sheet.header) if n not in used and name)
    n_masks = sum(len(case.masks) for case in cases)
    n_rows = len(sheet.rows)
    record = ManifestRecord(
        sheet.path,
        sheet.sha256,
        sheet.form,
        n_rows,
        len(cases),
        n_masks,
        tuple(kept),
        ignored,
        "case" in columns,
    )
    return cases, record


@dataclass(frozen=True)
class _Entry:
    """A row, understood."""

    number: int
    case: str
    image: Path
    masks: list[MaskFile]
    kept: dict[str, str]


@dataclass
class _Rows:
    """Rows into cases; what is wrong is collected in `faults`."""

    sheet: Sheet
    columns: dict[str, int]
    kept: dict[str, int]
    faults: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        folder = self.sheet.path.parent
        # Rows of a case name the same image, and a Path takes longer to make than all else of a row.
        self._files = lru_cache(maxsize=16)(lambda cell: [folder / path for path in split_paths(cell)])

    def entry(self, number: int, cells: list[str]) -> _Entry | None:
        """One row, or None and its faults."""
        found = {role: cells[n] for role, n in self.columns.items()}
        kept = {name: unescape(cells[n]) for name, n in self.kept.items()}
        wrong = [
            f"{role} is empty; fill it in" for role in ("case", "image", "rois") if found.get(role) == ""
        ]
        wrong += [
            f"{name} holds a control character or a line break; take it out, or close the quotes before it"
            for name, cell in {**found, **kept}.items()
            if not is_printable(cell)
        ]
        label = found.get("label") or None
        number_of = _WHOLE_NUMBER.fullmatch(label) if label else None
        if label and not (number_of and int(number_of[1])):
            wrong.append(f"label is {label[:40]!r}, expected a whole number > 0, or nothing for all labels")
        if found.get("label_channel", "") not in ("", "0", "0.0"):
            wrong.append("Label_channel is not 0, but no other channel is read; save that channel as a file")
        images, paths = self._paths(found, "image", wrong), self._paths(found, "rois", wrong)
        if len(images) > 1:
            wrong.append(
                "image holds several paths; a case has one; a path with ; in it needs quotes of its own"
            )
        if len(paths) > 1 and found.get("roi"):
            wrong.append("roi names one ROI, but rois holds several paths; give each a row of its own")
        self.faults += [(number, text) for text in wrong]
        if wrong:
            return None
        value, variant = int(number_of[1]) if number_of else None, unescape(found.get("variant", ""))
        masks = [MaskFile(path, value, variant, unescape(found.get("roi", ""))) for path in paths]
        return _Entry(number, unescape(found.get("case", "")), images[0], masks, kept)

    def _paths(self, found: dict[str, str], role: str, wrong: list[str]) -> list[Path]:
        try:
            paths = self._files(found[role])
        except InputError as error:
            wrong.append(f"{role} has {error}")
            return []
        if found[role] and not paths:
            wrong.append(f"{role} is empty; fill it in")
        return paths

    def cases(self, entries: list[_Entry]) -> list[Case]:
        """Rows of the same case together."""
        firsts: dict[str, _Entry] = {}
        masks: dict[str, list[MaskFile]] = {}
        taken: dict[tuple[str, Path, str], dict[int | None, int]] = {}
        for entry in entries:
            first = firsts.setdefault(entry.case, entry)
            if fault := _conflict(first, entry, self.sheet.unit):
                self.faults.append((entry.number, fault))
                continue
            for mask in entry.masks:
                labels = taken.setdefault((entry.case, mask.path, mask.variant), {})
                twin = next((n for n in labels if None in (n, mask.label) or n == mask.label), -1)
                if twin == -1:
                    labels[mask.label] = entry.number
                    masks.setdefault(entry.case, []).append(mask)
                else:
                    fault = f"case {entry.case!r}: rois that {self.sheet.unit} {labels[twin]} names already"
                    self.faults.append((entry.number, f"{fault}; delete one"))
        return [
            Case(name, first.image, tuple(masks.get(name, ())), first.kept) for name, first in firsts.items()
        ]


def _conflict(first: _Entry, entry: _Entry, unit: str) -> str:
    """How a row contradicts the first one of its case."""
    if entry.image != first.image:
        return (
            f"case {entry.case!r} has another image than in {unit} {first.number}; a case has one image: "
            "correct it, or give the cases different names"
        )
    differing = [name for name, value in entry.kept.items() if value != first.kept[name]]
    if differing:
        return (
            f"case {entry.case!r} differs from {unit} {first.number} in {', '.join(differing)}; kept columns "
            "belong to the case: make them equal, or do not keep them"
        )
    return ""


def _numbered(entries: list[_Entry]) -> list[_Entry]:
    """Cases named by the order in which their images first appear."""
    images: dict[Path, int] = {}
    for entry in entries:
        images.setdefault(entry.image, len(images) + 1)
    width = max(4, len(str(len(images))))
    return [replace(entry, case=f"case-{images[entry.image]:0{width}d}") for entry in entries]


def _with_names(cases: list[Case]) -> list[Case]:
    """Names for the ROIs of files that hold one each, see `read_manifest`."""
    several = [case for case in cases if len({mask.path for mask in case.masks}) > 1]
    often = Counter(
        stem for case in several for stem in {default_name(mask.path.name) for mask in case.masks}
    )

    def named(mask: MaskFile, place: int) -> MaskFile:
        stem = default_name(mask.path.name)
        unnamed = not mask.roi and mask.label is None
        return replace(mask, roi=stem if often[stem] > 1 else f"mask-{place}") if unnamed else mask

    renamed = {
        case.name: replace(case, masks=tuple(named(mask, n) for n, mask in enumerate(case.masks, 1)))
        for case in several
    }
    return [renamed.get(case.name, case) for case in cases]


def _refuse(sheet: Sheet, faults: list[tuple[int, str]]) -> None:
    """All faults in one error, in the order of the rows."""
    if not faults:
        return
    lines = [f"  {sheet.unit} {number}: {text}" for number, text in sorted(faults)[:_MOST_FAULTS]]
    if len(faults) > _MOST_FAULTS:
        lines.append(f"  ... and {len(faults) - _MOST_FAULTS} more")
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    raise InputError(f"the manifest {sheet.path} has {count}; correct and try again:\n" + "\n".join(lines))
