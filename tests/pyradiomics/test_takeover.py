"""PyRadiomics' place: stood in for by `install`, sped up by `accelerate`; here with a stand-in for PyRadiomics."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif("radiomics" in sys.modules, reason="radiomics is imported already")

# Looks like PyRadiomics where accelerate() looks: its classes compute something else.
PEER = {
    "__init__.py": """
        from . import glcm
        _classes = {"glcm": glcm.RadiomicsGLCM, "odd": object}
        def getFeatureClasses():
            return _classes
    """,
    "glcm.py": """
        class RadiomicsGLCM:
            def __init__(self, inputImage, inputMask, **kwargs):
                self.voxelBased = kwargs.get("voxelBased", False)
            def enableAllFeatures(self):
                pass
            def execute(self):
                return {"Contrast": -1.0}
    """,
    "imageoperations.py": """
        def checkMask(imageNode, maskNode, **kwargs):
            if maskNode is None:
                raise TypeError("no mask")
            return "own", kwargs
    """,
    "featureextractor.py": """
        from . import getFeatureClasses
        class RadiomicsFeatureExtractor:
            def execute(self, image, mask, voxelBased=False):
                made = getFeatureClasses()["glcm"](image, mask, voxelBased=voxelBased)
                made.enableAllFeatures()
                return {f"original_glcm_{k}": v for k, v in made.execute().items()}
    """,
}
IMAGES = """
import numpy as np, SimpleITK as sitk
image = sitk.GetImageFromArray(np.arange(60.0).reshape(3, 4, 5) % 7 * 30)
mask = sitk.GetImageFromArray(np.ones((3, 4, 5), np.uint8))
def extract(_=None):
    import radiomics.featureextractor
    found = radiomics.featureextractor.RadiomicsFeatureExtractor().execute(image, mask)
    return {k: float(v) if "glcm" in k else v for k, v in found.items()}
