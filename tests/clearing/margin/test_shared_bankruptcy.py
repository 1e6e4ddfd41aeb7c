"""Shared bankruptcy prices: equity split by maintenance margin, to the last quantum, within the bounds of prices."""

from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing import shared_bankruptcy
from adlcore.clearing.margin.margin_pass import MarginPass
from adlcore.clearing.margin.shared_bankruptcy import share_party_rows
from support import house_books
from support import margin_oracle as oracle
from support.house_books import BTC, TEN_PERCENT, snapshot
from support.refusals import refused_for as refused

#: Too little of small values to be a quantum.
NO_MARGIN = adl.MarginTiers([0], ["0.0001"])
SINGLE = ("cross", "isolated")
linear, inverse = (partial(make, tiers=TEN_PERCENT) for make in (house_books.linear, house_books.inverse))


def lines(shared):
    """The columns of a SharedBankruptcy as the oracle's tuples."""
    columns = (shared.row, shared.share, shared.value, shared.price, shared.value_at_price, shared.bounded)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def split(balance, rows, marks, mode="cross", **more):
    """Lines of a wallet of ann's, equal to the oracle's; a row is contract, quantity, entry value."""
    listed = list(dict.fromkeys(row[0] for row in rows))
    held = [(contract.symbol, 0, quantity, cost) for contract, quantity, cost in rows]
    books = snapshot(listed, [("ann", mode, balance)], held, marks, **more)
    found = lines(shared_bankruptcy(adl.margin_state(books), [0]))
    assert found == oracle.SlowMargin(books).bankruptcy([0])
    return found


def columns(found, *names):
    """Some columns of lines."""
    every = ("row", "share", "value", "price", "value_at_price", "bounded")
    return [[line[every.index(name)] for line in found] for name in names]


def without_dust(slow):
    """Wallets whose positions all have a value and a cost: dust has tests of its own."""
    dusty = {row.wallet for row in slow.rows if row.quantity and not (row.cost and round(row.value * slow.rate(row)))}
    return [wallet for wallet in range(len(slow.equity)) if wallet not in dusty]


# Laws -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("modes", [SINGLE, ("multi-asset",), ("portfolio",), oracle.MODES], ids=str)
@given(data=st.data())
def test_shares_values_and_prices_are_the_oracles(modes, data):
    books = oracle.snapshot(**data.draw(oracle.crowd_columns(modes)))
    slow = oracle.SlowMargin(books)
    chosen = data.draw(st.lists(st.sampled_from([*without_dust(slow), None]))) if data.draw(st.booleans()) else None
    chosen = without_dust(slow) if chosen is None else [wallet for wallet in chosen if wallet is not None]
    assert lines(shared_bankruptcy(adl.margin_state(books), chosen)) == slow.bankruptcy(set(chosen))


@given(oracle.border_crowds(), st.integers(1, 10**12))
def test_deep_deficits_are_split_as_the_oracle_says(given, deficit):
    columns = given["wallets"]
    columns["balance"] = [balance - deficit * (place % 2) for place, balance in enumerate(columns["balance"], 1)]
    books = oracle.snapshot(**given)
    slow = oracle.SlowMargin(books)
    chosen = without_dust(slow)
    assert lines(shared_bankruptcy(adl.margin_state(books), chosen)) == slow.bankruptcy(chosen)


@given(oracle.border_crowds())
def test_without_a_choice_it_is_the_liquidatable_wallets(given):
    books = oracle.snapshot(**given)
    state, short = adl.margin_state(books), oracle.SlowMargin(books).liquidatable()
    found = lines(shared_bankruptcy(state))
    assert found == lines(shared_bankruptcy(state, np.array(short)))
    assert found == lines(shared_bankruptcy(state, np.flatnonzero(short)))
    positions = books.positions
    assert columns(found, "row") == [[n for n, w in enumerate(positions.wallet) if short[w] and positions.quantity[n]]]


