"""Files that are there whole or not at all, and folders that belong to the user alone."""

from __future__ import annotations

import errno
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

from .errors import InputError

__all__ = ["is_private", "user_cache", "write_atomically"]


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file so that it is there whole or not at all."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with partial.open("xb") as file:
            write(file)
        partial.replace(path)
    except OSError as error:
        fix = "make room and write it again" if error.errno == errno.ENOSPC else "is its folder there?"
        raise InputError(f"cannot write {path}: {error.strerror or error}; {fix}") from None
    finally:
        partial.unlink(missing_ok=True)


def is_private(folder: str | os.PathLike[str]) -> bool:
    """Whether nobody else can write to a folder, which is made for the user alone if need be.

    True wherever there are no Unix users, as on Windows, whose user folders are private by themselves.
    """
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        status = os.stat(folder)
    except OSError:
        return False
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)


def user_cache() -> Path | None:
    """Where fasttex keeps what it can make again; it may not be there yet. None for a user without a home.

    ``XDG_CACHE_HOME`` or ``~/.cache``, on macOS ``~/Library/Caches``, on Windows ``%LOCALAPPDATA%``.
    """
    if sys.platform == "win32":
        given, usual = os.environ.get("LOCALAPPDATA"), "~/AppData/Local"
    elif sys.platform == "darwin":
        given, usual = None, "~/Library/Caches"
    else:
        given, usual = os.environ.get("XDG_CACHE_HOME"), "~/.cache"
    absolute = given if given and os.path.isabs(given) else os.path.expanduser(usual)
    return Path(absolute) / "fasttex" if os.path.isabs(absolute) else None
