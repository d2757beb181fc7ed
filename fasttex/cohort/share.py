"""Tables for others: names of cases become keyed hashes."""

from __future__ import annotations

import hmac
import os
import re
import secrets
from collections.abc import Collection, Sequence
from pathlib import Path

from ..errors import InputError
from .export import FORMATS, Exported, write_view
from .journal import Journal
from .view import View

__all__ = ["share"]

_MIN_BYTES = 16


def share(
    journal: Journal,
    run_dir: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    key: bytes | None = None,
    keep: Sequence[str] = (),
    formats: Collection[str] = FORMATS,
    long: bool = False,
) -> Exported:
    """Write the tables of a run with a keyed hash for the name of each case.

    The hash is the first 16 hexadecimal digits of HMAC-SHA256. Who has the key can tell the cases; who has
    not cannot, not even by trying all names. Rows are ordered by the hash. Names of ROIs stay as they are.

    Parameters
    ----------
    journal : Journal
        Open for reading at least.
    run_dir : path
        Holds the key, ``share.key``; made at random the first time, readable for its owner alone.
    out : path
        The folder for the tables; made if it is not there.
    key : bytes, optional
        Instead of the one in `run_dir`, such as the bytes of another ``share.key``: at least 16. The same
        key gives the same hashes.
    keep : sequence of str
        Kept columns of the manifest that are passed on; none by default.
    formats, long
        As in `export`.

    Returns
    -------
    Exported
        The files, and what was left out.

    Raises
    ------
    InputError
        The key is too short, or there is no such column.
    """
    unknown = [name for name in keep if name not in journal.kept()]
    if unknown:
        raise InputError(f"no kept column {unknown[0]!r}, there are: {', '.join(journal.kept()) or 'none'}")
    secret = _key_of(Path(run_dir) / "share.key") if key is None else key
    if len(secret) < _MIN_BYTES:
        raise InputError(f"the key has {len(secret)} bytes, expected at least {_MIN_BYTES}")

    def named(case: str) -> str:
        return hmac.digest(secret, case.encode(), "sha256").hex()[:16]

    order = sorted(journal.names(), key=named)
    return write_view(View(journal, keep, named, order), Path(out), formats, long)


def _key_of(path: Path) -> bytes:
    """The key of a run directory, made the first time."""
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; give a key") from None
    try:
        text = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise InputError(f"{path} holds no key, expected 64 hexadecimal digits; remove it to make a new one")
    return text.encode()
