"""What is left when a wallet is emptied: whose the rest is, and who pays a deficit. Every number by hand."""

from __future__ import annotations

import pytest

from adlcore.clearing import Backstop, BookIOC, Deleverage, NetLegs, TakeOver
from support.house_books import AT_100, CAPPED, LACKING, Book, Pass, X, Y, fund, linear, marked, opened, snapshot

#: 30 at 10 with E 1: BV 299, 9.97, up to 10: closed there, 1 is left.
THIRTY = [("X", 0, 30, 300)]


def test_what_only_the_book_closed_leaves_its_rest_in_the_wallet():
    """All 30 sold at 10."""
    done = marked([X], [1], THIRTY, {"X": "10"}, [BookIOC(), TakeOver(), Deleverage()], 0, Book(bids=[(30, 10)]))
    assert (done.balance, done.cash(), done.amounts("rest")) == ([1], 0, [])


def test_once_the_fund_took_lots_the_rest_is_the_funds():
    """15 in the book, 15 taken over: BV 149, 9.93, up to 10."""
    done = marked([X], [1], THIRTY, {"X": "10"}, [BookIOC(), TakeOver()], 0, Book(bids=[(15, 10)]))
    assert done.amounts("rest") == [(0, -1)]
    assert done.amounts("fund-received", fund="USDT") == [(-1, 1)]
    assert (done.balance, done.cash()) == ([0], 1)


def test_once_lots_were_deleveraged_the_rest_is_the_funds():
    """15 in the book, 15 of a user's."""
    positions = [*THIRTY, ("X", 1, -15, -150)]
    done = marked([X], [1, 900], positions, {"X": "10"}, [BookIOC(), Deleverage()], 0, Book(bids=[(15, 10)]))
    assert (done.balance, done.cash()) == ([0, 900], 1)


def test_lots_that_went_to_the_funds_inventory_are_deleveraged_ones():
    """The fund is short 30 and closes wallet 0's long against it: the rest of 16 is its own."""
    # Wallet 1's short is taken over at 10. Then wallet 0 buys 30 at 10 with 16. At 9.5: MV 285, E 1, MM 14: 284/30, 10.
    # F = 5 + 15; a loss of half a unit a lot: floor((20 - 3)/0.5) = 34, so all 30, bought at what they were sold for.
    done = marked([X], [16, 0], [("X", 1, -30, -300)], {"X": "10"}, [Deleverage(), TakeOver()], 5)
    assert (done.inventory(), done.wallets("take-over")) == ({"X": (-30, -300)}, [1])
    done.house.trade("X", "30", "10", buyer=0, seller=None)
    down = done.mark({"X": "9.5"})
    assert down.fills("adl-fill") == [(0, -30, 10, 300)]
    assert down.amounts("rest") == [(0, -16)]
    assert (down.balance, down.cash(), down.inventory()) == ([0, 0], 5 + 16, {})


def test_what_a_vault_emptied_leaves_its_rest_to_the_vault():
    """E 49: 1451/15 up to 97: 4 are left."""
    done = marked([X], [49], [("X", 0, 15, 1500)], {"X": "100"}, [Backstop(), TakeOver()])
    assert done.amounts("rest") == [(0, -4)]
    assert done.amounts("vault-received", fund="vault") == [(-1, 4)]
    assert (done.balance, done.cash()) == ([0], 0)


def test_where_the_fund_took_lots_beside_a_vault_the_rest_is_the_funds():
    """X goes to the vault at 98; Y (E 10 over MM 15) is not below two thirds, and goes to the fund at 97."""
    # E 30 over MM 50 and 15: X bears floor(23.08): 977, 98. Y then: 290/3 = 96.7: 1 is left.
    done = marked([X, Y], [30], [("X", 0, 10, 1000), ("Y", 0, 3, 300)], AT_100, [Backstop(by="row"), TakeOver()])
    assert done.fills("backstop", "take-over") == [(0, -10, 98, 980), (0, -3, 97, 291)]
    assert (done.balance, done.cash()) == ([0], 1)


