"""How far a run is, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .cases import Failure

__all__ = ["Progress", "Summary"]


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    done, failed, total : int
        Cases; those done in earlier runs count as done.
    resumed : int
        Of the done ones, those of earlier runs.
    seconds : float
        Since this run began.
    """

    done: int
    failed: int
    total: int
    resumed: int
    seconds: float

    @property
    def rate(self) -> float:
        """Cases per second of this run."""
        return (self.done + self.failed - self.resumed) / max(self.seconds, 1e-9)


@dataclass(frozen=True)
class Summary:
    """What a run came to.

    Attributes
    ----------
    progress : Progress
    failures : tuple of (Failure, int)
        An example of each reason, and how many cases failed for it.
    changes : tuple of str
        What differs from the settings of the run before in this directory.
    files : tuple of Path
        The tables written.
    skipped : str
        Which tables were not written, and why; mostly empty.
    rows, failed_rows : int
        Of the cases that are done: one per ROI and recipe. The column ``error`` says why one failed.
    """

    progress: Progress
    failures: tuple[tuple[Failure, int], ...]
    changes: tuple[str, ...]
    files: tuple[Path, ...]
    skipped: str = ""
    rows: int = 0
    failed_rows: int = 0
