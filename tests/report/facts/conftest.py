"""A run in which nearly everything happened, and its facts."""

import pytest

from adlcore.clearing import BookIOC, CancelOrders, Deleverage, TakeOver
from adlcore.report.facts.run_facts import Facts
from support import report_worlds


@pytest.fixture(scope="session")
def eventful():
    """That run."""
    stages = [CancelOrders(), BookIOC(fee="0.01"), TakeOver(), Deleverage(below="0")]
    return report_worlds.crash(wallets=600, contracts=3, passes=5, fall=0.25, seed=8, cash="200", stages=stages)[1]


@pytest.fixture(scope="session")
def facts(eventful):
    """Its facts."""
    return Facts(eventful)
