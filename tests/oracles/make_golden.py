"""Write the golden file of this version of the numbers: ``python tests/oracles/make_golden.py``.

Only after `fasttex.conventions.NUMERICS` was raised, with an entry "Values changed" in the changelog.
"""

import csv
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from oracles.cases import ROIS, values
from oracles.ibsi import DATA

from fasttex.backends import compiled
from fasttex.conventions import NUMERICS

PATH = DATA / f"golden_numerics_{NUMERICS}.csv"


def main():
    if PATH.exists():
        raise SystemExit(f"{PATH.name} exists; values may only change together with NUMERICS")
    if compiled() is None:
        raise SystemExit("the compiled extension is not here, whose bits the file holds")
    found = {case: values(case, "reference") for case in ROIS}
    with PATH.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["column", *ROIS])
        for column in found["phantom"]:
            writer.writerow([column, *(found[case][column].hex() for case in ROIS)])
    print(f"{len(found) * len(found['phantom'])} values in {PATH.name}")


if __name__ == "__main__":
    main()