"""


@pytest.fixture
def run(tmp_path):
    """Run a script in a fresh process with the stand-in on its path; returns what it prints, as JSON."""
    for name, text in PEER.items():
        path = tmp_path / "peer" / "radiomics" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))

    def run(script, *, peer=True, command=(sys.executable,), **variables):
        path = tmp_path / "script.py"
        path.write_text(IMAGES + textwrap.dedent(script))
        environment = {**os.environ, **variables, "PYTHONPATH": str(tmp_path / "peer") if peer else ""}
        done = subprocess.run(
            [*command, str(path)], capture_output=True, text=True, timeout=300, env=environment, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def test_accelerate_and_restore(run):
    found = run("""
        import json, fasttex.pyradiomics
        before = extract()
        on = fasttex.pyradiomics.accelerate()
        assert fasttex.pyradiomics.accelerate() is on
        during = extract()
        import radiomics.featureextractor as f
        maps = f.RadiomicsFeatureExtractor().execute(image, mask, voxelBased=True)["original_glcm_Contrast"]
        on.restore()
        print(json.dumps([before, during, maps, extract(), on.classes]))
    """)
    before, during, maps, after, classes = found
    assert before == after == {"original_glcm_Contrast": -1.0}
    assert during["original_glcm_Contrast"] > 0
    assert len(during) == 25
    assert during["diagnostics_Versions_Accelerated"].startswith("fasttex")
    assert maps == -1.0  # PyRadiomics' own
    assert classes == ["glcm"]


def test_accelerated_values_are_those_of_the_drop_in(run):
    found = run("""
        import json, fasttex.pyradiomics
        from fasttex.pyradiomics.featureextractor import RadiomicsFeatureExtractor
        fasttex.pyradiomics.accelerate()
        own = RadiomicsFeatureExtractor(additionalInfo=False)
        own.disableAllFeatures()
        own.enableFeatureClassByName("glcm")
        print(json.dumps([extract(), {k: float(v) for k, v in own.execute(image, mask).items()}]))
    """)
    accelerated, own = found
    del accelerated["diagnostics_Versions_Accelerated"]
    assert accelerated == own


def test_check_mask_is_ours_where_there_is_nothing_to_object_to(run):
    found = run("""
        import json, fasttex.pyradiomics, radiomics.imageoperations as operations
        def check(mask=mask, **settings):
            box, corrected = operations.checkMask(image, mask, **settings)
            return [box if isinstance(box, str) else box.tolist(), corrected]
        on = fasttex.pyradiomics.accelerate()
        moved = sitk.Image(mask)
        moved.SetOrigin((0.1, 0, 0))
        found = [check(), check(label=2), check(geometryTolerance=1), check(moved, correctMask=True)]
        try:
            operations.checkMask(image, None)
        except TypeError as error:
            found.append(str(error))
        on.restore()
        print(json.dumps([*found, check()]))
    """)
    assert found == [
        [[0, 4, 0, 3, 0, 2], None],
        ["own", {"label": 2}],
        ["own", {"geometryTolerance": 1}],
        ["own", {"correctMask": True}],
        "no mask",
        ["own", {}],
    ]


@pytest.mark.parametrize("where", ["loky", "spawn"])
def test_workers_that_start_anew(run, where):
    pool = {
        "loky": "from joblib import Parallel, delayed\n"
        "    found = Parallel(2)(delayed(extract)() for _ in range(4))",
        "spawn": "import multiprocessing\n"
        "    with multiprocessing.get_context('spawn').Pool(2) as pool: found = pool.map(extract, range(4))",
    }[where]
    if where == "loky":
        pytest.importorskip("joblib")
    script = f"if __name__ == '__main__':\n    import json\n    {pool}\n    print(json.dumps(found))\n"
    for found in run(script, FASTTEX_ACCELERATE="1"):
        assert found["original_glcm_Contrast"] > 0
        assert "diagnostics_Versions_Accelerated" in found
    for found in run(script, FASTTEX_ACCELERATE="0"):
        assert found == {"original_glcm_Contrast": -1.0}


def test_run_accelerates_a_script(run):
    command = [sys.executable, "-c", "from fasttex.cli import main; main()", "run", "--accelerate"]
    assert run("import json; print(json.dumps(extract()))", command=command)["original_glcm_Contrast"] > 0
    assert run("import json; print(json.dumps(extract()))", command=command[:-1]) == {
        "original_glcm_Contrast": -1.0
    }


def test_install_stands_in(run):
    found = run(
        """
        import json, fasttex.pyradiomics
        fasttex.pyradiomics.install()
        fasttex.pyradiomics.install()
        import radiomics
        from radiomics import featureextractor, imageoperations
        import radiomics.glcm
        import fasttex.pyradiomics.glcm as own
        extractor = featureextractor.RadiomicsFeatureExtractor()
        found = extractor.execute(image, mask)
        try:
            fasttex.pyradiomics.accelerate()
        except RuntimeError as error:
            refused = str(error)
        print(json.dumps([
            radiomics.glcm.RadiomicsGLCM is own.RadiomicsGLCM, len(found), radiomics.glcm.__spec__.name, refused,
        ]))
        """,
        peer=False,
    )
    assert found[0] is True
    assert found[1] > 107
    assert found[2] == "fasttex.pyradiomics.glcm"
    assert "install()" in found[3]


def test_install_hides_no_pyradiomics(run):
    found = run("""
        import json, fasttex.pyradiomics
        try:
            fasttex.pyradiomics.install()
        except RuntimeError as error:
            print(json.dumps(str(error)))
    """)
    assert "accelerate()" in found


def test_nothing_to_accelerate():
    from importlib.util import find_spec

    from fasttex.errors import BackendUnavailableError
    from fasttex.pyradiomics import accelerate

    if find_spec("radiomics"):
        pytest.skip("PyRadiomics is installed")
    with pytest.raises(BackendUnavailableError, match="not installed"):
        accelerate()


def test_importing_the_drop_in_changes_nothing(run):
    assert run("import json, fasttex.pyradiomics.featureextractor; print(json.dumps(extract()))") == {
        "original_glcm_Contrast": -1.0
    }
