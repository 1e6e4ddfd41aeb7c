"""A pass worked on paper from the rules, every number of it, before there was a house to ask."""

import pytest

from adlcore.clearing import BookIOC, CancelOrders, Deleverage, TakeOver, Uncovered, Venue
from support.house_books import PassResult, RestingOrders, build_house, fund, linear, orders, snapshot

# The venue ------------------------------------------------------------------------------------------------------------
#
# One linear contract, X: a lot is worth its price, the tick is 1, the maintenance margin 5 % of notional; nothing is
# executed above 90. USDT has no decimals. The mark falls from 100 to 80.
#
#   wallet              lots  bought at  entry value  balance
#   0  ann, cross        -30        115        -3450       50   and an order
#   1  bob, cross         20         95         1900      360   and an order
#   2  cat, cross         50        100         5000      360
#   3  dan, cross        -25         82        -2050      450
#   4  ann, isolated     -15         84        -1260       85   (case 2: 185)
#                        ---
#                          0
#
# The fund has 50. The book bids for 3 lots at 79, 2 at 77 and 10 at 70. The fee is 1 %, what is left is the wallet's.
#
# Margin at 80: MV = 80·q, U = MV - EV, E = WB + U, MM = 0.05·|MV|.
#
#   0  ann    MV -2400   U  1050   E  1100   MM 120
#   1  bob    MV  1600   U  -300   E    60   MM  80   0 < 60 <= 80: liquidatable
#   2  cat    MV  4000   U -1000   E  -640   MM 200   E < 0: liquidatable, bankrupt
#   3  dan    MV -2000   U    50   E   500   MM 100
#   4  ann i. MV -1200   U    60   E   145   MM  60   (case 2: E 245)
#
# Round 1. Order of wallets by MM/E: cat (E < 0: infinite), bob (80/60).
#
# CancelOrders: bob's order goes. Ann is not in liquidation, hers stays.
#
# Bankruptcy prices at the start of BookIOC; each wallet has one row, which bears all of E:
#   cat: BV = 4000 + 640 = 4640, 92.8 a lot, above 90: held at 90, BV = 50·90 = 4500. Of -640 she bears 4000 - 4500 =
#        -500 in the price; -140 is a deficit that is met at settlement.
#   bob: BV = 1600 - 60 = 1540, 77 a lot.
# BookIOC:
#   cat: sells 50 at 90 or more. No bid is so high: nothing filled.
#   bob: sells 20 at 77 or more. 3 at 79 = 237, 2 at 77 = 154, together 391.
#        At his price 5 lots are worth 385; better = 6; the fee is min(1 % of 391 = 3.91, rounded 4; 6) = 4.
#        Cost released: 1900·3/20 = 285, then 1900·5/20 - 285 = 190. Amounts are what is paid: 237, 154, -4.
#        WB = 360 + 237 - 285 + 154 - 190 - 4 = 272. Left: 15 lots, EV 1425.
#        The street has 5 lots that cost 391. The fund has 50 + 4 = 54.
#
# TakeOver: margin again. bob: MV 1200, U -225, E 47, MM 60: liquidatable still.
#   Prices: cat 90 as before, BV 4500. bob: 1200 - 47 = 1153, 76.87 a lot, a long's up: 77, BV = 1155.
#   cat: F' = 54 + 4000 - 4500 < 0: refused.
#   bob: F' = 54 + 1200 - 1155 = 99 >= 0: accepted. The fund has 15 lots that cost 1155.
#        WB = 272 + 1155 - 1425 = 2.
# Settlement: bob holds nothing, his lots went to the fund, and so does his rest of 2: cash 56, F = 56 + 45 = 101.
#
# Deleverage: cat's 50 lots at 90. A counterparty buys at 90 what stands at 80: 10 a lot.
#   The fund has no short to close. (Its own lots are long.)
#   Scores U/E: ann 1050/1100 = 0.95, ann isolated 60/145 = 0.41 (case 2: 60/245 = 0.24), dan 50/500 = 0.1.
#   Caps floor((E - ε)/10), ε = 2 + ceil(|MV|·2^-51) = 3:
#     ann: floor(1097/10) = 109, more than her 30 lots: gives 30.
#     ann isolated: floor(142/10) = 14 of 15 lots (case 2: floor(242/10) = 24, so all 15).
#     dan: floor(497/10) = 49: gives what is left, 6 of 25 (case 2: 5).
#   Values at 90: 2700, 1260, 540 (case 2: 2700, 1350, 450).
#   Released: ann 3450 (she gives all). She realizes 3450 - 2700 = 750: WB 800, her order is cancelled.
#     ann isolated: 1260·14/15 = 1176; 1176 - 1260 = -84: WB 1; left -1 with EV -84. (E = 1 + 4 = 5 = 145 - 140; MM 4.)
#       (case 2: all 1260; 1260 - 1350 = -90: WB 95.)
#     dan: 2050·6/25 = 492; 492 - 540 = -48: WB 402; left -19 with EV -1558. (E = 402 + 38 = 440 = 500 - 60; MM 76.)
#       (case 2: 2050·5/25 = 410; 410 - 450 = -40: WB 410; left -20, EV -1640.)
#     cat: 3000, 1400, 600 (case 2: 3000, 1500, 500) of her 5000: WB = 360 - 300 - 140 - 60 = -140.
#
# Settlement: cat lacks 140. The fund pays min(140, F = 101): 101, its cash is then 56 - 101 = -45 and F = 0.
#   39 stay uncovered, and her balance is -39.
#
# Nobody is liquidatable any more (ann isolated 5 > 4, dan 440 > 76), F is not below zero: there is no second round.
# End of the pass. Case 2: ann's isolated position was closed in full; its 95 move to her cross wallet: 800 + 95 = 895.
#
# Sums, before and after. Lots: 0; after, -1 - 19 + 15 + 5 = 0 (case 2: -20 + 15 + 5 = 0).
#   Balances and cash less entry values: 1305 + 50 - 140 = 1215; after, 800 + 0 - 39 + 402 + 1 = 1164, less 45, less
#   (-84 - 1558 + 1155 + 391 = -96) = 1215. (Case 2: 1405 + 50 - 140 = 1315; 895 - 39 + 410 = 1266, less 45, less
#   (-1640 + 1155 + 391 = -94) = 1315.)

