"""The order of things in a pass, and which value each of them uses. Every number by hand."""

from __future__ import annotations

import pytest

from adlcore.clearing import Backstop, BookIOC, Deleverage, TakeOver, Uncovered, Venue
from support.house_books import AT_100, Book, Pass, X, Y, Z, marked, opened, snapshot

# Rounds ---------------------------------------------------------------------------------------------------------------

#: Wallet 0: long 3, E -300, P 200. Wallet 1: short 2, U 50, E 105: a lot costs it 100, then E 5 = MM of the other.
BREAKING = ([0, 55], [("X", 0, 3, 600), ("X", 1, -2, -250)], {"X": "100"})


def test_rounds_go_on_while_a_liquidatable_wallet_has_not_been_tried():
    """Wallet 1 is broken by wallet 0, and the next round takes it."""
    done = marked([X], *BREAKING, [Deleverage()])
    assert done.story("liquidation-started", "adl-notice") == [
        ("liquidation-started", 0),
        ("adl-notice", 1),
        ("liquidation-started", 1),
    ]


def test_a_wallet_has_one_round_a_pass():
    """Wallet 0 is bankrupt still in the second round, which names wallet 1 only."""
    done = marked([X], *BREAKING, [Deleverage()])
    assert done.left_open == [(0, 2), (1, -1)]
    assert done.wallets("liquidation-started") == [0, 1]


def test_the_rounds_of_a_pass_may_be_bounded():
    """The event names who is left, who is then as he was."""
    done = marked([X], *BREAKING, Venue("once", [Deleverage()], max_rounds=1))
    assert done.wallets("liquidation-started") == [0]
    assert done.wallets("max-rounds") == [1]
    assert done.lots == [2, -1]
    assert marked([X], *BREAKING, Venue("twice", [Deleverage()], max_rounds=2)).of("max-rounds") == []


def test_the_next_pass_tries_again():
    """What nobody took stays, and is liquidated anew at the next mark."""
    done = marked([X], *BREAKING, [Deleverage()])
    again = done.mark({"X": "100"})
    assert again.wallets("liquidation-started") == [0, 1]
    assert again.left_open == [(0, 2), (1, -1)]


def test_a_fund_below_zero_is_tried_without_any_liquidatable_wallet():
    """It took 10 at 102, and at 98 lacks 40: whoever is short closes them at 102."""
    # Wallet 1: short 10, EV -1100: at 98 U 120, E 220, MM 49. 4 a lot: 1100 - 1020 = 80 realized.
    positions = [("X", 0, 10, 1020), ("X", 1, -10, -1100)]
    done = marked([X], [0, 100], positions, {"X": "102"}, [TakeOver(), Deleverage()])
    assert (done.equity(), done.inventory()) == (0, {"X": (10, 1020)})
    down = done.mark({"X": "98"})
    assert down.of("liquidation-started") == []
    assert down.fills("adl-fill") == [(1, 10, 102, -1020)]
    assert down.fills("adl-fill", fund="USDT") == [(-1, -10, 102, 1020)]
    assert (down.balance, down.cash(), down.inventory()) == ([0, 180], 0, {})


def test_a_fund_has_one_round_a_pass():
    """Nobody is short of its X; the round after takes a wallet, not the fund again."""
    done = marked([X, Y], [0, 0, 55], [("X", 0, 10, 1020)], {"X": "102", "Y": "100"}, [TakeOver(), Deleverage()])
    # Then wallet 1 buys a Y at 200 and wallet 2 sells two at 125: as above, the one breaks the other.
    done.house.trade("Y", "1", "200", buyer=1, seller=None)
    done.house.trade("Y", "2", "125", buyer=None, seller=2)
    down = done.mark({"X": "98"})
    assert down.wallets("liquidation-started") == [1, 2]
    assert [row["lots"] for row in down.of("uncovered-lots", fund="USDT")] == [10]
    assert down.left_open == [(2, -1)]
    assert down.equity() == -40


