"""Every matrix of the digital phantom against the IBSI manual, count by count."""

import numpy as np
import pytest
from oracles.ibsi import phantom

from fasttex.backends import prepare
from fasttex.matrices import glcm, glrlm, ngldm, ngtdm, zones
from fasttex.matrices.batches import slices


@pytest.fixture
def whole(backend):
    return prepare(phantom()[0], backend=backend.NAME)


@pytest.fixture
def cut(whole):
    return slices(whole)


MATRICES = phantom()[1]


def rows(counts):
    """Rows (index + 1, index + 1, count) of the cells that hold something."""
    return [[i + 1, j + 1, int(counts[i, j])] for i, j in np.argwhere(counts).tolist()]


def by_direction(matrices, counts):
    """IBSI's direction (dx, dy, dz) to our counts; a direction and its opposite are the same matrix."""
    found = {}
    for (dz, dy, dx), c in zip(matrices.offsets.tolist(), counts, strict=True):
        found[dx, dy, dz] = found[-dx, -dy, -dz] = rows(c)
    return found


def direction(key):
    return tuple(int(part) for part in key.partition("|")[0].strip("()").split(","))


def symmetric(matrix):
    return matrix.symmetric


def plain(matrix):
    return matrix.counts


@pytest.mark.parametrize(
    ("family", "module", "count", "of"),
    [("glcm", glcm, glcm.glcm, symmetric), ("glrlm", glrlm, glrlm.glrlm, plain)],
)
def test_directed(family, module, count, of, whole, cut):
    expected, checked = MATRICES[family], 0
    volume, planes = count(whole)[0], count(cut)
    in_2d = [by_direction(plane, of(plane)) for plane in planes]
    for key, table in expected["2D"].items():
        assert in_2d[int(key.rpartition("=")[2])][direction(key)] == table
        checked += 1
    for key, table in expected["2D slice-merged"].items():
        merged = module.merge_offsets(planes[int(key.rpartition("=")[2])])
        assert rows(of(merged)[0]) == table
        checked += 1
    all_slices = module.merge_slices(planes)
    for key, table in expected["2.5D direction-merged"].items():
        assert by_direction(all_slices, of(all_slices))[direction(key)] == table
        checked += 1
    for key, table in expected["3D"].items():
        assert by_direction(volume, of(volume))[direction(key)] == table
        checked += 1
    assert rows(of(module.merge_offsets(all_slices))[0]) == expected["2.5D merged"]
    assert rows(of(module.merge_offsets(volume))[0]) == expected["3D merged"]
    assert checked == 16 + 4 + 4 + 13


@pytest.mark.parametrize(
    ("family", "module", "count", "table_of"),
    [
        ("glszm", zones, zones.zones, lambda m: zones.size_rows(m).tolist()),
        ("gldzm", zones, zones.zones, lambda m: zones.distance_rows(m).tolist()),
        ("ngldm", ngldm, ngldm.ngldm, lambda m: rows(m.counts)),
    ],
)
def test_undirected(family, module, count, table_of, whole, cut):
    planes = count(cut)
    for key, table in MATRICES[family]["2D"].items():
        assert table_of(planes[int(key.rpartition("=")[2])]) == table
    assert table_of(module.merge_slices(planes)) == MATRICES[family]["2.5D"]
    assert table_of(count(whole)[0]) == MATRICES[family]["3D"]


def test_ngtdm(whole, cut):
    """Differences are printed with six decimals."""

    def table(matrix):
        s, n = ngtdm.tone_differences(matrix)
        return [[i + 1, pytest.approx(s[i], abs=5.1e-7), n[i]] for i in np.flatnonzero(n)]

    planes = ngtdm.ngtdm(cut)
    for key, expected in MATRICES["ngtdm"]["2D"].items():
        assert expected == table(planes[int(key.rpartition("=")[2])])
    assert MATRICES["ngtdm"]["2.5D"] == table(ngtdm.merge_slices(planes))
    assert MATRICES["ngtdm"]["3D"] == table(ngtdm.ngtdm(whole)[0])


def test_dense_on_request(whole):
    assert rows(zones.glszm(whole)[0]) == MATRICES["glszm"]["3D"]
    assert rows(zones.gldzm(whole)[0]) == MATRICES["gldzm"]["3D"]
