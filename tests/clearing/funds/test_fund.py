"""Insurance funds: their definition, and how a house matches them with contracts and assets."""

from __future__ import annotations

import copy
import json
import pickle
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlcore import Asset, Contract
from adlcore.clearing import Depleted, Drawdown, InsuranceFund, NetNotionalCap
from adlcore.clearing.funds.fund_table import FundTable, resolve_funds
from support.refusals import refused_for as refused

pytestmark = pytest.mark.plain

USDT, BTC, USDC = Asset("USDT", 2), Asset("BTC", 8), Asset("USDC", 6)
ASSETS = (USDT, BTC, USDC)
CONTRACTS = (
    Contract("BTCUSDT", settle=USDT),
    Contract("ETHUSDT", settle=USDT),
    Contract("BTCUSD", kind="inverse", settle=BTC, multiplier=100),
    Contract("XRPUSDT", settle=USDT),
)


def resolved(*funds, **others) -> FundTable:
    return resolve_funds(funds, CONTRACTS, ASSETS, **others)


# The definition


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


# The table


def test_without_funds_every_asset_has_an_empty_one():
    table = resolved()
    assert table.names == ("USDT", "BTC", "USDC")
    assert table.asset.tolist() == table.of_asset.tolist() == [0, 1, 2]
    assert table.balance.tolist() == [0, 0, 0]
    assert table.parent.tolist() == table.parent_cap.tolist() == [-1, -1, -1]
    assert table.head.tolist() == [0, 0, 1, 0]
    assert table.trigger == (Depleted(),) * 3
    assert table.scope.tolist() == [[True, True, False, True], [False, False, True, False], [False] * 4]


def test_funds_of_contracts_chains_and_triggers():
    own = Drawdown(10, "-0.3", "-0.25")
    table = resolved(
        InsuranceFund("BTC", "1.00000001"),
        InsuranceFund("USDT", "2.50", scope="ETHUSDT", parent="majors", parent_cap="0.75"),
        InsuranceFund("USDT", "7", name="majors", scope=["BTCUSDT"], parent="USDT", trigger=own),
        InsuranceFund("USDT", "1000"),
        default_trigger=NetNotionalCap(),
    )
    assert table.names == ("BTC", "ETHUSDT", "majors", "USDT", "USDC")
    assert table.asset.tolist() == [1, 0, 0, 0, 2]
    assert table.balance.tolist() == [100000001, 250, 700, 100000, 0]
    assert table.parent.tolist() == [-1, 2, 3, -1, -1]
    assert table.parent_cap.tolist() == [-1, 75, -1, -1, -1]
    assert table.head.tolist() == [2, 1, 0, 3]
    assert table.of_asset.tolist() == [3, 0, 4]
    assert table.trigger == (NetNotionalCap(), NetNotionalCap(), own, NetNotionalCap(), NetNotionalCap())
    assert table.scope[1].tolist() == [False, True, False, False]
    assert table.scope[2].tolist() == [True, True, False, False]
    assert table.scope[3].tolist() == [True, True, False, True]
    assert [table.chain(row) for row in range(5)] == [(0,), (1, 2, 3), (2, 3), (3,), (4,)]
    assert table.row("majors") == 2
    refused(lambda: table.row("minors"), "name", "'minors'", "majors")


def test_an_empty_fund_may_be_a_parent():
    table = resolved(InsuranceFund("USDT", 5, scope="ETHUSDT", parent="USDT"))
    assert table.chain(0) == (0, 1)


def test_a_fund_whose_name_is_another_asset():
    table = resolve_funds([InsuranceFund("USDT", name="BTC")], CONTRACTS[:2], [USDT])
    assert (table.names, table.of_asset.tolist()) == (("BTC",), [0])


