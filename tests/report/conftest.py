"""Runs that many tests of the report look at, and their reports read back."""

import pytest

from adlcore.clearing import BookIOC, CancelOrders, Deleverage, TakeOver
from adlcore.report.facts.run_facts import Facts
from support import report_worlds
from support.report_pages import Page


@pytest.fixture
def ten_run():
    """The run of the crash of ten wallets, which may be changed."""
    return report_worlds.ten_wallets()[1]


@pytest.fixture(scope="session")
def ten(tmp_path_factory):
    """The report of the crash of ten wallets."""
    return Page.of(report_worlds.ten_wallets()[1], tmp_path_factory.mktemp("ten"))


@pytest.fixture(scope="session")
def fallen():
    """A run in which all marks fall."""
    return report_worlds.crash()[1]


@pytest.fixture(scope="session")
def fallen_facts(fallen):
    """Its facts."""
    return Facts(fallen)


@pytest.fixture(scope="session")
def page(fallen, tmp_path_factory):
    """Its report."""
    return Page.of(fallen, tmp_path_factory.mktemp("fallen"))


@pytest.fixture(scope="session")
def eventful():
    """A run in which nearly everything happened."""
    stages = [CancelOrders(), BookIOC(fee="0.01"), TakeOver(), Deleverage(below="0")]
    return report_worlds.crash(wallets=600, contracts=3, passes=5, fall=0.25, seed=8, cash="200", stages=stages)[1]


@pytest.fixture(scope="session")
def facts(eventful):
    """Those of the run in which nearly everything happened."""
    return Facts(eventful)
