"""One writer per run directory, whoever dies in whatever way."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

from ..errors import InputError

__all__ = ["RunLock"]

#: Of this process: the lock of the operating system tells processes apart, not two of one process.
_held: set[Path] = set()

if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        os.lseek(file, 1 << 30, os.SEEK_SET)  # far from the process id, which others want to read
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: int) -> None:
        # Not `flock`, which forked workers would go on holding after their parent was killed.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class RunLock:
    """A lock of the operating system, which ends with its process at the latest.

    Parameters
    ----------
    path : Path
        The file to lock; made if it is not there. It holds the process id of its last holder.

    Raises
    ------
    InputError
        It is held already, or files cannot be locked here.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        if self._path in _held:
            raise InputError(_busy(str(os.getpid())))
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._file)
        except OSError as error:
            holder = os.pread(self._file, 20, 0) if hasattr(os, "pread") else os.read(self._file, 20)
            os.close(self._file)
            if error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                raise InputError(f"cannot lock {path}: {error.strerror}; use a local disk") from None
            raise InputError(_busy(holder.decode(errors="replace").strip())) from None
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, f"{os.getpid()}\n".encode())
        _held.add(self._path)

    def release(self) -> None:
        """Let others write."""
        if self._path in _held:
            _held.remove(self._path)
            os.close(self._file)


def _busy(pid: str) -> str:
    return (
        f"another run writes into this run directory: process {pid or 'unknown'}; "
        "wait for it or end it, or give another directory"
    )
