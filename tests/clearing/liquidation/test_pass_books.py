"""What rows are worth and what they cost while a pass closes them. Every number by hand."""

import pytest

import adlcore as adl
from adlcore.clearing import BookIOC, Deleverage, TakeOver, Uncovered
from support.house_books import RestingOrders, X, build_house, linear, mark_once, snapshot


def test_lots_are_valued_as_held_now_and_not_by_subtraction():
    """What is left of 3 lots is worth what 2 lots are worth."""
    # 3 lots: MV 8, E = -1, BV 9, 3 a lot. One is sold at 3: W 3, released 9/3, E of the others 5 - 6 = -1, BV 6.
    # 8 less a lot's 2 would be 6, and E nothing to liquidate.
    book = RestingOrders(bids=[(1, 3)])
    done = mark_once([X], [0], [("X", 0, 3, 9)], {"X": "2.5"}, [BookIOC(), TakeOver()], 10, book)
    assert done.fills("book-fill", "take-over") == [(0, -1, 3, 3), (0, -2, 3, 6)]


def test_fills_are_valued_cumulatively_and_both_sides_book_the_same_integer():
    """Four lots of a quarter quantum, sold at 0.25 to 0.28: nothing one by one, 1 together."""
    # 4 lots at 0.25: MV 1, MM 0.9 rounded 1, E = 0: liquidatable, BV 1, 0.25 a lot.
    # W = 0.28, 0.55, 0.81, 1.06, rounded 0, 1, 1, 1. Cost released: 1·D/4 truncated: 0, 0, 0, 1.
    contract = linear(tick="0.01", tiers=adl.MarginTiers([0], ["0.9"]))
    book = RestingOrders(bids=[(1, 25), (1, 26), (1, 27), (1, 28)])
    done = mark_once([contract], [0], [("X", 0, 4, 1)], {"X": "0.25"}, [BookIOC()], 0, book)
    assert done.fills("book-fill") == [(0, -1, 28, 0), (0, -1, 27, 1), (0, -1, 26, 0), (0, -1, 25, 0)]
    assert (done.balance, done.lots, done.cost) == ([0], [0], [0])
    # The street paid 1 for the four, too: its legs are those of the wallet, negated, and linked.
    assert done.party("street") == (4, -1)
    rows = done.events.rows()
    at = {row["sequence"]: row for row in rows}
    fills = [row for row in rows if row["kind"] == "book-fill"]
    assert len(fills) == 8
    for row in fills:
        other = at[row["link"]]
        assert (other["link"], other["lots"], other["amount"]) == (row["sequence"], -row["lots"], -row["amount"])


def half_lots(stages, fund, book=None):
    """A lot is worth half its price; wallet 0 short 1 of E 1, wallet 1 long 2 of E -20, wallet 2 short 1 and rich.

    At 101: wallet 0 MV -50, EV -60, E = -9 + 10 = 1, MM 2.5 rounded 2; BV -51, 102 a lot. Wallet 1: MV 101, EV 121,
    P 121, a lot worth 60.5. Both are worth 10 less at the mark.
    """
    positions = [("X", 0, -1, -60), ("X", 1, 2, 121), ("X", 2, -1, -100)]
    return mark_once([linear(multiplier="0.5")], [-9, 0, 200], positions, {"X": "101"}, stages, fund, book)


def test_what_a_fund_and_users_close_of_one_row_is_valued_together():
    """60.5 each: 60 from the fund's short, 61 from the user's."""
    # The fund takes the short at 51: F = 19 - 50 + 51 = 20. It refuses the long: F' = 20 + 50 + 50 - 121 = -1.
    # Cap of the net-fund fill: floor((20 - 3)/10) = 1. It bought at 60 what it sold at 51: cash 19 - 9.
    done = half_lots([TakeOver(), Deleverage()], 19)
    assert done.fills("take-over") == [(0, 1, 102, -51)]
    assert [fill for fill in done.fills("adl-fill") if fill[0] == 1] == [(1, -1, 121, 60), (1, -1, 121, 61)]
    assert (done.cash(), done.inventory()) == (10, {})
    assert done.balance == [0, 0, 200 + 100 - 61]


def test_what_several_funds_close_of_one_row_is_valued_together():
    """Lots of 60.5 again: 60 for the contract's fund's one, 182 - 60 for its parent's two."""
    # Wallet 0: short 2, MV -101, EV -71, P 71: a loss of 30, too much for the 15 of X; its parent has 55 - 30 = 25.
    # Wallet 1: long 3, MV 151.5 rounded 152, E -29: BV 181, P 121, 181.5 rounded 182. Refused: 15 + 152 - 182 and
    # 25 + 50 + 101 - 182. Wallet 2: short 1, E 1, taken over by X at 51: F = 16. X bears floor((16 - 3)/10) = 1 lot,
    # its parent floor((25 - 3)/10) = 2.
    funds = [adl.InsuranceFund("USDT", "55"), adl.InsuranceFund("USDT", "15", scope="X", parent="USDT")]
    positions = [("X", 0, -2, -71), ("X", 1, 3, 181), ("X", 2, -1, -60)]
    stages = [TakeOver(), Deleverage()]
    done = mark_once([linear(multiplier="0.5")], [0, 0, -9], positions, {"X": "101"}, stages, funds)
    assert done.wallets("take-over") == [0, 2]
    assert done.fills("adl-fill") == [(1, -1, 121, 60), (1, -2, 121, 122)]
    # X: 15 + 51 - 60, and wallet 1's rest of 1. The parent: 55 + 71 - 122.
    assert (done.cash("X"), done.cash("USDT"), done.balance) == (7, 4, [0, 0, 0])


