"""Files that are there whole or not at all, and folders that belong to the user alone."""

from __future__ import annotations

import errno
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from .errors import InputError

__all__ = ["atomic_files", "is_private", "user_cache", "write_atomically"]


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file so that it is there whole or not at all."""
    with atomic_files([path]) as (file,):
        write(file)


@contextmanager
def atomic_files(paths: Sequence[Path]) -> Iterator[list[IO[bytes]]]:
    """Files of one folder to write in the block: there once it ends, as they were before if it fails."""
    partial = [path.with_name(f".{path.name}.{secrets.token_hex(4)}") for path in paths]
    try:
        with ExitStack() as stack:
            yield [stack.enter_context(path.open("xb")) for path in partial]
        for written, path in zip(partial, paths, strict=True):
            written.replace(path)
    except OSError as error:
        what = paths[0] if len(paths) == 1 else f"into {paths[0].parent}"
        fix = "make room and write it again" if error.errno == errno.ENOSPC else "is its folder there?"
        raise InputError(f"cannot write {what}: {error.strerror or error}; {fix}") from None
    finally:
        for path in partial:
            path.unlink(missing_ok=True)


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
