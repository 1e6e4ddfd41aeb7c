"""Money moves between wallets to the quantum, up to the free margin and no further; the old snapshot stays."""

from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing.margin import market, transfer_margin, withdraw
from adlcore.clearing.snapshot import archive
from support import books
from support.books import ANN, ANN_ALONE, BOB, CAT, UNIT, free, mia, small_snapshot, valued_snapshot
from support.margin_oracle import several
from support.refusals import refused_at


def test_a_wallet_without_positions_is_free_and_a_negative_one_has_nothing():
    wallets = {"account": [1, 2], "asset": "USDT", "balance": [5, -5]}
    snapshot = adl.Snapshot([books.BTC], wallets, books.NO_POSITIONS, {})
    assert (free(snapshot, 0), free(snapshot, 1)) == (5, 0)
    refused_at(lambda: withdraw(snapshot, 1, "0.00000001"), "amount", None, "0.00000000 USDT")


# Exact, and a new snapshot


@pytest.mark.parametrize(
    ("amount", "quanta"),
    [("0.00000001", 1), ("12.5", 12 * UNIT + UNIT // 2), (3, 3 * UNIT), (0.1, UNIT // 10), (Decimal("1e-7"), 10)],
)
@pytest.mark.parametrize("wallet", [BOB, CAT, ANN_ALONE])
def test_deposits_and_withdrawals_move_one_balance_exactly(wallet, amount, quanta):
    before = small_snapshot()
    for after, change in ((before.deposit(wallet, amount), quanta), (withdraw(before, wallet, amount), -quanta)):
        expected = before.wallets.balance.copy()
        expected[wallet] += change
        assert after.wallets.balance.tolist() == expected.tolist()
        assert withdraw(after.deposit(books.EVE, 1), books.EVE, 1) == after
    assert withdraw(before.deposit(wallet, amount), wallet, amount) == before


@pytest.mark.parametrize(
    ("make", "call"),
    [
        (small_snapshot, lambda s: s.deposit(books.DAN, 1)),
        (small_snapshot, lambda s: withdraw(s, CAT, 1)),
        (small_snapshot, lambda s: transfer_margin(s, ANN_ALONE, ANN, 1)),
        (valued_snapshot, lambda s: s.deposit(0, 1, "BTC")),
        (valued_snapshot, lambda s: withdraw(s, 0, 1, "USDT")),
        (valued_snapshot, lambda s: s.deposit(0, 1, "USDC")),
    ],
)
def test_what_a_call_returns_is_new_and_what_it_was_called_on_is_as_before(make, call):
    before = make()
    kept, state = before.hash, market(before, "BTCUSDT").balance.tolist()
    after = call(before)
    assert isinstance(after, adl.Snapshot)
    assert after != before
    assert np.shares_memory(after.positions.quantity, before.positions.quantity)
    assert not after.wallets.balance.flags.writeable
    assert not after.balances.amount.flags.writeable
    assert (
        adl.Snapshot(**archive.snapshot_arguments(archive.header_terms(after), archive.columns_by_name(after))) == after
    )
    assert (before.hash, market(before, "BTCUSDT").balance.tolist()) == (kept, state)


def test_a_new_snapshot_has_its_own_margin_and_hash():
    before = small_snapshot()
    assert market(before, "BTCUSD").balance.tolist() == [UNIT // 2, UNIT]  # has computed its margin
    after = before.deposit(books.DAN, "0.25")
    assert market(after, "BTCUSD").balance.tolist() == [UNIT * 3 // 4, UNIT]
    assert market(after, "BTCUSD").equity[0] == market(before, "BTCUSD").equity[0] + UNIT // 4
    assert len({before.hash, after.hash, after.deposit(books.DAN, 1).hash}) == 3


def test_refused_calls_change_nothing():
    snapshot = small_snapshot()
    kept = snapshot.hash
    for call in (lambda: withdraw(snapshot, CAT, 10**6), lambda: transfer_margin(snapshot, ANN_ALONE, ANN, 311)):
        refused_at(call, "amount")
    assert small_snapshot(wallets=snapshot.wallets.columns()).hash == kept


# Isolated and cross


@pytest.mark.parametrize(("source", "target"), [(ANN, ANN_ALONE), (ANN_ALONE, ANN)])
def test_margin_moves_between_the_wallets_of_an_account(source, target):
    before = small_snapshot()
    after = transfer_margin(before, source, target, "250.00000001")
    moved = dict(enumerate((after.wallets.balance - before.wallets.balance).tolist()))
    assert moved.pop(source) == -25_000_000_001
    assert moved.pop(target) == 25_000_000_001
    assert not any(moved.values())
    assert transfer_margin(after, target, source, "250.00000001") == before


def test_a_transfer_goes_up_to_the_free_margin_of_its_source_only():
    snapshot = small_snapshot()
    assert free(transfer_margin(snapshot, ANN_ALONE, ANN, 310), ANN_ALONE) == 0
    refused_at(lambda: transfer_margin(snapshot, ANN_ALONE, ANN, "310.00000001"), "amount", None, "310.00000000 USDT")
    full = small_snapshot(marks={"BTCUSDT": "40000"})
    assert free(full, ANN) == 0
    assert free(transfer_margin(full, ANN_ALONE, ANN, 1), ANN) == 0  # a target may be in any state


@pytest.mark.parametrize(
    ("source", "target", "argument", "words"),
    [
        (ANN, BOB, "target", ("same account", "'ann'")),
        (ANN, ANN, "target", "another wallet"),
        (ANN, 6, "target", "0 to 5"),
        (-1, ANN, "source", "0 to 5"),
        ("ann", ANN, "source", "'ann'"),
    ],
)
def test_wallets_that_do_not_belong_together_are_refused(source, target, argument, words):
    refused_at(lambda: transfer_margin(small_snapshot(), source, target, 1), argument, None, words)


def test_wallets_in_two_assets_or_of_several_are_refused():
    bobs = valued_snapshot(wallets={"account": ["mia", "bob", "bob", "bob"]})
    refused_at(lambda: transfer_margin(bobs, 2, 3, 1), "target", None, "wallet in USDT")
    refused_at(lambda: transfer_margin(bobs, 1, 2, 1), "source", None, "cross or isolated")
    refused_at(lambda: transfer_margin(bobs, 2, 1, 1), "target", None, "cross or isolated")


# Up to the free margin


@pytest.mark.parametrize("wallet", [BOB, CAT, ANN_ALONE, books.DAN, books.EVE])
def test_all_that_is_free_may_be_withdrawn_and_no_quantum_more(wallet):
    snapshot = small_snapshot()
    asset = snapshot.assets[snapshot.wallets.asset[wallet]]
    most = free(snapshot, wallet)
    assert most > 0
    assert free(withdraw(snapshot, wallet, asset.decimal(most)), wallet) == 0
    error = refused_at(lambda: withdraw(snapshot, wallet, asset.decimal(most + 1)), "amount")
    assert f"at most the free margin of this wallet, {asset.decimal(most)} {asset.name}" in str(error)
    assert error.value == asset.decimal(most + 1)


@given(
    quantity=st.integers(-30, 30).filter(bool),
    entry=st.integers(1, 30_000),
    mark=st.integers(1, 30_000),
    balance=st.integers(-100_000, 3_000_000),
    leverage=st.sampled_from(["0", "1", "3", "7.5", "20", "125"]),
    locked=st.integers(0, 100_000),
    kind=st.sampled_from(["linear", "inverse", "quanto"]),
    data=st.data(),
)
def test_a_withdrawal_lowers_the_free_margin_by_exactly_as_much(
    quantity, entry, mark, balance, leverage, locked, kind, data
):
    units = "1" if kind != "inverse" else "10000"
    paid, money, price, lock = (Decimal(number) / 100 for number in (entry, balance, mark, locked))
    snapshot = books.one_position(quantity, paid, money, leverage, price, lock, kind=kind, multiplier=units)
    most = free(snapshot, 0)
    if most:
        taken = data.draw(st.integers(1, most))
        after = withdraw(snapshot, 0, Decimal(taken) / 100)
        assert after.wallets.balance[0] == balance - taken
        assert free(after, 0) == most - taken
        assert free(after, 1) == free(snapshot, 1)
    refused_at(
        lambda: withdraw(snapshot, 0, Decimal(most + 1) / 100), "amount", None, f"{Decimal(most) / 100:.2f} USDT"
    )


@given(st.integers(1, 310 * UNIT), st.booleans())
def test_a_transfer_conserves_the_sum_of_all_balances(quanta, back):
    before = small_snapshot()
    source, target = (ANN, ANN_ALONE) if back else (ANN_ALONE, ANN)
    after = transfer_margin(before, source, target, Decimal(quanta) / UNIT)
    assert sum(after.wallets.balance.tolist()) == sum(before.wallets.balance.tolist())
    equity = adl.margin_state(before).equity, adl.margin_state(after).equity
    assert sum(equity[0].tolist()) == sum(equity[1].tolist())


# What is refused


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0.000000001", ("0.00000000 or 0.00000001 would do",)),
        ("1.123456789", ("1.12345678 or 1.12345679 would do",)),
        (0, "must be above 0"),
        ("-0.0", "must be above 0"),
        ("-1", "must be above 0"),
        ("1e12", "int64"),
        ("nan", "must be finite"),
        ("inf", "must be finite"),
        ("much", "'much'"),
        (None, "must be a number"),
    ],
)
def test_an_amount_that_cannot_be_is_refused(amount, words):
    snapshot = small_snapshot()
    for call in (
        lambda: snapshot.deposit(ANN, amount),
        lambda: withdraw(snapshot, ANN, amount),
        lambda: transfer_margin(snapshot, ANN_ALONE, ANN, amount),
        lambda: valued_snapshot().deposit(0, amount, "BTC"),
    ):
        assert refused_at(call, "amount", None, words).value is amount


@pytest.mark.parametrize("wallet", [-1, 6, 1.0, True, "ann", None])
def test_a_wallet_that_is_not_there_is_refused(wallet):
    for call in (adl.Snapshot.deposit, withdraw):
        assert refused_at(lambda: call(small_snapshot(), wallet, 1), "wallet", None, "0 to 5").value is wallet


@pytest.mark.parametrize("asset", ["BTC", "DOGE", ""])
def test_a_wallet_of_one_asset_takes_no_other(asset):
    for call in (adl.Snapshot.deposit, withdraw):
        refused_at(lambda: call(small_snapshot(), BOB, 1, asset), "asset", None, "USDT")
    assert small_snapshot().deposit(BOB, 1, "USDT") == small_snapshot().deposit(BOB, 1)


# Wallets of several assets


def test_a_multi_asset_wallet_gives_what_its_collateral_sets_free():
    snapshot = mia()
    assert free(snapshot, 0) == (45_100 - 1_000 - 2_000) * UNIT
    # A coin that leaves takes 45,000 of equity along.
    coins = int(Fraction(42_100, 45_000) * UNIT)
    after = withdraw(snapshot, 0, Decimal(coins) / UNIT, "BTC")
    assert after.balances.amount.tolist() == [100 * UNIT, UNIT - coins]
    assert 0 <= free(after, 0) < 45_000
    refused_at(lambda: withdraw(snapshot, 0, Decimal(coins + 1) / UNIT, "BTC"), "amount", None, "42100.00000000 USDT")


def test_no_more_of_an_asset_leaves_than_is_there():
    snapshot = mia()
    assert withdraw(snapshot, 0, 100, "USDT").balances.amount.tolist() == [0, UNIT]
    refused_at(
        lambda: withdraw(snapshot, 0, "100.00000001", "USDT"), "amount", None, "what is there, 100.00000000 USDT"
    )
    refused_at(lambda: withdraw(snapshot, 0, 1, "DAI"), "amount", None, "what is there, 0.00000000 DAI")
    owing = mia(balances=[{"account": "mia", "asset": a, "amount": n} for a, n in (("USDT", -5), ("BTC", 1))])
    refused_at(lambda: withdraw(owing, 0, 1, "USDT"), "amount", None, "0.00000000 USDT")
    assert free(withdraw(snapshot, 0, 100, "USDT"), 0) == 42_000 * UNIT


def test_the_asset_of_a_wallet_of_several_must_be_said_and_priced():
    snapshot = mia()
    for call in (adl.Snapshot.deposit, withdraw):
        refused_at(lambda: call(snapshot, 0, 1), "asset", None, "several assets")
        refused_at(lambda: call(snapshot, 0, 1, "DOGE"), "asset", None, "'DOGE'")
    refused_at(lambda: snapshot.deposit(0, 1, "PEPE"), "index_prices", None, "'PEPE'")


def test_a_portfolio_wallet_gives_by_the_collateral_rate_of_what_leaves():
    rich = mia(wallets=[{"account": "mia", "mode": "portfolio"}, {"account": "bob", "balance": 10**6}])
    assert free(rich, 0) == (45_100 - 1_000 - 2_000) * UNIT
    assert free(withdraw(rich, 0, "0.5", "BTC"), 0) == (22_600 - 3_000) * UNIT
    refused_at(lambda: withdraw(rich, 0, "0.94", "BTC"), "amount", None, "42100.00000000 USDT")


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
    assert free(withdraw(snapshot, 0, "0.5", "BTC"), 0) == (60_000 - 50_000 - 3_000) * UNIT
    refused_at(lambda: withdraw(snapshot, 0, "0.65", "BTC"), "amount", None, "32000.00000000 USDT")


def whole(held: int, price: str, quantity: int) -> adl.Snapshot:
    """Ann holds so many of a coin without decimals, worth `price` each, and a long of so much at 5 %."""
    contract = adl.Contract("X", settle=adl.Asset("USD", 0), tiers=books.FLAT)
    held_lots = [{"contract": "X", "quantity": quantity, "entry_price": 1}] if quantity else []
    terms = {"contracts": [contract], "marks": {"X": 1}, "assets": [adl.Asset("COIN", 0)]}
    return several("multi-asset", {"COIN": held}, held_lots, "USD", index_prices={"COIN": price}, **terms)


def test_what_stays_is_valued_to_a_whole_quantum():
    snapshot = whole(100, "0.3", 540)
    assert free(snapshot, 0) == 30 - 27 - 1
    assert free(withdraw(snapshot, 0, 6, "COIN"), 0) == 0
    assert free(withdraw(snapshot, 0, 8, "COIN"), 0) == 0  # 92 are worth 27.6, which is 28
    refused_at(
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
    assert withdraw(whole(11, "0.3", 0), 0, 11, "COIN").balances.amount.tolist() == [0]
