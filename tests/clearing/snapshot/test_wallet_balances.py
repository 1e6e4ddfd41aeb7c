"""Money comes into a wallet to the quantum, in the asset that it is of."""

import warnings
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing.snapshot.wallet_balances import balance_of, credit
from support.books import DAN, NO_POSITIONS, UNIT, free, mia, one_position, small_snapshot
from support.refusals import refused_at


@given(st.integers(0, 3 * 10**11), st.integers(1, 10**12))
def test_a_deposit_raises_the_free_margin_once_the_deficit_is_filled(loss, amount):
    after = one_position(mark="100", balance=Decimal(-loss) / 100).deposit(0, Decimal(amount) / 100)
    assert free(after, 0) == max(0, amount - loss - 5_000 - 1)


def test_a_balance_that_would_leave_int64_is_refused():
    balance = [2**63 - 6, 1 - 2**63, 0, 0, 0, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        snapshot = adl.Snapshot([], {"account": range(6), "asset": "USDT", "balance": balance}, NO_POSITIONS, {})
        assert snapshot.deposit(0, "0.00000005").wallets.balance[0] == 2**63 - 1
        refused_at(lambda: snapshot.deposit(0, "0.00000006"), "amount", None, "int64")


def test_rows_may_be_numpys_integers():
    assert small_snapshot().deposit(np.int64(DAN), 1) == small_snapshot().deposit(DAN, 1)


def test_a_deposit_goes_to_its_asset_and_opens_a_row_where_there_is_none():
    snapshot = mia()
    assert snapshot.deposit(0, 5, "BTC").balances.amount.tolist() == [100 * UNIT, 6 * UNIT]
    after = snapshot.deposit(0, 5, "DAI")
    assert after.balances.wallet.tolist() == [0, 0, 0]
    assert after.assets[after.balances.asset[2]].name == "DAI"
    assert (after.balances.amount[2], after.balances.loan[2]) == (5 * UNIT, 0)
    assert free(after, 0) == free(snapshot, 0) + 5 * UNIT
    assert after.deposit(0, 2, "DAI").balances.amount.tolist() == [100 * UNIT, UNIT, 7 * UNIT]


def test_a_wallet_has_its_balance_or_what_it_holds_of_an_asset():
    books = mia()
    assert [balance_of(books, 0, asset) for asset in range(4)] == [100 * UNIT, UNIT, 0, 0]
    assert [balance_of(books, 1, asset) for asset in range(2)] == [10**6 * UNIT] * 2


def test_a_credit_below_0_takes_out_and_asks_for_no_margin():
    books = mia()
    assert balance_of(credit(books, 0, 0, -300 * UNIT), 0, 0) == -200 * UNIT
    assert balance_of(credit(books, 1, 0, -(10**6) * UNIT), 1, 0) == 0
    assert books == mia()
    refused_at(lambda: credit(books, 0, 0, 2**63 - 1), "amount", None, f"{100 * UNIT} quanta, must sum to an int64")