@pytest.mark.parametrize(
    ("funds", "argument", "words"),
    [
        ([InsuranceFund("USDT"), InsuranceFund("EUR")], "funds.asset", ("funds.asset[1]", "'EUR'", "USDT, BTC")),
        ([InsuranceFund("USDT", scope="DOGEUSDT")], "funds.scope", ("funds.scope[0]", "'DOGEUSDT'")),
        ([InsuranceFund("USDT", scope=["BTCUSDT", "BTCUSD"])], "funds.scope", ("'BTCUSD'", "settles in BTC")),
        (
            [InsuranceFund("USDT", scope="BTCUSDT"), InsuranceFund("USDT", scope=["ETHUSDT", "BTCUSDT"])],
            "funds.scope",
            ("funds.scope[1]", "'BTCUSDT'"),
        ),
        ([InsuranceFund("USDT"), InsuranceFund("USDT", name="b")], "funds.scope", ("funds.scope[1]", "'USDT'")),
        (
            [InsuranceFund("USDT", name="a", scope="BTCUSDT"), InsuranceFund("USDT", name="a")],
            "funds.name",
            ("funds.name[1]", "fund 0"),
        ),
        ([InsuranceFund("USDT", name="BTC")], "funds.name", ("funds.name[0]", "the fund of BTC")),
        ([InsuranceFund("USDT", parent="x")], "funds.parent", ("funds.parent[0]", "'x'", "BTC, USDC")),
        ([InsuranceFund("USDT", parent="BTC")], "funds.parent", ("funds.parent[0]", "holds BTC")),
        (
            [InsuranceFund("USDT", parent="a"), InsuranceFund("USDT", scope="BTCUSDT", name="a", parent="USDT")],
            "funds.parent",
            ("stand behind itself",),
        ),
        ([InsuranceFund("USDT", "0.001")], "funds.balance", ("funds.balance[0] is '0.001'", "0.00 or 0.01")),
        ([InsuranceFund("USDT", "1e20")], "funds.balance", ("int64",)),
        (
            [InsuranceFund("USDT", scope="BTCUSDT", parent="USDT", parent_cap="0.005")],
            "funds.parent_cap",
            ("funds.parent_cap[0]", "0.00 or 0.01"),
        ),
        ([InsuranceFund("USDT"), "USDC"], "funds", ("funds[1] is 'USDC'",)),
        (InsuranceFund("USDT"), "funds", ("list of InsuranceFund",)),
        (5, "funds", ("list of InsuranceFund",)),
    ],
)
def test_funds_that_do_not_fit(funds, argument, words):
    refused(lambda: resolve_funds(funds, CONTRACTS, ASSETS), argument, *words)


def test_a_default_trigger_that_is_none():
    refused(lambda: resolved(default_trigger="depleted"), "default_trigger", "Depleted()")


def test_a_longer_circle_is_found_behind_a_tail():
    funds = [
        InsuranceFund("USDT", name="tail", scope="XRPUSDT", parent="a"),
        InsuranceFund("USDT", name="a", scope="BTCUSDT", parent="b"),
        InsuranceFund("USDT", name="b", scope="ETHUSDT", parent="USDT"),
        InsuranceFund("USDT", parent="a"),
    ]
    assert refused(lambda: resolved(*funds), "funds.parent").row in (1, 2, 3)


def test_tables_are_copied_printed_and_cannot_be_written_to():
    table = resolved(InsuranceFund("USDT", "7", scope="BTCUSDT", parent="USDT"))
    for other in (pickle.loads(pickle.dumps(table)), copy.deepcopy(table)):
        assert other.fields() == table.fields()
        for column in (*(getattr(other, name) for name in ("head", "balance", "parent", "scope")), table.scope):
            assert not column.flags.writeable
    assert json.loads(json.dumps(table.fields())) == table.fields()
    assert len(table) == 4
    assert repr(table) == "<FundTable of 4 funds for 4 contracts: BTCUSDT, USDT, BTC, USDC>"
    many = resolve_funds([], [], [Asset(f"COIN{number}") for number in range(50)])
    assert repr(many) == "<FundTable of 50 funds for 0 contracts>"


@st.composite
def some_funds(draw):
    """Funds of one asset whose scopes are disjoint, each with a parent of a later row or none."""
    count = draw(st.integers(0, 5))
    owner = draw(st.lists(st.integers(-1, count), min_size=8, max_size=8))
    scopes = [[f"C{number}" for number in range(8) if owner[number] == fund] for fund in range(count)]
    scopes = [scope for scope in scopes if scope]
    names = ["USDT", *(f"F{row}" for row in range(len(scopes)))]
    parents = [draw(st.sampled_from([None, *names[: row + 1]])) for row in range(len(scopes))]
    funds = [
        InsuranceFund("USDT", row, scope=scope, name=name, parent=parent)
        for row, (scope, name, parent) in enumerate(zip(scopes, names[1:], parents, strict=True))
    ]
    return draw(st.permutations(funds))


@given(some_funds())
def test_what_counts_for_a_fund_is_what_it_stands_behind(funds):
    contracts = [Contract(f"C{number}", settle=USDT) for number in range(8)]
    table = resolve_funds(funds, contracts, [USDT])
    by_name = {fund.name: fund for fund in funds}
    for number, contract in enumerate(contracts):
        named = [fund.name for fund in funds if contract.symbol in fund.scope]
        assert table.names[table.head[number]] == (named or ["USDT"])[0]
        name, behind = table.names[table.head[number]], set()
        while name is not None:
            behind.add(name)
            name = by_name[name].parent if name in by_name else None
        assert {table.names[row] for row in np.flatnonzero(table.scope[:, number])} == behind
