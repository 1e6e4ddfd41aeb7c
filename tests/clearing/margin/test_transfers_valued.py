"""Money into and out of multi-asset and portfolio wallets: by what it is worth as collateral, up to the free margin."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing.margin import withdraw
from support.books import UNIT, refused

FLAT = adl.MarginTiers([0], ["0.05"])


def free(snapshot, wallet: int) -> int:
    return int(adl.margin_state(snapshot).free_margin[wallet])


def mia(**changes) -> adl.Snapshot:
    """Mia's multi-asset wallet: 100 USDT and 1 BTC at 50,000 less a tenth; a long worth 20,000 at 5 %, 2,000 locked."""
    terms = {
        "wallets": [{"account": "mia", "mode": "multi-asset"}, {"account": "bob", "balance": 10**6}],
        "positions": [
            {"account": a, "contract": "X", "quantity": q, "entry_price": 100} for a, q in (("mia", 200), ("bob", -200))
        ],
        "orders": [{"account": "mia", "contract": "X", "quantity": 1, "price": 1, "locked": 2_000}],
        "balances": [{"account": "mia", "asset": a, "amount": n} for a, n in (("USDT", 100), ("BTC", 1))],
        "index_prices": {"BTC": "50000", "DAI": "1"},
        "haircuts": {"BTC": "0.1"},
        "assets": ["DAI", "PEPE"],
    }
    return adl.Snapshot.build([adl.Contract("X", tick=1, tiers=FLAT)], marks={"X": 100}, **{**terms, **changes})


def test_a_multi_asset_wallet_gives_what_its_collateral_sets_free():
    snapshot = mia()
    assert free(snapshot, 0) == (45_100 - 1_000 - 2_000) * UNIT
    # A coin that leaves takes 45,000 of equity along.
    most = Fraction(42_100, 45_000)
    coins = int(most * UNIT)
    after = withdraw(snapshot, 0, Decimal(coins) / UNIT, "BTC")
    assert after.balances.amount.tolist() == [100 * UNIT, UNIT - coins]
    assert 0 <= free(after, 0) < 45_000
    refused(lambda: withdraw(snapshot, 0, Decimal(coins + 1) / UNIT, "BTC"), "amount", None, "42100.00000000 USDT")


def test_no_more_of_an_asset_leaves_than_is_there():
    snapshot = mia()
    assert withdraw(snapshot, 0, 100, "USDT").balances.amount.tolist() == [0, UNIT]
    refused(lambda: withdraw(snapshot, 0, "100.00000001", "USDT"), "amount", None, "what is there, 100.00000000 USDT")
    refused(lambda: withdraw(snapshot, 0, 1, "DAI"), "amount", None, "what is there, 0.00000000 DAI")
    owing = mia(balances=[{"account": "mia", "asset": a, "amount": n} for a, n in (("USDT", -5), ("BTC", 1))])
    refused(lambda: withdraw(owing, 0, 1, "USDT"), "amount", None, "0.00000000 USDT")
    assert free(withdraw(snapshot, 0, 100, "USDT"), 0) == 42_000 * UNIT


def test_a_deposit_goes_to_its_asset_and_opens_a_row_where_there_is_none():
    snapshot = mia()
    assert snapshot.deposit(0, 5, "BTC").balances.amount.tolist() == [100 * UNIT, 6 * UNIT]
    after = snapshot.deposit(0, 5, "DAI")
    assert after.balances.wallet.tolist() == [0, 0, 0]
    assert after.assets[after.balances.asset[2]].name == "DAI"
    assert (after.balances.amount[2], after.balances.loan[2]) == (5 * UNIT, 0)
    assert free(after, 0) == free(snapshot, 0) + 5 * UNIT
    assert after.deposit(0, 2, "DAI").balances.amount.tolist() == [100 * UNIT, UNIT, 7 * UNIT]


def test_the_asset_of_a_wallet_of_several_must_be_said_and_priced():
    snapshot = mia()
    for call in (adl.Snapshot.deposit, withdraw):
        refused(lambda: call(snapshot, 0, 1), "asset", None, "several assets")
        refused(lambda: call(snapshot, 0, 1, "DOGE"), "asset", None, "'DOGE'")
    refused(lambda: snapshot.deposit(0, 1, "PEPE"), "index_prices", None, "'PEPE'")


