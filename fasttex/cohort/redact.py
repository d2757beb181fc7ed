"""Error texts for everybody: without the paths and names of files that they came with."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..errors import FasttexError
from ..io.headers import data_name
from .cases import Case

__all__ = ["behind", "without_paths"]

_Named = tuple[Path, str]


def _files(case: Case) -> list[_Named]:
    return [*((mask.path, "<rois>") for mask in case.masks), (case.image, "<image>")]


def behind(case: Case) -> list[_Named]:
    """What links and headers of a case's files lead to; looks at the files, so not for the parent process."""
    found = []
    for path, word in _files(case):
        with suppress(FasttexError, OSError):
            found.append((Path(os.path.realpath(path)), word))
            if name := data_name(path):
                found.append((Path(name), word))
    return found


def without_paths(case: Case, text: str, others: Iterable[_Named] = ()) -> str:
    """Say ``<image>`` and ``<rois>`` for the files of a case, ``<folder>`` for what is above them.

    Names go with any suffix, because what belongs together is often told apart by that (.hdr and .img).
    """
    words: dict[str, str] = {}
    stems: dict[str, str] = {}
    for path, word in [*others, *_files(case)]:
        words |= dict.fromkeys(map(str, path.parents), "<folder>")
        words |= {str(path): word, path.name: word}
        stems[path.name.partition(".")[0]] = word
    for secret in sorted(words, key=len, reverse=True):
        if len(secret) > 1:
            for form in (secret, repr(secret)[1:-1], repr(secret + "'\"")[1:-4]):
                text = text.replace(form, words[secret])
    for stem in sorted(filter(None, stems), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(stem)}([.]\w+)+", stems[stem], text)
    return text
