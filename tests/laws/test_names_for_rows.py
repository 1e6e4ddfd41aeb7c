"""Errors that say where the right value is found: names where rows are wanted, numbers that no step holds."""

from functools import partial

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing import ClearingHouse, Deleverage, margin
from support.pairs import ann_and_bob
from support.refusals import refused, refused_for, said

X = adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0], ["0.05"]))


def venue(accounts):
    return ann_and_bob(X, "100", "100", accounts=accounts)


def house(accounts):
    return ClearingHouse(venue(accounts), venue=[Deleverage()])


#: Calls that take the row of a wallet, and what they call it.
CALLS = {
    "house.deposit": ("wallet", lambda a, w: house(a).deposit(w, 5)),
    "house.withdraw": ("wallet", lambda a, w: house(a).withdraw(w, 5)),
    "house.place_order": ("wallet", lambda a, w: house(a).place_order(w, "X", 1, 10, leverage=2)),
    "house.trade buyer": ("buyer", lambda a, w: house(a).trade("X", 1, 10, w, 1)),
    "house.trade seller": ("seller", lambda a, w: house(a).trade("X", 1, 10, 1, w)),
    "Snapshot.deposit": ("wallet", lambda a, w: venue(a).deposit(w, 5)),
    "margin.withdraw": ("wallet", lambda a, w: margin.withdraw(venue(a), w, 5)),
    "margin.transfer_margin source": ("source", lambda a, w: margin.transfer_margin(venue(a), w, 1, 5)),
    "margin.transfer_margin target": ("target", lambda a, w: margin.transfer_margin(venue(a), 1, w, 5)),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_name_where_the_row_of_a_wallet_is_wanted(call):
    """The error says what finds the row; of accounts that are numbers too."""
    must_row = "must be a row of the wallets, 0 to 1"
    argument, made = CALLS[call]
    for accounts, name in ((["ann", "bob"], "ann"), (["ann", "bob"], "nobody"), ([7001, 7002], 7001), ([1, 2], "1")):
        must = f"{must_row}; Snapshot.wallet({name!r}) finds the row of an account's wallet"
        refused(lambda accounts=accounts, name=name: made(accounts, name), said(argument, name, must))
    for nothing in (2, -1, 1.0, True, np.float64(0), [0]):
        shown = nothing.item() if isinstance(nothing, np.generic) else nothing
        refused(lambda nothing=nothing: made(["ann", "bob"], nothing), said(argument, shown, must_row))


@pytest.mark.parametrize("table", ["positions", "orders", "balances"])
def test_names_in_a_column_of_rows_of_wallets(table):
    tables = {
        "positions": {"contract": ["X"], "wallet": ["ann"], "quantity": [1], "entry_value": [1]},
        "orders": {"contract": ["X"], "wallet": ["ann"], "quantity": [1], "price": [1], "locked": [0]},
        "balances": {"wallet": ["ann"], "asset": ["USDT"], "amount": [1]},
    }
    positions = {"contract": ["X"], "wallet": [0], "quantity": [0], "entry_value": [0]}
    for names in (["ann"], np.array(["ann"]), np.array([b"ann"])):
        tables[table]["wallet"] = names
        given = {"positions": positions, table: tables[table]}
        call = partial(adl.Snapshot, [X], {"account": ["ann"], "asset": "USDT"}, marks={"X": 1}, **given)
        refused_for(call, f"{table}.wallet", f"{table}.wallet[0] is ", ": must be a row ", "Snapshot.build takes")


def test_a_name_where_the_row_of_a_market_is_wanted():
    market = adl.Market("X", mark_price=9, quantity=[1, -1], entry_price=[9.0, 9.0], account=["ann", "bob"])
    must = "row is 'ann': must be a row from 0 to 1; Market.rows finds those"
    refused_for(lambda: market.explain("ann", "roi"), "row", must)
    words = ("exclude has dtype <U3: must be row numbers ", "; Market.rows finds")
    refused_for(lambda: market.deleverage(1, "roi", exclude=["ann"]), "exclude", *words)


def test_the_row_of_an_order():
    there = house(["ann", "bob"])
    there.place_order(0, "X", 1, 10, leverage=10)
    words = "of the orders, 0 to 0; ClearingHouse.snapshot().orders has them"
    refused_for(lambda: there.cancel_order("ann"), "order", words)


def test_what_an_int64_does_not_hold_says_what_would():
    """A wallet of 10^12 KRW at 8 decimals."""
    kim = [{"account": "kim", "asset": "KRW", "balance": "1000000000000"}]
    words = ("balance[0] is '1000000000000': must lie ", "fewer decimals holds more")
    refused_for(lambda: adl.Snapshot.build([], kim, [], {}), "wallets.balance", *words)
    small = adl.Contract("X", lot="0.00000001", tick="0.00000001")
    refused_for(lambda: small.lots("1e12"), "quantity", "a larger lot holds more")
    refused_for(lambda: small.ticks("1e12"), "price", "a larger tick holds more")


@pytest.mark.parametrize("strange", [["X"], {"X": 1}, np.array(["X", "Y"]), {"X"}, 5, None])
def test_what_is_no_name_at_all(strange):
    there = house(["ann", "bob"])
    calls = {
        "contract": [lambda: there.trade(strange, 1, 10, 0, 1), lambda: margin.market(there.snapshot(), strange)],
        "fund": [lambda: there.fund_deposit(strange, 1)],
    }
    if strange is not None:
        calls["asset"] = [lambda: there.deposit(0, 1, strange)]
    for argument, made in calls.items():
        for call in made:
            refused_for(call, argument)
