"""The report of a run that begins in the middle of a house's life: what was held and owed then counts."""

from __future__ import annotations

import pytest

import adlcore as adl
from adlcore.clearing import Deleverage, TakeOver
from adlcore.io import open_run
from adlcore.report.facts.run_facts import Facts
from support.house_books import fund, linear, snapshot
from support.report_pages import Page
from support.run_worlds import ANN, EVE, MIDDLE, without_opening

pytestmark = [pytest.mark.usefixtures("unsynchronized"), pytest.mark.files]


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
    assert (mine.name, mine.opening, mine.took, mine.moved) == ("USDT", 30, True, True)
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
    assert (mine.took, mine.moved, house.funds["USDT"].inventory) == (True, True, {"X": (5, 440)})


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


def test_the_page_tells_of_debts_from_before_the_run(recorded, tmp_path):
    run, _, _ = recorded
    adl.report.write(run, tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    name = "Wallets without positions that owe money"
    assert page.column(name, "account") == ["eve", "ann"]
    assert page.column(name, "pass") == ["before", "before"]
    assert page.column(name, "state") == ["open", "paid"]