# In a round -----------------------------------------------------------------------------------------------------------


def test_contracts_without_a_new_mark_keep_their_last():
    """Y falls, then X: the wallet has both losses at the second mark."""
    # After Y: E 20. After X: E = 30 - 10 - 12 = 8, MM 4.4 and 4.5, rounded 4 and 4.
    house = opened(snapshot([X, Y], [30], [("X", 0, 1, 100), ("Y", 0, 1, 100)], AT_100), [Uncovered()])
    assert Pass(house, house.mark({"Y": "90"})).of("liquidation-started") == []
    assert Pass(house, house.mark({"X": "88"})).wallets("liquidation-started") == [0]


def test_wallets_are_ordered_by_ratio_then_equity_then_row():
    """E <= 0 is an infinite ratio; of equal ratios less equity comes first."""
    # MM 50 a wallet, 100 of the last: ratios 1, 2, inf, inf, 2, 2.
    lots = [10, 10, 10, 10, 10, 20]
    positions = [("X", row, held, 100 * held) for row, held in enumerate(lots)]
    done = marked([X], [50, 25, 0, -5, 25, 50], positions, {"X": "100"}, [Uncovered()])
    assert done.wallets("liquidation-started") == [3, 2, 1, 4, 5, 0]


def test_rows_of_a_wallet_are_ordered_by_margin_then_row():
    """MM 5, 10, 5."""
    book = Book()
    positions = [("X", 0, 1, 100), ("Y", 0, 2, 200), ("Z", 0, 1, 100)]
    marked([X, Y, Z], [0], positions, {**AT_100, "Z": "100"}, [BookIOC()], 0, book)
    assert [symbol for symbol, *_ in book.sent] == ["Y", "X", "Z"]


def test_the_order_of_rows_is_fixed_for_the_round():
    """The book leaves 1 of 4 lots of X, less than of Y: it stays first."""
    book = Book(bids=[(3, 100)])
    positions = [("X", 0, 4, 400), ("Y", 0, 3, 300)]
    done = marked([X, Y], [0], positions, AT_100, [BookIOC(), TakeOver()], 0, book)
    assert [(row["row"], row["lots"]) for row in done.of("take-over")] == [(0, -1), (1, -3)]


def test_the_order_of_wallets_is_fixed_for_the_round():
    """Ratios 50/10 and 50/20; after the book 10/10 and 50/20."""
    # Wallet 0 sells 8 of 10 at 100: E 10, MM 10. Then it is worth 190: 95; wallet 1: 980.
    book = Book(bids=[(8, 100)])
    positions = [("X", 0, 10, 1000), ("X", 1, 10, 1000)]
    done = marked([X], [10, 20], positions, {"X": "100"}, [BookIOC(), TakeOver()], 0, book)
    assert done.fills("take-over") == [(0, -2, 95, 190), (1, -10, 98, 980)]


def test_each_stage_takes_all_wallets_before_the_next_begins():
    """Half of each in the book, then the other halves by the fund."""
    book = Book(bids=[(10, 100)])
    positions = [("X", 0, 10, 1000), ("X", 1, 10, 1000)]
    done = marked([X], [0, 0], positions, {"X": "100"}, [BookIOC(portion="0.5"), TakeOver()], 0, book)
    assert done.story("book-fill", "take-over") == [
        ("book-fill", 0),
        ("book-fill", 1),
        ("take-over", 0),
        ("take-over", 1),
    ]


#: E 10 over MM 15 and 5: X bears 7, 293/3 up 98; Y bears 3, 97. With X gone at 98, Y would bear 4: 96.
TWO_ROWS = [("X", 0, 3, 300), ("Y", 0, 1, 100)]


