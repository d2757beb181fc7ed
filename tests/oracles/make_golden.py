"""Write the golden file of this version of the numbers: ``python tests/oracles/make_golden.py``.

Only after `fasttex.conventions.NUMERICS` was raised, with an entry "Values changed" in the changelog; or with
``--unreleased``, which writes it anew, as long as no release has these numbers. The compiled engine computes.
"""

import csv
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from oracles.cases import ROIS, values
from oracles.ibsi import DATA

from fasttex.conventions import NUMERICS
from fasttex.features.engine import features_engine

PATH = DATA / f"golden_numerics_{NUMERICS}.csv"


def main():
    if PATH.exists() and "--unreleased" not in sys.argv[1:]:
        raise SystemExit(f"{PATH.name} exists; values may only change together with NUMERICS")
    if features_engine() != "compiled":
        raise SystemExit("the compiled features engine is not here; install with FASTTEX_REQUIRE_CPP=1")
    found = {case: values(case, "reference") for case in ROIS}
    with PATH.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["column", *ROIS])
        for column in found["phantom"]:
            writer.writerow([column, *(found[case][column].hex() for case in ROIS)])
    print(f"{len(found) * len(found['phantom'])} values in {PATH.name}")


if __name__ == "__main__":
    main()
