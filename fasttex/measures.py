"""Bytes said in words, widths that hold, and seconds per stage."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import SettingsError

__all__ = ["Stopwatch", "parse_bytes", "round_up"]

_UNITS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}


def parse_bytes(size: int | str, name: str = "memory_limit") -> int:
    """Turn a size such as ``"2GB"``, ``"500 MiB"`` or ``1_000_000`` into bytes.

    Parameters
    ----------
    size : int or str
    name : str
        What the error calls it.

    Raises
    ------
    SettingsError
        It is no size, or not above 0.

    Examples
    --------
    >>> parse_bytes("2GB"), parse_bytes("1.5 KiB")
    (2000000000, 1536)
    """
    match = re.fullmatch(r"\s*([0-9_]*\.?[0-9]+)\s*([kmgt]i?)?b?\s*", str(size).lower())
    n_bytes = int(float(match[1]) * _UNITS[match[2] or ""]) if match else 0
    if n_bytes <= 0:
        raise SettingsError(
            f"{name} is {size!r}, expected bytes or a text with a unit, such as '2GB' or '500MiB'"
        )
    return n_bytes


def round_up(width: float) -> str:
    """Two digits, never less than the width itself, for a suggestion that holds.

    Examples
    --------
    >>> round_up(0.1234)
    '0.13'
    """
    text = f"{width * 1.05:.2g}"
    return text if float(text) >= width else f"{width * 1.1:.2g}"


class Stopwatch:
    """Adds up the seconds that each stage took.

    Attributes
    ----------
    seconds : dict of float
        By stage, in order of first use.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time inside the ``with`` block towards `name`."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin
