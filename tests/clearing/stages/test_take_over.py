"""Which rows an insurance fund takes over. Every number by hand."""

from __future__ import annotations

import pytest

from adlcore.clearing import NetNotionalCap, TakeOver, Venue
from support.house_books import AT_100, X, Y, fund, marked


@pytest.mark.parametrize(("cash", "taken"), [(100, 1), (99, 0)])
def test_a_fund_accepts_while_its_net_notional_is_within_its_size(cash, taken):
    """A lot of 100 at 100: F' = F."""
    venue = Venue("capped", [TakeOver()], trigger=NetNotionalCap("1"))
    done = marked([X], [0], [("X", 0, 1, 100)], {"X": "100"}, venue, cash)
    assert len(done.of("take-over")) == taken


@pytest.mark.parametrize(("lots", "taken"), [(4, 1), (19, 1), (20, 0), (21, 0)])
def test_a_fund_accepts_what_makes_its_net_row_smaller(lots, taken):
    """Short 10 at 100; at 150 F is 500 and its notional 1,500, beyond all caps."""
    # Then a long of `lots` bought at 150 without a balance: E 0, P 150. 19 leave 9 of 10.
    venue = Venue("capped", [TakeOver()], trigger=NetNotionalCap("1"))
    done = marked([X], [0, 0], [("X", 0, -10, -1000)], {"X": "100"}, venue, 1000)
    assert done.inventory() == {"X": (-10, -1000)}
    done.house.trade("X", str(lots), "150", buyer=1, seller=None)
    up = done.mark({"X": "150"})
    assert up.equity() == 500
    # Through zero it is two fills.
    assert sum(row["lots"] for row in up.of("take-over")) == -lots * taken


def test_net_notional_is_that_of_all_contracts_of_the_funds_scope():
    """100 in X and 100 in Y are too much for 199 together, and not for two funds of 100."""
    positions = [("X", 0, 1, 100), ("Y", 1, 1, 100)]
    venue = Venue("capped", [TakeOver()], trigger=NetNotionalCap("1"))
    one = marked([X, Y], [0, 0], positions, AT_100, venue, 199)
    assert one.wallets("take-over") == [0]
    two = marked([X, Y], [0, 0], positions, AT_100, venue, [fund(100), fund(100, scope="Y")])
    assert two.wallets("take-over") == [0, 1]
    assert (two.inventory("USDT"), two.inventory("Y")) == ({"X": (1, 100)}, {"Y": (1, 100)})


def test_a_fund_takes_whole_rows():
    """10 lots at a loss of 10 each: 35 would do for three, and takes none."""
    done = marked([X], [0], [("X", 0, 10, 1100)], {"X": "100"}, [TakeOver()], 35)
    assert done.of("take-over") == []


def test_rows_are_taken_over_one_by_one():
    """A wallet's X may be accepted and its Y refused."""
    # E -40 over MM 5 and 5: -20 each: 120 and 120. 20 do for one; of equal margin X is first.
    positions = [("X", 0, 1, 100), ("Y", 0, 1, 100)]
    done = marked([X, Y], [-40], positions, AT_100, [TakeOver()], 20)
    assert [(row["row"], row["price"]) for row in done.of("take-over")] == [(0, 120)]
    assert done.lots == [0, 1]


def test_of_a_chain_the_first_fund_that_accepts_holds_the_inventory():
    """A loss of 70: too much for the 5 of the first, within the 100 of its parent."""
    funds = [fund(100), fund(5, scope="X", parent="USDT")]
    done = marked([X], [0], [("X", 0, 1, 170)], {"X": "100"}, [TakeOver()], funds)
    assert (done.inventory("X"), done.inventory("USDT")) == ({}, {"X": (1, 170)})
    assert (done.equity("X"), done.equity("USDT")) == (5, 30)
    # A loss of 5 is within the first.
    small = marked([X], [0], [("X", 0, 1, 105)], {"X": "100"}, [TakeOver()], funds)
    assert (small.inventory("X"), small.inventory("USDT")) == ({"X": (1, 105)}, {})


def test_a_fund_takes_over_with_what_it_has_at_that_moment_first_fit():
    """A fund of 100 and losses of 70, 60, 30 takes the first and the third."""
    positions = [("X", 0, 1, 170), ("X", 1, 1, 160), ("X", 2, 1, 130)]
    done = marked([X], [0, 0, 0], positions, {"X": "100"}, [TakeOver()], 100)
    assert done.fills("take-over") == [(0, -1, 170, 170), (2, -1, 130, 130)]
    assert done.left_open == [(1, 1)]
    assert (done.cash(), done.equity(), done.inventory()) == (100, 0, {"X": (2, 300)})