@pytest.mark.parametrize(
    ("stage", "kind"),
    [
        (TakeOver(), "take-over"),
        (Backstop(), "backstop"),
        # 10 < 2/3·20, but of what X leaves only 4 < 1·5.
        (Backstop(below="1", by="row"), "backstop"),
        (Deleverage(), "adl-fill"),
    ],
)
def test_prices_are_computed_once_at_the_start_of_a_stage(stage, kind):
    """What X leaves does not enter the price of Y in the same stage."""
    positions = [*TWO_ROWS, ("X", 1, -3, -300), ("Y", 1, -1, -100)]
    done = marked([X, Y], [10, 1000], positions, AT_100, [stage])
    assert [fill for fill in done.fills(kind) if fill[0] == 0] == [(0, -3, 98, 294), (0, -1, 97, 97)]


def test_prices_are_computed_anew_by_the_next_stage():
    """X sold at 98, Y is refused by the book at 97 and taken over at 96."""
    book = Book(bids=[(3, 98)])
    positions = [("X", 0, 3, 300), ("Y", 0, 1, 100)]
    done = marked([X, Y], [10], positions, AT_100, [BookIOC(), TakeOver()], 0, book)
    assert book.sent == [("X", -3, 98), ("Y", -1, 97)]
    assert done.fills("take-over") == [(0, -1, 96, 96)]


def test_a_wallet_that_is_healthy_when_a_stage_begins_is_left_alone():
    """9 of 10 sold at the mark: E 10, MM 5; neither fund nor others touch the last."""
    book = Book(bids=[(9, 100)])
    positions = [("X", 0, 10, 1000), ("X", 1, -10, -1000)]
    done = marked([X], [10, 1000], positions, {"X": "100"}, [BookIOC(), TakeOver(), Deleverage()], 50, book)
    assert done.lots == [1, -10]
    assert done.wallets("healthy") == [0]
    assert done.of("uncovered-lots") == []


def test_settlement_follows_each_stage():
    """The rest of a wallet that the fund took is in the fund before others are deleveraged."""
    # Wallet 0: 30 at 10, E 1: taken at 10. Wallet 1: 10 that cost 200, E -100: refused, P 20.
    positions = [("X", 0, 30, 300), ("X", 1, 10, 200), ("X", 2, -10, -100)]
    done = marked([X], [1, 0, 500], positions, {"X": "10"}, [TakeOver(), Deleverage()])
    assert done.story("take-over", "rest", "adl-fill") == [
        *(("take-over", 0), ("rest", 0), ("adl-fill", 1), ("adl-fill", 2)),
    ]


def test_deleveraging_goes_contract_by_contract_longs_before_shorts():
    """In the order of the snapshot's contracts, whatever the order of the wallets."""
    # Longs that cost 200, E -100; a short sold at 10, E -90.
    bankrupt = [("X", 0, 1, 200), ("Y", 1, -1, -10), ("Y", 2, 1, 200)]
    rich = [("X", 3, -1, -100), ("Y", 4, -1, -100), ("Y", 5, 1, 100)]
    wallets = [0, 0, 0, 1000, 1000, 1000]
    done = marked([Y, X], wallets, bankrupt + rich, AT_100, [Deleverage()])
    assert done.wallets("liquidation-started") == [0, 2, 1]
    assert done.wallets("adl-fill") == [2, 4, 1, 5, 0, 3]


def test_deleveraging_does_not_stop_for_a_wallet_that_turns_healthy_inside_it():
    """X at 96 leaves E 10 over MM 5, and Y goes all the same."""
    # E 50 over MM 50 and 5: X bears floor(45.4) = 45: 955, 96 a lot; Y 5: 95. Rest 50 - 40 - 5.
    positions = [("X", 0, 10, 1000), ("Y", 0, 1, 100), ("X", 1, -10, -1000), ("Y", 1, -1, -100)]
    done = marked([X, Y], [50, 1000], positions, AT_100, [Deleverage()])
    assert [fill for fill in done.fills("adl-fill") if fill[0] == 0] == [(0, -10, 96, 960), (0, -1, 95, 95)]
    assert done.amounts("rest") == [(0, -5)]
    assert done.of("healthy") == []


