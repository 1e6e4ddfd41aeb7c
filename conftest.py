"""Texts whose examples save folders are run where that leaves nothing behind. What workers leave out is counted."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

# What helpers assert is shown as what tests do; this is read before any of them.
pytest.register_assert_rewrite("support")

#: Where a worker tells how many tests it left out, in all and by what they need that is not there.
LEFT_OUT = pytest.StashKey[dict]()

#: Markers of tests that need what not everybody has, whether it is there, and what is said where it is not.
NEEDED = {
    "git": ((Path(__file__).parent / ".git").exists(), "that ask git, of which this folder knows nothing"),
    "october10": (
        Path(os.environ.get("ADLCORE_OCTOBER10") or os.devnull).is_dir(),
        "on the rows of 10 October 2025: ADLCORE_OCTOBER10 does not name their folder",
    ),
}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Run the examples of README and docs each in a folder of its own; everything else where it is."""
    if item.path.suffix != ".md":
        return (yield)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Leave out what needs something that is not there."""
    for marker, (there, _) in NEEDED.items():
        absent = [] if there else [item for item in items if item.get_closest_marker(marker)]
        if absent:
            items[:] = [item for item in items if item not in absent]
            config.stash.setdefault(LEFT_OUT, {})[marker] = len(absent)
            config.hook.pytest_deselected(items=absent)


def pytest_deselected(items):
    """Count what markers and names leave out; a worker is asked for it when it ends."""
    if items:
        counts = items[0].config.stash.setdefault(LEFT_OUT, {})
        counts["all"] = counts.get("all", 0) + len(items)


def pytest_sessionfinish(session):
    """A worker of pytest-xdist tells the numbers to the process that started it."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash.get(LEFT_OUT, {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """Each worker left out the same; the last line says how many, as it does without workers."""
    reporter = node.config.pluginmanager.get_plugin("terminalreporter")
    counts = getattr(node, "workeroutput", {}).get("left_out")
    if reporter is not None and counts:
        node.config.stash[LEFT_OUT] = counts
        reporter.stats["deselected"] = [SimpleNamespace()] * counts["all"]


def pytest_terminal_summary(terminalreporter, config):
    """Say what was left out for want of something."""
    for marker, count in config.stash.get(LEFT_OUT, {}).items():
        if marker in NEEDED:
            terminalreporter.write_line(f"left out: {count} test{'s' if count > 1 else ''} {NEEDED[marker][1]}")
