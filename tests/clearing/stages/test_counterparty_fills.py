"""What is left of a fund below zero is what it holds when its side is served. Every number by hand."""

from __future__ import annotations

import pytest

from adlcore.clearing import Deleverage, TakeOver
from support.house_books import TEN_PERCENT, Pass, fund, linear, opened, snapshot
from support.replays import led_to

A, B = linear("A", TEN_PERCENT), linear("B", TEN_PERCENT)
STAGES = [TakeOver(), Deleverage()]


def sunk(balances, lou, win, stages=STAGES):
    """Bea's rows go to the fund at 100 and 100, and the marks move on against it: A to 90, B to 80."""
    rows = [("A", 0, -10, -1000), ("B", 0, 10, 1000)]
    rows += [("A", 1, *lou), ("A", 2, *win), ("A", 3, -20, -2000), ("B", 3, -10, -1000)]
    house = opened(snapshot([A, B], balances, rows, {"A": "100", "B": "100"}), stages, 0)
    house.mark({"A": "100"})
    before = house.state()
    down = Pass(house, house.mark({"A": "90", "B": "80"}))
    led_to(before, down.events, house)
    assert house.audit() == []
    return down


def test_a_fund_is_not_deleveraged_for_lots_that_another_closed_against_it():
    """Lou's 10 long close the fund's 10 short at 85: win has nothing to close, and only the fund's B is left."""
    # F = (1000 - 900) - (1000 - 800) = -100. Lou: E 150 - 100 = 50 of 900: P 85.
    done = sunk([0, 150, 1000, 9000], lou=(10, 1000), win=(20, 1600))
    assert done.fills("adl-fill", fund="USDT")[0] == (-1, 10, 85, -850)
    assert [fill[0] for fill in done.fills("adl-notice")] == [3]
    assert done.house.snapshot().positions.quantity.tolist() == [0, 0, 20, -20, 0, 0]
    assert "A" not in done.inventory()


def test_what_others_left_of_a_funds_row_is_what_is_deleveraged():
    """Lou's 4 close 4 of the fund's 10 short: win gives 6 of 26, not 10, and the fund is never long."""
    done = sunk([0, 60, 1000, 9000], lou=(4, 400), win=(26, 2080))
    given = [fill for fill in done.fills("adl-notice") if fill[0] == 2]
    assert [fill[1] for fill in given] == [-6]
    assert done.house.snapshot().positions.quantity.tolist() == [0, 0, 20, -20, 0, 0]
    assert "A" not in done.inventory()


def test_prices_stay_those_of_the_stages_start():
    """F -100 over MM 90 and 80: the 6 lots at the price that all 10 had, 84, whatever lou's 4 brought."""
    # A: share floor(-100·90/170) = -53: BV -900 + 53 = -847 of 10: 84.7, down to 84.
    whole = sunk([0, 0, 1000, 9000], lou=(0, 0), win=(26, 2080))
    part = sunk([0, 60, 1000, 9000], lou=(4, 400), win=(26, 2080))
    assert [[fill[2] for fill in done.fills("adl-notice") if fill[0] == 2] for done in (whole, part)] == [[84], [84]]


@pytest.mark.parametrize("stages", [STAGES, [*STAGES, Deleverage()], [*STAGES, Deleverage("roi", price="mark")]])
def test_a_second_stage_finds_what_the_first_left(stages):
    """Nothing of A: neither lou's lots nor the fund's are asked for again."""
    done = sunk([0, 60, 1000, 9000], lou=(4, 400), win=(26, 2080), stages=stages)
    assert [fill[:2] for fill in done.fills("adl-notice")] == [(2, -6), (3, 10)]
    assert done.inventory() == {}


def test_a_fund_is_not_deleveraged_for_lots_that_its_parent_closed():
    """The parent's 10 long close the child's 10 short at the mark: wallet 3, who is long, keeps its lots."""
    stages = [Deleverage(price="mark", below="0"), TakeOver()]
    rows = [("A", 0, -10, -1000), ("B", 2, 10, 1000), ("B", 3, -10, -1000)]
    funds = [fund(0, scope="A", parent="USDT"), fund(100)]
    house = opened(snapshot([A, B], [0, 100, 0, 9000], rows, {"A": "100", "B": "100"}), stages, funds)
    house.mark({"A": "100"})  # the child takes 10 short A, the parent 10 long B
    house.mark({"A": "110"})
    # E 50: P 105. The child, at -100, refuses; the parent has 100 + 1100 - 1050.
    house.trade("A", "10", "115", buyer=1)
    held = Pass(house, house.mark({"A": "110"}))
    assert (held.equity("A"), held.inventory("A")) == (-100, {"A": (-10, -1000)})
    assert (held.equity(), held.inventory()) == (150, {"A": (10, 1050), "B": (10, 1000)})
    house.trade("A", "5", "110", buyer=3)
    down = held.mark({"A": "110", "B": "50"})
    assert down.fills("adl-fill", fund="USDT")[0] == (-1, -10, 110, 1100)
    assert down.fills("adl-fill", fund="A") == [(-1, 10, 110, -1100)]
    assert [fill[:2] for fill in down.fills("adl-notice")] == [(3, 10)]  # of B
    assert (down.inventory("A"), down.inventory()) == ({}, {})
