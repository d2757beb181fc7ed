"""Configurations A and C of the IBSI CT phantom, from files to table, with the time of each stage.

Needs the environment's ``FASTTEX_TEST_DATA``: a folder whose ``data`` holds the phantom.
"""

import os
from pathlib import Path

import pytest

import fasttex
from fasttex import ibsi


@pytest.mark.parametrize("spatial_autocorrelation", ["none", "exact"])
@pytest.mark.parametrize("configuration", ["config_A", "config_C"])
def test_configuration(benchmark, fast_backend, configuration, spatial_autocorrelation):
    folder = os.environ.get("FASTTEX_TEST_DATA")
    if not folder:
        pytest.skip("FASTTEX_TEST_DATA is not set: it names the directory of test data")
    image, mask = ibsi.ct_phantom(Path(folder) / "data")
    recipe = ibsi.CONFIGURATIONS[configuration].replace(spatial_autocorrelation=spatial_autocorrelation)
    table = benchmark(lambda: fasttex.extract(image, mask, recipe, backend=fast_backend, threads=1))
    benchmark.extra_info["stages_ms"] = {name: round(s * 1e3, 1) for name, s in table.timings.items()}
    values = dict(zip(table.columns, table.rows[0].values.tolist(), strict=True))
    wanted = [r for r in ibsi.references(configuration) if r.column in values]
    assert len(wanted) >= 208
    assert ibsi.missed(values, wanted) == []
