"""Liquidation and bankruptcy prices: what they move with, what may be given, and what is refused."""

import math
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

import adlcore as adl
from support import zoo
from support.refusals import INF, NAN
from support.refusals import refused_for as refused

TIERS = adl.MarginTiers([0, 50_000, 250_000], ["0.004", "0.005", "0.01"])
X = adl.Contract("X", lot="0.001", tiers=TIERS)
COIN = adl.Contract("C", kind="inverse", settle="BTC", multiplier="100", tiers=adl.MarginTiers([0, 5], [0.004, 0.005]))
BOTH = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])


def liquidated(side=1, contract=X, entry=60_000.0, balance=6_000.0, **others) -> float:
    return adl.liquidation_price(contract, side * 1000, entry, balance, **others)


def closer(side, price, to) -> bool:
    """Whether one liquidation price is met before the other when the price moves against the position."""
    return price > to if side > 0 else price < to


# What the price moves with (docs/rules.md §1: leverage, maintenance margin rate, mark price, balance)


#: What each is given, from what is liquidated last to what is liquidated first.
CLOSER = {
    "higher leverage": [{"balance": 60_000 / leverage} for leverage in (2, 5, 10, 50, 100)],
    "a higher maintenance margin rate": [
        {"contract": adl.Contract("X", lot="0.001", tiers=adl.MarginTiers([0], [rate]))}
        for rate in ("0.004", "0.01", "0.05")
    ],
    # Another position of 3 that was opened at 1,000: its marks move this one's price.
    "a loss of other positions": [{"other_pnl": 3.0 * (mark - 1000)} for mark in (1100, 1000, 900, 500)],
    "a margin of other positions": [{}, {"other_maintenance": 500.0}],
    "a smaller balance": [{"balance": balance} for balance in (20_000.0, 6_000.0, 2_000.0, 1_000.0)],
    "a closing fee": [{"taker_fee": 0}, {"taker_fee": 0.001}],
}


@BOTH
@pytest.mark.parametrize("what", CLOSER)
def test_what_brings_the_liquidation_price_closer(side, what):
    prices = [liquidated(side, **terms) for terms in CLOSER[what]]
    assert all(closer(side, after, before) for before, after in pairwise(prices))
    assert all(closer(side, 60_000, price) for price in prices)


@BOTH
def test_what_the_other_positions_have_counts_as_balance_does(side):
    assert liquidated(side, other_pnl=0.0) == liquidated(side)
    assert liquidated(side, other_maintenance=500.0) == liquidated(side, balance=5_500.0)


@BOTH
def test_a_closing_fee_brings_the_bankruptcy_price_closer(side):
    fee, free = (adl.bankruptcy_price(X, side * 1000, 60_000.0, 6_000.0, taker_fee=fee) for fee in (0.001, 0))
    assert closer(side, fee, free)


@BOTH
def test_the_bankruptcy_price_lies_beyond_the_liquidation_price(side):
    for contract in (X, COIN):
        held = (contract, side * 1000, 60_000.0, 0.2 if contract.inverse else 6_000.0)
        assert closer(side, adl.liquidation_price(*held), adl.bankruptcy_price(*held))


def test_the_margin_held_at_entry_is_of_the_notional_at_entry():
    # 60,000 at 0.5 % less 50 are 250 to keep, wherever the price goes.
    assert liquidated(maintenance="at-entry") == 60_000 - 6_000 + 250
    assert liquidated(-1, maintenance="at-entry") == 60_000 + 6_000 - 250


COLUMNS = ("quantity", "entry_price", "balance", "other_maintenance", "other_pnl",
           "opposite_quantity", "opposite_entry_price", "mark_price")  # fmt: skip
OF_BANKRUPTCY = ("quantity", "entry_price", "balance", "other_pnl")


def given(**changes):
    columns = dict(zip(COLUMNS, (5.0, 10.0, 3.0, 0.5, 0.25, -2.0, 11.0, 10.0), strict=True))
    return {name: [value] * 3 for name, value in columns.items()} | changes


# What may be given


def test_scalars_in_a_float_out():
    for number in (1000, 1000.0, "1000", "1e3", Decimal(1000), np.int64(1000), np.float32(1000), np.array(1000)):
        found = adl.liquidation_price(X, number, "60000", "6000.0")
        assert type(found) is float
        assert found == liquidated()
        assert type(adl.bankruptcy_price(X, number, 60_000, Decimal(6000))) is float
    hedged = liquidated(opposite_quantity="-500", opposite_entry_price=60_000, mark_price="60_000")
    assert type(hedged) is float
    assert hedged == liquidated(opposite_quantity=-500.0, opposite_entry_price=60_000.0, mark_price=60_000.0)


