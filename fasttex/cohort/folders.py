"""A manifest out of folders: a case is a folder with an image and files of ROIs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path, PurePath
from typing import NamedTuple

from ..errors import InputError
from ..io.names import default_name
from .cells import is_printable


class LeftOut(NamedTuple):
    """A folder that is no row of the manifest, as its path from the root, and why."""

    folder: str
    reason: str


def manifest_from_folder(
    root: str | os.PathLike[str], image: str, rois: str, *, follow_links: bool = False
) -> tuple[list[dict[str, str]], list[LeftOut]]:
    """Find the cases below a folder.

    Each folder below `root` in which `image` finds a file is a case, called by its path from `root` with
    ``_`` between. Folders and files whose names begin with a dot are passed over. Cases and ROIs come in
    natural order: 2 before 10. The image itself is never taken for a ROI.

    Parameters
    ----------
    root : str or path
        The folder to search.
    image, rois : str
        What the files are called, from the case's folder; ``*``, ``?`` and ``[...]`` fit within a name:
        ``"ct.nii.gz"``, ``"seg/*.nii.gz"``.
    follow_links : bool, default False
        Take files and folders too that lie outside `root` and are linked to from inside. A folder that can
        be reached twice is taken once.

    Returns
    -------
    rows : list of dict
        ``case``, ``image``, ``rois`` of each file with ROIs; paths are absolute. For `write_manifest`.
    left_out : list of LeftOut
        Folders that look like a case, or could not be searched, and why they are not in.

    Raises
    ------
    InputError
        No such folder, a pattern that leaves it, no case at all, or two cases of one name.
    """
    if not Path(root).is_dir():
        raise InputError(
            f"{os.fspath(root)} is not there or no folder; give the folder above those of the cases"
        )
    search = _Search(Path(root).absolute(), _parts(image, "image"), _parts(rois, "rois"), follow_links)
    found = [(folder, files) for folder in search.folders() if (files := search.files(folder))]
    found.sort(key=lambda each: _natural_path(each[0]))
    left_out = [LeftOut(*each) for each in search.left_out.items()]
    if not found:
        reasons = "".join(f"\n  {folder!r}: {reason}" for folder, reason in left_out[:20])
        raise InputError(
            f"no folder below {os.fspath(root)} has an image {image!r} and ROIs {rois!r}; check the "
            "patterns, which begin in a case's folder" + reasons
        )
    _refuse_twins([folder for folder, _ in found])
    rows = [
        {
            "case": _name(folder),
            "image": str(files[0]),
            "rois": str(mask),
            "roi": default_name(mask.name) if len(files) > 2 else "",
        }
        for folder, files in found
        for mask in files[1:]
    ]
    return rows, left_out


def _parts(pattern: str, what: str) -> tuple[str, ...]:
    path = PurePath(pattern)
    if not path.parts or path.is_absolute() or {"..", "**"} & set(path.parts):
        raise InputError(
            f"{what} is {pattern!r}, expected a path from a case's folder downwards, such as 'seg/*.nii.gz', "
            "without .. and **"
        )
    return path.parts


def _name(folder: PurePath) -> str:
    return "_".join(folder.parts).strip()


def _natural(name: str) -> tuple[list[str | int], str]:
    """A key by which 2 comes before 10."""
    return [int(part) if n % 2 else part for n, part in enumerate(re.split("([0-9]+)", name))], name


def _natural_path(path: PurePath) -> list[tuple[list[str | int], str]]:
    return [_natural(part) for part in path.parts]


def _refuse_twins(folders: list[PurePath]) -> None:
    """Names must tell cases apart: a/b_c and a_b/c do not."""
    firsts: dict[str, PurePath] = {}
    twins = []
    for folder in folders:
        if (first := firsts.setdefault(_name(folder), folder)) != folder:
            twins.append(f"{str(first)!r} and {str(folder)!r}")
    if twins:
        more = f", and {len(twins) - 20} more" if len(twins) > 20 else ""
        raise InputError(
            f"folders whose cases would have one name: {', '.join(twins[:20])}{more}; rename one of each"
        )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


@dataclass
class _Search:
    """Goes through the folders below `root`; collects in `left_out` what is no case, and why."""

    root: Path
    image: tuple[str, ...]
    rois: tuple[str, ...]
    follow_links: bool
    left_out: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Files of a folder share its answer; every part of a path costs a question to the system.
        self._real_folder = lru_cache(maxsize=16)(os.path.realpath)

    def folders(self) -> Iterator[PurePath]:
        """Folders, from the root, each once; links to others only after all that lie here themselves."""
        real: list[Path] = [self.root]
        links: list[Path] = []
        seen = set()
        while real or links:
            folder = real.pop() if real else links.pop()
            try:
                status = folder.stat()
            except OSError as error:
                self._leave_out(folder, f"cannot be searched: {error.strerror}")
                continue
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            yield folder.relative_to(self.root)
            for entry in self._entries(folder):
                if entry.name.startswith(".") or not _is_folder(entry):
                    continue
                if not entry.is_symlink():
                    real.append(Path(entry.path))
                elif self._allowed(Path(entry.path)):
                    links.append(Path(entry.path))
                else:
                    self._leave_out(entry.path, "a link that leads out of the folder searched; not followed")

    def files(self, folder: PurePath) -> list[Path]:
        """The image and the files with ROIs of a folder; nothing if it is no case."""
        images = self._matches(self.root / folder, self.image)
        if not images:
            return []
        masks = [path for path in self._matches(self.root / folder, self.rois) if path not in images]
        out = [path for path in [*images, *masks] if not self._allowed(path)]
        odd = [path for path in [*images, *masks] if not is_printable(str(path))]
        if not folder.parts:
            reason = "the image lies in the folder searched itself; search the folder above"
        elif len(images) > 1:
            reason = f"{len(images)} files could be the image; a case has one: give a narrower pattern"
        elif not masks:
            reason = f"an image, but no ROIs {'/'.join(self.rois)!r}"
        elif out:
            reason = (
                f"{out[0].relative_to(self.root / folder)} is a link that leads out of the folder searched"
            )
        elif odd or not _name(folder):
            reason = "a name that no manifest can hold (control characters, not UTF-8, or blank); rename it"
        else:
            return [*images, *masks]
        self._leave_out(self.root / folder, reason)
        return []

    def _matches(self, folder: Path, parts: tuple[str, ...]) -> list[Path]:
        """Files that fit a pattern, in natural order; links to nothing too: they fail where they are read."""
        found = []
        for entry in self._entries(folder):
            hidden = entry.name.startswith(".") and not parts[0].startswith(".")
            if hidden or not fnmatch(entry.name, parts[0]) or _is_folder(entry) != (len(parts) > 1):
                continue
            path = Path(entry.path)
            found += self._matches(path, parts[1:]) if len(parts) > 1 else [path]
        return found

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: _natural(entry.name))
        except OSError as error:
            self._leave_out(folder, f"cannot be searched: {error.strerror}")
            return []

    def _allowed(self, path: Path) -> bool:
        """Whether a path leads to something below the root, or may lead elsewhere."""
        if self.follow_links:
            return True
        real = os.path.realpath(path) if path.is_symlink() else self._real_folder(path.parent)
        return Path(real).is_relative_to(self._real_folder(self.root))

    def _leave_out(self, path: str | Path, reason: str) -> None:
        self.left_out.setdefault(str(Path(path).relative_to(self.root)), reason)
