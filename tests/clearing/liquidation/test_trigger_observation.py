"""What a pass does where a venue's rules leave a choice, as docs/waterfall.md states it. Every number by hand."""

from __future__ import annotations

import pytest

from adlcore.clearing import Deleverage, Drawdown, NetLegs, NetNotionalCap, TakeOver
from support.house_books import AT_100, TEN_PERCENT, Pass, X, Y, fund, linear, marked, opened, snapshot

# Stages ---------------------------------------------------------------------------------------------------------------


def test_legs_are_netted_in_the_order_of_the_wallets_rows():
    """Y has the larger margin, so it stands first, though X is the first contract."""
    positions = [("X", 0, 1, 100), ("X", 0, -1, -100), ("Y", 0, 5, 500), ("Y", 0, -5, -500)]
    done = marked([X, Y], [1], positions, AT_100, [NetLegs()])
    assert [row["contract"] for row in done.of("net-legs")] == ["Y", "Y", "X", "X"]


def test_each_stage_ranks_a_side_anew():
    """Wallet 2 (200/400) gave a lot at 200: 100/300 is behind wallet 3 (160/400) when the second stage ranks."""
    # Wallet 1: E 5 of MM 5, P 95; the first stage leaves it, for it is not below zero.
    positions = [("X", 0, 1, 200), ("X", 1, 1, 95), ("X", 2, -2, -400), ("X", 3, -2, -360)]
    stages = [Deleverage(below="0"), Deleverage()]
    done = marked([X], [0, 0, 200, 280], positions, {"X": "100"}, stages)
    assert done.wallets("adl-notice") == [2, 3]
    once = marked([X], [0, 0, 200, 280], positions, {"X": "100"}, [Deleverage()])
    assert once.wallets("adl-notice") == [2, 2]


def test_a_second_stage_tries_a_fund_that_the_first_tried_in_the_round():
    """Wallet 1 is no winner: the first stage leaves the fund's 10, the second closes them."""
    stages = [TakeOver(), Deleverage(eligible="winners"), Deleverage()]
    done = marked([X], [0, 9000], [("X", 0, 10, 1020), ("X", 1, -10, -900)], {"X": "102"}, stages)
    assert done.inventory() == {"X": (10, 1020)}
    down = done.mark({"X": "98"})
    assert down.fills("adl-notice") == [(1, 10, 102, -120)]
    assert down.inventory() == {}


def test_what_a_fund_could_not_close_is_told_once_a_pass_and_may_be_less_by_its_end():
    """10 short are told in the first round; the second closes 4 of them against a wallet that the first broke."""
    contracts = [linear("Y", TEN_PERCENT), linear("X", TEN_PERCENT)]
    books = snapshot(contracts, [0, 0, 105], [("X", 0, -10, -1000)], AT_100)
    house = opened(books, [TakeOver(), Deleverage()], 0)
    house.mark({})
    # Wallet 1: E -130 of 10 Y. Wallet 2: E 105 of MM 140, at 110 E 145 of MM 144.
    house.trade("Y", "10", "113", buyer=1)
    house.trade("Y", "10", "100", seller=2)
    house.trade("X", "4", "100", buyer=2)
    done = Pass(house, house.mark({"X": "110"}))
    # Y first: 130 from wallet 2 leave 15 of MM 44, so that it is nobody's counterparty in X. Then its 4 X at 107.
    assert done.fills("adl-notice") == [(2, 10, 113, -130)]
    assert done.wallets("liquidation-started") == [1, 2]
    assert [row["lots"] for row in done.of("uncovered-lots", fund="USDT")] == [-10]
    assert done.inventory()["X"][0] == -6


def test_what_funds_close_of_a_side_is_told_before_what_its_users_close():
    """At the mark the fund's 3 short close wallet 2's 2 long and one of wallet 1's; a user closes the other."""
    rows = [("X", 0, -3, -300), ("X", 1, 2, 202), ("X", 2, 2, 204), ("X", 3, -9, -900)]
    done = marked([X], [0, 0, 0, 900], rows, {"X": "100"}, [TakeOver(), Deleverage(price="mark")])
    told = list(done.events.rows("adl-fill"))
    pairs = [(one["wallet"], one["lots"], other["fund"] or other["wallet"]) for one, other in zip(*[iter(told)] * 2)]
    assert pairs == [(2, -2, "USDT"), (1, -1, "USDT"), (1, -1, 3)]


# Settlement -----------------------------------------------------------------------------------------------------------


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


# Triggers -------------------------------------------------------------------------------------------------------------


def test_a_drawdown_observes_at_the_start_of_a_pass_and_at_its_end_only():
    """100 less 50 is no event until a mark looks: before anybody is liquidated, so that nothing is taken over."""
    drop = fund(100, trigger=Drawdown(10, "-0.3", "-0.1"))
    house = opened(snapshot([X], [0], [("X", 0, 1, 100)], {"X": "100"}), [TakeOver()], [drop])
    assert house.fund_deposit("USDT", "-50").rows("trigger-on") == []
    done = Pass(house, house.mark({}, time=1))
    assert [row["kind"] for row in done.events.rows()][:2] == ["trigger-on", "liquidation-started"]
    assert done.of("take-over") == []


def test_within_a_pass_what_a_fund_would_be_left_with_is_measured():
    """A loss of 29 leaves 71 of 100, which is above 70; one more would leave 70, at which the trigger would turn on."""
    drop = fund(100, trigger=Drawdown(10, "-0.3", "-0.1"))
    positions = [("X", 0, 1, 129), ("Y", 1, 1, 101)]
    done = marked([X, Y], [0, 0], positions, AT_100, [TakeOver()], [drop])
    assert [fill[0] for fill in done.fills("take-over")] == [0]
    assert list(done.events.rows("trigger-on")) == []


def test_a_drawdown_of_contracts_watches_all_that_its_fund_may_hold():
    """The child takes nothing; the parent's 10 X at 100 bring -100 at 90, a fall of 5 % of 1000 and more."""
    small = fund(0, scope="X", parent="USDT", trigger=NetNotionalCap("0.001"))
    large = fund(1000, trigger=Drawdown(10, "-0.05", "-0.01", of="contract", relative_to="pool"))
    done = marked([X, Y], [0, 0], [("X", 0, 10, 1000)], AT_100, [TakeOver()], [small, large], pass_={"time": 0})
    assert done.inventory() == {"X": (10, 1000)}
    done.house.trade("X", "1", "90", buyer=1)
    done.house.trade("Y", "1", "100", buyer=1)
    down = done.mark({"X": "90"}, time=1)
    assert [(row["fund"], row["contract"]) for row in down.events.rows("trigger-on")] == [("USDT", "X")]
    assert [row["contract"] for row in down.of("take-over")] == ["Y"]


def test_a_fund_may_be_left_with_nothing_which_turns_its_drawdown_on_at_the_end():
    """A fall of 300 % is out of reach, F' = 0 is accepted; observed, nothing left is on, whatever the fall."""
    drop = fund(100, trigger=Drawdown(10, "-3", "-2"))
    done = marked([X], [0, 0], [("X", 0, 1, 200)], {"X": "100"}, [TakeOver()], [drop], pass_={"time": 0})
    assert (done.equity(), [row["kind"] for row in done.events.rows()][-1]) == (0, "trigger-on")
    done.house.trade("X", "1", "100", buyer=1)
    again = done.mark({}, time=1)
    assert (again.wallets("liquidation-started"), again.of("take-over")) == ([1], [])
