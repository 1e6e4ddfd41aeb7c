"""The README's tour saves a folder: it is run where that leaves nothing behind."""

from __future__ import annotations

import contextlib
import tempfile

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Run the README's doctest in a folder of its own; everything else where it is."""
    if item.path.name != "README.md":
        return (yield)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        return (yield)
