"""fasttex and its peers, side by side: speed, memory, and whether they agree.

``python benchmarks/compare.py --peers pyradiomics pictologics -o results.json`` installs each peer and fasttex's
wheel into a venv of its own, times both in turns in one process there, on the same arrays and on one thread,
writes JSON, and prints a table.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from peers import _venvs
from peers._machine import machine
from peers._rows import CASES, FRESH, OF_TOOLS, ROWS, chosen
from peers._times import summary
from report import markdown

PEERS = ("pyradiomics", "flash-radiomics", "pictologics", "mirp", "nyxus")
ALWAYS = ("numpy_digitize", "simpleitk")  # every venv of fasttex has them
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1",
    "PICTOLOGICS_DISABLE_WARMUP": "1",
}
PAIR_LIMIT_S = 1800


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--peers", nargs="*", default=PEERS, choices=PEERS, help="default: all")
    parser.add_argument(
        "--cases",
        nargs="*",
        default=[],
        metavar="ROW/CASE",
        help="patterns, such as 'matrix_*/smooth-*'; rows: " + " ".join(ROWS),
    )
    parser.add_argument("--repeats", type=int, help="pairs of runs at most; default 15, quick 7")
    parser.add_argument("--seconds", type=float, help="per row; 3 pairs at least; default 8, quick 1.5")
    parser.add_argument("--quick", action="store_true", help="smaller cases, fewer repeats")
    parser.add_argument("--work", type=Path, default=Path("peers-work"), help="for venvs and data")
    parser.add_argument("-o", "--output", type=Path, default=Path("results.json"))
    options = parser.parse_args()
    options.work = options.work.resolve()
    options.repeats = options.repeats or (7 if options.quick else 15)
    options.seconds = options.seconds or (1.5 if options.quick else 8)
    return options


def main() -> None:
    options = arguments()
    os.environ.update(ONE_THREAD)
    wanted = chosen(options.cases, options.quick)
    venvs, failures = install_all(options)
    cases = make_data(options.work, venvs["fasttex"], wanted)
    results: dict[str, Any] = {"machine": machine(), "quick": options.quick, "commit": commit()}
    results["peers"] = {name: {"reason": reason} for name, reason in failures.items()}
    results["rows"] = []
    for name, venv in venvs.items():
        if name == "fasttex":
            results["fasttex"] = version(venv, "fasttex")
            continue
        adapter = importlib.import_module(f"peers.{module_of(name)}")
        results["peers"][name] = described(adapter, venv)
        jobs = [(row, case) for row, case in wanted if case in cases and not skipped(adapter, row, case)]
        results["rows"] += pairs(name, venv, jobs, options) + fresh_rows(name, venv, jobs, options)
        options.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(markdown(results))


def module_of(peer: str) -> str:
    """The adapter's name."""
    return peer.replace("-", "_")


def described(adapter: Any, venv: Path) -> dict[str, Any]:
    """A peer's version and note, the rows that it has no function for, and those that are left out."""
    return {
        "version": version(venv, adapter.DISTRIBUTION),
        "note": adapter.NOTE,
        "lacks": [row for row in ROWS if row not in OF_TOOLS and not has(adapter, row)]
        if adapter.FAMILIES
        else [],
        "skips": list(adapter.SKIP),
    }


def has(adapter: Any, row: str) -> bool:
    """Whether a peer has a function for a row."""
    return hasattr(adapter, "everything" if row in ("cold_start", "memory") else row)


def skipped(adapter: Any, row: str, case: str) -> bool:
    """Whether a peer has no function for a row, or its adapter leaves it out."""
    return not has(adapter, row) or any(fnmatch(f"{row}/{case}", p) for p in adapter.SKIP)


def install_all(options: argparse.Namespace) -> tuple[dict[str, Path], dict[str, str]]:
    """Venvs by peer, and reasons of the peers that do not install."""
    options.work.mkdir(parents=True, exist_ok=True)
    base = options.work / "fasttex"
    _venvs.make(base)
    wheel = _venvs.build_wheel(base, options.work)
    _venvs.install(base, wheel, ())
    venvs, failures = {"fasttex": base}, {}
    for name in options.peers:
        print(f"installing {name}", file=sys.stderr, flush=True)
        adapter = importlib.import_module(f"peers.{module_of(name)}")
        try:
            _venvs.install(options.work / name, wheel, adapter.REQUIREMENTS)
            venvs[name] = options.work / name
        except _venvs.NotInstalled as error:
            failures[name] = str(error)
    return venvs | dict.fromkeys(ALWAYS, base), failures