@given(oracle.crowd_columns(SINGLE))
def test_closing_every_row_at_its_value_leaves_exactly_nothing(given):
    books = oracle.snapshot(**given)
    slow = oracle.SlowMargin(books)
    found = lines(shared_bankruptcy(adl.margin_state(books), range(len(books.wallets))))
    for wallet, equity in enumerate(slow.equity):
        rows = [line for line in found if slow.rows[line[0]].wallet == wallet]
        if any(not bounded for *_, bounded in rows):  # what the bounded ones leave or lack, the others share
            cost = sum(slow.rows[n].cost for n in slow.rows_of[wallet])
            assert sum(share for _, share, *_ in rows) == equity
            assert sum(value for _, _, value, *_ in rows) == cost - slow.stored_balance[wallet]


@given(oracle.crowd_columns(SINGLE))
def test_whole_ticks_leave_a_rest_of_less_than_a_tick_a_lot(given):
    books = oracle.snapshot(**given)
    slow = oracle.SlowMargin(books)
    chosen = without_dust(slow)
    for row, _, value, ticks, at_price, bounded in lines(shared_bankruptcy(adl.margin_state(books), chosen)):
        position, long = slow.rows[row], slow.rows[row].quantity > 0
        if bounded:
            assert at_price == value
        else:
            # In the wallet's favour, and one tick less would not be enough.
            assert at_price >= value
            exact = position.quantity * oracle.quanta_per_lot(
                position.contract, ticks * Fraction(position.contract.tick)
            )
            assert exact >= value
            less = ticks - 1 if long else ticks + 1
            if less:
                tick = less * Fraction(position.contract.tick)
                assert position.quantity * oracle.quanta_per_lot(position.contract, tick) < value


# On paper -------------------------------------------------------------------------------------------------------------


def test_equity_is_shared_by_maintenance_margin_and_the_last_row_takes_the_rest():
    # MV 100, 200, -300; MM 10, 20, 30; E = 17 + 0 = 17: floors of 17/6, 34/6, and 17 - 2 - 5 = 10.
    x, y, z = linear("X"), linear("Y"), linear("Z")
    found = split(17, [(x, 10, 100), (y, 10, 200), (z, -10, -300)], ["10", "20", "30"])
    # 9.8, 19.5 up; 31.0.
    assert found == [(0, 2, 98, 10, 100, False), (1, 5, 195, 20, 200, False), (2, 10, -310, 31, -310, False)]


def test_negative_equity_is_shared_toward_minus_infinity():
    # E = -17: floors of -17/6, -34/6, and -17 + 3 + 6 = -8.
    x, y, z = linear("X"), linear("Y"), linear("Z")
    found = split(-17, [(x, 10, 100), (y, 10, 200), (z, -10, -300)], ["10", "20", "30"])
    assert [line[1:4] for line in found] == [(-3, 103, 11), (-6, 206, 21), (-8, -292, 29)]


def test_one_position_bears_all_of_it():
    # 60 bought at 100 with 600: bankrupt at 90, wherever the mark is.
    for mark in ("95", "90", "50", "200"):
        assert [line[2:5] for line in split(600, [(linear("X"), 60, 6000)], [mark])] == [(5400, 90, 5400)]
        assert [line[2:5] for line in split(600, [(linear("X"), -60, -6000)], [mark])] == [(-6600, 110, -6600)]


def test_hedge_legs_share_like_any_rows():
    # U = 100 - 150, E = -20; MM 110 and 55: floor(-20·110/165) = -14, and the rest.
    x = linear("X", tick="0.01")
    found = split(30, [(x, 10, 1000), (x, -5, -400)], ["110"])
    assert columns(found, "share", "value", "price") == [[-14, -6], [1114, -544], [11140, 10880]]


