"""Planted bugs in the Numba kernels, each of which the checks of agreement must catch."""

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import backend_or_skip
from kernel_cases import check_everything

from fasttex.kernels.contract import KERNELS

# kernel, what is planted, the line of the kernel, the line with the bug
BUGS = [
    ("border_distance", "the last row forgotten", "if y < height - 1 else", "if y < height - 2 else"),
    ("border_distance", "the last plane forgotten", "if z < depth - 1 else", "if z < depth else"),
    ("border_distance", "sweep back forgotten", "near = min(near + 1, np.int64(distance[x]))", "near = distance[x]"),
    ("discretize", "an edge on the wrong side", "edges[middle] <= x", "edges[middle] < x"),
    ("discretize", "divided before multiplied", "n_levels * (x - origin) / width", "n_levels * ((x - origin) / width)"),
    ("discretize", "multiplied by the inverse", "np.floor((x - origin) / width)", "np.floor((x - origin) * (1.0 / width))"),
    ("glcm", "a dropped direction", "range(n):\n                table", "range(n - np.uint64(1)):\n                table"),
    ("glcm", "lowest level taken for outside", "if j > 0:", "if j > 1:"),
    ("glrlm", "runs not carried over planes", "(z - planes_back) % 2", "z % 2"),
    ("glrlm", "runs above 255 wrapped", "np.min_scalar_type(longest - 1)", "np.uint8"),
    ("glrlm", "one voxel too long", "old[x] + 1 if", "old[x] + 2 if"),
    ("glrlm", "a lone voxel missing", "counts[:, :, :-1] -= counts[:, :, 1:]", "counts[:, :, :-1] -= counts[:, :, :1]"),
    ("neighborhood", "outside counted as alike", "alike[x] += here & (", "alike[x] += ("),
    ("neighborhood", "sums in 8 bits", "np.promote_types(np.int16, np.min_scalar_type(-n * n_levels))", "np.dtype(np.int8)"),
    ("resample", "the weights swapped", "a[x] * (1.0 - w) + b[x] * w", "a[x] * w + b[x] * (1.0 - w)"),
    ("resample", "a kept plane overwritten", "kept[0] != other", "kept[0] != wanted"),
    ("resample", "added up in another form", "a[x] * (1.0 - w) + b[x] * w", "a[x] + (b[x] - a[x]) * w"),
    ("surface", "nothing behind the last plane", "range(depth + 1)", "range(depth)"),
    ("surface", "nothing behind the last row", "range(height + 1)", "range(height)"),
    ("surface", "corners swapped", "back[x + 1] << np.uint8(2)", "back[x + 1] << np.uint8(3)"),
    ("surface", "eight cubes as one", "all_inside += 8", "all_inside += 1"),
    ("zones", "zones not united", "parents[other] = label", "parents[label] = label"),
    ("zones", "one neighbor too few", "thinned[mask] |= thinned[without]", "pass"),
    ("zones", "labels of the wrong plane", "(z - planes_back) % 2", "z % 2"),
    ("zones", "distances not handed on", "near[parent] = min(near[parent], near[label])", "pass"),
    ("zones", "a lone voxel missing", "if parents[label] == label:", "if parents[label] == label and sizes[label] > 1:"),
]  # fmt: skip


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Function that makes a backend of one Numba kernel from source text, with nothing kept in a cache."""
    numba = backend_or_skip("numba")
    folder = Path(numba.__file__).parent
    monkeypatch.setattr("fasttex.kernels.numba_cpu.jit._cache_is_private", lambda: False)

    def load(kernel, before="", after=""):
        source = (folder / f"{kernel}.py").read_text()
        if before:
            assert source.count(before) == 1, f"{before!r} is no longer one place of {kernel}.py"
            source = source.replace(before, after)
        path = tmp_path / f"{kernel}.py"
        path.write_text(source)
        spec = importlib.util.spec_from_file_location(f"fasttex.kernels.numba_cpu._planted_{kernel}", path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return SimpleNamespace(NAME="planted", **{kernel: getattr(module, kernel)})

    return load


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_source_as_it_is_passes(load, kernel):
    check_everything(load(kernel), kernel)


@pytest.mark.parametrize(
    ("kernel", "before", "after"),
    [pytest.param(kernel, before, after, id=f"{kernel}: {name}") for kernel, name, before, after in BUGS],
)
def test_a_planted_bug_is_caught(load, kernel, before, after):
    with pytest.raises(AssertionError):
        check_everything(load(kernel, before, after), kernel)