def test_every_stage_starts_its_sum_anew():
    """A lot of 60.5 is 60 in the book, and one of 50.5 is 50 in the stage after: together they would be 111."""
    # Lots worth half the price, at 101. 2 of them: MV 101, EV 121, WB 1: E -19, BV 120, P 120. The book buys one at
    # 121; the other is deleveraged at the mark.
    positions = [("X", 0, 2, 121), ("X", 1, -1, -200)]
    book = RestingOrders(bids=[(1, 121)])
    stages = [BookIOC(), Deleverage(price="mark")]
    done = mark_once([linear(multiplier="0.5")], [1, 200], positions, {"X": "101"}, stages, 0, book)
    assert done.fills("book-fill") == [(0, -1, 121, 60)]
    assert done.fills("adl-fill") == [(0, -1, 101, 50), (1, 1, 101, -50)]


@pytest.mark.parametrize(
    ("held", "values"),
    [([4], [121]), ([1, 3], [30, 91]), ([3, 1], [91, 30]), ([2, 2], [60, 61]), ([1] * 4, [30, 30, 31, 30])],
)
def test_a_sum_does_not_depend_on_how_a_quantity_was_cut(held, values):
    """Four lots of 30.25: take(a) then take(b) is take(a + b) in money too."""
    # 4 lots at 101/4: MV 101, EV 121: P 121. The counterparties sold at 900, 800 ... a lot: in their order.
    positions = [("X", 0, 4, 121)] + [("X", 1 + n, -lots, -(900 - 100 * n) * lots) for n, lots in enumerate(held)]
    wallets = [0] + [1000 * lots for lots in held]
    done = mark_once([linear(multiplier="0.25")], wallets, positions, {"X": "101"}, [Deleverage("roi")])
    assert [fill[3] for fill in done.fills("adl-fill") if fill[0] == 0] == values
    assert done.balance[0] == 0


@pytest.mark.parametrize(("bids", "left"), [(1, (4, 3)), (2, (3, 2)), (3, (2, 2)), (4, (1, 1)), (5, (0, 0))])
def test_a_row_releases_its_cost_in_proportion_truncated(bids, left):
    """3 of cost over 5 lots: trunc(3·D/5) = 0, 1, 1, 2, 3, lot by lot or at once."""
    # 5 lots at 0.6: MV 3, MM 0.9·3 rounded 3, E = 0: P 0.6.
    contract = linear(tick="0.1", tiers=adl.MarginTiers([0], ["0.9"]))
    for levels in ([(bids, 6)], [(1, 6)] * bids):
        done = mark_once([contract], [0], [("X", 0, 5, 3)], {"X": "0.6"}, [BookIOC()], 0, RestingOrders(bids=levels))
        assert (done.lots[0], done.cost[0]) == left


@pytest.mark.parametrize(("asks", "left"), [(1, (-4, -3)), (2, (-3, -2)), (4, (-1, -1)), (5, (0, 0))])
def test_the_cost_of_a_short_is_truncated_toward_zero(asks, left):
    """-3·D/5 is 0, -1, -1, -2, -3."""
    contract = linear(tick="0.1", tiers=adl.MarginTiers([0], ["0.9"]))
    done = mark_once([contract], [0], [("X", 0, -5, -3)], {"X": "0.6"}, [BookIOC()], 0, RestingOrders(asks=[(asks, 6)]))
    assert (done.lots[0], done.cost[0]) == left


WATCH = [Uncovered()]


def test_every_call_releases_anew():
    """Two trades of one lot release trunc(3·1/5) and trunc(3·1/4), nothing; in one call it would be trunc(3·2/5)."""
    house = build_house(snapshot([linear(tick="0.1")], [9], [("X", 0, 5, 3)], {"X": "0.6"}), WATCH)
    for lots in (4, 3):
        house.trade("X", "1", "0.6", buyer=None, seller=0)
        assert house.snapshot().positions.quantity.tolist() == [lots]
        assert house.snapshot().positions.entry_value.tolist() == [3]


def test_every_pass_releases_anew():
    """One lot a pass, by a portion of a fifth: as above."""
    contract = linear(tick="0.1", tiers=adl.MarginTiers([0], ["0.9"]))
    book = RestingOrders(bids=[(2, 6)])
    done = mark_once([contract], [0], [("X", 0, 5, 3)], {"X": "0.6"}, [BookIOC(portion="0.2")], 0, book)
    assert (done.lots, done.cost) == ([4], [3])
    # 4 lots: MV 2.4 rounded 2, E = 0.6 rounded 1 + 2 - 3 = 0, MM 2: liquidatable; BV 2, P 0.5.
    again = done.mark({"X": "0.6"})
    assert (again.lots, again.cost) == ([3], [3])


def test_a_row_that_is_enlarged_releases_anew():
    """5 lots that cost 30, then 1 more for 9: one of the six releases 39/6 truncated."""
    house = build_house(snapshot([X], [900], [("X", 0, 5, 30)], {"X": "6"}), WATCH)
    house.trade("X", "1", "9", buyer=0, seller=None)
    house.trade("X", "1", "6", buyer=None, seller=0)
    assert house.snapshot().positions.entry_value.tolist() == [33]


def test_lots_are_indivisible():
    """A tenth of 3 lots is an order of one lot."""
    book = RestingOrders(bids=[(3, 100)])
    done = mark_once([X], [0], [("X", 0, 3, 300)], {"X": "100"}, [BookIOC(portion="0.1")], 0, book)
    assert book.sent == [("X", -1, 100)]
    assert done.lots == [2]
