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
    ("border_distance", "the last row of a slab forgotten", "for y in range(first, last):", "for y in range(first, last - 1):"),
    ("border_distance", "the other end of a stretch forgotten", "min(k + 1, n - k, _FAR)", "min(k + 1, _FAR)"),
    ("discretize", "an edge on the wrong side", "edges[middle] <= x", "edges[middle] < x"),
    ("discretize", "divided before multiplied", "n_levels * (x - origin) / width", "n_levels * ((x - origin) / width)"),
    ("discretize", "multiplied by the inverse", "np.floor((x - origin) / width)", "np.floor((x - origin) * (1.0 / width))"),
    ("glcm", "a dropped direction", "range(n):\n                table", "range(n - np.uint64(1)):\n                table"),
    ("glcm", "lowest level taken for outside", "if j > 0:", "if j > 1:"),
    ("glrlm", "looked back twice where three times", "levels[first - 3 * step : first - 3 * step + n]", "levels[first - 2 * step : first - 2 * step + n]"),
    ("glrlm", "not looked ahead", " & (here[x] != ahead[x])", ""),
    ("glrlm", "pairs at the begin of the buffer forgotten", "_look_at_pairs(levels, first, near,", "_look_at_pairs(levels, first, 0,"),
    ("glrlm", "the second half of the directions taken for the first", "members << half * part", "members"),
    ("glrlm", "levels of 16 bits: triples counted as pairs", "np.int64(row[x]), k + 1, sums)", "np.int64(row[x]), 1, sums)"),
    ("glrlm", "long runs one voxel too long", "np.uint64(4) * step, 4", "np.uint64(4) * step, 5"),
    ("glrlm", "pairs of long runs counted again", "runs[1] -= k * runs[k]", "runs[1] -= (k - 1) * runs[k]"),
    ("glrlm", "pairs of runs of three counted again", "runs[1] -= 2 * runs[2]", "runs[1] -= runs[2]"),
    ("glrlm", "voxels of pairs counted again", "runs[0] -= 2 * runs[1]", "runs[0] -= runs[1]"),
    ("neighborhood", "outside counted as alike", "(apart <= within) & (there[x] > none)", "apart <= within"),
    ("neighborhood", "alpha itself not within alpha", "(apart <= within) &", "(apart < within) &"),
    ("neighborhood", "sums that overflow 8 bits", "a % room == room - 1 or a == n_steps - 1", "a == n_steps - 1"),
    ("neighborhood", "neighbors outside counted", "total(n) - total(outside[x])", "total(n)"),
    ("resample", "the weights swapped", "a[x] * (1.0 - w) + b[x] * w", "a[x] * w + b[x] * (1.0 - w)"),
    ("resample", "a kept plane overwritten", "kept[0] != other", "kept[0] != wanted"),
    ("resample", "a slab with the weights of the first", "z[2][planes]", "z[2]"),
    ("resample", "added up in another form", "a[x] * (1.0 - w) + b[x] * w", "a[x] + (b[x] - a[x]) * w"),
    ("surface", "nothing behind the last plane", "range(depth + 1)", "range(depth)"),
    ("surface", "nothing behind the last row", "range(height + 1)", "range(height)"),
    ("surface", "corners swapped", "back[x + 1] << np.uint8(2)", "back[x + 1] << np.uint8(3)"),
    ("surface", "eight cubes as one", "all_inside += 8", "all_inside += 1"),
    ("zones", "zones not united", "parents[other] = label", "parents[label] = label"),
    ("zones", "one group of neighbors alone", "masks ^ group)", "masks & 0)"),
    ("zones", "zones of two slabs not united", "_united(done + shift_behind, done_before + shift_before, parents)", "pass"),
    ("zones", "zones of two slabs united once per row", "(labels[x] != done or others[x] != done_before)", "(done < 0)"),
    ("zones", "labels of two slabs mixed up", "parents[begin:end] += begin", "parents[begin:end] += 0 * begin"),
    ("zones", "labels of the wrong plane", "(z - planes_back) % 2", "z % 2"),
    ("zones", "distances not handed on", "near[parent] = min(near[parent], near[label])", "pass"),
    ("zones", "a lone voxel missing", "if parents[label] == label:", "if parents[label] == label and sizes[label] > 1:"),
]  # fmt: skip


# The same of what kernels share when they split an item into slabs, and a kernel that shows it.
SLAB_BUGS = [
    ("glcm", "counts of the last slab forgotten", "for part in others:", "for part in others[:-1]:"),
    (
        "zones",
        "counts of the last slab forgotten",
        "islice(found, len(slabs))",
        "islice(found, len(slabs) - 1)",
    ),
    ("glrlm", "the last plane of a slab forgotten", "(k + 1) * planes // n)", "((k + 1) * planes // n) - 1)"),
    ("neighborhood", "slabs that overlap", "slice(k * planes // n,", "slice(max(0, k * planes // n - 1),"),
]


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Function that makes a module of a file of the Numba backend, changed, with nothing kept in a cache."""
    numba = backend_or_skip("numba")
    folder = Path(numba.__file__).parent
    monkeypatch.setattr("fasttex.kernels.numba_cpu.jit._cache_is_private", lambda: False)

    def load(file, before="", after=""):
        source = (folder / f"{file}.py").read_text()
        if before:
            assert source.count(before) == 1, f"{before!r} is no longer one place of {file}.py"
            source = source.replace(before, after)
        path = tmp_path / f"{file}.py"
        path.write_text(source)
        spec = importlib.util.spec_from_file_location(f"fasttex.kernels.numba_cpu._planted_{file}", path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module

    return load


def backend_of(module, kernel):
    return SimpleNamespace(NAME="planted", **{kernel: getattr(module, kernel)})


def parameters(bugs):
    return pytest.mark.parametrize(
        ("kernel", "before", "after"),
        [pytest.param(kernel, before, after, id=f"{kernel}: {name}") for kernel, name, before, after in bugs],
    )


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_source_as_it_is_passes(load, kernel):
    check_everything(backend_of(load(kernel), kernel), kernel)


@parameters(BUGS)
def test_a_planted_bug_is_caught(load, kernel, before, after):
    backend = backend_of(load(kernel, before, after), kernel)
    with pytest.raises(AssertionError):
        check_everything(backend, kernel)


@parameters(SLAB_BUGS)
def test_a_bug_planted_in_slabs_is_caught(load, kernel, before, after):
    load("slabs", before, after).SPLIT_FINELY = True
    backend = backend_of(load(kernel, "from .slabs import", "from ._planted_slabs import"), kernel)
    with pytest.raises(AssertionError):
        check_everything(backend, kernel)
