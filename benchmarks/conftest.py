"""The backends that are timed."""

import pytest

from fasttex.backends import available


@pytest.fixture(params=["cpp", "numba"])
def fast_backend(request):
    reason = available()[request.param]
    if reason:
        pytest.skip(reason)
    return request.param