def test_a_long_is_rounded_up_and_a_short_down_whatever_the_kind():
    # 1 of E a row: 30 lots worth 299 at 9.97, -301 at 10.03.
    assert columns(split(1, [(linear("X"), 30, 300)], ["10"]), "price", "value_at_price") == [[10], [300]]
    assert columns(split(1, [(linear("X"), -30, -300)], ["10"]), "price", "value_at_price") == [[10], [-300]]
    # Inverse, 10,000 USD a lot at 100: -101 at 99.01, and 99 at 101.01.
    assert columns(split(1, [(inverse("I"), 1, -100)], ["100"]), "price", "value_at_price") == [[100], [-100]]
    assert columns(split(1, [(inverse("I"), -1, 100)], ["100"]), "price", "value_at_price") == [[101], [99]]


def test_rows_of_no_lots_and_wallets_without_rows_have_no_part():
    x, y = linear("X"), linear("Y")
    assert columns(split(17, [(x, 0, 0), (y, 10, 200)], ["10", "20"]), "row", "share") == [[1], [17]]
    assert split(17, [(x, 0, 0)], ["10"]) == []


def test_without_maintenance_margin_it_is_shared_by_notional():
    # 0.0001 of 300 and of 100 is nothing; E = 8: 6 and 2.
    x, y, z = linear("X", tick="0.01", tiers=NO_MARGIN), linear("Y", tick="0.01", tiers=NO_MARGIN), linear("Z")
    assert columns(split(8, [(x, 3, 300), (y, -1, -100)], ["100", "100"]), "share") == [[6, 2]]
    # Beside one that has some they have no share.
    assert columns(split(8, [(x, 3, 300), (z, -1, -100)], ["100", "100"]), "share") == [[0, 8]]


@pytest.mark.parametrize("first", ["dust", "other"])
def test_a_row_that_is_worth_nothing_has_no_share_beside_others(first):
    # Shared by |MV|, for there is no margin: 0 and 3. E = -7, all of it the other's.
    none = {"tick": "0.01", "tiers": NO_MARGIN}
    dust, other = linear("DUST", multiplier="0.1", **none), linear("OTHER", **none)
    rows = [(dust, 1, 0), (other, 3, 3)] if first == "dust" else [(other, 3, 3), (dust, 1, 0)]
    assert columns(split(-7, rows, ["1", "1"]), "share") == [[0, -7] if first == "dust" else [-7, 0]]


def test_rows_that_are_all_worth_nothing_share_alike():
    dust = {"multiplier": "0.01", "tick": "0.01"}
    found = split(-2, [(linear("X", **dust), 1, 0), (linear("Y", **dust), 1, 0)], ["1", "1"])
    assert columns(found, "share", "value", "price") == [[-1, -1], [1, 1], [10_000, 10_000]]


# Bounds ---------------------------------------------------------------------------------------------------------------


def test_a_short_in_a_deep_deficit_is_held_at_one_tick_and_the_other_bears_the_rest():
    # MV -100 and 300; MM 10, 30; E = -400: shares -100, -300. The short's value would be 0: held at a tick, -10. Its
    # share is then -90, the long's -310, its price 610/30 up.
    found = split(-400, [(linear("X"), -10, -100), (linear("Y"), 30, 300)], ["10", "10"])
    assert found == [(0, -90, -10, 1, -10, True), (1, -310, 610, 21, 630, False)]


def test_a_row_keeps_its_bound_where_a_tick_is_worth_less_than_a_quantum():
    # 10 lots are worth a tenth of a quantum a tick: many prices give the value at the bound, and the bound is kept.
    dust = {"multiplier": "0.01", "tiers": TEN_PERCENT}
    short = split(-40, [(linear("X", **dust), -10, -10)], ["100"])
    assert columns(short, "value_at_price", "price", "bounded") == [[0], [1], [True]]
    long = split(-100, [(linear("X", max_price="1003", **dust), 10, 10)], ["100"])
    assert columns(long, "value_at_price", "price", "bounded") == [[100], [1003], [True]]


