"""Hypothesis strategies: valid inputs only, shrinking to a phantom that fits on a hand."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fasttex.types import AxisTable, Batch, Binning, DiscretizedRoi, Sampling

REAL_DTYPES = ("f8", "i2", "f4", "u1", "i4", "u2", "i1", "u4", "i8", "u8", "f2")
_DISTANCES = (1, 2)


@st.composite
def shapes(draw: st.DrawFn, longest: int = 20) -> tuple[int, int, int]:
    """Boxes (z, y, x), some with a row that fills a vector register."""
    side = st.integers(1, 5)
    return draw(side), draw(side), draw(st.one_of(side, st.integers(6, longest)))


def n_levels() -> st.SearchStrategy[int]:
    """Numbers of gray levels, with those around the end of uint8."""
    return st.one_of(st.integers(1, 5), st.sampled_from([16, 129, 255, 256, 257, 300]))


@st.composite
def levels(draw: st.DrawFn, highest: int | None = None, shape: Any = None) -> np.ndarray:
    """Gray levels of a ROI of at least one voxel: int64 (z, y, x), 0 outside; few distinct ones, often."""
    highest = draw(n_levels()) if highest is None else highest
    shape = draw(shapes()) if shape is None else shape
    present = st.integers(0, highest) | st.sampled_from([0, 1, max(1, highest - 1), highest])
    array = draw(hnp.arrays(np.int64, shape, elements=present, fill=st.sampled_from([0, 1, highest])))
    if not array.any():
        array[0, 0, 0] = highest
    return array


@st.composite
def rois(draw: st.DrawFn, pad: int = 1) -> DiscretizedRoi:
    """A ROI with at least `pad` zeros around it, sometimes of compacted levels or a re-segmented mask."""
    highest = draw(n_levels())
    array = draw(levels(highest))
    roi = DiscretizedRoi.from_levels(array, n_levels=highest, pad=pad + draw(st.integers(0, 2)))
    if draw(st.booleans()):
        gaps = draw(hnp.arrays(np.int64, highest, elements=st.integers(1, 9), fill=st.just(1)))
        roi = replace(roi, level_values=np.cumsum(gaps))
    if draw(st.booleans()):
        more = draw(hnp.arrays(np.bool_, array.shape))
        roi = replace(roi, morphological_mask=roi.morphological_mask | more)
    return roi


@st.composite
def batches(draw: st.DrawFn, pad: int = 1, planar: bool | None = None) -> Batch[DiscretizedRoi]:
    """One to four ROIs, or the slices of one or two."""
    planar = draw(st.booleans()) if planar is None else planar
    items = draw(st.lists(rois(pad), min_size=1, max_size=2 if planar else 4))
    owners = range(len(items))
    if planar:
        axis = draw(st.integers(0, 2))
        pairs = [(owner, piece) for owner, roi in enumerate(items) for piece in roi.slices(axis)]
        owners, items = zip(*pairs, strict=True)
    return Batch(items=tuple(items), backend="any", planar=planar, owners=tuple(owners))


def within(distance: int, planar: bool) -> list[tuple[int, int, int]]:
    """Every offset up to a Chebyshev distance, itself excepted; within the slice for planar ones."""
    reach = range(-distance, distance + 1)
    return [o for o in product((0,) if planar else reach, reach, reach) if o != (0, 0, 0)]


@st.composite
def offsets(draw: st.DrawFn, planar: bool, distance: int = 1) -> np.ndarray:
    """Some offsets up to a Chebyshev distance, in any order, either direction: int32 (n, 3)."""
    chosen = draw(st.lists(st.sampled_from(within(distance, planar)), min_size=1, max_size=13, unique=True))
    return np.array(chosen, dtype=np.int32)


@st.composite
def touching_offsets(draw: st.DrawFn, planar: bool) -> np.ndarray:
    """One of each pair of opposite directions in which voxels touch, in any order: int32 (13 or 4, 3)."""
    forward = [o for o in within(1, planar) if o > (0, 0, 0)]
    order = draw(st.permutations(forward))
    signs = draw(st.lists(st.sampled_from([1, -1]), min_size=len(forward), max_size=len(forward)))
    return np.array(order, dtype=np.int32) * np.array(signs, dtype=np.int32)[:, None]


def _numbers(dtype: str) -> st.SearchStrategy[Any]:
    kind = np.dtype(dtype)
    if kind.kind == "f":
        bound = float(np.float16(1000))
        return st.floats(-bound, bound, width=8 * kind.itemsize, allow_subnormal=False)
    info = np.iinfo(kind)
    near = st.integers(max(info.min, -1000), min(info.max, 1000))
    return near | st.integers(info.min, info.max)


@st.composite
def strided(draw: st.DrawFn, array: np.ndarray) -> np.ndarray:
    """The same values in another layout: F order, a slice backwards, or every other voxel of more."""
    layout = draw(st.sampled_from(["C", "F", "backwards", "every other"]))
    if layout == "C":
        return array
    if layout == "F":
        return np.asfortranarray(array)
    if layout == "backwards":
        return np.ascontiguousarray(array[:, ::-1, ::-1])[:, ::-1, ::-1]
    wide = np.zeros((*array.shape[:2], 2 * array.shape[2]), array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


@st.composite
def intensities(draw: st.DrawFn, dtypes: tuple[str, ...] = REAL_DTYPES) -> np.ndarray:
    """Arrays (z, y, x) of any real dtype and layout."""
    dtype = draw(st.sampled_from(dtypes))
    elements = st.booleans() if dtype == "?" else _numbers(dtype)
    return draw(strided(draw(hnp.arrays(dtype, draw(shapes()), elements=elements, fill=st.nothing()))))


@st.composite
def binnings(draw: st.DrawFn) -> Binning:
    """What `discretize` needs: every rule, dtype and layout; flat ROIs and empty masks too."""
    x = draw(intensities())
    inside = draw(strided(draw(hnp.arrays(np.bool_, x.shape))))
    edges = draw(st.lists(st.integers(-2000, 2000).map(lambda n: n / 4), max_size=8, unique=True))
    return Binning(
        intensities=x,
        inside=inside,
        rule=draw(st.sampled_from(["fbs", "fbn", "edges", "identity"])),
        n_levels=draw(n_levels()),
        pad=draw(st.integers(0, 3)),
        origin=draw(st.just(float(x.min())) | st.integers(-500, 500).map(float)),
        width=draw(st.sampled_from([1.0, 25.0, 0.1, 0.3, 1 / 3, 1000.0, 0.0])),
        edges=np.sort(np.array(edges, dtype=np.float64)),
    )


@st.composite
def axis_tables(draw: st.DrawFn, n_old: int) -> AxisTable:
    """A table of rising positions between the `n_old` voxels of an axis; sometimes nearest neighbor."""
    positions = draw(st.lists(st.floats(0, n_old - 1), min_size=1, max_size=9).map(sorted))
    if draw(st.booleans()):
        positions = np.rint(positions)
    lower = np.floor(positions).astype(np.int64)
    weight = np.asarray(positions, dtype=np.float64) - lower
    return AxisTable(lower=lower, upper=lower + (weight > 0), weight=weight)


@st.composite
def samplings(draw: st.DrawFn) -> Sampling:
    """What `resample` needs: sources of every real dtype, bool included, in any layout."""
    source = draw(intensities(("?", *REAL_DTYPES)))
    z, y, x = (draw(axis_tables(n)) for n in source.shape)
    return Sampling(source=source, axes=(z, y, x))


def batches_of(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Batch[Any]]:
    """One to four items of a kind."""
    return st.lists(items, min_size=1, max_size=4).map(lambda found: Batch(items=tuple(found), backend="any"))
