"""Peak memory of one extraction beyond its inputs, in bytes per voxel of the ROI's box (Linux).

Run it once per case, as the peak is the process's: ``python benchmarks/memory.py [SPACING_MM]``.
"""

import sys
from pathlib import Path

from volumes import ellipsoid

import fasttex


def status(key):
    """A line of the kernel's record of this process, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


def main(spacing_mm=None):
    recipe = fasttex.Settings(spacing_mm=spacing_mm and float(spacing_mm))
    fasttex.extract(*ellipsoid(1_000), recipe, threads=1)  # imports, and what is made at first use
    image, mask = ellipsoid(4_000_000)
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # forgets the peak so far
    before = status("VmRSS")
    table = fasttex.extract(image, mask, recipe, threads=1)
    peak = status("VmHWM") - before
    print(f"{table.rows[0].voxels} voxels in the ROI, {image.size} in its box (int16), spacing {spacing_mm}")
    print(f"peak {peak / 1e6:.0f} MB, {peak / image.size:.1f} bytes per voxel of the box")


if __name__ == "__main__":
    main(*sys.argv[1:])
