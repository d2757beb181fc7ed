"""Nothing is launched that does not fit the kernel, the card, or the counters."""

import sys
from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cuda_compile.builds import instantiations
from kernel_cases import MATRICES, VOLUMES, batch_of, binning, neighbors, noise, run, sampling, widened

from fasttex.errors import InputError
from fasttex.kernels import cuda
from fasttex.kernels.cuda import device, launch, ragged
from fasttex.kernels.cuda.discretize import _SOURCES
from fasttex.types import Batch

SAMPLE = """
__global__ void begin_distances(const u8* masks, i64 n, u16* distances) {
    for (i64 p = blockIdx.x * static_cast<i64>(blockDim.x) + threadIdx.x; p < n;
         p += static_cast<i64>(gridDim.x) * blockDim.x) {
        distances[p] = masks[p] ? 65535 : 0;
    }
}
"""


@pytest.fixture
def card(emulator, monkeypatch):
    """The device, which knows a small kernel more."""
    own = launch.source
    shared = own("embed").partition('#line 1 "embed.cu"')[0]
    with monkeypatch.context() as patch:
        patch.setattr(launch, "source", lambda file: shared + SAMPLE)
        patch.setattr(launch, "KERNEL_FILES", ("sample",))
        known = launch.SIGNATURES | launch._signatures()
    monkeypatch.setattr(launch, "SIGNATURES", known)
    monkeypatch.setattr(launch, "source", lambda file: shared + SAMPLE if file == "sample" else own(file))
    with device.working() as card:
        yield card


@pytest.fixture
def call(card):
    """A function that launches a small kernel, with changes of what it is given and how."""
    cp = card.cp

    def launched(changes: dict[str, Any], **how: Any) -> Any:
        given = {"masks": cp.ones(99, np.uint8), "n": np.int64(99), "distances": cp.zeros(99, np.uint16)}
        how = {"kernel": "begin_distances", "grid": 2, "block": (64,)} | how
        given |= changes
        launch.launch(card, how.pop("kernel"), how.pop("grid"), given, **how)
        return given["distances"].get().tolist()

    return launched


def test_what_fits_is_launched(call, card):
    assert call({}) == [65535] * 99
    assert card.local.launched == "begin_distances"
    assert call({}, grid=0) == [0] * 99  # nothing


def memory(cp: Any) -> Any:
    return cp.zeros(300, np.uint8)