def test_what_only_its_own_legs_closed_leaves_its_rest_in_the_wallet():
    """E 50 of MM 100."""
    positions = [("X", 0, 10, 1000), ("X", 0, -10, -1000)]
    done = marked([X], [50], positions, {"X": "100"}, [NetLegs(), Backstop(), TakeOver()])
    assert (done.balance, done.amounts("rest")) == ([50], [])


#: Wallet 0: 10 that cost 1500, at 100 and nothing above 110: 400 lack. Wallet 1 is short and rich.


@pytest.mark.parametrize(("cash", "paid"), [(500, 400), (400, 400), (399, 399), (0, 0)])
def test_the_fund_pays_a_deficit_as_far_as_it_goes(cash, paid):
    """What is left stays as a negative balance with an event that says how much."""
    done = marked([CAPPED], *LACKING, [Deleverage()], cash)
    assert done.amounts("cover") == ([(0, paid)] if paid else [])
    assert (done.balance, done.cash()) == ([paid - 400, 9000 + 1000 - 1100], cash - paid)
    assert done.amounts("uncovered-money") == ([(0, 400 - paid)] if paid < 400 else [])


def test_a_fund_pays_of_its_equity_and_its_cash_may_become_negative():
    """No cash, but 10 lots at 100 that stand at 130."""
    # Wallet 2: long 10, E 0: taken over at 100. At 130 F is 300. Y falls meanwhile: 400 lack there.
    capped = linear("Y", max_price="110")
    positions = [("X", 2, 10, 1000), ("Y", 0, 10, 1500), ("Y", 1, -10, -1000)]
    done = marked([X, capped], [300, 9000, 0], positions, {"X": "100", "Y": "150"}, [TakeOver(), Deleverage()])
    # At 70: E = 300 - 800 = -500, BV 1200, held at 1100: 300 + 1100 - 1500 = -100.
    up = done.mark({"X": "130", "Y": "70"})
    assert up.amounts("cover") == [(0, 100)]
    assert (up.cash(), up.equity()) == (-100, 200)


def test_a_fund_below_zero_pays_nothing():
    """10 lots that cost 1020, at 98; Y lacks 100."""
    capped = linear("Y", max_price="110")
    positions = [("X", 2, 10, 1020), ("Y", 0, 10, 1500), ("Y", 1, -10, -1000)]
    done = marked([X, capped], [300, 9000, 0], positions, {"X": "102", "Y": "150"}, [TakeOver(), Deleverage()])
    down = done.mark({"X": "98", "Y": "70"})
    assert down.of("cover") == []
    assert down.amounts("uncovered-money") == [(0, 100)]
    assert (down.balance[0], down.cash()) == (-100, 0)


def test_debts_of_wallets_without_positions_are_settled_when_the_house_opens_by_row():
    """5 and 7, before anybody is liquidated; the 400 of the first round come later."""
    positions = [("X", 1, 10, 1500), ("X", 3, -10, -1000)]
    house = opened(snapshot([CAPPED], [-5, 0, -7, 9000], positions, {"X": "100"}), [Deleverage()], 1000)
    assert Pass(house, house.opening).amounts("cover") == [(0, 5), (2, 7)]
    assert (house.funds["USDT"].cash, house.audit()) == (988, [])
    done = Pass(house, house.mark({}))
    assert done.amounts("cover") == [(1, 400)]
    assert (done.balance[:3], done.cash()) == ([0, 0, 0], 588)


def test_an_open_entry_is_not_paid_again_by_the_fund():
    """The fund is filled, another deficit is paid: the open 400 stay."""
    done = marked([CAPPED], *LACKING, [Deleverage()])
    done.house.fund_deposit("USDT", "1000")
    done.house.trade("X", "1", "100", buyer=None, seller=1)
    again = done.mark({"X": "200"})
    assert (again.balance[0], again.of("cover"), again.of("uncovered-money")) == (-400, [], [])


