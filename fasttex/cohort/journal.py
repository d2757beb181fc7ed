"""The journal of a run: what is done, what failed, what it gave. One writer, any number of readers."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import InputError
from .cases import Case, Failure, Recipe, Result
from .changes import check_cases, differences
from .schema import Packed, pack_result, read_case, storable, unpack_result, write_case
from .status import Status, make_status
from .store import Store

__all__ = ["MAX_COUNTS", "FileHash", "Journal"]

#: The state of a file from before it was read, and its sha256.
FileHash = tuple[os.stat_result, str]

_SETTLED_NS = 2_000_000_000  # a file younger than that may change again within its time stamp
MAX_COUNTS = 900_000_000  # bytes; SQLite's own limit is 1e9 for a row
_CASE = "c.name, c.image, c.masks, c.kept"
_RESULT = "r.column_set, r.seconds, r.provenance, r.rows, r.diagnostics, r.feature_values"


class Journal(Store):
    """The SQLite file of a run directory; `Journal.open` makes one. Use it from one thread.

    Results are found by the content of their files and the recipe, not by the names of cases. Results of
    other recipes stay, so that going back to one costs nothing, and never show among those of this one.
    """

    # The run

    def begin(
        self, cases: Sequence[Case], recipe: Recipe, manifest: Mapping[str, Any] | None = None
    ) -> list[str]:
        """Make these the cases of the run, in this order, and this its recipe.

        Cases that are as they were keep their state; under another recipe all are pending again.

        Parameters
        ----------
        cases : sequence of Case
        recipe : Recipe
        manifest : dict, optional
            What should be remembered of where the cases came from; never exported.

        Returns
        -------
        list of str
            What differs from the recipe that was there, setting by setting; empty if nothing does.

        Raises
        ------
        InputError
            Two cases of one name, or a kept column whose name the tables need.
        """
        check_cases(cases)
        record, key, now = json.dumps(recipe.record(), default=str), recipe.key(), time.time()
        before = self._one("SELECT recipe_key, recipe, created FROM run")
        changes = differences(json.loads(before[1]), json.loads(record)) if before else []
        same = "name, image, masks, content_key, state, attempts, kind, text, private_text, seconds, updated"
        known = {row[:3]: row[3:] for row in self._rows(f"SELECT {same} FROM cases")}
        if not before or before[0] != key:
            known = {}
        new = (None, "pending", 0, None, None, None, None, None)
        with self._transaction() as db:
            db.execute("DELETE FROM cases")
            db.executemany(
                f"INSERT INTO cases VALUES ({', '.join('?' * 13)})",
                ((n, *row, *known.get(row[:3], new)) for n, row in enumerate(map(write_case, cases))),
            )
            created = before[2] if before else now
            run = (key, record, json.dumps(manifest, default=str), created, now, __version__)
            db.execute("INSERT OR REPLACE INTO run VALUES (1, ?, ?, ?, ?, ?, ?)", run)
        return changes

    @property
    def recipe(self) -> dict[str, Any]:
        """`Recipe.record` of the run."""
        found = self._one("SELECT recipe FROM run")
        if found is None:
            raise InputError("no run has begun in this directory")
        record: dict[str, Any] = json.loads(found[0])
        return record

    @property
    def recipe_key(self) -> str:
        """`Recipe.key` of the run."""
        found = self._one("SELECT recipe_key FROM run")
        return str(found[0]) if found else ""

    # Hashes of files

    def known_hash(self, path: Path, stat: os.stat_result) -> str | None:
        """The sha256 of a file, if it was hashed before and is still the same by size, time and inode."""
        found = self._one(
            "SELECT sha256 FROM files WHERE (path, size, mtime_ns, inode) = (?, ?, ?, ?)",
            _version(path, stat),
        )
        return found[0] if found else None

    def remember_hash(self, path: Path, stat: os.stat_result, sha256: str) -> None:
        """Remember a hash; `stat` is of before the file was read. Files written just now are not."""
        with self._transaction():
            self._remember({path: (stat, sha256)})

    def _remember(self, hashes: Mapping[Path, FileHash]) -> None:
        old = time.time_ns() - _SETTLED_NS
        self._db.executemany(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)",
            [(*_version(path, stat), sha) for path, (stat, sha) in hashes.items() if stat.st_mtime_ns < old],
        )

    # Cases

    def find(self, content_key: str) -> bool:
        """Whether there is a result of this content."""
        return self._one("SELECT 1 FROM results WHERE content_key = ?", (content_key,)) is not None

    def has_results(self) -> bool:
        """Whether there is any result, of this recipe or another."""
        return self._one("SELECT 1 FROM results LIMIT 1") is not None

    def adopt(self, case_name: str, content_key: str, hashes: Mapping[Path, FileHash] | None = None) -> bool:
        """Give a case the result that is there for its content; False if there is none."""
        if not self.find(content_key):
            return False
        with self._transaction():
            self._remember(hashes or {})
            self._update(
                case_name, "state = 'done', content_key = ?, kind = NULL, text = NULL, private_text = NULL",
                content_key,
            )  # fmt: skip
        return True

    def start(self, case_name: str) -> None:
        """Count an attempt at a case; without an end it is pending again when the journal is next opened."""
        with self._transaction():
            self._update(case_name, "state = 'running', content_key = NULL, attempts = attempts + 1")

    def commit(
        self,
        case_name: str,
        content_key: str,
        result: Result,
        hashes: Mapping[Path, FileHash] | None = None,
    ) -> None:
        """Keep the result of a case: all of it or nothing.

        Parameters
        ----------
        case_name : str
            Of the manifest.
        content_key : str
            From `fasttex.cohort.cases.content_key`.
        result : Result
        hashes : dict of (os.stat_result, str), optional
            By path: the file's state from before it was read, and its sha256, to remember.

        Raises
        ------
        InputError
            The disk is full, or the result does not fit together.
        """
        self.commit_packed(case_name, content_key, pack_result(result), hashes)

    def commit_packed(
        self,
        case_name: str,
        content_key: str,
        packed: Packed,
        hashes: Mapping[Path, FileHash] | None = None,
        seconds: float | None = None,
    ) -> None:
        """The same for a result that a worker has packed; `seconds` is what the case took."""
        with self._transaction() as db:
            self._remember(hashes or {})
            names, *rest = packed
            db.execute("INSERT OR IGNORE INTO column_sets (names) VALUES (?)", (names,))
            (columns,) = self._one("SELECT id FROM column_sets WHERE names = ?", (names,)) or (0,)
            db.execute(
                f"INSERT OR IGNORE INTO results VALUES ({', '.join('?' * 10)})",
                (content_key, columns, *rest),
            )
            self._update(
                case_name,
                "state = 'done', content_key = ?, kind = NULL, text = NULL, private_text = NULL, "
                "seconds = ?, updated = ?",
                content_key, seconds, time.time(),
            )  # fmt: skip

    def fail(
        self, case_name: str, failure: Failure, private_text: str = "", seconds: float | None = None
    ) -> None:
        """Remember why a case has no result.

        Parameters
        ----------
        case_name : str
        failure : Failure
            What tables may say.
        private_text : str
            What only the journal says: with paths.
        seconds : float, optional
            That the attempt took.
        """
        with self._transaction():
            self._update(
                case_name,
                "attempts = attempts + (state != 'running'), state = 'failed', content_key = NULL, "
                "kind = ?, text = ?, private_text = ?, seconds = ?, updated = ?",
                *map(storable, (failure.kind, failure.text, private_text)), seconds, time.time(),
            )  # fmt: skip

    def _update(self, case_name: str, change: str, *values: Any) -> None:
        if not self._db.execute(f"UPDATE cases SET {change} WHERE name = ?", (*values, case_name)).rowcount:
            raise InputError(f"no case {case_name!r} in the manifest of this run")

    # Reading

    def state_of(self, case_name: str) -> tuple[str, int]:
        """State and number of attempts of a case."""
        found = self._one("SELECT state, attempts FROM cases WHERE name = ?", (case_name,))
        if found is None:
            raise InputError(f"no case {case_name!r} in the manifest of this run")
        return found[0], found[1]

    def names(self) -> list[str]:
        """Of all cases, in the order of the manifest."""
        return [name for (name,) in self._rows("SELECT name FROM cases ORDER BY position")]

    def kept(self) -> list[str]:
        """Names of all kept columns."""
        found = self._rows("SELECT DISTINCT key FROM cases, json_each(kept)")
        return [name for (name,) in found]

    def columns(self) -> list[tuple[str, ...]]:
        """The sets of columns of the results of this run, each once."""
        query = "SELECT DISTINCT r.column_set FROM cases c JOIN results r USING (content_key)"
        return sorted(self._columns_of(number) for (number,) in list(self._rows(query)))

    def results_in_order(
        self, names: Iterable[str] | None = None
    ) -> Iterator[tuple[Case, Result | None, Failure | None]]:
        """Cases one by one, with their result, why there is none, or neither if they are pending.

        Parameters
        ----------
        names : iterable of str, optional
            Which cases, in which order; all in the order of the manifest by default.

        Yields
        ------
        tuple of (Case, Result or None, Failure or None)
            The results come without `counts`; `counts_of` reads them.
        """
        query = (
            f"SELECT {_CASE}, c.kind, c.text, {_RESULT} FROM cases c LEFT JOIN results r USING (content_key)"
        )
        if names is None:
            found = self._rows(f"{query} ORDER BY c.position")
        else:
            found = (row for name in names for row in self._rows(f"{query} WHERE c.name = ?", (name,)))
        for name, image, masks, kept, kind, text, column_set, *packed in found:
            failure = Failure(kind, text) if kind is not None else None
            result = unpack_result(self._columns_of(column_set), packed) if column_set is not None else None
            yield read_case(name, image, masks, kept), result, failure

    def content_key_of(self, case_name: str) -> str | None:
        """The content key of a case that is done."""
        found = self._one("SELECT content_key FROM cases WHERE name = ?", (case_name,))
        return found[0] if found else None

    def counts_of(self, case_name: str) -> bytes | None:
        """The integer matrices of a case, if the run keeps them."""
        query = "SELECT r.counts FROM cases c JOIN results r USING (content_key) WHERE c.name = ?"
        found = self._one(query, (case_name,))
        return found[0] if found else None

    def failures(self) -> Iterator[tuple[str, Failure, str, int]]:
        """Name, failure, private text and number of attempts of each failed case."""
        told = "name, kind, text, private_text, attempts"
        query = f"SELECT {told} FROM cases WHERE state = 'failed' ORDER BY position"
        for name, kind, text, private, attempts in self._rows(query):
            yield name, Failure(kind, text), private, attempts

    def status(self) -> Status:
        """How the run stands; the rate counts cases since it began or was resumed."""
        return make_status(self._rows)

    def _columns_of(self, number: int) -> tuple[str, ...]:
        if number not in self._column_sets:
            (names,) = self._one("SELECT names FROM column_sets WHERE id = ?", (number,))
            self._column_sets[number] = tuple(json.loads(names))
        return self._column_sets[number]


def _version(path: Path, stat: os.stat_result) -> tuple[bytes, int, int, str]:
    """What tells a file from others and from other states of itself; an inode may exceed 64 bits."""
    return os.fsencode(path), stat.st_size, stat.st_mtime_ns, str(stat.st_ino)
