"""Kernels compile for every architecture, by both toolkits, into the machine code that was meant.

No GPU runs them here. What the compiler says of them, and what it made of them, is looked at instead.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from cuda_compile import toolkits
from cuda_compile.builds import ARCHITECTURES, Build, build, compiled, instantiations, opcodes, opcodes_of
from cuda_compile.toolkits import TOOLKITS, NotHere

from fasttex.kernels.cuda.device import Configuration
from fasttex.kernels.cuda.launch import KERNEL_FILES

REGISTERS_PER_PROCESSOR = 65_536
SHARED_BYTES = 48 * 1024  # more has to be asked for
THREADS = Configuration().threads

#: Machine code that must not be, and why.
UNWANTED = {
    r"(LDL|STL)\b": "local memory, which is device memory",
    r"ATOMS\.CAST\.SPIN": "atomics in shared memory by trying again: not of 32-bit integers",
    r"(ATOM|ATOMS|ATOMG|RED|REDG)\..*\b(F16|F32|F64|BF16)": "atomics of floats, whose sum depends on the order",
    r"(TEX|TLD|TLD4|TXD|TMML|TXQ)\b": "textures, whose weights have 9 bits",
}
COUNTING = ("glcm", "glrlm", "neighborhood", "surface")


@contextmanager
def skips(toolkit: str) -> Iterator[None]:
    """Skip where a tool is not here; fail if ``FASTTEX_REQUIRE`` names the toolkit, as in ``nvrtc12,nvrtc13``."""
    try:
        yield
    except NotHere as error:
        if f"nvrtc{toolkit}" in os.environ.get("FASTTEX_REQUIRE", "").split(","):
            pytest.fail(f"FASTTEX_REQUIRE names nvrtc{toolkit}: {error}")
        pytest.skip(str(error))


@pytest.fixture(
    params=[(t, a) for t in TOOLKITS for a in ARCHITECTURES], ids=lambda pair: f"{pair[0]}-sm_{pair[1]}"
)
def target(request: pytest.FixtureRequest) -> tuple[str, int]:
    """Toolkit and architecture; skips where no such compiler is here, or fails if FASTTEX_REQUIRE names it."""
    with skips(request.param[0]):
        build(*request.param)
    return request.param


@pytest.fixture
def made(target: tuple[str, int]) -> Build:
    return build(*target)


@pytest.fixture
def code(target: tuple[str, int]) -> dict[str, Counter[str]]:
    """Instructions by kernel."""
    with skips(target[0]):
        return opcodes(*target)


def of_file(code: dict[str, Counter[str]], *files: str) -> dict[str, Counter[str]]:
    """Those kernels that are in one of these files."""
    found = {name: count for name, count in code.items() if instantiations()[name] in files}
    assert found
    return found


def matching(code: dict[str, Counter[str]], pattern: str) -> list[str]:
    return [
        f"{name}: {opcode}" for name, count in code.items() for opcode in count if re.match(pattern, opcode)
    ]


def test_compiles_without_warnings(made):
    assert made.warnings == ()


def test_nothing_is_put_aside_in_local_memory(made):
    assert [kernel for kernel in made.kernels if kernel.stack_bytes or kernel.spill_bytes] == []


def test_a_processor_holds_two_blocks(made):
    assert [k for k in made.kernels if 2 * k.registers * THREADS > REGISTERS_PER_PROCESSOR] == []
    assert [k for k in made.kernels if k.shared_bytes > SHARED_BYTES] == []


@pytest.mark.parametrize("pattern", UNWANTED, ids=UNWANTED.values())
def test_machine_code_is_without(code, pattern):
    assert matching(code, pattern) == []


def test_counting_by_one_merges_lanes_of_one_address(code, target):
    """From sm_80 on, adding 1 in shared memory counts all lanes of a warp that hit one cell at once."""
    wanted = r"ATOMS\.POPC\.INC" if target[1] >= 80 else r"ATOMS\.ADD"
    for name, count in of_file(code, *COUNTING).items():
        assert bool(matching({name: count}, wanted)) == ("of_many_levels" not in name), name


def test_products_are_not_fused_with_sums(code):
    """Discretize divides: division itself is made of fused products, and is rounded as it must be."""
    others = set(KERNEL_FILES) - {"discretize"}
    assert matching(of_file(code, *others), "(DFMA|FFMA)") == []
    for name, count in of_file(code, "resample").items():
        assert matching({name: count}, "DMUL"), name
        assert matching({name: count}, "DADD"), name


#: All that the tests above are to find.
BAD = """
__global__ void bad(const float* values, double* sums, unsigned long long texture, int n, volatile int* last) {
    __shared__ unsigned long long cells[4096];
    float kept[300];
    int unused;
    for (int k = 0; k < 300; ++k) kept[k] = values[k] * values[n] + tex1D<float>(texture, k);
    atomicAdd(&cells[n], 2ull);
    __syncthreads();
    atomicAdd(&sums[0], kept[last[0]] * sums[1] + cells[last[1]]);
}
"""


@pytest.mark.parametrize("toolkit", TOOLKITS)
def test_bad_code_is_found(toolkit):
    with skips(toolkit):
        made = compiled(toolkit, 80, BAD, {"bad": "bad"}, ["--std=c++17"])
        code = opcodes_of(made)
    assert "unused" in "".join(made.warnings)
    assert made.kernels[0].stack_bytes >= 1200
    assert made.kernels[0].shared_bytes == 32768
    for pattern in (*UNWANTED, "FFMA", "DFMA"):
        assert matching(code, pattern), pattern


def test_missing_tools_say_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv(toolkits.FOLDERS, str(tmp_path))
    monkeypatch.setattr(toolkits, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotHere, match=r"no NVRTC 12.*FASTTEX_NVRTC"):
        toolkits.nvrtc.__wrapped__("12")
    with pytest.raises(NotHere, match="nvidia-cuda-nvdisasm"):
        toolkits.disassemble(b"")