# What is given instead, made by CuPy; and what is said of it.
REFUSED = {
    "one too many": (lambda cp: {"m": np.int64(1)}, r"takes \['masks', 'n', 'distances'\], got .*'m'"),
    "another type": (lambda cp: {"masks": cp.ones(99, np.int8)}, "masks holds int8, expected uint8"),
    "signed": (lambda cp: {"distances": cp.zeros(99, np.int16)}, "distances holds int16, expected uint16"),
    "shorter scalar": (lambda cp: {"n": np.int32(99)}, "n is .*99.*, expected a NumPy int64 scalar"),
    "unsigned scalar": (lambda cp: {"n": np.uint64(99)}, "expected a NumPy int64 scalar"),
    "scalar of Python": (lambda cp: {"n": 99}, "n is 99, expected a NumPy int64 scalar"),
    "array for a scalar": (lambda cp: {"n": cp.zeros(1, np.int64)}, "expected a NumPy int64 scalar"),
    "scalar for an array": (lambda cp: {"masks": np.uint8(1)}, "masks is a uint8, expected an array on the"),
    "on the host": (lambda cp: {"masks": np.ones(99, np.uint8)}, "masks is a ndarray, expected an array on"),
    "with gaps": (lambda cp: {"masks": memory(cp)[:198:2]}, "masks has gaps, expected a C-contiguous array"),
    "the same twice": (
        lambda cp: {"masks": (m := memory(cp))[:198], "distances": m[:198].view(np.uint16)},
        "masks and distances overlap",
    ),
    "one byte in common": (
        lambda cp: {"masks": (m := memory(cp))[197:], "distances": m[:198].view(np.uint16)},
        "masks and distances overlap",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_is_refused(call, card, what):
    changes, said = REFUSED[what]
    with pytest.raises(TypeError, match=f"begin_distances:? {said}|{said}"):
        call(changes(card.cp))


def test_neighbors_in_memory_do_not_overlap(call, card):
    whole = memory(card.cp)
    assert call({"masks": whole[198:297], "distances": whole[:198].view(np.uint16)}) == [0] * 99


def test_what_is_only_read_may_be_given_twice(card):
    """Lower and upper neighbors of an axis may be one table."""
    cp = card.cp
    none = cp.zeros(1, np.int64)
    given = {
        "sources": cp.ones(1, np.float64),
        "items": cp.zeros(9, np.int64),
        "shares": cp.zeros(5, np.int64),
    }
    given |= {"lower": none, "upper": none, "weights": cp.zeros(1), "results": cp.zeros(1)}
    launch.launch(card, "resample", 1, given, block=(32, 1), template={"Source": np.float64})
    with pytest.raises(TypeError, match="weights and results overlap"):
        launch.launch(
            card, "resample", 1, given | {"results": given["weights"]}, block=(32,), template={"Source": "f8"}
        )


def test_something_missing(card):
    with pytest.raises(TypeError, match=r"begin_distances takes \['masks', 'n', 'distances'\], got \['n'\]"):
        launch.launch(card, "begin_distances", 1, {"n": np.int64(1)}, block=(32,))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"grid": -1}, "a grid of -1 blocks, at most 2147483647"),
        ({"grid": 2**31}, "a grid of 2147483648 blocks, at most 2147483647"),
        ({"block": (0,)}, "0 threads per block, expected 32, 64, … up to 512"),
        ({"block": (33,)}, "33 threads per block"),
        ({"block": (32, 32)}, "1024 threads per block"),
        ({"shared_bytes": 10**6}, "1000000 bytes of shared memory, the device has 232448"),
        ({"template": {"Level": np.uint8}}, r"begin_distances is a template of \(\), got \('Level',\)"),
        ({"kernel": "glcm"}, r"glcm is a template of \('Level',\), got \(\)"),
        ({"kernel": "glcm", "template": {"Source": np.uint8}}, r"glcm is a template of \('Level',\), got"),
        (
            {"kernel": "glcm", "template": {"Level": np.complex64}},
            "glcm: Level is complex64, expected one of",
        ),
    ],
)
def test_limits_and_templates(call, how, said):
    with pytest.raises(TypeError, match=said):
        call({}, **how)


def test_shared_memory_of_a_smaller_card(configured, call):
    with configured(shared_bytes=1000), pytest.raises(TypeError, match="the device has 1000"):
        call({}, shared_bytes=1001)


def test_signatures_are_those_of_the_compiled_kernels(card):
    """The launcher reads them from the text; the compiler of the emulator deduces them from the code."""
    by_file = defaultdict(list)
    for name, file in instantiations().items():
        by_file[file].append(name)
    assert set(by_file) == {*launch.KERNEL_FILES, "sample"}
    for file, names in by_file.items():
        module = card.cp.RawModule(
            code=launch.source(file), options=launch.OPTIONS, name_expressions=tuple(names)
        )
        for name in names:
            function = module.get_function(name)
            signature = launch.SIGNATURES[name.partition("<")[0]]
            assert function._parameter_names == [parameter.name for parameter in signature.parameters]
            template = dict(
                zip(signature.templates, name.partition("<")[2].rstrip(">").split(", "), strict=False)
            )
            assert module.library(name).signature(name) == [
                as_compiled(parameter, template) for parameter in signature.parameters
            ]


def as_compiled(parameter: launch.Parameter, template: dict[str, str]) -> tuple[str, str]:
    """How the emulator writes a parameter: ``c*`` for const pointers, ``*`` for others, and NumPy's code."""
    dtype = np.dtype(launch._DTYPES[template.get(parameter.type, parameter.type)])
    return ("" if not parameter.pointer else "*" if parameter.written else "c*"), dtype.str.lstrip("<|")


def far_apart(batch: Batch[Any], highest: int) -> Batch[Any]:
    """Two levels that stand for 1 and `highest`."""
    items = tuple(replace(item, level_values=np.array([1, highest])) for item in batch.items)
    return replace(batch, items=items)