ANN, BOB, CAT, DAN, ANN_ALONE = range(5)
X = linear("X", max_price="90")
VENUE = Venue(
    "by hand",
    [CancelOrders(), BookIOC(limit="bankruptcy", fee="0.01", surplus="wallet"), TakeOver(), Deleverage("binance")],
)
MAIN = (
    *("liquidation-started", "zero-fill", "book-fill", "fee", "take-over", "rest", "cover", "moved"),
    *("uncovered-lots", "uncovered-money", "healthy", "adl-fill"),
)


def worked(alone: int) -> tuple[PassResult, RestingOrders]:
    """The pass; `alone` is what ann's isolated wallet has."""
    cross = [(name, "cross", balance) for name, balance in (("ann", 50), ("bob", 360), ("cat", 360), ("dan", 450))]
    books = snapshot(
        [X],
        [*cross, ("ann", "isolated", alone)],
        [("X", 0, -30, -3450), ("X", 1, 20, 1900), ("X", 2, 50, 5000), ("X", 3, -25, -2050), ("X", 4, -15, -1260)],
        {"X": "100"},
        orders=orders(("X", ANN, -1, 120, 7), ("X", BOB, 1, 60, 3)),
    )
    book = RestingOrders(bids=[(3, 79), (2, 77), (10, 70)])
    house = build_house(books, VENUE, [fund(50)], book)
    return PassResult(house, house.mark({"X": "80"})), book


def test_the_venue_is_as_written():
    assert VENUE.stages[-1] == Uncovered()


#: Of each case, by what ann's isolated wallet has: what it and dan give, what they realize, and what is left.
CASES = {
    85: ((14, -84), (6, -48), [800, 0, -39, 402, 1], [0, 0, 0, -19, -1], [0, 0, 0, -1558, -84], []),
    185: (
        (15, -90),
        (5, -40),
        [895, 0, -39, 410, 0],
        [0, 0, 0, -20, 0],
        [0, 0, 0, -1640, 0],
        [(ANN, 95), (ANN_ALONE, -95)],
    ),
}


@pytest.mark.parametrize("alone", CASES, ids=["capped", "closed in full"])
def test_an_isolated_winner(alone):
    done, book = worked(alone)
    (gives, realizes), (dan_gives, dan_realizes), balance, lots, cost, moved = CASES[alone]
    assert book.sent == [("X", -50, 90), ("X", -20, 77)]
    assert [(row["kind"], row["wallet"], row["lots"], row["price"], row["amount"]) for row in done.of(*MAIN)][:16] == [
        ("liquidation-started", CAT, 0, 0, 0),
        ("liquidation-started", BOB, 0, 0, 0),
        ("zero-fill", CAT, -50, 90, 0),
        ("book-fill", BOB, -3, 79, 237),
        ("book-fill", BOB, -2, 77, 154),
        ("fee", BOB, 0, 0, -4),
        ("take-over", BOB, -15, 77, 1155),
        ("rest", BOB, 0, 0, -2),
        ("adl-fill", CAT, -30, 90, 2700),
        ("adl-fill", ANN, 30, 90, -2700),
        ("adl-fill", CAT, -gives, 90, 90 * gives),
        ("adl-fill", ANN_ALONE, gives, 90, -90 * gives),
        ("adl-fill", CAT, -dan_gives, 90, 90 * dan_gives),
        ("adl-fill", DAN, dan_gives, 90, -90 * dan_gives),
        ("cover", CAT, 0, 0, 101),
        ("uncovered-money", CAT, 0, 0, 39),
    ]
    notices = [(ANN, 30, 90, 750), (ANN_ALONE, gives, 90, realizes), (DAN, dan_gives, 90, dan_realizes)]
    assert done.fills("adl-notice") == notices
    assert [row["kind"] for row in done.of(*MAIN)][16:] == ["moved"] * len(moved)
    assert sorted(done.amounts("moved")) == moved
    assert done.wallets("order-cancelled") == [BOB, ANN]
    assert (done.balance, done.lots, done.cost) == (balance, lots, cost)
    # Street and fund end alike in both cases.
    assert done.party("street") == (5, -391)
    assert done.amounts("fund-paid", party="USDT") == [(-1, -101)]
    assert (done.cash(), done.equity()) == (-45, 0)
    assert done.inventory() == {"X": (15, 1155)}
    assert done.party("USDT") == (15, 4 - 1155 + 2 - 101)


@pytest.mark.parametrize("alone", [85, 185])
def test_sums_are_kept_and_a_quiet_mark_changes_nothing(alone):
    done, _ = worked(alone)
    after = done.house.snapshot()
    assert after.positions.quantity.sum() + 15 + 5 == 0
    assert after.wallets.balance.sum() - 45 - (after.positions.entry_value.sum() + 1155 + 391) == 1130 + alone
    done.house.audit()
    # The lots of ann and dan stand where they stood, the fund has F = 0: nothing is left to do at the same mark.
    again = done.mark({"X": "80"})
    assert again.of(*MAIN) == []
    assert again.balance == done.balance
