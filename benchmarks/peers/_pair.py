"""One peer and fasttex in one process, turn by turn.

``python -m peers._pair JOBS RESULTS`` reads a JSON of ``{"peer", "folder", "jobs": [{"row", "case",
"repeats", "seconds"}]}`` and writes one line of JSON per job as soon as it is done.
"""

import gc
import importlib
import json
import sys
from typing import Any

from . import _fasttex
from ._agreement import compare
from ._cases import load
from ._machine import one_core
from ._times import once, turns


def measure(job: dict[str, Any], folder: str, peer: Any) -> dict[str, Any]:
    """Warm both sides, compare what they return, and time them in turns."""
    row, case = job["row"], load(folder, job["case"])
    sides = [getattr(_fasttex, row)(case, peer), getattr(peer, row)(case)]
    first, ours = once(sides[0])
    second, theirs = once(sides[1])
    agreement = compare(_fasttex.values(row, ours), peer.values(row, theirs))
    del ours, theirs
    times = turns(sides, job["repeats"], job["seconds"])
    for side, (wall, _) in zip(times, (first, second), strict=True):
        side["first_s"] = wall
    return {"ours": times[0], "theirs": times[1], **agreement}


def main(jobs: str, results: str) -> None:
    one_core()
    with open(jobs, encoding="utf-8") as file:
        asked = json.load(file)
    peer = importlib.import_module(f"peers.{asked['peer']}")
    for job in asked["jobs"]:
        print(f"{asked['peer']}: {job['row']}/{job['case']}", file=sys.stderr, flush=True)
        found = {"peer": asked["peer"], "row": job["row"], "case": job["case"]}
        try:
            found.update(measure(job, asked["folder"], peer))
        except Exception as error:  # of a peer: a row that says so, and on to the next
            gc.enable()
            found["error"] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        with open(results, "a", encoding="utf-8") as file:
            file.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
