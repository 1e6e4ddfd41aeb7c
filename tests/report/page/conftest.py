"""A browser, and a report to open."""

import pytest

import adlcore as adl
from support.report_browser import chromium


@pytest.fixture(scope="session")
def browser():
    """Chromium, by Playwright."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def report(fallen, tmp_path_factory):
    """The report of the run in which all marks fall, as a file."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    adl.report.write(fallen, path)
    return path
