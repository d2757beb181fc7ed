"""One side in a process of its own.

``python -m peers._fresh ROW SIDE PEER FOLDER CASE RESULT`` does the row's work once, where SIDE is "ours" or
"theirs"; writes how many columns the CSV has, and for "memory" the peak (Linux), as JSON to RESULT.
"""

import importlib
import json
import sys
from functools import partial
from pathlib import Path


def _status(key: str) -> int:
    """A line of the kernel's record of this process, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


def _do(module, row: str, extra: tuple, case) -> int:
    return len(module.values(row, getattr(module, row)(case, *extra)()))


def main(row: str, side: str, peer: str, folder: str, case: str, result: str) -> None:
    from ._cases import load
    from ._machine import one_core

    one_core()
    adapter = importlib.import_module(f"peers.{peer}")
    module = importlib.import_module("peers._fasttex") if side == "ours" else adapter
    extra = (adapter,) if side == "ours" else ()
    found: dict[str, float] = {}
    if row == "file_to_csv":
        files = [str(Path(folder) / case / f"{key}.nii") for key in ("image", "mask")]
        module.file_to_csv(*files, f"{result}.csv", *extra)
        with open(f"{result}.csv", encoding="utf-8") as file:
            found["columns"] = file.readline().count(",") + 1
    elif row == "cold_start":
        module.everything(load(folder, case), *extra)()
    else:
        run = partial(_do, module, "everything", extra)
        run(load(folder, "smooth-1k-32"))
        before, big = _status("VmRSS"), load(folder, case)
        found["values"] = run(big)
        found |= {"before_bytes": before, "peak_bytes": _status("VmHWM")}
    Path(result).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
