"""The report of a run that begins in the middle of a house's life: what was held and owed then counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing import Deleverage, TakeOver
from adlcore.io import open_run
from adlcore.report.facts.run_facts import Facts
from support import house_worlds, report_worlds
from support.house_books import fund, linear, snapshot
from support.run_loops import event_rows
from support.run_worlds import ANN, EVE, MIDDLE, without_opening

pytestmark = pytest.mark.usefixtures("unsynchronized")


@pytest.fixture
def recorded(tmp_path):
    """The run, the house after it, and cash, equity and inventory of the fund before it and after each pass."""
    house, seen = MIDDLE.house(), []

    def look(*_):
        one = house.funds["USDT"]
        seen.append((one.cash, one.equity, dict(one.inventory)))

    look()
    given = {"funds": [{"asset": "USDT", "balance": "12345"}]}
    run = adl.io.record(tmp_path / "run", house, MIDDLE.passes, configuration=given, on_pass=look)
    return run, house, seen


def test_a_run_that_begins_in_the_middle_is_reported_as_the_house_was(recorded):
    run, house, seen = recorded
    facts = Facts(run)
    (mine,) = facts.funds
    assert (mine.name, mine.opening, mine.held_inventory, mine.has_moved) == ("USDT", 30, True, True)
    assert mine.cash.tolist() == [cash for cash, _, _ in seen]
    assert mine.equity.tolist() == [equity for _, equity, _ in seen]
    assert [equity for _, equity, _ in seen[:2]] == [40, 35]
    assert (seen[1][2], seen[2][2], mine.lots.tolist()) == ({"X": (5, 440)}, {}, [0])
    assert house.state().uncovered == {(EVE, 0): 7}
    assert [(d.event, d.wallet, d.asset, d.amount, d.left) for d in facts.debts] == [
        (-1, ANN, 0, 15, 0),
        (-1, EVE, 0, 7, 7),
    ]
    assert facts.owed() == [7]


def test_inventory_that_nothing_moves_is_still_held_at_the_end(tmp_path):
    house = MIDDLE.house()
    run = adl.io.record(tmp_path / "run", house, MIDDLE.passes[:1])
    (mine,) = Facts(run).funds
    assert (mine.cash.tolist(), mine.equity.tolist(), mine.lots.tolist()) == ([30, 30], [40, 35], [5])
    assert (mine.held_inventory, mine.has_moved, house.funds["USDT"].inventory) == (True, True, {"X": (5, 440)})


def test_what_a_run_says_goes_before_what_somebody_lists(recorded):
    run, _, seen = recorded
    listed = [adl.InsuranceFund("USDT", "7"), adl.InsuranceFund("USDT", "3", scope="X")]
    (mine,) = Facts(run, funds=listed).funds
    assert (mine.name, mine.opening, mine.cash[-1]) == ("USDT", 30, seen[-1][0])


def test_a_run_that_does_not_say_is_counted_from_what_somebody_lists(recorded):
    former = open_run(without_opening(recorded[0].path))
    (mine,) = Facts(former).funds
    assert (mine.opening, mine.cash[0]) == (12345, 12345)
    (mine,) = Facts(former, funds=[fund(30)]).funds
    assert (mine.opening, mine.cash[0]) == (30, 30)
    (mine,) = Facts(former, funds=[]).funds
    assert (mine.opening, mine.cash[0]) == (None, 0)
    assert Facts(former).debts == []


def test_funds_that_every_house_has_are_shown_once_they_are_listed_hold_or_do_something(tmp_path):
    books = snapshot([linear()], [30, 900], [("X", 0, 2, 200), ("X", 1, -2, -200)], {"X": "100"})
    stages = [TakeOver(), Deleverage()]
    house = adl.ClearingHouse(books, venue=stages)
    run = adl.io.record(tmp_path / "empty", house, [adl.io.Inputs(1, {"X": "99"})])
    assert [(held.name, held.cash) for held in run.opening_funds] == [("USDT", 0)]
    assert Facts(run).funds == []
    assert [(one.name, one.opening) for one in Facts(run, funds=[fund(0)]).funds] == [("USDT", 0)]
    house = adl.ClearingHouse(books, venue=stages)
    fallen = adl.io.record(tmp_path / "fallen", house, [adl.io.Inputs(1, {"X": "86"})])
    assert "USDT" in fallen.events()["fund"]
    assert [(one.opening, one.cash[0]) for one in Facts(fallen).funds] == [(0, 0)]
    house = adl.ClearingHouse(books, [fund(4)], venue=stages)
    rich = adl.io.record(tmp_path / "rich", house, [adl.io.Inputs(1, {"X": "99"})])
    assert [(one.name, one.cash.tolist()) for one in Facts(rich).funds] == [("USDT", [4, 4])]


@given(house_worlds.worlds(), st.integers(0, 5))
def test_the_cash_and_the_equity_of_any_fund_are_those_of_the_house(world, skipped):
    house, run = report_worlds.of_world(world, skipped)
    facts = Facts(run, funds=world.funds)
    told = {fund.name: fund for fund in facts.funds}
    for name, held in house.funds.items():
        if name not in told:  # nobody gave it, it is empty, and nothing moved it in the run
            assert (held.cash, held.inventory, name in run.events()["fund"]) == (0, {}, False)
            assert skipped or not len(held.ledger["amount"])
            continue
        mine = told[name]
        assert mine.cash[-1] == held.cash
        lots = {c.symbol: n for c, n in zip(run.contracts, mine.lots.tolist(), strict=True) if n}
        assert lots == {symbol: count for symbol, (count, _) in held.inventory.items()}
        assert mine.equity[-1] == pytest.approx(held.equity, rel=1e-12, abs=2 * len(lots))
        triggers = [row["kind"] for row in event_rows(run) if row["fund"] == name and row["kind"].startswith("trigger")]
        assert [f"trigger-{'on' if trigger.is_on else 'off'}" for trigger in mine.triggers] == triggers


def test_openings_that_the_run_does_not_say_come_from_the_funds_or_the_configuration_or_are_not_known(ten_run):
    ten_run.opening_funds = None
    assert [fund.opening for fund in Facts(ten_run).funds] == [100 * 10**8]
    given_funds = [adl.InsuranceFund("USDT", "7", scope="SOLUSDT"), adl.InsuranceFund("USDT", "3")]
    assert [(f.name, f.opening) for f in Facts(ten_run, funds=given_funds).funds] == [
        ("SOLUSDT", 7 * 10**8),
        ("USDT", 3 * 10**8),
    ]
    for configuration in ({}, {"funds": "none"}, {"funds": [{"name": "x"}]}, ["funds"]):
        ten_run.configuration = configuration
        (fund,) = Facts(ten_run).funds
        assert fund.opening is None
        assert fund.cash.tolist() == [0, 3_246_875_000]
