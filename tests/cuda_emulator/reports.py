"""What the emulator has to say about a kernel, in words."""

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Report:
    """One fault: its kind, the kernel, the places in its source (one or two), and a sentence."""

    kind: str
    kernel: str
    lines: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.kind} in {self.kernel}: {self.text}"


class KernelFault(AssertionError):
    """A kernel did what CUDA does not allow; ``reports`` says what, where and who."""

    def __init__(self, reports: list[Report]) -> None:
        super().__init__("\n".join(str(report) for report in reports))
        self.reports = reports


def parse(raw: str, kernel: str, line_of: Callable[[int], str]) -> list[Report]:
    """The reports that the runtime wrote, one a line, with lines in place of program counters."""

    def resolve(place: str) -> str:
        return line_of(int(place[3:])) if place.startswith("pc:") else re.sub(r"^.*/", "", place)

    found = []
    for record in raw.splitlines():
        kind, first, second, text = record.split("\t")
        lines = tuple(resolve(place) for place in (first, second) if place)
        found.append(Report(kind, kernel, lines, text.format(*lines, *["?"] * 2)))
    return list(dict.fromkeys(found))
