"""Money moves between wallets to the quantum, up to the free margin and no further; the old snapshot stays."""

from __future__ import annotations

import math
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing.margin import market, transfer_margin, withdraw
from support import books
from support.books import ANN, ANN_ALONE, BOB, CAT, DAN, EVE, UNIT, refused, small_snapshot, valued_snapshot

FLAT = adl.MarginTiers([0], ["0.05"])
MOST = 2**63 - 1


def free(snapshot, wallet: int) -> int:
    return int(adl.margin_state(snapshot).free_margin[wallet])


def one(quantity=10, entry="100", balance="120", leverage=0, mark="100", locked=None, **contract) -> adl.Snapshot:
    """Ann's position in X, of lots worth the mark, against Bob's; money in whole cents."""
    cents = adl.Asset("USDT", 2)
    orders = [{"account": "ann", "contract": "X", "quantity": 1, "price": 1, "locked": locked}] if locked else None
    return adl.Snapshot.build(
        [adl.Contract("X", settle=cents, tick="0.01", tiers=FLAT, **contract)],
        [{"account": "ann", "balance": balance}, {"account": "bob", "balance": "1000000"}],
        [
            {"account": "ann", "contract": "X", "quantity": quantity, "entry_price": entry, "leverage": leverage},
            {"account": "bob", "contract": "X", "quantity": -quantity, "entry_price": entry},
        ],
        {"X": mark},
        orders=orders,
    )


# The free margin, by hand


@pytest.mark.parametrize(
    ("terms", "cents"),
    [
        ({}, 6_999),  # 120 - 5 % of 1,000, and a cent more, or it would be liquidated
        ({"leverage": 10}, 2_000),  # 120 - 1,000/10
        ({"leverage": 8}, 0),  # 1,000/8 is more than there is
        ({"leverage": 30}, 6_999),  # 1,000/30 = 33.333…, rounded up to 33.34, is less than the 50 that must stay
        ({"leverage": "19.5"}, 6_871),  # 1,000/19.5 = 51.282…, rounded up to 51.29
        ({"leverage": "0.5", "balance": "2000.01"}, 1),
        ({"mark": "110"}, 6_500),  # a profit of 100 is not there to be taken: min(120, 220) - 55
        ({"mark": "95"}, 2_249),  # a loss of 50 is gone: 70 - 47.50, and a cent
        ({"mark": "88"}, 0),  # nothing left: 0 - 44
        ({"mark": "80"}, 0),  # equity -80
        ({"mark": "110", "leverage": 10}, 1_000),  # of the value now, 1,100
        ({"quantity": -10, "mark": "95"}, 7_250),  # a short wins: 120 - 47.50
        ({"quantity": -10, "mark": "105"}, 1_749),
        ({"locked": "30"}, 4_000),
        ({"locked": "70"}, 0),
        ({"locked": "71"}, 0),
        ({"locked": "0.01", "leverage": 30}, 6_999),
        ({"mark": "88", "locked": "30"}, 0),
    ],
)
def test_free_margin_is_the_lesser_of_balance_and_equity_less_margin_and_locks(terms, cents):
    assert free(one(**terms), 0) == cents


def test_free_margin_is_in_coins_for_an_inverse_contract():
    snapshot = adl.Snapshot.build(
        [books.COIN],
        {"account": ["dan", "eve"], "asset": ["BTC", "BTC"], "balance": ["0.5", "1"]},
        {
            "account": ["dan", "eve"],
            "contract": ["BTCUSD"] * 2,
            "quantity": [300, -300],
            "entry_price": [60_000] * 2,
            "leverage": [0, 7],
        },
        {"BTCUSD": "50000"},
    )
    # Value 0.6, cost 0.5: Dan loses 0.1 and keeps 0.4 %; Eve's profit is not there, 0.6/7 rounded up is.
    assert free(snapshot, 0) == 40_000_000 - 240_000 - 1
    assert free(snapshot, 1) == UNIT - 8_571_429


def test_every_position_and_order_of_a_wallet_counts():
    # Bob: balance 9,000, equity 9,211; 5 ‰ of 81,200 less 50; 60,211/25; 150 locked.
    assert free(small_snapshot(), BOB) == 9_000 * UNIT - 356 * UNIT - 2_408_44000000 - 150 * UNIT
    # Cat's legs: 52,200 and 23,200, each with its own margin; her profit of 1,300 stays.
    assert free(small_snapshot(), CAT) == 4_000 * UNIT - 211 * UNIT - 92_80000000
    # Ann's isolated short: 700 less a loss of 100 less 5,800/20. Her cross wallet does not matter.
    assert free(small_snapshot(), ANN_ALONE) == 600 * UNIT - 290 * UNIT