def test_a_portfolio_wallet_gives_by_the_collateral_rate_of_what_leaves():
    rich = mia(wallets=[{"account": "mia", "mode": "portfolio"}, {"account": "bob", "balance": 10**6}])
    assert free(rich, 0) == (45_100 - 1_000 - 2_000) * UNIT
    assert free(withdraw(rich, 0, "0.5", "BTC"), 0) == (22_600 - 3_000) * UNIT
    refused(lambda: withdraw(rich, 0, "0.94", "BTC"), "amount", None, "42100.00000000 USDT")


@given(st.integers(1, UNIT), st.sampled_from(["portfolio", "multi-asset"]), st.sampled_from(["0.37", "50000", "1e-3"]))
def test_a_withdrawal_that_is_allowed_never_lowers_free_margin_by_more_than_it_took(quanta, mode, price):
    snapshot = mia(
        wallets=[{"account": "mia", "mode": mode}, {"account": "bob", "balance": 10**6}],
        balances=[{"account": "mia", "asset": a, "amount": n} for a, n in (("USDT", 50_000), ("BTC", 1))],
        index_prices={"BTC": price, "DAI": "1"},
    )
    after = withdraw(snapshot, 0, Decimal(quanta) / UNIT, "BTC")
    taken = free(snapshot, 0) - free(after, 0)
    assert abs(taken - quanta * Fraction(price) * Fraction(9, 10)) <= 1


def test_a_portfolio_wallet_in_debt_of_an_asset_pays_for_it_in_full():
    rows = [
        {"account": "mia", "asset": "BTC", "amount": 1, "loan": "1.5"},
        {"account": "mia", "asset": "USDT", "amount": 60_000},
    ]
    snapshot = mia(
        wallets=[{"account": "mia", "mode": "portfolio"}, {"account": "bob", "balance": 10**6}], balances=rows
    )
    assert free(snapshot, 0) == (60_000 - 25_000 - 3_000) * UNIT
    after = withdraw(snapshot, 0, "0.5", "BTC")
    assert free(after, 0) == (60_000 - 50_000 - 3_000) * UNIT
    refused(lambda: withdraw(snapshot, 0, "0.65", "BTC"), "amount", None, "32000.00000000 USDT")


def whole(held: int, price: str, quantity: int) -> adl.Snapshot:
    """Mia holds so many of a coin without decimals, worth `price` each, and a long of so much at 5 %."""
    usd, coin = adl.Asset("USD", 0), adl.Asset("COIN", 0)
    sides = (("mia", quantity), ("bob", -quantity)) if quantity else ()
    return adl.Snapshot.build(
        [adl.Contract("X", settle=usd, tiers=FLAT)],
        [{"account": "mia", "asset": "USD", "mode": "multi-asset"}, {"account": "bob", "asset": "USD", "balance": 99}],
        [{"account": account, "contract": "X", "quantity": q, "entry_price": 1} for account, q in sides],
        {"X": 1},
        balances=[{"account": "mia", "asset": "COIN", "amount": held}],
        assets=[coin],
        index_prices={"COIN": price},
    )


def test_what_stays_is_valued_to_a_whole_quantum():
    snapshot = whole(100, "0.3", 540)
    assert free(snapshot, 0) == 30 - 27 - 1
    assert free(withdraw(snapshot, 0, 6, "COIN"), 0) == 0
    assert free(withdraw(snapshot, 0, 8, "COIN"), 0) == 0  # 92 are worth 27.6, which is 28
    refused(
        lambda: withdraw(snapshot, 0, 9, "COIN"), "amount", None, "2 USD"
    )  # 91 are worth 27.3, and 27 is too little


def test_what_stays_covers_what_positions_lock():
    snapshot = whole(3, "0.5", 20)  # 1.5 is 2, and 0.5 is 0: halves go to the even number
    state = adl.margin_state(snapshot)
    assert (state.equity[0], state.maintenance_margin[0], state.free_margin[0]) == (2, 1, 0)
    with suppress(adl.AdlError):
        state = adl.margin_state(withdraw(snapshot, 0, 2, "COIN"))
    assert state.equity[0] > state.maintenance_margin[0]


def test_a_wallet_that_locks_nothing_can_be_emptied():
    snapshot = whole(11, "0.3", 0)
    assert withdraw(snapshot, 0, 11, "COIN").balances.amount.tolist() == [0]