def make_data(work: Path, venv: Path, wanted: list[tuple[str, str]]) -> list[str]:
    """Write the arrays and files of the cases; names those that there are data for."""
    names = list(dict.fromkeys(case for _, case in wanted))
    if any(row == "memory" for row, _ in wanted):
        names.append(CASES["cold_start"][0])
    command = [_venvs.python_of(venv), "-m", "peers._cases", str(work / "data"), *names]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def pairs(name: str, venv: Path, jobs: list[tuple[str, str]], options: argparse.Namespace) -> list[dict]:
    """All rows of one peer that share a process."""
    asked = [
        {"row": row, "case": case, "repeats": options.repeats, "seconds": options.seconds}
        for row, case in jobs
        if row not in FRESH
    ]
    if not asked:
        return []
    todo, done = options.work / "jobs.json", options.work / "done.jsonl"
    done.write_text("", encoding="utf-8")
    described = {"peer": module_of(name), "folder": str(options.work / "data"), "jobs": asked}
    todo.write_text(json.dumps(described), encoding="utf-8")
    command = [_venvs.python_of(venv), "-m", "peers._pair", str(todo), str(done)]
    error = run_quietly(command, PAIR_LIMIT_S)
    rows = [json.loads(line) for line in done.read_text(encoding="utf-8").splitlines()]
    rows += [{"row": job["row"], "case": job["case"], "error": error} for job in asked[len(rows) :]]
    return [{**row, "peer": name} for row in rows]


def run_quietly(command: list[str], limit_s: float) -> str:
    """Run a process in the folder of benchmarks; what went wrong, or ""."""
    try:
        done = subprocess.run(
            command,
            cwd=Path(__file__).parent,
            timeout=limit_s,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"took more than {limit_s:.0f} s"
    return (_venvs.last_error(done.stderr) or "the process ended") if done.returncode else ""


def fresh_rows(name: str, venv: Path, jobs: list[tuple[str, str]], options: argparse.Namespace) -> list[dict]:
    """Rows with a process per measurement, in turns."""
    rows = []
    for row, case in jobs:
        if row in FRESH:
            print(f"{name}: {row}/{case}", file=sys.stderr, flush=True)
            once = 1 if row == "memory" else 3 if options.quick else 7
            rows.append(
                {"peer": name, "row": row, "case": case, **in_turns(name, venv, row, case, once, options)}
            )
    return rows


def in_turns(name: str, venv: Path, row: str, case: str, repeats: int, options: argparse.Namespace) -> dict:
    """Times of whole processes, and what they say; the first of each side only warms."""
    spent: dict[str, list[tuple[float, float]]] = {"ours": [], "theirs": []}
    said: dict[str, dict] = {}
    result = options.work / "fresh.json"
    for n in range(repeats + (row != "memory")):
        for side in ("ours", "theirs") if n % 2 else ("theirs", "ours"):
            command = [_venvs.python_of(venv), "-m", "peers._fresh", row, side, module_of(name)]
            began, before = time.perf_counter(), children_cpu()
            error = run_quietly([*command, str(options.work / "data"), case, str(result)], 600)
            spent[side].append((time.perf_counter() - began, children_cpu() - before))
            if error:
                return {"error": error}
            said[side] = json.loads(result.read_text(encoding="utf-8"))
    if row == "memory":
        return said
    return {side: summary(*zip(*s[1:], strict=True)) | said[side] for side, s in spent.items()}


def children_cpu() -> float:
    """CPU seconds of all processes that ended so far (Unix)."""
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def version(venv: Path, distribution: str) -> str:
    """Of what is installed there."""
    code = f"from importlib.metadata import version; print(version({distribution!r}))"
    done = subprocess.run([_venvs.python_of(venv), "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit() -> str:
    """The checkout's, with + where files were changed since; "" outside of one."""
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip()


if __name__ == "__main__":
    main()