@pytest.mark.parametrize("leverage", [1 / 3, 0.1 + 0.2, 7.123456789, 125, 1e9])
def test_a_leverage_is_read_by_its_shortest_decimal(leverage):
    value = math.ceil(81_200 * UNIT / Fraction(repr(leverage)))
    rest = 9_000 * UNIT - 251_05500000 - 150 * UNIT
    assert free(small_snapshot(positions={"leverage": [0.0, leverage, *[0.0] * 7]}), BOB) == max(0, rest - value)


@pytest.mark.parametrize("leverage", [1e-300, 1e-30, 1.2345678901234567e-7, 1e30, 1e300])
def test_a_leverage_that_no_margin_can_be_computed_of_is_refused_by_its_row(leverage):
    where = None
    try:
        free(small_snapshot(positions={"leverage": [0.0, leverage, *[0.0] * 7]}), BOB)
    except adl.AdlError as error:
        where = error.argument, error.row
    assert where in (None, ("positions.leverage", 1))


def test_a_wallet_without_positions_is_free_and_a_negative_one_has_nothing():
    snapshot = adl.Snapshot([books.BTC], {"account": [1, 2], "asset": "USDT", "balance": [5, -5]}, NO_ROWS, {})
    assert (free(snapshot, 0), free(snapshot, 1)) == (5, 0)
    refused(lambda: withdraw(snapshot, 1, "0.00000001"), "amount", None, "0.00000000 USDT")


NO_ROWS = {"contract": [], "wallet": [], "quantity": [], "entry_value": []}


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
        assert withdraw(after.deposit(EVE, 1), EVE, 1) == after
    assert withdraw(before.deposit(wallet, amount), wallet, amount) == before


def test_what_a_call_returns_is_new_and_what_it_was_called_on_is_as_before():
    for before, calls in (
        (
            small_snapshot(),
            [
                lambda s: s.deposit(DAN, 1),
                lambda s: withdraw(s, CAT, 1),
                lambda s: transfer_margin(s, ANN_ALONE, ANN, 1),
            ],
        ),
        (
            valued_snapshot(),
            [
                lambda s: s.deposit(0, 1, "BTC"),
                lambda s: withdraw(s, 0, 1, "USDT"),
                lambda s: s.deposit(0, 1, "USDC"),
            ],
        ),
    ):
        kept, state = before.hash, market(before, "BTCUSDT").balance.tolist()
        for call in calls:
            after = call(before)
            assert isinstance(after, adl.Snapshot)
            assert after != before
            assert np.shares_memory(after.positions.quantity, before.positions.quantity)
            assert not after.wallets.balance.flags.writeable
            assert not after.balances.amount.flags.writeable
            assert adl.Snapshot(**again(after)) == after
        assert (before.hash, market(before, "BTCUSDT").balance.tolist()) == (kept, state)


def again(snapshot) -> dict:
    """The columns of a snapshot, to make it once more."""
    tables = {name: getattr(snapshot, name).columns() for name in ("wallets", "positions", "orders", "balances")}
    tables["positions"]["contract"] = snapshot.position_contract
    terms = ("contracts", "assets", "marks", "index_prices", "haircuts", "loan_rates")
    return {**tables, **{name: getattr(snapshot, name) for name in terms}}


