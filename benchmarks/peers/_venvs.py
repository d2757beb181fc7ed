"""A venv per peer, each with the same wheel of fasttex."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


class NotInstalled(Exception):
    """The reason, in one line."""


def python_of(venv: Path) -> str:
    """Its interpreter."""
    return str(venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))


def make(venv: Path) -> None:
    """A new venv of the running Python; one that is there is kept."""
    if not Path(python_of(venv)).exists():
        _run([sys.executable, "-m", "venv", str(venv)])


def build_wheel(venv: Path, folder: Path) -> Path:
    """fasttex's wheel from this checkout; FASTTEX_REQUIRE_CPP=1 makes a missing compiler an error."""
    for old in folder.glob("fasttex-*.whl"):
        old.unlink()
    _run([python_of(venv), "-m", "pip", "wheel", "--no-deps", "-w", str(folder), str(REPOSITORY)])
    return next(folder.glob("fasttex-*.whl"))


def install(venv: Path, wheel: Path, requirements: Sequence[str]) -> None:
    """Requirements where they are missing, and this very wheel.

    Raises
    ------
    NotInstalled
        With the last line of what pip said.
    """
    make(venv)
    pip = [python_of(venv), "-m", "pip", "install", "--disable-pip-version-check"]
    if requirements:
        _run([*pip, *requirements])
    _run([*pip, str(wheel)])
    _run([*pip, "--force-reinstall", "--no-deps", str(wheel)])


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(command[0]).parent, check=False)
    if done.returncode:
        raise NotInstalled(last_error(done.stderr) or f"exit status {done.returncode}")


def last_error(text: str) -> str:
    """The last line that says "error", or else the last one; without paths."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()] or lines
    words = [word for word in errors[-1].split() if "/" not in word] if errors else []
    return " ".join(words)[:200]