@pytest.mark.parametrize(("lots", "kept", "cross"), [(2, 0, 7 + 500), (3, 500, 7)])
def test_an_isolated_winner_closed_in_full_leaves_its_balance_to_the_cross_wallet(lots, kept, cross):
    """At the end of the pass; closed in part it keeps it."""
    # P 200: short at 150 a lot, 50 of loss each, 600 less 100.
    wallets = [0, ("bob", "isolated", 600), ("bob", "cross", 7)]
    positions = [("X", 0, 2, 400), ("X", 1, -lots, -150 * lots)]
    done = marked([X], wallets, positions, {"X": "100"}, [Deleverage()])
    assert done.balance == [0, kept, cross]
    assert done.amounts("moved") == ([] if kept else [(1, -500), (2, 500)])


def test_without_a_cross_wallet_it_stays():
    """Nowhere to go."""
    done = marked(
        [X], [0, ("bob", "isolated", 600)], [("X", 0, 2, 400), ("X", 1, -2, -300)], {"X": "100"}, [Deleverage()]
    )
    assert (done.balance, done.of("moved")) == ([0, 500], [])


def test_it_moves_at_the_end_of_the_pass():
    """A second round comes first."""
    # Wallet 2 is broken by wallet 0: short 2, U 50, E 105; round 2 takes it.
    wallets = [0, ("bob", "isolated", 600), 55, ("bob", "cross", 0)]
    positions = [("X", 0, 2, 400), ("X", 1, -1, -700), ("X", 2, -2, -250)]
    done = marked([X], wallets, positions, {"X": "100"}, [Deleverage()])
    assert done.story("adl-notice", "liquidation-started", "moved") == [
        *(("liquidation-started", 0), ("adl-notice", 1), ("adl-notice", 2), ("liquidation-started", 2)),
        *(("moved", 1), ("moved", 3)),
    ]


@pytest.mark.parametrize(("lots", "paid"), [((3, 1), {"X": 40, "Y": 0}), ((1, 3), {"X": 0, "Y": 40})])
def test_a_wallet_in_several_scopes_is_settled_by_the_fund_of_its_first_row(lots, paid):
    """That with the larger margin. Deleveraged at the mark, E -40 is what is missing."""
    rows = [
        (name, wallet, sign * n, 100 * sign * n) for wallet, sign in ((0, 1), (1, -1)) for name, n in zip("XY", lots)
    ]
    funds = [fund(1000, scope="X"), fund(1000, scope="Y"), fund(1000)]
    done = marked([X, Y], [-40, 900], rows, AT_100, [Deleverage(price="mark")], funds)
    assert {name: 1000 - done.cash(name) for name in "XY"} == paid
    assert done.cash() == 1000


def test_who_owes_outside_a_round_is_settled_by_the_fund_of_the_asset():
    """A lot of X bought with 5 at 100 and sold at 80: what lacks is not of the fund of X."""
    funds = [fund(1000, scope="X"), fund(1000)]
    house = opened(snapshot([X], [5, -7], [("X", 0, 1, 100)], {"X": "100"}), [TakeOver()], funds)
    sold = Pass(house, house.trade("X", "1", "80", buyer=None, seller=0))
    assert sold.amounts("cover") == [(0, 15)]
    assert (sold.cash("X"), sold.cash()) == (1000, 1000 - 7 - 15)


def test_settlement_follows_each_stage():
    """The rest of a wallet that the fund took is in the fund before others are deleveraged."""
    # Wallet 0: 30 at 10, E 1: taken at 10. Wallet 1: 10 that cost 200, E -100: refused, P 20.
    positions = [("X", 0, 30, 300), ("X", 1, 10, 200), ("X", 2, -10, -100)]
    done = marked([X], [1, 0, 500], positions, {"X": "10"}, [TakeOver(), Deleverage()])
    assert done.story("take-over", "rest", "adl-fill") == [
        *(("take-over", 0), ("rest", 0), ("adl-fill", 1), ("adl-fill", 2))
    ]