def test_a_new_snapshot_has_its_own_margin_and_hash():
    before = small_snapshot()
    assert market(before, "BTCUSD").balance.tolist() == [UNIT // 2, UNIT]  # has computed its margin
    after = before.deposit(DAN, "0.25")
    assert market(after, "BTCUSD").balance.tolist() == [UNIT * 3 // 4, UNIT]
    assert market(after, "BTCUSD").equity[0] == market(before, "BTCUSD").equity[0] + UNIT // 4
    assert len({before.hash, after.hash, after.deposit(DAN, 1).hash}) == 3


def test_refused_calls_change_nothing():
    snapshot = small_snapshot()
    kept = snapshot.hash
    for call in (
        lambda: withdraw(snapshot, CAT, 10**6),
        lambda: transfer_margin(snapshot, ANN_ALONE, ANN, 311),
    ):
        refused(call, "amount")
    assert small_snapshot(wallets=snapshot.wallets.columns()).hash == kept


# Isolated and cross


@pytest.mark.parametrize(("source", "target"), [(ANN, ANN_ALONE), (ANN_ALONE, ANN)])
def test_margin_moves_between_the_wallets_of_an_account(source, target):
    before = small_snapshot()
    after = transfer_margin(before, source, target, "250.00000001")
    moved = (after.wallets.balance - before.wallets.balance).tolist()
    assert moved[source] == -25_000_000_001
    assert moved[target] == 25_000_000_001
    assert sum(map(abs, moved)) == 2 * 25_000_000_001
    assert transfer_margin(after, target, source, "250.00000001") == before


def test_a_transfer_goes_up_to_the_free_margin_of_its_source_only():
    snapshot = small_snapshot()
    assert free(transfer_margin(snapshot, ANN_ALONE, ANN, 310), ANN_ALONE) == 0
    refused(lambda: transfer_margin(snapshot, ANN_ALONE, ANN, "310.00000001"), "amount", None, "310.00000000 USDT")
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
    refused(lambda: transfer_margin(small_snapshot(), source, target, 1), argument, None, words)


def test_wallets_in_two_assets_or_of_several_are_refused():
    bobs = valued_snapshot(wallets={"account": ["mia", "bob", "bob", "bob"]})
    refused(lambda: transfer_margin(bobs, 2, 3, 1), "target", None, "wallet in USDT")
    refused(lambda: transfer_margin(bobs, 1, 2, 1), "source", None, "cross or isolated")
    refused(lambda: transfer_margin(bobs, 2, 1, 1), "target", None, "cross or isolated")


# Up to the free margin


@pytest.mark.parametrize("wallet", [BOB, CAT, ANN_ALONE, DAN, EVE])
def test_all_that_is_free_may_be_withdrawn_and_no_quantum_more(wallet):
    snapshot = small_snapshot()
    asset = snapshot.assets[snapshot.wallets.asset[wallet]]
    most = free(snapshot, wallet)
    assert most > 0
    after = withdraw(snapshot, wallet, asset.decimal(most))
    assert free(after, wallet) == 0
    error = refused(lambda: withdraw(snapshot, wallet, asset.decimal(most + 1)), "amount")
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
    snapshot = one(
        quantity,
        Decimal(entry) / 100,
        Decimal(balance) / 100,
        leverage,
        Decimal(mark) / 100,
        Decimal(locked) / 100,
        kind=kind,
        multiplier=units,
    )
    most = free(snapshot, 0)
    if most:
        taken = data.draw(st.integers(1, most))
        after = withdraw(snapshot, 0, Decimal(taken) / 100)
        assert after.wallets.balance[0] == balance - taken
        assert free(after, 0) == most - taken
        assert free(after, 1) == free(snapshot, 1)
    refused(lambda: withdraw(snapshot, 0, Decimal(most + 1) / 100), "amount", None, f"{Decimal(most) / 100:.2f} USDT")


@given(st.integers(0, 3 * 10**11), st.integers(1, 10**12))
def test_a_deposit_raises_the_free_margin_once_the_deficit_is_filled(loss, amount):
    snapshot = one(mark="100", balance=Decimal(-loss) / 100)
    after = snapshot.deposit(0, Decimal(amount) / 100)
    assert free(after, 0) == max(0, amount - loss - 5_000 - 1)


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
        assert refused(call, "amount", None, words).value is amount


def test_a_balance_that_would_leave_int64_is_refused():
    balance = [MOST - 5, -MOST, 0, 0, 0, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        snapshot = adl.Snapshot([], {"account": range(6), "asset": "USDT", "balance": balance}, NO_ROWS, {})
        assert snapshot.deposit(0, "0.00000005").wallets.balance[0] == MOST
        refused(lambda: snapshot.deposit(0, "0.00000006"), "amount", None, "int64")


@pytest.mark.parametrize("wallet", [-1, 6, 1.0, True, "ann", None])
def test_a_wallet_that_is_not_there_is_refused(wallet):
    for call in (adl.Snapshot.deposit, withdraw):
        assert refused(lambda: call(small_snapshot(), wallet, 1), "wallet", None, "0 to 5").value is wallet


def test_rows_may_be_numpys_integers():
    assert small_snapshot().deposit(np.int64(DAN), 1) == small_snapshot().deposit(DAN, 1)


@pytest.mark.parametrize("asset", ["BTC", "DOGE", ""])
def test_a_wallet_of_one_asset_takes_no_other(asset):
    for call in (adl.Snapshot.deposit, withdraw):
        refused(lambda: call(small_snapshot(), BOB, 1, asset), "asset", None, "USDT")
    assert small_snapshot().deposit(BOB, 1, "USDT") == small_snapshot().deposit(BOB, 1)
