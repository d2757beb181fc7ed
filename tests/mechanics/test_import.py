"""`import fasttex` is light."""

import json
import subprocess
import sys

import pytest

HEAVY = ("numba", "SimpleITK", "scipy", "cupy", "pandas", "pyarrow", "matplotlib", "click", "msgspec")


def run(code: str) -> str:
    """In a fresh process, without the current directory on its path."""
    return subprocess.run(
        [sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True, timeout=120
    ).stdout


def test_import_loads_nothing_heavy():
    loaded = json.loads(run("import json, sys, fasttex; print(json.dumps(list(sys.modules)))"))
    assert "fasttex" in loaded
    assert not set(HEAVY) & set(loaded)


def test_cpp_extraction_of_an_array_loads_no_numba():
    pytest.importorskip("fasttex.kernels.cpp", exc_type=ImportError)
    code = (
        "import json, sys, numpy as np, fasttex\n"
        "a = np.arange(8).reshape(2, 2, 2)\n"
        "fasttex.extract(a, a > 2, backend='cpp')\n"
        "print(json.dumps(list(sys.modules)))"
    )
    assert "numba" not in json.loads(run(code))


def test_every_public_name_is_there():
    import fasttex

    for name in fasttex.__all__:
        assert getattr(fasttex, name) is not None
    assert set(fasttex.__all__) == set(fasttex._HOMES)
    with pytest.raises(AttributeError, match="has no attribute 'glcn'"):
        fasttex.glcn  # noqa: B018
