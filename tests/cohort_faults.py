"""What goes wrong in a worker that no file can cause: reading a case by the name of its image does it."""

import signal
import time

from fasttex.cohort import work


def begin(context, case):
    """As `fasttex.cohort.work.begin`, with faults by the file's name."""
    kind = case.image.name.partition(".")[0]
    if kind == "hang":
        time.sleep(1000)
    if kind == "crash":
        signal.raise_signal(signal.SIGSEGV)  # in this very thread, before its next line, as a real one
    if kind == "killed":
        signal.raise_signal(signal.SIGKILL)
    if kind == "forbidden":
        return work.failed(case, PermissionError(13, "Permission denied", str(case.image)))
    if kind == "odd":
        raise RuntimeError(f"nobody expected {str(case.image)!r} in {case.image.parent}")
    return work.begin(context, case)


def slowly(context, case):
    """As `fasttex.cohort.work.begin`, with time for something to happen meanwhile."""
    time.sleep(0.04)
    return work.begin(context, case)


def never(context, case, prepared):
    """In place of `fasttex.cohort.work.finish`, where nothing may be computed anew."""
    if getattr(prepared, "picture", None) is not None:
        raise AssertionError(f"case {case.name} is computed again")
    return work.finish(context, case, prepared)
