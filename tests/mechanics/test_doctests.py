"""The examples in docstrings."""

import doctest
import importlib
import pkgutil

import pytest

import fasttex

MODULES = [
    module.name
    for module in pkgutil.walk_packages(fasttex.__path__, "fasttex.")
    if not module.name.startswith("fasttex.kernels.")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


def test_public_functions_have_examples():
    finder = doctest.DocTestFinder()
    functions = [
        "extract",
        "prepare",
        "compute_features",
        "glcm",
        "glrlm",
        "zones",
        "glszm",
        "gldzm",
        "ngtdm",
        "ngldm",
    ]
    without = [n for n in functions if not any(t.examples for t in finder.find(getattr(fasttex, n), n))]
    assert without == []