def test_arrays_in_an_array_out_row_by_row():
    quantity = np.array([1000, -1000, 250, 0, 4000])
    entry = np.array([60_000.0, 60_000.0, 10_000.0, 5.0, 62_000.0])
    balance = np.array([6_000.0, 6_000.0, 10.0, 1.0, -1.0])
    for function in (adl.liquidation_price, adl.bankruptcy_price):
        found = function(X, quantity, entry, balance)
        assert found.dtype == np.float64
        single = [function(X, *row) for row in zip(quantity.tolist(), entry.tolist(), balance.tolist(), strict=True)]
        np.testing.assert_array_equal(found, single)


def test_a_scalar_stands_for_every_row():
    full = given(quantity=[1000.0, -500.0, 20.0], balance=[6_000.0] * 3, opposite_quantity=[-10.0, 10.0, -20.0])
    full |= {"entry_price": [60_000.0] * 3, "opposite_entry_price": [50_000.0] * 3, "mark_price": [55_000.0] * 3}
    wanted = adl.liquidation_price(X, **full)
    assert np.isfinite(wanted).all()
    for names in (["entry_price"], ["balance", "mark_price"], list(full)[1:5], list(full)[6:]):
        brief = {name: values[0] if name in names else values for name, values in full.items()}
        np.testing.assert_array_equal(adl.liquidation_price(X, **brief), wanted)
    # One column is enough, whichever it is.
    by_balance = adl.liquidation_price(X, 1000, 60_000, [6_000.0, 3_000.0])
    assert by_balance.tolist() == [liquidated(), liquidated(balance=3_000.0)]


def test_a_column_of_one_row_is_no_scalar():
    found = adl.liquidation_price(X, [1000], 60_000, 6_000)
    assert found.shape == (1,)
    assert found[0] == liquidated()
    for function in (adl.liquidation_price, adl.bankruptcy_price):
        assert function(X, [], [], []).shape == function(X, [], 60_000, 6_000).shape == (0,)


def test_every_layout_of_a_column_gives_the_same_prices():
    columns = {
        "quantity": np.array([1000.0, -1000.0, 250.0, 4000.0]),
        "entry_price": np.array([60_000.0, 60_000.0, 10_000.0, 62_000.0]),
        "balance": np.array([6_000.0, 5_000.0, 1_000.0, 9_000.0]),
        "other_pnl": np.array([1.0, -2.0, 3.0, -4.0]),
    }
    for function in (adl.liquidation_price, adl.bankruptcy_price):
        wanted = function(X, **columns)
        assert np.isfinite(wanted).all()
        for name, column in columns.items():
            for form, layout in zoo.layouts(column).items():
                np.testing.assert_array_equal(
                    function(X, **{**columns, name: layout}), wanted, err_msg=f"{name} {form}"
                )


def test_no_input_is_modified():
    columns = {name: np.array(values) for name, values in given().items()}
    before = {name: column.copy() for name, column in columns.items()}
    for maintenance in ("at-liquidation", "at-entry"):
        for root in ("nearest", "lower", "upper"):
            found = adl.liquidation_price(X, **columns, maintenance=maintenance, root=root)
            assert not any(np.shares_memory(found, column) for column in columns.values())
    for name, column in columns.items():
        np.testing.assert_array_equal(column, before[name])


def test_a_quantity_of_nothing_has_no_price():
    for balance in (5.0, -5.0, 0.0):
        for contract in (X, COIN):
            for number in (0, -0.0, "0"):
                assert math.isnan(adl.liquidation_price(contract, number, 10, balance))
                assert math.isnan(adl.bankruptcy_price(contract, number, 10, balance))
    # Its entry price is not looked at.
    assert math.isnan(adl.liquidation_price(X, 0, 0, 5.0))


@pytest.mark.parametrize("root", ["nearest", "lower", "upper"])
@pytest.mark.parametrize("balance", [5.0, -5.0])
def test_two_legs_of_nothing_have_no_price(root, balance):
    legs = {"opposite_quantity": 0, "opposite_entry_price": 10, "mark_price": 10}
    assert math.isnan(adl.liquidation_price(X, 0, 10, balance, root=root, **legs))


def test_prices_at_the_ends():
    # Linear: no price helps a short, none is needed by a long that was paid for; inverse the other way round.
    assert adl.liquidation_price(X, -1000, 10.0, -11.0) == 0.0
    assert math.isnan(adl.liquidation_price(X, 1000, 10.0, 11.0))
    assert adl.liquidation_price(COIN, 1, 100.0, -2.0) == INF
    assert math.isnan(adl.liquidation_price(COIN, -1, 100.0, 2.0))
    assert adl.liquidation_price(X, [-1000, 1000], 10.0, [-11.0, 11.0]).tolist() == pytest.approx(
        [0.0, NAN], nan_ok=True
    )


