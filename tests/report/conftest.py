"""Runs that many tests of the report look at, and their reports read back."""

import pytest

from adlcore.report.facts.run_facts import Facts
from support import report_worlds
from support.report_pages import Page


def pytest_itemcollected(item):
    """A report prints what the kernels gave, whichever test looks at it."""
    item.add_marker(pytest.mark.files)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """For files that nobody looks at."""
    return tmp_path_factory.mktemp("reports")


@pytest.fixture
def ten_run():
    """The run of the crash of ten wallets, which may be changed."""
    return report_worlds.ten_wallets()[1]


@pytest.fixture(scope="session")
def ten(folder):
    """The report of the crash of ten wallets."""
    return Page.of(report_worlds.ten_wallets()[1], folder)


@pytest.fixture(scope="session")
def fallen():
    """A run in which all marks fall."""
    return report_worlds.crash()[1]


@pytest.fixture(scope="session")
def fallen_facts(fallen):
    """Its facts."""
    return Facts(fallen)


@pytest.fixture(scope="session")
def page(fallen, folder):
    """Its report."""
    return Page.of(fallen, folder)