def test_bounds_are_found_in_rounds():
    # MM 10, 20 and 40; E = -220: shares -32, -63, -125. Y, worth -50 at 5, is held at a tick, -10, and bears 40. Of the
    # other 180 X bears 36 and Z 144. X, worth -40 at 4, would need a price of 0.4: held too, it bears 30, and Z 150.
    x, y, z = (
        linear(name, tiers=adl.MarginTiers([0], [rate])) for name, rate in (("X", "0.25"), ("Y", "0.4"), ("Z", "0.4"))
    )
    found = split(-220, [(x, -10, -40), (y, -10, -50), (z, 10, 100)], ["4", "5", "10"])
    assert columns(found, "share", "bounded") == [[-30, -40, -150], [True, True, False]]


def test_an_inverse_long_in_a_deep_deficit_needs_a_price_without_bound():
    # 10,000 USD at 100: MV -100. With E = -99 it is worth -1, at 10,000; with -100 nothing, at no price. Held at 1,000
    # marks it is worth -0.1, so nothing; what is below -100 is not paid.
    long = [(inverse("I"), 1, -100)]
    assert split(-99, long, ["100"]) == [(0, -99, -1, 10_000, -1, False)]
    assert split(-100, long, ["100"]) == [(0, -100, 0, 100_000, 0, True)]
    assert split(-150, long, ["100"]) == [(0, -100, 0, 100_000, 0, True)]
    # An inverse short is worth as much as one pleases, down to a tick.
    short = [(inverse("I"), -1, 100)]
    assert split(-150, short, ["100"]) == [(0, -150, 250, 40, 250, False)]
    assert split(-9900, short, ["100"]) == [(0, -9900, 10_000, 1, 10_000, False)]
    assert split(-9901, short, ["100"]) == [(0, -9900, 10_000, 1, 10_000, True)]
    # And one with more equity than it is worth has no price high enough.
    assert split(101, short, ["100"]) == [(0, 100, 0, 100_000, 0, True)]


def test_an_inverse_long_that_cost_nothing_is_bounded_too():
    # Its entry price is beyond all numbers; the rest must still be shared by the other.
    rows = [(inverse("I", tiers=NO_MARGIN), 1, 0), (inverse("J", tiers=NO_MARGIN), -1, 100)]
    found = split(-300, rows, ["100", "100"])
    assert columns(found, "bounded") == [[True, False]]
    assert sum(value for _, _, value, *_ in found) == 100 + 300


def test_a_given_highest_price_is_rounded_down_to_ticks():
    # 30 ticks of 0.3 are 9; ten lots at the mark of 8 with E = 20 would be closed at 10.
    short = [(linear("X", tick="0.3", max_price="9.29"), -10, -80)]
    assert split(20, short, ["8"]) == [(0, 10, -90, 30, -90, True)]
    assert split(10, short, ["8"]) == [(0, 10, -90, 30, -90, False)]
    # An inverse long worth -2 at 5,000 and -1 at 10,000.
    long = [(inverse("I", max_price="5000"), 1, -100)]
    assert split(-99, long, ["100"]) == [(0, -98, -2, 5000, -2, True)]
    assert split(-98, long, ["100"]) == [(0, -98, -2, 5000, -2, False)]


def test_the_default_highest_price_is_a_thousand_marks_or_the_entry_price():
    # Ten lots sold at 5 that stand at 0.001: a thousand marks are 1, the entry price is 5.
    short = [(linear("X", tick="0.001"), -10, -50)]
    assert split(0, short, ["0.001"]) == [(0, 50, -50, 5000, -50, False)]
    assert split(1, short, ["0.001"]) == [(0, 50, -50, 5000, -50, True)]
    # The entry price of the row and not that of its neighbour; 1,000 marks where that is more, up to ticks.
    cheap = [(linear("X", tick="0.3"), -10, -5)]
    assert split(6, cheap, ["0.001"]) == [(0, 11, -11, 3, -9, False)]
    assert split(8, cheap, ["0.001"]) == [(0, 12, -12, 4, -12, True)]


