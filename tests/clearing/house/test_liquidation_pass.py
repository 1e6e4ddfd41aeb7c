"""The order of things in a pass: rounds, stages and who is tried. Every number by hand."""

from adlcore.clearing import BookIOC, Deleverage, TakeOver, Venue
from support.house_books import RestingOrders, X, Y, mark_once

#: Wallet 0: long 3, E -300, P 200. Wallet 1: short 2, U 50, E 105: a lot costs it 100, then E 5 = MM of the other.
BREAKING = ([0, 55], [("X", 0, 3, 600), ("X", 1, -2, -250)], {"X": "100"})


def test_rounds_go_on_while_a_liquidatable_wallet_has_not_been_tried():
    """Wallet 1 is broken by wallet 0, and the next round takes it."""
    done = mark_once([X], *BREAKING, [Deleverage()])
    assert done.story("liquidation-started", "adl-notice") == [
        ("liquidation-started", 0),
        ("adl-notice", 1),
        ("liquidation-started", 1),
    ]


def test_a_wallet_has_one_round_a_pass():
    """Wallet 0 is bankrupt still in the second round, which names wallet 1 only."""
    done = mark_once([X], *BREAKING, [Deleverage()])
    assert done.left_open == [(0, 2), (1, -1)]
    assert done.wallets("liquidation-started") == [0, 1]


def test_the_rounds_of_a_pass_may_be_bounded():
    """The event names who is left, who is then as he was."""
    done = mark_once([X], *BREAKING, Venue("once", [Deleverage()], max_rounds=1))
    assert done.wallets("liquidation-started") == [0]
    assert done.wallets("max-rounds") == [1]
    assert done.lots == [2, -1]
    assert mark_once([X], *BREAKING, Venue("twice", [Deleverage()], max_rounds=2)).of("max-rounds") == []


def test_a_fund_below_zero_is_tried_without_any_liquidatable_wallet():
    """It took 10 at 102, and at 98 lacks 40: whoever is short closes them at 102."""
    # Wallet 1: short 10, EV -1100: at 98 U 120, E 220, MM 49. 4 a lot: 1100 - 1020 = 80 realized.
    positions = [("X", 0, 10, 1020), ("X", 1, -10, -1100)]
    done = mark_once([X], [0, 100], positions, {"X": "102"}, [TakeOver(), Deleverage()])
    assert (done.equity(), done.inventory()) == (0, {"X": (10, 1020)})
    down = done.mark({"X": "98"})
    assert down.of("liquidation-started") == []
    assert down.fills("adl-fill") == [(1, 10, 102, -1020)]
    assert down.fills("adl-fill", party="USDT") == [(-1, -10, 102, 1020)]
    assert (down.balance, down.cash(), down.inventory()) == ([0, 180], 0, {})


def test_a_fund_has_one_round_a_pass():
    """Nobody is short of its X; the round after takes a wallet, not the fund again."""
    done = mark_once([X, Y], [0, 0, 55], [("X", 0, 10, 1020)], {"X": "102", "Y": "100"}, [TakeOver(), Deleverage()])
    # Then wallet 1 buys a Y at 200 and wallet 2 sells two at 125: as above, the one breaks the other.
    done.house.trade("Y", "1", "200", buyer=1, seller=None)
    done.house.trade("Y", "2", "125", buyer=None, seller=2)
    down = done.mark({"X": "98"})
    assert down.wallets("liquidation-started") == [1, 2]
    assert [row["lots"] for row in down.of("uncovered-lots", party="USDT")] == [10]
    assert down.left_open == [(2, -1)]
    assert down.equity() == -40


def test_each_stage_takes_all_wallets_before_the_next_begins():
    """Half of each in the book, then the other halves by the fund."""
    book = RestingOrders(bids=[(10, 100)])
    positions = [("X", 0, 10, 1000), ("X", 1, 10, 1000)]
    done = mark_once([X], [0, 0], positions, {"X": "100"}, [BookIOC(portion="0.5"), TakeOver()], 0, book)
    assert done.story("book-fill", "take-over") == [
        ("book-fill", 0),
        ("book-fill", 1),
        ("take-over", 0),
        ("take-over", 1),
    ]


def test_a_wallet_that_is_healthy_when_a_stage_begins_is_left_alone():
    """9 of 10 sold at the mark: E 10, MM 5; neither fund nor others touch the last."""
    book = RestingOrders(bids=[(9, 100)])
    positions = [("X", 0, 10, 1000), ("X", 1, -10, -1000)]
    done = mark_once([X], [10, 1000], positions, {"X": "100"}, [BookIOC(), TakeOver(), Deleverage()], 50, book)
    assert done.lots == [1, -10]
    assert done.wallets("healthy") == [0]
    assert done.of("uncovered-lots") == []
