"""Who is liquidated, and the numbers that decide it. Every number by hand."""

from __future__ import annotations

import pytest

import adlcore as adl
from adlcore.clearing import Backstop, BookIOC, Deleverage, TakeOver, Uncovered, Venue
from support.house_books import AT_100, NO_MARGIN, Book, X, Y, Z, linear, marked

WATCH = [Uncovered()]


def watched(contract, wallets, positions, price, **more):
    """Which wallets a round takes; a position is the lots and the entry value of the wallet of its number."""
    held = [(contract.symbol, row, *given) for row, given in enumerate(positions)]
    return marked([contract], wallets, held, {contract.symbol: price}, WATCH, **more).wallets("liquidation-started")


def test_a_position_is_worth_its_lots_times_the_mark_rounded_half_even():
    """MV = rint(q·v): 1 lot at 2.5 is worth 2 and 3 lots 8."""
    # U = 2 - 3 and 8 - 8 without a balance; half up or half down would take the other, or both.
    assert watched(X, [0, 0], [(1, 3), (3, 8)], "2.5") == [0]


def test_values_above_2_to_the_53_are_float64_products():
    """float64(q)·v is a quantum off there, on every machine the same."""
    lots = 2**53 + 1
    tiny = linear(tiers=adl.MarginTiers([0], ["0.00000000000000000001"]))
    assert watched(tiny, [0], [(lots, lots)], "1") == [0]
    assert watched(tiny, [1], [(lots, lots)], "1") == []


def test_maintenance_margin_is_the_largest_of_the_tiers_lines():
    """Tiers 10 %, and 30 % from 100 on: 200 needs max(20, 60 - 20)."""
    tiers = adl.MarginTiers([0, 100], ["0.1", "0.3"])
    assert watched(linear(tiers=tiers), [40, 41], [(200, 200)] * 2, "1") == [0]


def test_maintenance_margin_is_rounded_half_even():
    """25 % of 10 is 2, of 14 it is 4."""
    quarter = linear(tiers=adl.MarginTiers([0], ["0.25"]))
    assert watched(quarter, [2, 3, 4, 5], [(10, 10), (10, 10), (14, 14), (14, 14)], "1") == [0, 2]


def test_maintenance_margin_is_not_below_zero():
    """10 % of 10 less 5 is 0 and not -4: with nothing a wallet is not liquidated, below nothing it is."""
    tiers = adl.MarginTiers([0], ["0.1"], ["5"], check=False)
    assert watched(linear(tiers=tiers), [0, -1], [(10, 10)] * 2, "1") == [1]


@pytest.mark.parametrize(("equity", "taken"), [(51, []), (50, [0]), (1, [0]), (0, [0]), (-1, [0])])
def test_a_wallet_is_liquidatable_where_its_equity_is_not_above_its_margin(equity, taken):
    """10 lots at 100: MM 50."""
    assert watched(X, [equity], [(10, 1000)], "100") == taken


#: Too little of small values to be a quantum.


@pytest.mark.parametrize(("equity", "taken"), [(0, []), (-1, [0])])
def test_without_margin_only_a_negative_equity_is_liquidated(equity, taken):
    """MM of a lot at 100 is 0.01, rounded 0."""
    assert watched(linear(tiers=NO_MARGIN), [equity], [(1, 100)], "100") == taken


@pytest.mark.parametrize(("equity", "taken"), [(50, []), (49, [0])])
def test_a_venue_may_liquidate_below_the_margin_only(equity, taken):
    """`inclusive=False`: E = MM is healthy."""
    venue = Venue("below", WATCH, inclusive=False)
    done = marked([X], [equity], [("X", 0, 10, 1000)], {"X": "100"}, venue)
    assert done.wallets("liquidation-started") == taken


def test_a_negative_equity_is_never_healthy():
    """Neither without margin nor where only what is below it is liquidated."""
    venue = Venue("below", WATCH, inclusive=False)
    contract = linear(tiers=NO_MARGIN)
    done = marked([contract], [-1], [("X", 0, 1, 100)], {"X": "100"}, venue)
    assert done.wallets("liquidation-started") == [0]


def test_a_wallet_without_a_position_is_not_liquidatable():
    """A debt is a matter of settlement."""
    done = marked([X], [-5, 100], [("X", 1, 1, 100)], {"X": "100"}, WATCH)
    assert done.of("liquidation-started") == []


def test_the_street_and_funds_are_never_liquidatable():
    """The street is short 10 at 100 and loses 1000 at 200; the fund took 10 at 102 and has F = -20 at 100."""
    # Wallet 0: MV 1020 at 102, MM 51, E = 0; the fund takes it over at 102. Balanced by the street at -1020.
    done = marked([X], [0], [("X", 0, 10, 1020)], {"X": "102"}, [TakeOver()])
    assert done.inventory() == {"X": (10, 1020)}
    down = done.mark({"X": "100"})
    assert down.equity() == -20
    up = down.mark({"X": "200"})
    assert [row for row in (*down.events.rows(), *up.events.rows()) if row["kind"] == "liquidation-started"] == []


def test_a_vault_is_never_liquidatable():
    """It has no cash and loses, and nothing happens to it."""
    done = marked([X], [0], [("X", 0, 10, 1000)], {"X": "100"}, [Backstop()])
    assert done.fills("backstop") == [(0, -10, 100, 1000)]
    assert done.mark({"X": "50"}).of("liquidation-started", "uncovered-lots", fund="vault") == []


def test_who_is_broken_as_a_counterparty_is_liquidated_in_a_later_round():
    """And a counterparty pays in that round too, with what it has then."""
    # Wallet 0: P 200. Wallet 1: short 3, U 45, E 110: a lot costs it 100, E 10 = MM of the 2 others: round 2 takes it.
    # BV -210, 105 a lot: wallet 2, long 2, sells at 105, 5 better than the mark.
    positions = [("X", 0, 1, 200), ("X", 1, -3, -345), ("X", 2, 2, 180)]
    done = marked([X], [0, 65, 100], positions, {"X": "100"}, [Deleverage()])
    assert done.wallets("liquidation-started") == [0, 1]
    assert [fill[:3] for fill in done.fills("adl-fill")] == [(0, -1, 200), (1, 1, 200), (1, 2, 105), (2, -2, 105)]
    # -200 + 115 = -85 of 65; then -210 + 230 = 20: nothing. Wallet 2: 210 - 180.
    assert done.balance == [0, 0, 130]


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
