"""Rows that a cool-down holds back: who leaves them alone. Every number by hand."""

from adlcore.clearing import BookIOC, TakeOver
from support.house_books import RestingOrders, X, mark_once


def test_a_bankrupt_row_does_not_wait():
    """At 90 E is below zero: the fund takes the 16 before their time."""
    # E = -160: BV 1440 + 160, P 100: F' = 500 - 160.
    book = RestingOrders(bids=[(100, 100)])
    stages = [BookIOC(portion="0.2", cool_down=30), TakeOver()]
    done = mark_once([X], [0], [("X", 0, 20, 2000)], {"X": "100"}, stages, 500, book, pass_={"time": 0})
    assert done.mark({"X": "90"}, time=10).fills("take-over") == [(0, -16, 100, 1600)]
