"""What runs leave in their directory when they are killed: temporary folders and files half written."""

from __future__ import annotations

import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["POOL_PREFIX", "sweep"]

#: How the temporary folder of a pool is called, before what is random.
POOL_PREFIX = "fasttex-workers-"
_PARTIAL = re.compile(r"\.(features|features_long|diagnostics|provenance)\.(csv|parquet|json)\.[0-9a-f]{8}")
_QUIET_S = 60.0  # an export beside the run writes more often than that


def sweep(folder: Path) -> None:
    """Remove them. Whoever calls this holds the lock, so that no pool works there."""
    for path in folder.iterdir():
        with suppress(OSError):
            if path.name.startswith(POOL_PREFIX):
                shutil.rmtree(path)
            elif _PARTIAL.fullmatch(path.name) and path.stat().st_mtime < time.time() - _QUIET_S:
                path.unlink()