def test_a_mark_price_is_needed_for_the_nearest_root_only():
    legs = {"opposite_quantity": -500, "opposite_entry_price": 60_000}
    lower = liquidated(root="lower", **legs)
    assert liquidated(root="nearest", mark_price=lower, **legs) == lower
    assert liquidated(root="nearest", mark_price=10**9, **legs) == lower  # the only one
    refused(lambda: liquidated(**legs), "mark_price", "must be given", "hedge mode")


# What is refused


@pytest.mark.parametrize("function", [adl.liquidation_price, adl.bankruptcy_price])
@pytest.mark.parametrize("contract", ["BTCUSDT", None, TIERS])
def test_no_contract(function, contract):
    refused(lambda: function(contract, 1, 2, 3), "contract", "must be a Contract")


def test_a_contract_without_tiers_has_a_bankruptcy_price_only():
    bare = adl.Contract("BARE")
    refused(lambda: adl.liquidation_price(bare, 1, 10, 3), "contract", "BARE", "margin tiers")
    assert adl.bankruptcy_price(bare, 1, 10, 3) == 7.0


def both_functions(**changes):
    """The calls that take all of these."""
    yield lambda: adl.liquidation_price(X, **given(**changes))
    if set(changes) <= set(OF_BANKRUPTCY):
        columns = given(**changes)
        yield lambda: adl.bankruptcy_price(X, **{name: columns[name] for name in OF_BANKRUPTCY})


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_numbers_that_are_not_finite_are_named(name, bad):
    for call in both_functions(**{name: [1.0 if name != "opposite_quantity" else -1.0, bad, 1.0]}):
        assert refused(call, name, f"{name}[1] is {bad}", "finite").row == 1
    for call in both_functions(**{name: bad}):
        refused(call, name, f"{name} is {bad}", "finite")


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("bad", ["x", [[1.0]], ["a", "b", "c"], [1.0, None, 2.0]])
def test_what_is_no_column_of_numbers_is_named(name, bad):
    for call in both_functions(**{name: bad}):
        refused(call, name, name)


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_of_different_lengths_are_both_named(name):
    for call in both_functions(**{name: [1.0, 2.0]}):
        refused(call, "entry_price" if name == "quantity" else name, "quantity", "2", "3")


@pytest.mark.parametrize("name", ["entry_price", "opposite_entry_price"])
@pytest.mark.parametrize("bad", [0.0, -0.0, -10.0, 1e308])
def test_entry_prices_are_above_nothing_and_their_values_finite(name, bad):
    sizes = {"quantity": [1e10] * 3, "opposite_quantity": [-1e10] * 3}
    column = [1.0, 2.0, bad]
    assert refused(lambda: adl.liquidation_price(X, **given(**sizes, **{name: column})), name, "above 0").row == 2
    if name == "entry_price":
        refused(lambda: adl.bankruptcy_price(X, 1e10, column, 1.0), name, f"entry_price[2] is {bad}", "above 0")


@pytest.mark.parametrize("fee", [-0.0001, 1, "1.0", 2.5, NAN, INF, None, "x", [0.1]])
def test_fees_are_shares_of_the_notional(fee):
    refused(lambda: liquidated(taker_fee=fee), "taker_fee")
    refused(lambda: adl.bankruptcy_price(X, 1, 2, 3, taker_fee=fee), "taker_fee")


def test_fees_as_people_write_them():
    for fee in (0.0006, "0.0006", Decimal("0.0006"), np.float64(0.0006)):
        assert liquidated(taker_fee=fee) == liquidated(taker_fee=0.0006) != liquidated(taker_fee="0")


@pytest.mark.parametrize("word", ["", "at entry", "AT-ENTRY", None, 1, ["at-entry"]])
def test_unknown_words_are_refused_with_the_known_ones(word):
    refused(lambda: liquidated(maintenance=word), "maintenance", repr(word), "at-liquidation, at-entry")
    refused(lambda: liquidated(root=word), "root", repr(word), "nearest, lower, upper")


def test_legs_of_the_same_side_are_refused():
    for column, other in (([1, -1, 2], [-1, 1, 2]), ([-1, 1, -2], [0, -1, -2]), ([0, 1, 0.5], [3, 0, 0.5])):
        call = given(quantity=column, opposite_quantity=other)
        words = "other side", f"[2] is {float(other[2])}"
        assert refused(lambda c=call: adl.liquidation_price(X, **c), "opposite_quantity", *words).row == 2


def test_both_of_the_opposite_leg_are_given_or_none():
    refused(lambda: liquidated(opposite_quantity=-5), "opposite_entry_price", "must be given")
    refused(lambda: liquidated(opposite_entry_price=5), "opposite_quantity", "must be given")
    refused(lambda: liquidated(opposite_entry_price=[5.0], root="lower"), "opposite_quantity", "must be given")
