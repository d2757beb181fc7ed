"""Write what PyRadiomics makes of image_cases.py, in an environment that has it: python make_golden_images.py.

With the argument ``lbp3D`` only that part, which needs a SciPy before 1.15 and trimesh; without it, all else.
"""

import csv
import json
import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from pyradiomics.image_cases import GROUPS, numbers, results
from radiomics import imageoperations

LIBRARIES = ("pyradiomics-bhklab", "numpy", "SimpleITK", "scipy", "PyWavelets", "scikit-image")


def main(groups: list[str], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"# {', '.join(f'{name} {version(name)}' for name in LIBRARIES)}\n")
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["group", "case", "result", "quantity", "value"])
        for group in groups:
            for case, (kind, settings) in GROUPS[group].items():
                rows.writerow([group, case, "", f"{kind}: settings", json.dumps(settings)])
                for name, image in results(imageoperations, group, case):
                    rows.writerows([group, case, name, *item] for item in numbers(image).items())


if __name__ == "__main__":
    data = Path(__file__).parent / "data"
    if sys.argv[1:] == ["lbp3D"]:
        main(["lbp3D"], data / "pyradiomics_images_lbp3d.csv")
    else:
        main([group for group in GROUPS if group != "lbp3D"], data / "pyradiomics_images.csv")