@pytest.fixture
def launched(emulator, monkeypatch):
    """Names of the kernels that are launched, and the shares that they are given."""
    found: dict[str, list[np.ndarray]] = defaultdict(list)
    sound = launch.launch

    def spy(card: Any, kernel: str, grid: int, given: Any, **how: Any) -> None:
        shares = given["shares"].get().reshape(-1, 5) if "shares" in given else np.zeros((0, 5), np.int64)
        found[launch.name_of(kernel, how.get("template"))].append(shares)
        sound(card, kernel, grid, given, **how)

    for module in ("counting", "rows"):
        monkeypatch.setattr(sys.modules[f"fasttex.kernels.cuda.{module}"], "launch", spy)
    return found


def test_what_is_launched_is_what_is_compiled_for_all_cards(launched):
    """The compile tests look at every kernel that the backend can launch, and at no others."""
    batches = [batch_of(*VOLUMES.values()), widened(batch_of(VOLUMES["noise"]))]
    batches += [replace(batch_of(VOLUMES["noise"]), planar=True), batch_of(noise((3, 4, 5), 900))]
    batches += [widened(batch_of(noise((3, 4, 5), 250))), far_apart(batch_of(noise((3, 4, 5), 2)), 10**9)]
    for batch in batches:
        for kernel in MATRICES:
            run(cuda, kernel, batch)
    for source in (*_SOURCES, np.float64):
        x = noise((4, 5, 6), 9).astype(source)
        run(cuda, "resample", sampling(x, (5, 4, 7)))
        for n_levels in (9, 300):
            run(cuda, "discretize", Batch((binning(x, n_levels=n_levels),), "cuda"))
    assert set(launched) == set(instantiations())


# ---- counters ----


def test_pieces_are_never_longer_than_counters_hold(card, configured):
    """One voxel adds at most 1 to a counter of 32 bits: pieces of up to 2^31 - 1 voxels cannot overflow it."""
    spans = np.array([[0, 2**31 - 1], [5, 2**40], [7, 2**33 + 11]])
    for blocks in (None, 1, 2, 1000):
        with configured(blocks_per_item=blocks):
            pieces = ragged.spread(card, spans)
        lengths = pieces[:, 2] - pieces[:, 1]
        assert lengths.min() > 0
        assert lengths.max() <= ragged.MOST_VOXELS < 2**32
        total = np.bincount(pieces[:, 0], weights=lengths)
        np.testing.assert_array_equal(total, spans[:, 1] - spans[:, 0])


@pytest.mark.parametrize("highest", [2, 10**4, 10**6, 10**7, 10**9])
def test_sums_of_differences_never_exceed_32_bits(launched, configured, highest):
    """The largest sum that a share could make, were all its voxels as different as they can be."""
    with configured(blocks_per_item=1):
        cuda.neighborhood(far_apart(batch_of(noise((20, 21, 22), 2)), highest), neighbors(), 0)
    for shares in launched.get("neighborhood<u8>", []):
        assert ((shares[:, 2] - shares[:, 1]) * 26 * (highest - 1) < 2**32).all()
    narrow = 26 * (highest - 1) * 256 < 2**32
    assert set(launched) == {f"neighborhood{'' if narrow else '_of_many_levels'}<u8>"}


@pytest.mark.parametrize("kernel", ["glcm", "glrlm", "zones", "neighborhood"])
def test_a_roi_of_2_to_the_31_voxels_is_refused(emulator, kernel):
    """Nothing is allocated: its buffer is one voxel, seen again and again."""
    (small,) = batch_of(np.ones((2, 2, 2), dtype=np.int64)).items
    buffer = np.broadcast_to(np.uint8(1), (2**11, 2**10, 2**10))
    large = replace(small, buffer=buffer, shape=tuple(n - 2 for n in buffer.shape), name="body")
    options = {"distances": None} if kernel == "zones" else {}
    with pytest.raises(
        InputError,
        match=r"ROI 'body' has 2147483648 voxels with its padding, at most 2147483647 .*crop it.*'cpp'",
    ):
        run(cuda, kernel, Batch((large,), "cuda"), **options)
    assert ragged.MOST_VOXELS == 2**31 - 1
