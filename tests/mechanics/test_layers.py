"""A file imports only from files above it."""

import ast
from pathlib import Path

import fasttex

PACKAGE = Path(fasttex.__file__).parent

# From the bottom of the house to its top. A folder stands for all its files, which may import each other.
CORE = [
    "errors", "storage", "cores", "types", "measures", "conventions", "settings", "kernels/contract",
    "kernels/reference", "kernels/numba_cpu", "kernels/cpp", "kernels/cuda", "backends", "io", "matrices",
    "preprocess", "features", "provenance", "writing", "table", "rows", "extraction",
]  # fmt: skip
# Uses the core and is never used by it.
OUTER = ["ibsi", "catalog", "verify", "demo", "doctor", "bench", "pyradiomics", "cohort", "startup", "cli"]
ORDER = [*CORE, *OUTER]


def layer(module: str) -> int | None:
    """The place of a module such as ``kernels/cpp/_cpp`` or ``types``; None outside the layers."""
    places = [n for n, name in enumerate(ORDER) if module == name or module.startswith(f"{name}/")]
    return places[0] if places else None


def imports(path: Path) -> set[str]:
    """Modules of fasttex that a file imports, wherever in it, as paths within the package."""
    here = path.relative_to(PACKAGE).with_suffix("").parts
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*here[: -node.level], *(node.module or "").split(".")]
            base = [part for part in base if part]
            found.add("/".join(base))
            found |= {"/".join([*base, alias.name]) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fasttex"):
            base = (node.module or "").split(".")[1:]
            found.add("/".join(base))
            found |= {"/".join([*base, alias.name]) for alias in node.names}
    return found


def test_imports_go_up_only():
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        module = str(path.relative_to(PACKAGE).with_suffix(""))
        own = layer(module.removesuffix("/__init__"))
        if own is None:
            assert module in ("__init__", "kernels/__init__"), f"{module} has no layer: give it one here"
            continue
        wrong += [
            f"{module} imports {other}"
            for other in imports(path)
            if (theirs := layer(other)) is not None and theirs > own
        ]
    assert not wrong


def test_a_wrong_import_would_be_noticed(tmp_path, monkeypatch):
    (tmp_path / "types.py").write_text(
        "from .backends import get_backend\nfrom fasttex.io import read_image\n"
    )
    monkeypatch.setattr(f"{__name__}.PACKAGE", tmp_path)
    found = imports(tmp_path / "types.py")
    assert {layer(other) for other in found} >= {ORDER.index("backends"), ORDER.index("io")}
