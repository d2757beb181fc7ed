"""The backends that are timed, and how much of everything."""

import pytest

from fasttex.backends import available

QUICK_VOXELS = 100_000


def pytest_addoption(parser):
    parser.addoption("--quick", action="store_true", help=f"ROIs of at most {QUICK_VOXELS:,} voxels.")


def pytest_collection_modifyitems(config, items):
    """Leave out what takes long."""
    if not config.getoption("--quick"):
        return
    asked = [getattr(item, "callspec", None) for item in items]
    slow = [
        item
        for item, call in zip(items, asked, strict=True)
        if call and call.params.get("n_voxels", 0) > QUICK_VOXELS
    ]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]


@pytest.fixture(params=["cpp", "numba"])
def fast_backend(request):
    reason = available()[request.param]
    if reason:
        pytest.skip(reason)
    return request.param
