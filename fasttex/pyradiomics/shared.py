"""What several ROIs of an image have in common, and what is computed beside their features."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from ..backends import resolve_threads

__all__ = ["Shared"]


class Shared:
    """What the labels of one image have in common, made once and kept as long as this.

    Parameters
    ----------
    many : bool
        Whether there are several labels, for which it pays to prepare more.
    """

    def __init__(self, *, many: bool = False) -> None:
        self.many = many
        self._made: dict[tuple[str, int], tuple[Any, Any]] = {}
        self._begun: list[Future[Any]] = []

    def __enter__(self) -> Shared:
        return self

    def __exit__(self, *failure: object) -> None:
        """Wait for all that is begun: no thread reads an image that its owner may change again."""
        wait(self._begun)

    def once(self, what: str, source: Any, make: Callable[[], Any]) -> Any:
        """The result of `make`, which depends on the object `source` alone."""
        key = what, id(source)
        if key not in self._made:
            self._made[key] = source, make()  # who keeps the source keeps its id
        return self._made[key][1]

    def later(self, compute: Callable[[], Any]) -> Callable[[], Any]:
        """Begin to compute in another thread; what is given back waits for the result, or raises.

        Where this process has one processor, or cannot have another thread, it is computed at once.
        """
        if resolve_threads(None) > 1:
            pool = ThreadPoolExecutor(1)  # made here, so that it is no concern of processes forked before
            try:
                begun = pool.submit(compute)
                self._begun.append(begun)
                return begun.result
            except RuntimeError:  # too many threads, or the interpreter is about to end
                pass
            finally:
                pool.shutdown(wait=False)
        result = compute()
        return lambda: result

    def forget(self, what: str) -> None:
        """Let go of results by this name, and of their sources."""
        self._made = {key: made for key, made in self._made.items() if key[0] != what}
