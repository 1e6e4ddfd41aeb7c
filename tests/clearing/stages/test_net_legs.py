"""Which legs are closed against each other, when, and at which price. Every number by hand."""

from adlcore.clearing import Deleverage, NetLegs, TakeOver
from support.house_books import AT_100, X, Y, mark_once


def test_long_and_short_of_a_wallet_are_closed_against_each_other_at_the_mark():
    """10 long and 4 short: 4 of each, the short's 80 realized; what is left is healthy."""
    # E = -10 + 80 = 70 = MM 50 + 20. Long: 400 - 400; short: 480 - 400.
    done = mark_once([X], [-10], [("X", 0, 10, 1000), ("X", 0, -4, -480)], {"X": "100"}, [NetLegs(), TakeOver()], 100)
    assert done.own(0, "net-legs") == [(-4, 100, 400), (4, 100, -400)]
    assert (done.balance, done.lots, done.cost) == ([70], [6, 0], [600, 0])
    assert done.wallets("healthy") == [0]
    assert done.party("street") == (0, 0)


def test_legs_are_netted_at_the_mark_in_whole_ticks():
    """100.5 is rounded half-even to 100."""
    done = mark_once([X], [0], [("X", 0, 10, 1000), ("X", 0, -4, -400)], {"X": "100.5"}, [NetLegs()])
    assert done.own(0, "net-legs") == [(-4, 100, 400), (4, 100, -400)]


def test_legs_of_a_wallet_below_zero_are_not_netted():
    """Long 10 at 100, short 10 at 80, WB 100: E = -100 at any mark, and netting would leave it to nobody."""
    positions = [("X", 0, 10, 1000), ("X", 0, -10, -800)]
    for mark in ("50", "90", "200"):
        done = mark_once([X], [100], positions, {"X": mark}, [NetLegs()])
        assert done.of("net-legs") == []
        assert (done.balance, done.lots) == ([100], [10, -10])


def test_what_its_own_legs_leave_stays_in_the_wallet():
    """10 and 10: E 50 of MM 100."""
    positions = [("X", 0, 10, 1000), ("X", 0, -10, -1000)]
    done = mark_once([X], [50], positions, {"X": "100"}, [NetLegs(), TakeOver(), Deleverage()])
    assert (done.balance, done.lots, done.amounts("rest")) == ([50], [0, 0], [])


def test_legs_are_netted_in_the_order_of_the_wallets_rows():
    """Y has the larger margin, so it stands first, though X is the first contract."""
    positions = [("X", 0, 1, 100), ("X", 0, -1, -100), ("Y", 0, 5, 500), ("Y", 0, -5, -500)]
    done = mark_once([X, Y], [1], positions, AT_100, [NetLegs()])
    assert [row["contract"] for row in done.of("net-legs")] == ["Y", "Y", "X", "X"]
