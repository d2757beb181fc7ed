"""The file of a journal: opened, locked, written in transactions, with errors that a person understands."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from ..errors import InputError
from .leftovers import sweep
from .lock import RunLock
from .schema import APPLICATION_ID, SCHEMA, VERSION

__all__ = ["Store"]


class Store:
    """A SQLite file in a run directory; `open` makes one."""

    def __init__(self, path: Path, lock: RunLock | None) -> None:
        self._lock = lock
        self._column_sets: dict[int, tuple[str, ...]] = {}
        with _explained():
            self._db = _connect(path, write=lock is not None)
            try:
                _check(self._db, path, write=lock is not None)
            except BaseException:
                self._db.close()
                raise

    @classmethod
    def open(cls, run_dir: str | os.PathLike[str], *, write: bool) -> Self:
        """Open the journal of a run directory; with `write` made if it is not there.

        Parameters
        ----------
        run_dir : path
        write : bool
            Be its one writer; else only read, also while another process writes.

        Raises
        ------
        InputError
            Another process writes, there is no journal to read, or it is of a newer fasttex.
        """
        folder = Path(run_dir)
        path = folder / "journal.sqlite"
        if not write:
            if not path.is_file():
                raise InputError(f"{folder} holds no journal.sqlite, expected the directory of a run")
            return cls(path, None)
        try:
            if not folder.is_dir():
                folder.mkdir(0o700, parents=True)
            lock = RunLock(folder / "lock")
        except OSError as error:
            raise InputError(f"cannot write into {folder}: {error.strerror}; give another one") from None
        try:
            sweep(folder)
            if not path.exists():
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its own files the same
            return cls(path, lock)
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Close the file and let another process write."""
        self._db.close()
        if self._lock:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read the same state all along, whatever is written meanwhile."""
        with _explained():
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("ROLLBACK")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is written within, or nothing."""
        with _explained():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk may have ended it
                    self._db.execute("ROLLBACK")
                raise

    def _rows(self, query: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        with _explained():
            yield from self._db.execute(query, values)

    def _one(self, query: str, values: Sequence[Any] = ()) -> Any:
        return next(self._rows(query, values), None)


def _connect(path: Path, *, write: bool) -> sqlite3.Connection:
    how = "mode=rw" if write else "mode=ro"
    if not write and not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists():
        how = "immutable=1"  # reading needs a file beside it otherwise, and nobody writes here
    uri = f"{path.absolute().as_uri()}?{how}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=60)


def _check(db: sqlite3.Connection, path: Path, *, write: bool) -> None:
    """Make the tables, or refuse those of others."""
    db.execute("PRAGMA temp_store = MEMORY")  # nothing of a journal outside its directory
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (empty,) = db.execute("SELECT count(*) = 0 FROM sqlite_master").fetchone()
    if not (empty or application == APPLICATION_ID):
        raise InputError(f"{path} is no journal of fasttex; give another directory")
    if version > VERSION:
        raise InputError(
            f"{path} was written by a newer fasttex (its version is {version}, expected up to {VERSION}); "
            "update fasttex, or give another directory"
        )
    if not write:
        if empty:
            raise InputError(f"no run has begun in {path.parent}")
        return
    (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
    # In WAL mode, NORMAL never corrupts. A killed process loses nothing, because the kernel has what was
    # committed; a power cut may lose the last commits, whose cases are computed again. Some file systems
    # have no WAL.
    db.execute(f"PRAGMA synchronous = {'NORMAL' if mode == 'wal' else 'FULL'}")
    if empty:
        db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")
    db.execute("UPDATE cases SET state = 'pending' WHERE state = 'running'")  # of a run that was killed


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without the details of an extended code
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):  # the latter where a quota is used up
            what = "is full" if code == sqlite3.SQLITE_FULL else f"cannot be read or written ({error})"
            raise InputError(
                f"the disk of the run directory {what}: the run stopped, what it had committed is kept; "
                "make room and run the same command again"
            ) from None
        raise InputError(f"the journal of the run cannot be used: {error}") from None