# Which value is used --------------------------------------------------------------------------------------------------


def test_the_book_stops_on_the_equity_of_the_moment():
    """X sold at the mark: E 50, MM 5: no order for Y."""
    book = Book(bids=[(10, 100)])
    positions = [("X", 0, 10, 1000), ("Y", 0, 1, 100)]
    done = marked([X, Y], [50], positions, AT_100, [BookIOC()], 0, book)
    assert book.sent == [("X", -10, 96)]
    assert done.lots == [0, 1]


def test_the_backstop_by_row_stops_on_the_equity_of_the_moment():
    """30 < 2/3·55: X goes at 98; then E 10 is not below 2/3·5."""
    # X bears floor(30·50/55) = 27: 973, 98 a lot.
    positions = [("X", 0, 10, 1000), ("Y", 0, 1, 100)]
    done = marked([X, Y], [30], positions, AT_100, [Backstop(by="row")])
    assert done.fills("backstop") == [(0, -10, 98, 980)]
    assert done.lots == [0, 1]


def test_a_fund_takes_over_with_what_it_has_at_that_moment_first_fit():
    """A fund of 100 and losses of 70, 60, 30 takes the first and the third."""
    positions = [("X", 0, 1, 170), ("X", 1, 1, 160), ("X", 2, 1, 130)]
    done = marked([X], [0, 0, 0], positions, {"X": "100"}, [TakeOver()], 100)
    assert done.fills("take-over") == [(0, -1, 170, 170), (2, -1, 130, 130)]
    assert done.left_open == [(1, 1)]
    assert (done.cash(), done.equity(), done.inventory()) == (100, 0, {"X": (2, 300)})


def test_a_limit_at_the_funds_expense_uses_what_the_fund_has_at_that_moment():
    """10 of fund let the first sell its lot 10 below; the second has no fund left, and sells at its price or not."""
    # E 0: P 100; with F 10 a lot at 90. The book bids 90 for two.
    book = Book(bids=[(2, 90)])
    positions = [("X", 0, 1, 100), ("X", 1, 1, 100)]
    done = marked([X], [0, 0], positions, {"X": "100"}, [BookIOC(limit="fund", surplus="fund")], 10, book)
    assert book.sent == [("X", -1, 90), ("X", -1, 100)]
    assert done.amounts("cover") == [(0, 10)]
    assert (done.balance, done.cash(), done.lots) == ([0, 0], 0, [0, 1])


def test_users_are_ranked_once_for_a_contract_and_side():
    """Wallet 2 (200/400) falls to 100/300 by its first lot, behind wallet 3 (160/400), and gives the second too."""
    positions = [("X", 0, 1, 200), ("X", 1, 1, 200), ("X", 2, -2, -400), ("X", 3, -2, -360)]
    done = marked([X], [0, 0, 200, 240], positions, {"X": "100"}, [Deleverage()])
    assert done.wallets("adl-notice") == [2, 2]


def test_caps_are_of_the_equity_after_every_fill():
    """E 202 bears floor(199/100) = 1 lot; after it 102 bears floor(99/100) = 0."""
    positions = [("X", 0, 1, 200), ("X", 1, 1, 200), ("X", 2, -2, -250)]
    done = marked([X], [0, 0, 152], positions, {"X": "100"}, [Deleverage()])
    assert done.wallets("adl-notice") == [2]
    assert done.left_open == [(1, 1)]


def test_a_cap_counts_the_loss_of_the_same_wallets_other_rows():
    """Two contracts, one wallet: what X cost it, Y does not find."""
    positions = [("X", 0, 1, 200), ("X", 2, -1, -100), ("Y", 1, 1, 200), ("Y", 2, -1, -100)]
    done = marked([X, Y], [0, 0, 202], positions, AT_100, [Deleverage()])
    assert [row["contract"] for row in done.of("adl-notice")] == ["X"]
