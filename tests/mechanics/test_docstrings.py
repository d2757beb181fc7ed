"""Docstrings of the public functions say what goes in and what comes out."""

import inspect

import pytest

import fasttex

validate = pytest.importorskip("numpydoc.validate", reason="numpydoc comes with the extra dev").validate

# No docstring; parameters or results missing, misnamed or without a word.
CHECKED = {"GL08", "PR01", "PR02", "PR03", "PR04", "PR07", "RT01", "RT03"}
FUNCTIONS = [name for name in fasttex.__all__ if inspect.isfunction(getattr(fasttex, name))]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_public_function(name):
    home = inspect.getmodule(getattr(fasttex, name)).__name__
    errors = validate(f"{home}.{name}")["errors"]
    assert [e for e in errors if e[0] in CHECKED] == []


def test_there_are_public_functions():
    assert len(FUNCTIONS) >= 12


@pytest.mark.parametrize("name", sorted(set(fasttex.__all__) - set(FUNCTIONS) - {"NUMERICS"}))
def test_public_class(name):
    cls = getattr(fasttex, name)
    public = [cls, *(m for n, m in vars(cls).items() if inspect.isfunction(m) and not n.startswith("_"))]
    assert all(inspect.getdoc(member) for member in public)
