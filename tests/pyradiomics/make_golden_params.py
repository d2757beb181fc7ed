"""Write what PyRadiomics makes of each file in params/, in an environment that has it.

``python make_golden_params.py``, with scikit-image, trimesh and a SciPy before 1.15 for local binary patterns.
"""

import csv
import hashlib
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from pyradiomics.param_cases import PARAMS, images
from radiomics.featureextractor import RadiomicsFeatureExtractor

LIBRARIES = ("pyradiomics-bhklab", "numpy", "SimpleITK", "scipy", "PyWavelets", "scikit-image", "trimesh")
MOST = 60  # values of each file; of its keys a digest stands for all


def main() -> None:
    data = Path(__file__).parent / "data"
    with (data / "pyradiomics_params.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(f"# {', '.join(f'{name} {version(name)}' for name in LIBRARIES)}\n")
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["params", "key", "value"])
        for path in PARAMS:
            found = RadiomicsFeatureExtractor(str(path)).execute(*images(path.stem))
            keys = [key for key in found if not key.startswith("diagnostics")]
            rows.writerow([path.name, "number of keys", len(keys)])
            rows.writerow([path.name, "keys", hashlib.sha256("\n".join(keys).encode()).hexdigest()])
            for key in keys[:: -(-len(keys) // MOST)]:
                rows.writerow([path.name, key, repr(float(np.real(found[key])))])


if __name__ == "__main__":
    main()
