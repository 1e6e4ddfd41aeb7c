"""How a house matches funds with contracts and assets: which answers, and which stands behind it."""

import copy
import json
import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlcore import Asset, Contract
from adlcore.clearing import Depleted, Drawdown, NetNotionalCap
from adlcore.clearing import InsuranceFund as Fund
from adlcore.clearing.funds.fund_table import FundTable, resolve_funds
from support.refusals import refused_for as refused

pytestmark = pytest.mark.plain

ASSETS = USDT, BTC, USDC = Asset("USDT", 2), Asset("BTC", 8), Asset("USDC", 6)
CONTRACTS = (
    Contract("BTCUSDT", settle=USDT),
    Contract("ETHUSDT", settle=USDT),
    Contract("BTCUSD", kind="inverse", settle=BTC, multiplier=100),
    Contract("XRPUSDT", settle=USDT),
)


def resolved(*funds, **others) -> FundTable:
    return resolve_funds(funds, CONTRACTS, ASSETS, **others)


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
        Fund("BTC", "1.00000001"),
        Fund("USDT", "2.50", scope="ETHUSDT", parent="majors", parent_cap="0.75"),
        Fund("USDT", "7", name="majors", scope=["BTCUSDT"], parent="USDT", trigger=own),
        Fund("USDT", "1000"),
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
    assert resolved(Fund("USDT", 5, scope="ETHUSDT", parent="USDT")).chain(0) == (0, 1)


def test_a_fund_whose_name_is_another_asset():
    table = resolve_funds([Fund("USDT", name="BTC")], CONTRACTS[:2], [USDT])
    assert (table.names, table.of_asset.tolist()) == (("BTC",), [0])


@pytest.mark.parametrize(
    ("funds", "told"),
    [
        ([Fund("USDT"), Fund("EUR")], "funds.asset[1] is 'EUR': must be one of the assets USDT, BTC, USDC"),
        ([Fund("USDT", scope="DOGEUSDT")], "funds.scope[0] is 'DOGEUSDT': must name contracts of the house"),
        ([Fund("USDT", scope=["BTCUSDT", "BTCUSD"])], "funds.scope[0] is 'BTCUSD': must name contracts that settle in"),
        ([Fund("USDT", scope="BTCUSDT"), Fund("USDT", scope=["ETHUSDT", "BTCUSDT"])], "funds.scope[1] is 'BTCUSDT': "),
        ([Fund("USDT"), Fund("USDT", name="b")], "funds.scope[1] is None: must name a scope: 'USDT' is the fund"),
        (
            [Fund("USDT", name="a", scope="BTCUSDT"), Fund("USDT", name="a")],
            "funds.name[1] is 'a': must be another: fund 0",
        ),
        ([Fund("USDT", name="BTC")], "funds.name[0] is 'BTC': must be another: the fund of BTC without scope has it"),
        ([Fund("USDT", parent="x")], "funds.parent[0] is 'x': must be one of the funds USDT, BTC, USDC"),
        ([Fund("USDT", parent="BTC")], "funds.parent[0] is 'BTC': must be a fund of USDT: it holds BTC"),
        ([Fund("USDT", parent="a"), Fund("USDT", scope="BTCUSDT", name="a", parent="USDT")], "funds.parent[0] is 'a'"),
        ([Fund("USDT", "0.001")], "funds.balance[0] is '0.001': is between quanta of 0.01: 0.00 or 0.01 would do"),
        ([Fund("USDT", "1e20")], "funds.balance[0] is '100000000000000000000': must lie between"),
        (
            [Fund("USDT", scope="BTCUSDT", parent="USDT", parent_cap="0.005")],
            "funds.parent_cap[0] is '0.005': is between",
        ),
        ([Fund("USDT"), "USDC"], "funds[1] is 'USDC': must be an InsuranceFund"),
        (Fund("USDT"), "funds is InsuranceFund('USDT', '0'): must be a list of InsuranceFund"),
        (5, "funds is 5: must be a list of InsuranceFund"),
    ],
)
def test_funds_that_do_not_fit(funds, told):
    refused(lambda: resolve_funds(funds, CONTRACTS, ASSETS), re.split(r"\[| ", told)[0], told)


def test_a_default_trigger_that_is_none():
    refused(lambda: resolved(default_trigger="depleted"), "default_trigger", "Depleted()")


def test_a_longer_circle_is_found_behind_a_tail():
    funds = [
        Fund("USDT", name="tail", scope="XRPUSDT", parent="a"),
        Fund("USDT", name="a", scope="BTCUSDT", parent="b"),
        Fund("USDT", name="b", scope="ETHUSDT", parent="USDT"),
        Fund("USDT", parent="a"),
    ]
    assert refused(lambda: resolved(*funds), "funds.parent", "must not stand behind itself").row in (1, 2, 3)


def test_tables_are_copied_printed_and_cannot_be_written_to():
    table = resolved(Fund("USDT", "7", scope="BTCUSDT", parent="USDT"))
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
        Fund("USDT", row, scope=scope, name=name, parent=parent)
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
