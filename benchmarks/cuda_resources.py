"""Registers, shared memory, spills and code size of every CUDA kernel, by architecture and toolkit; without a GPU.

``python benchmarks/cuda_resources.py -o FILE``; how to install the compilers is said in
tests/cuda_compile/toolkits.py. The tests of the same folder bound these figures.
"""

import argparse
import csv
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from cuda_compile.builds import ARCHITECTURES, BYTES_PER_INSTRUCTION, build, opcodes
from cuda_compile.toolkits import TOOLKITS, nvrtc

COLUMNS = ("registers", "shared_bytes", "stack_bytes", "spill_bytes")


def rows():
    for toolkit in TOOLKITS:
        for architecture in ARCHITECTURES:
            code = opcodes(toolkit, architecture)
            for kernel in build(toolkit, architecture).kernels:
                yield {
                    "kernel": kernel.name,
                    "architecture": f"sm_{architecture}",
                    "nvrtc": nvrtc(toolkit).version,
                    **{column: getattr(kernel, column) for column in COLUMNS},
                    "code_bytes": BYTES_PER_INSTRUCTION * code[kernel.name].total(),
                }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="CSV to write")
    output = parser.parse_args().output
    found = sorted(rows(), key=lambda row: row["kernel"])
    with output.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, found[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)


if __name__ == "__main__":
    main()
