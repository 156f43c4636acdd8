"""The examples in lending's docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

from puhui import lending

MODULES = [module.name for module in pkgutil.walk_packages(lending.__path__, "puhui.lending.")]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples():
    found = [doctest.DocTestFinder().find(importlib.import_module(name)) for name in MODULES]
    assert sum(bool(test.examples) for tests in found for test in tests) >= 6
