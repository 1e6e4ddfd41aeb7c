"""Texts whose examples save folders are run where that leaves nothing behind. What workers leave out is counted."""

from __future__ import annotations

import contextlib
import tempfile
from types import SimpleNamespace

import pytest

# What helpers assert is shown as what tests do; this is read before any of them.
pytest.register_assert_rewrite("support")

#: Where a worker tells how many tests it left out.
LEFT_OUT = pytest.StashKey[int]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Run the examples of README and docs each in a folder of its own; everything else where it is."""
    if item.path.suffix != ".md":
        return (yield)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        return (yield)


def pytest_deselected(items):
    """Count what markers and names leave out; a worker is asked for it when it ends."""
    if items:
        stash = items[0].config.stash
        stash[LEFT_OUT] = stash.get(LEFT_OUT, 0) + len(items)


def pytest_sessionfinish(session):
    """A worker of pytest-xdist tells the number to the process that started it."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash.get(LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """Each worker left out the same; the last line says how many, as it does without workers."""
    reporter = node.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and (count := getattr(node, "workeroutput", {}).get("left_out")):
        reporter.stats["deselected"] = [SimpleNamespace()] * count
