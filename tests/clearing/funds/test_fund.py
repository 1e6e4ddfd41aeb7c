"""Insurance funds: their definition, and how a house matches them with contracts and assets."""

import copy
import pickle
from decimal import Decimal

import pytest

from adlcore import Asset
from adlcore.clearing import Depleted, Drawdown, InsuranceFund, NetNotionalCap
from support.refusals import refused_for as refused

pytestmark = pytest.mark.plain

USDT, BTC, USDC = Asset("USDT", 2), Asset("BTC", 8), Asset("USDC", 6)


def test_a_fund_as_it_is_read():
    fund = InsuranceFund("USDT", "5_000_000.10")
    assert (fund.asset, fund.balance, fund.name) == ("USDT", Decimal("5000000.10"), "USDT")
    assert (fund.scope, fund.parent, fund.parent_cap, fund.trigger) == (None, None, None, None)
    assert InsuranceFund("USDT") == InsuranceFund("USDT", 0)
    assert InsuranceFund("USDT", 0.1) == InsuranceFund("USDT", "0.10")
    fund = InsuranceFund("USDT", scope="BTCUSDT", parent="USDT", parent_cap=5, trigger=NetNotionalCap())
    assert (fund.name, fund.scope, fund.parent_cap) == ("BTCUSDT", ("BTCUSDT",), Decimal(5))
    assert InsuranceFund("USDT", scope=("A", "B")).name == "A+B"
    assert InsuranceFund("USDT", scope=iter(["A", "B"]), name="pool").name == "pool"


@pytest.mark.parametrize(
    ("call", "argument", "word"),
    [
        (lambda: InsuranceFund(""), "asset", "non-empty"),
        (lambda: InsuranceFund(USDT), "asset", "non-empty string"),
        (lambda: InsuranceFund("USDT", -1), "balance", "0 or above"),
        (lambda: InsuranceFund("USDT", "x"), "balance", "number"),
        (lambda: InsuranceFund("USDT", float("nan")), "balance", "finite"),
        (lambda: InsuranceFund("USDT", scope=[]), "scope", "None means all"),
        (lambda: InsuranceFund("USDT", scope=5), "scope", "list of symbols"),
        (lambda: InsuranceFund("USDT", scope=["A", 5]), "scope", "scope[1] is 5"),
        (lambda: InsuranceFund("USDT", scope=["A", "B", "A"]), "scope", "scope[2] is 'A'"),
        (lambda: InsuranceFund("USDT", scope=""), "scope", "non-empty"),
        (lambda: InsuranceFund("USDT", name=""), "name", "non-empty"),
        (lambda: InsuranceFund("USDT", name="street"), "name", "must be another"),
        (lambda: InsuranceFund("treasury"), "name", "must be another"),
        (lambda: InsuranceFund("USDT", parent=3), "parent", "string"),
        (lambda: InsuranceFund("USDT", parent="USDT"), "parent", "another fund"),
        (lambda: InsuranceFund("USDT", parent_cap=3), "parent_cap", "no parent"),
        (lambda: InsuranceFund("USDT", parent="A", parent_cap=-3), "parent_cap", "0 or above"),
        (lambda: InsuranceFund("USDT", trigger="depleted"), "trigger", "Depleted()"),
        (lambda: InsuranceFund("USDT", trigger=Depleted), "trigger", "Depleted()"),
    ],
)
def test_funds_that_are_none(call, argument, word):
    refused(call, argument, word)


@pytest.mark.parametrize(
    "fund",
    [
        InsuranceFund("USDT", "5_000_000"),
        InsuranceFund("USDT", scope="BTCUSDT"),
        InsuranceFund("USDT", "0.10", scope=["A", "B"], name="pool", parent="USDT", parent_cap="1E+3"),
        InsuranceFund("USDT", scope=["BTCUSDT", "ETHUSDT"], trigger=Drawdown(10, "-0.3", "-0.25", minimum=1)),
    ],
)
def test_funds_are_copied_printed_and_compared(fund):
    assert pickle.loads(pickle.dumps(fund)) == fund
    assert hash(copy.deepcopy(fund)) == hash(fund)
    assert eval(repr(fund), {"InsuranceFund": InsuranceFund, "Drawdown": Drawdown}) == fund
    assert all(len(line) <= 80 for line in repr(fund).splitlines())
    with pytest.raises(AttributeError):
        fund.balance = 5
