"""Which backends are here, which are not, and why."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from functools import cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .cores import binding, limits
from .errors import BackendUnavailableError, InputError, SettingsError, UnknownBackendError
from .kernels.contract import KERNELS, Backend
from .types import Batch, DiscretizedRoi, T, Triple, on_device

__all__ = ["available", "compiled", "get_backend", "prepare", "put", "resolve_threads"]

_MODULES = {"cpp": "cpp", "numba": "numba_cpu", "cuda": "cuda", "reference": "reference"}
_AUTO = ("cpp", "numba")
_FIX = {
    "cpp": "install a wheel of fasttex; or a C++ compiler, and fasttex again with FASTTEX_REQUIRE_CPP=1",
    "numba": "python -m pip install 'fasttex[numba]'",
    "cuda": "install fasttex again",
}


def get_backend(name: str = "auto") -> Backend:
    """Import a backend by name.

    Parameters
    ----------
    name : {"auto", "cpp", "numba", "cuda", "reference"}
        "auto" is cpp, else numba; never the reference, which is slow, and never cuda: it looks for no GPU.
        The first time on each card, driver and compiler, "cuda" is tested before it counts.

    Raises
    ------
    UnknownBackendError
        No backend has that name.
    BackendUnavailableError
        It cannot run here; the message says why and what to do. A backend named explicitly is never
        replaced by another.
    """
    if name == "auto":
        reasons = {}
        for candidate in _AUTO:
            try:
                backend = get_backend(candidate)
            except BackendUnavailableError as error:
                reasons[candidate] = str(error)
                continue
            if not any(hasattr(getattr(backend, kernel), "is_missing") for kernel in KERNELS):
                return backend
        raise BackendUnavailableError(
            "no fast backend can run here: "
            + " | ".join(reasons.values())
            + " | or ask for backend='reference', which is slow"
        )
    if name not in _MODULES:
        known = ", ".join(["auto", *_MODULES])
        raise UnknownBackendError(f"backend is {name!r}, expected one of: {known}")
    module = f"{__package__}.kernels.{_MODULES[name]}"
    try:
        backend = cast(Backend, sys.modules.get(module) or importlib.import_module(module))
    except ImportError as error:
        raise BackendUnavailableError(f"backend {name!r} is not here ({error}); {_FIX[name]}") from error
    if name == "cuda":
        _require_cuda()
    return backend


def _require_cuda() -> None:
    """Raise where there is no CUDA, or where it counts wrong."""
    from .kernels.cuda.selftest import ready

    found = ready()
    if not found.ok:
        raise BackendUnavailableError(f"backend 'cuda' cannot run here: {found.reason}; {found.hint}")


@cache
def compiled() -> Any:
    """The compiled extension, or None where it is not here: for steps that are no backend's kernel.

    Whoever counts, these steps give the same numbers with it and without.
    """
    try:
        return cast(Any, get_backend("cpp")).extension
    except BackendUnavailableError:
        return None


def available() -> dict[str, str]:
    """Say which backends can run here.

    Returns
    -------
    dict of str
        By name: "" where the backend can run, else the reason and what to do about it. ``cuda`` is not among
        them: to look for a GPU imports CuPy and wakes the driver, which is done only where it is asked for,
        by ``backend="cuda"`` or ``fasttex doctor --cuda``.
    """
    reasons = {}
    for name in _MODULES:
        if name == "cuda":
            continue
        try:
            get_backend(name)
            reasons[name] = ""
        except BackendUnavailableError as error:
            reasons[name] = str(error)
    return reasons


def resolve_threads(threads: int | None) -> int:
    """How many threads to use.

    Parameters
    ----------
    threads : int, optional
        Taken as it is. None: as many as all of these allow, which `fasttex doctor` lists: the processors
        that this process may run on, the CPU quotas of its control groups (version 1 or 2, rounded up), and
        the environment's ``FASTTEX_NUM_THREADS`` or, where that is not set, ``OMP_NUM_THREADS``.

    Raises
    ------
    SettingsError
        `threads`, or ``FASTTEX_NUM_THREADS`` where it is asked, is less than 1.
    """
    if threads is None:
        return binding(limits()).threads or 1
    if threads < 1:
        raise SettingsError(f"threads is {threads}, expected at least 1, or None for all cores")
    return threads


def put(items: Iterable[T], backend: str = "auto", threads: int | None = 1) -> Batch[T]:
    """Gather items into a batch on a backend."""
    return Batch(items=tuple(items), backend=get_backend(backend).NAME, threads=resolve_threads(threads))


def prepare(
    rois: DiscretizedRoi | NDArray[Any] | Iterable[DiscretizedRoi | NDArray[Any]],
    *,
    spacing_mm: Triple = (1.0, 1.0, 1.0),
    backend: str = "auto",
    threads: int | None = 1,
) -> Batch[DiscretizedRoi]:
    """Make a batch of gray levels that the matrix functions and `compute_features` take.

    Parameters
    ----------
    rois : array of int, DiscretizedRoi, or an iterable of them
        Arrays of shape (z, y, x) hold levels as they are: 1 and up inside, 0 outside. Arrays on a GPU
        (CuPy's, PyTorch's and others') stay there and are counted by the backend cuda.
    spacing_mm : tuple of float
        Of the arrays, along (z, y, x).
    backend : str
        As in `get_backend`.
    threads : int, optional
        Threads that share the ROIs, and slabs of large ones; None for all cores.

    Returns
    -------
    Batch of DiscretizedRoi
        In the order given.

    Raises
    ------
    InputError
        Nothing given, arrays that hold no levels, or arrays on a GPU for a backend that counts elsewhere.

    Examples
    --------
    >>> import numpy as np, fasttex
    >>> batch = fasttex.prepare(np.array([[[1, 1, 2], [2, 2, 0]]]), backend="reference")
    >>> len(batch), batch.items[0].n_levels
    (1, 2)
    """
    single = isinstance(rois, (DiscretizedRoi, np.ndarray)) or on_device(rois)
    given: list[Any] = [rois] if single else list(rois)  # type: ignore[arg-type]
    if not given:
        raise InputError("rois is empty, expected at least one array of levels or DiscretizedRoi")
    if any(on_device(r) for r in given):
        if backend not in ("auto", "cuda"):
            raise InputError(
                f"rois holds arrays on a GPU, which backend {backend!r} cannot read; pass copies "
                "on the host, such as CuPy's levels.get(), or backend='cuda'"
            )
        backend = "cuda"
    get_backend(backend)  # says what is missing before anything is copied
    items = [
        r if isinstance(r, DiscretizedRoi) else _roi_of(r, spacing_mm=spacing_mm, name=str(n), label=n)
        for n, r in enumerate(given, 1)
    ]
    return put(items, backend, threads)


def _roi_of(levels: Any, **about: Any) -> DiscretizedRoi:
    if not on_device(levels):
        return DiscretizedRoi.from_levels(levels, **about)
    from .kernels.cuda.resident import resident_roi

    return resident_roi(levels, **about)