def test_where_all_rows_are_bounded_a_deficit_or_a_surplus_remains():
    # Shorts of 10 lots can bear 90 each, whatever E is.
    shorts = [(linear("X"), -10, -100), (linear("Y"), -10, -100)]
    assert columns(split(-300, shorts, ["10", "10"]), "share", "bounded") == [[-90, -90], [True, True]]
    # Longs are worth no less than a tick: 90 of 150 each are what they can give.
    longs = [(linear("X"), 10, 100), (linear("Y"), 10, 100)]
    assert columns(split(300, longs, ["10", "10"]), "share", "bounded") == [[90, 90], [True, True]]


# Several assets -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["multi-asset", "portfolio"])
def test_a_wallet_in_a_numeraire_shares_in_it_and_converts_once(mode):
    # BTC at 3 USDT. MM 100 USDT, and 10 BTC that are 30; E = -68: floor(-68·100/130) = -53, -15. The latter is -5 BTC.
    rows = [(linear("X"), 10, 1000), (linear("C", settle=BTC), 10, 100)]

    def shared(amount):
        more = {"balances": {"wallet": [0], "asset": "USDT", "amount": [amount]}, "index_prices": {"BTC": "3"}}
        return split(0, rows, ["100", "10"], mode=mode, **more)

    assert columns(shared(-68), "share", "value", "price") == [[-53, -15], [1053, 105], [106, 11]]
    # -70: -54 and -16, which is -5.33 BTC.
    assert columns(shared(-70), "share", "value", "price") == [[-54, -16], [1054, 105], [106, 11]]


# Refusals -------------------------------------------------------------------------------------------------------------


def test_a_contract_without_a_tick_is_refused_where_it_is_needed():
    held = [("X", 0, 10, 100), ("BARE", 1, 10, 100)]
    state = adl.margin_state(snapshot([linear("X"), linear("BARE", tick=None)], [50, 50], held, ["10", "10"]))
    error = refused(lambda: shared_bankruptcy(state, [0, 1]), "contracts", "[1] is 'BARE': must be given to BARE")
    assert (error.row, error.value) == (1, "BARE")
    assert columns(lines(shared_bankruptcy(state, [0])), "price") == [[5]]


@pytest.mark.parametrize(
    ("wallets", "message"),
    [
        ([0, 2], "wallets[1] is 2: must be a row from 0 to 1"),
        ([-1], "wallets[0] is -1: must be a row"),
        ([0.0], "wallets has dtype float64: must be row numbers or a boolean mask"),
        ([True], "a mask must have 2"),
        (["ann"], "wallets has dtype"),
    ],
)
def test_wallets_that_are_none_are_refused(wallets, message):
    state = adl.margin_state(snapshot([linear("X")], [50, 50], [("X", 0, 10, 100)], ["10"]))
    refused(lambda: shared_bankruptcy(state, wallets), "wallets", message)
    assert lines(shared_bankruptcy(state, [])) == []


def split_of_fund(equity, lots):
    """The shares of a fund's rows in one contract of a house with two wallets."""
    books = snapshot([linear("X")], [50, 50], [("X", 0, 10, 100)], ["10"])
    return share_party_rows(MarginPass(books, True, 1), equity, np.array([lots]), np.array([0]), 3)


def test_what_leaves_int64_in_the_split_of_a_fund_is_said_of_the_fund():
    assert split_of_fund(-7, 10).share.tolist() == [-7]
    error = refused(lambda: split_of_fund(-(2**63) + 1, 10), "funds", "funds[3]: its share must fit int64 quanta")
    assert error.row == 3


def test_lots_of_a_fund_that_are_worth_too_much_are_refused():
    for lots in (2**61, -(2**61)):
        message = f"lots is {lots}: their value must be below 2^62 quanta"
        refused(lambda lots=lots: split_of_fund(-7, lots), "lots", message)


def test_something_else_than_a_state_is_refused_by_its_type():
    refused(lambda: shared_bankruptcy(5), "state", "state is 'int': must be a MarginState")
    refused(lambda: adl.margin_state("venue"), "snapshot", "snapshot is 'str': must be a Snapshot")
