"""A cohort from its manifest to its tables."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from ..backends import get_backend, resolve_threads
from ..errors import FasttexError, SettingsError
from ..extraction import recipes_of
from ..io.names import read_names
from ..measures import parse_bytes
from ..settings import Settings
from .cases import Case, Failure, Recipe, content_key
from .export import export
from .hashes import hash_of_parts, parts_of
from .journal import Journal
from .manifest import read_manifest
from .pool import Outcome, Pool
from .redact import without_paths
from .summary import Progress, Summary
from .work import Done, Work, begin, finish

__all__ = ["Progress", "Summary", "plan", "run_cohort"]


def run_cohort(
    manifest: str | os.PathLike[str],
    run_dir: str | os.PathLike[str],
    settings: Settings | Mapping[str, Any] | Sequence[Settings] | None = None,
    *,
    select: Any = None,
    names: Any = None,
    keep: Sequence[str] = (),
    keep_counts: bool = False,
    shard: tuple[int, int] = (1, 1),
    workers: int | None = None,
    threads: int = 1,
    backend: str = "auto",
    timeout_s: float | None = None,
    retries: int = 0,
    memory_limit: int | str = "2GB",
    worker_memory: int | str | None = None,
    prefetch: bool = True,
    progress: Callable[[Progress], object] | None = None,
) -> Summary:
    """Compute the features of all ROIs of all images of a manifest; resume where an earlier run stopped.

    Parameters
    ----------
    manifest : path
        CSV or Parquet with the columns ``image`` and ``rois``; see `fasttex.cohort.manifest`.
    run_dir : path
        Where the journal and the tables are; made if it is not there.
    settings : Settings, mapping or list of Settings, optional
        The recipe, or several: each ROI has a row for each.
    select : iterable of int or str, or mapping, optional
        Labels or names to keep, as in `fasttex.extract`; ``{"lung": [10, 11]}`` unites labels.
    names : mapping or path, optional
        Label to name, or name to label; or a JSON file with either.
    keep : sequence of str
        Columns of the manifest that the tables take over.
    keep_counts : bool
        Keep the integer matrices beside the features, for `fasttex.cohort.counts.features_from_counts`.
    shard : tuple of int
        ``(i, n)``: only each n-th case, beginning with the i-th; for several machines, each with a run
        directory of its own.
    workers : int, optional
        Processes that share the cases; each may hold two of them. By default as many as the machine
        allows (`fasttex doctor` lists its limits) with so many threads each.
    threads : int
        Of each process.
    backend : {"auto", "cpp", "numba", "cuda", "reference"}
        Who counts.
    timeout_s : float, optional
        Seconds after which a case is given up.
    retries : int
        How often a case is tried again whose process died or took too long.
    memory_limit : int or str
        As in `fasttex.extract`.
    worker_memory : int or str, optional
        What a process may have in all (Linux), such as ``"8GB"``: a case that needs more fails, before the
        system has to choose what it kills. It holds two cases and what is computed from one.
    prefetch : bool
        Read the next case while one is computed.
    progress : callable, optional
        Called with a `Progress` after every case.

    Returns
    -------
    Summary
        How many cases are done and failed, why, and which tables were written.

    Raises
    ------
    InputError
        The manifest cannot be used, or another run works in `run_dir`.
    SettingsError
        Arguments or settings that are not allowed.
    KeyboardInterrupt
        After Ctrl-C, once what was in flight is done and kept; the same call resumes.
    """
    recipe = _recipe(settings, select, names, keep_counts)
    cases, record = read_manifest(Path(manifest), keep=tuple(keep))
    cases = _of_shard(cases, shard)
    limit = parse_bytes(memory_limit)
    with Journal.open(Path(run_dir), write=True) as journal:
        changes = journal.begin(cases, recipe, asdict(record))
        work = Work(Path(run_dir), recipe, get_backend(backend).NAME, threads, limit, journal.has_results())
        run = _Run(journal, work, len(cases), progress)
        pool: Pool[Case, Any, Done] = Pool(
            resolve_threads(None) // resolve_threads(threads) or 1 if workers is None else workers,
            partial(begin, work),
            partial(finish, work),
            timeout_s=timeout_s,
            retries=retries,
            prefetch=prefetch,
            threads=threads,
            worker_memory=None if worker_memory is None else parse_bytes(worker_memory, "worker_memory"),
            folder=Path(run_dir),
        )
        try:
            with pool:
                for outcome in pool.run(run.pending(cases)):
                    run.take(outcome)
        except KeyboardInterrupt:
            export(journal, run_dir)
            raise
        written = export(journal, run_dir)
        status = journal.status()
        return Summary(
            progress=run.progress(),
            failures=tuple(status.failures),
            changes=tuple(changes),
            files=written.files,
            skipped=written.skipped,
            rows=status.rows,
            failed_rows=status.failed_rows,
        )


def plan(
    manifest: str | os.PathLike[str],
    run_dir: str | os.PathLike[str],
    settings: Settings | Mapping[str, Any] | Sequence[Settings] | None = None,
    *,
    select: Any = None,
    names: Any = None,
    keep: Sequence[str] = (),
    keep_counts: bool = False,
    shard: tuple[int, int] = (1, 1),
) -> dict[str, Any]:
    """Say what `run_cohort` would do, without reading an image or writing a file."""
    recipe = _recipe(settings, select, names, keep_counts)
    cases, record = read_manifest(Path(manifest), keep=tuple(keep))
    cases = _of_shard(cases, shard)
    absent = {path for case in cases for path in case.files if not path.exists()}
    done = 0
    if (Path(run_dir) / "journal.sqlite").is_file():
        with Journal.open(run_dir, write=False) as journal:
            done = sum(_is_known(journal, case, recipe) for case in cases)
    return {
        "cases": len(cases),
        "files with ROIs": sum(len(case.masks) for case in cases),
        "recipes": ", ".join(s.recipe_id for s in recipe.settings),
        "done already": done,
        "files that are not there": len(absent),
        "columns kept": ", ".join(record.kept) or "none",
        "columns ignored": ", ".join(record.ignored) or "none",
    }


def _is_known(journal: Journal, case: Case, recipe: Recipe) -> bool:
    key = known_key(journal, case, recipe)
    return key is not None and journal.find(key)


def known_key(journal: Journal, case: Case, recipe: Recipe) -> str | None:
    """The content key of a case whose files are as they were when they were hashed."""
    hashes = {}
    try:
        for path in case.files:
            if journal.known_hash(path, path.stat()) is None:  # most often: spares looking into it
                return None
            for part in parts_of(path):
                known = journal.known_hash(part, part.stat())
                if known is None:
                    return None
                hashes[part] = known
        return content_key(case, {path: hash_of_parts(path, hashes) for path in case.files}, recipe.key())
    except (OSError, FasttexError):
        return None  # whoever reads it will say what is wrong with it


def _recipe(settings: Any, select: Any, names: Any, keep_counts: bool) -> Recipe:
    return Recipe(tuple(recipes_of(settings)), select, names and read_names(names), keep_counts)


def _of_shard(cases: list[Case], shard: tuple[int, int]) -> list[Case]:
    i, n = shard
    if not 1 <= i <= n:
        raise SettingsError(f"shard is {i}/{n}, expected i/n with i from 1 to n, such as 1/4")
    return cases[i - 1 :: n]


class _Run:
    """Hands out the cases that are not done, and takes what becomes of them into the journal."""

    def __init__(
        self, journal: Journal, work: Work, total: int, tell: Callable[[Progress], object] | None
    ) -> None:
        self._journal, self._work, self._tell = journal, work, tell
        self._total, self._began = total, time.monotonic()
        self._done = self._failed = self._resumed = 0

    def pending(self, cases: list[Case]) -> Iterator[Case]:
        """Cases whose result is not there, as far as their files need not be read to know it."""
        for case in cases:
            key = known_key(self._journal, case, self._work.recipe)
            if key is not None and self._journal.adopt(case.name, key):
                self._count(resumed=True)
                continue
            self._journal.start(case.name)
            yield case

    def take(self, outcome: Outcome[Case, Done]) -> None:
        """Keep what became of a case."""
        case, done = outcome.task, outcome.result
        if done is not None and done.result is not None:
            self._journal.commit_packed(case.name, done.key, done.result, done.files, outcome.seconds)
            self._count()
        elif done is not None and done.failure is None:
            self._journal.adopt(case.name, done.key, done.files)
            self._count(resumed=True)
        else:
            failure, private = self._failure(outcome)
            self._journal.fail(case.name, failure, private, outcome.seconds)
            self._count(failed=True)

    @staticmethod
    def _failure(outcome: Outcome[Case, Done]) -> tuple[Failure, str]:
        if outcome.result is not None and outcome.result.failure is not None:
            return outcome.result.failure, outcome.result.private
        if outcome.failure is None:
            raise AssertionError("an outcome is a result or a failure")
        text = without_paths(outcome.task, outcome.failure.text)
        return Failure(outcome.failure.kind, text), f"{outcome.failure.text}\n{outcome.traceback}".strip()

    def _count(self, *, resumed: bool = False, failed: bool = False) -> None:
        self._done += not failed
        self._failed += failed
        self._resumed += resumed
        if self._tell is not None:
            self._tell(self.progress())

    def progress(self) -> Progress:
        """How far the run is."""
        seconds = time.monotonic() - self._began
        return Progress(self._done, self._failed, self._total, self._resumed, seconds)
