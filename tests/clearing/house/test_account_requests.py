"""Money into and out of wallets and funds: at most what is free, and never so much that somebody fails by it."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing import ClearingHouse, Deleverage, TakeOver, Uncovered, Venue
from adlcore.clearing.margin import free_margin, transfer_margin, withdraw
from support import house_books, margin_oracle
from support.house_books import mark_once
from support.refusals import refused_at

EXAMPLES = int(os.environ.get("ADLCORE_EXAMPLES", "60"))

# Funds ----------------------------------------------------------------------------------------------------------------


def fund_with_a_long(mark: str):
    """Wallet 0 is bankrupt at 85: a fund with 100 has its 10 lots at 85, and the mark moves on."""
    positions = [("X", 0, 10, 1000), ("X", 1, -10, -1000)]
    done = mark_once([house_books.linear()], [150, 9000], positions, {"X": "85"}, [TakeOver()], 100, old={"X": "100"})
    house = done.mark({"X": mark}).house
    fund = house.funds["USDT"]
    assert (fund.cash, fund.equity) == (100, 100 + 10 * (int(mark) - 85))
    return house


@pytest.mark.parametrize(("mark", "most"), [("90", 100), ("85", 100), ("84", 90), ("76", 10), ("75", 0), ("60", 0)])
def test_money_out_of_a_fund_is_at_most_its_cash_and_its_equity(mark, most):
    house = fund_with_a_long(mark)
    digest = house.hash
    refused_at(lambda: house.fund_deposit("USDT", -most - 1), "amount", None, f"at most cash and equity: {most} USDT")
    assert house.hash == digest
    if most:
        house.fund_deposit("USDT", -most)
    assert (house.funds["USDT"].cash, house.funds["USDT"].equity) == (100 - most, 100 + 10 * (int(mark) - 85) - most)
    assert house.audit() == []
    house.fund_deposit("USDT", 1)


# Wallets --------------------------------------------------------------------------------------------------------------


def test_who_withdraws_all_that_is_free_is_not_liquidated_at_the_same_mark():
    """Balance 20, a trade of 10 at 10 at 10 %: 9 are free, since E = MM is liquidated; a lock may take 10."""
    house = house_books.build_house(
        house_books.snapshot([house_books.linear(tiers=house_books.TEN_PERCENT)], [20, 9000], [], {"X": 10}),
        [Deleverage()],
    )
    house.trade("X", 10, 10, buyer=0, seller=1)
    assert house.margin_state().free_margin[0] == 9
    refused_at(lambda: house.withdraw(0, 10), "amount", None, "must be at most the free margin of this wallet, 9 USDT")
    house.place_order(0, "X", 1, 10, locked=10)
    refused_at(
        lambda: house.place_order(0, "X", 1, 10, locked=1), "locked", None, "this wallet may lock of its margin, 0"
    )
    refused_at(lambda: house.withdraw(0, 1), "amount", None, "of this wallet, 0 USDT")
    house.cancel_order(0)
    house.withdraw(0, 9)
    assert len(house.mark({"X": 10})) == 0
    assert house.margin_state().free_margin[0] == 0


def test_a_venue_that_waits_for_below_gives_one_quantum_more():
    books = house_books.snapshot([house_books.linear(tiers=house_books.TEN_PERCENT)], [20, 9000], [], {"X": 10})
    house = house_books.build_house(books, Venue("below", [Deleverage()], inclusive=False))
    house.trade("X", 10, 10, buyer=0, seller=1)
    refused_at(lambda: house.withdraw(0, 11), "amount", None, "10 USDT")
    house.withdraw(0, 10)
    assert len(house.mark({"X": 10})) == 0


def test_a_leverage_beyond_what_the_tiers_permit_frees_nothing_that_keeps_the_wallet_healthy():
    """IM of 1,000/100 is 10, MM is 100: of 150, 49 are free."""
    books = house_books.snapshot(
        [house_books.linear(tiers=house_books.TEN_PERCENT)],
        [("ann", "cross", 150), ("ann", "isolated", 0), ("bob", "cross", 9000)],
        [("X", 0, 10, 1000, 100.0), ("X", 2, -10, -1000)],
        {"X": 100},
    )
    assert adl.margin_state(books).free_margin[0] == 49
    assert adl.margin_state(books, inclusive=False).free_margin[0] == 50
    for call in (
        lambda amount: withdraw(books, 0, amount),
        lambda amount: transfer_margin(books, 0, 1, amount),
    ):
        refused_at(lambda call=call: call(50), "amount", None, "49 USDT")
        assert not adl.margin_state(call(49)).liquidatable.any()


@st.composite
def solvent(draw, modes=margin_oracle.MODES) -> dict:
    """Columns of a crowd whose wallets lose, and have as much more equity than maintenance margin as drawn."""
    given = draw(margin_oracle.crowd_columns(modes))
    positions = given["positions"]
    positions["leverage"] = [draw(st.sampled_from([0.0, 0.0, 1000.0, 3.0])) for _ in positions["wallet"]]
    rows = margin_oracle.SlowMargin(margin_oracle.snapshot(**given)).rows
    order = {(row.code, row.wallet, row.quantity < 0): row for row in rows}
    symbols = [contract.symbol for contract in given["contracts"]]
    names = ("contract", "wallet", "quantity")
    for place, (symbol, wallet, lots) in enumerate(zip(*(positions[name] for name in names), strict=True)):
        value = order[symbols.index(symbol), wallet, lots < 0].value
        positions["entry_value"][place] = value + min(draw(st.sampled_from([0, 1, 50])), abs(value))
    if draw(st.booleans()):
        given["orders"] = {}
    slow = margin_oracle.SlowMargin(margin_oracle.snapshot(**given))
    held = {name: [*given["balances"].get(name, [])] for name in ("wallet", "asset", "amount", "loan")}
    for wallet, mode in enumerate(slow.mode):
        lacking = slow.margin[wallet] - slow.equity[wallet] + draw(st.sampled_from([0, 1, 2, 77, 10**6]))
        if mode < margin_oracle.MULTI_ASSET:
            given["wallets"]["balance"][wallet] += lacking
            continue
        mine = [row for row, whose in enumerate(held["wallet"]) if (whose, held["asset"][row]) == (wallet, "USDT")]
        if not mine:
            mine = [len(held["wallet"])]
            for column, value in zip(held.values(), (wallet, "USDT", 0, 0), strict=True):
                column.append(value)
        held["amount"][mine[0]] += lacking * draw(st.sampled_from([1, 2]))
    return {**given, "balances": held}


def after_withdrawal(house, wallet: int, asset, quanta: int):
    """Another house of the same state, once so many quanta left a wallet; None where they are refused."""
    other = ClearingHouse.from_state(house.state(), house._committed.terms.venue, audit="off")
    try:
        other.withdraw(wallet, asset.decimal(quanta), asset.name)
    except adl.AdlError:
        return None
    return other


def most_of(house, wallet: int, asset, low: int, high: int) -> int:
    """The largest amount of an asset, of `low` to `high`, that may be withdrawn, if all below one that may, may."""
    while low < high:
        middle = (low + high + 1) // 2
        accepted = after_withdrawal(house, wallet, asset, middle) is not None
        low, high = (middle, high) if accepted else (low, middle - 1)
    return low


def assert_healthy(before, other, wallet: int) -> None:
    """A wallet that gave what was free holds on at the same marks, and all others are as they were."""
    now = other.margin_state()
    assert not now.liquidatable[wallet]
    others = np.arange(len(now.equity)) != wallet
    assert (now.free_margin == before.free_margin)[others].all()
    assert other.mark({}).of("liquidation-started").sum() == before.liquidatable.sum()


@given(solvent(("cross", "isolated")), st.booleans())
@settings(max_examples=3 * EXAMPLES)
def test_all_that_is_free_may_go_and_leaves_nobody_liquidatable_and_a_quantum_more_may_not(columns, inclusive):
    snapshot = margin_oracle.snapshot(**columns)
    house = house_books.build_house(snapshot, Venue("drawn", [Uncovered()], inclusive=inclusive), audit="off")
    before = house.margin_state()
    for wallet, free in enumerate(before.free_margin.tolist()):
        asset = snapshot.assets[int(snapshot.wallets.asset[wallet])]
        assert after_withdrawal(house, wallet, asset, free + 1) is None
        if free:
            other = after_withdrawal(house, wallet, asset, free)
            assert_healthy(before, other, wallet)
            assert other.margin_state().free_margin[wallet] == 0


@given(solvent(("multi-asset", "portfolio")), st.booleans(), st.data())
@settings(max_examples=2 * EXAMPLES)
def test_all_of_an_asset_that_may_go_leaves_a_wallet_of_several_healthy(columns, inclusive, data):
    snapshot = margin_oracle.snapshot(**columns)
    house = house_books.build_house(snapshot, Venue("drawn", [Uncovered()], inclusive=inclusive), audit="off")
    before, held = house.margin_state(), snapshot.balances
    for wallet, free in enumerate(before.free_margin.tolist()):
        code = data.draw(st.integers(0, len(snapshot.assets) - 1))
        asset = snapshot.assets[code]
        there = max(0, int(held.amount[(held.wallet == wallet) & (held.asset == code)].sum()))
        # What leaves of the numeraire takes along at most as much.
        least = min(free, there) if asset.name == "USDT" else 0
        most = most_of(house, wallet, asset, least, there)
        assert after_withdrawal(house, wallet, asset, most + 1) is None
        if most:
            assert_healthy(before, after_withdrawal(house, wallet, asset, most), wallet)


@given(solvent(("cross", "isolated")), st.data())
def test_all_that_is_free_may_be_transferred_and_a_quantum_more_may_not(columns, data):
    count = len(columns["wallets"]["account"])
    wallets = columns["wallets"]
    beside = {
        "account": wallets["account"],
        "asset": wallets["asset"],
        "mode": ["isolated"] * count,
        "balance": [0] * count,
    }
    columns["wallets"] = {name: [*column, *beside[name]] for name, column in wallets.items()}
    snapshot = margin_oracle.snapshot(**columns)
    source = data.draw(st.integers(0, count - 1))
    asset = snapshot.assets[int(snapshot.wallets.asset[source])]
    free = int(adl.margin_state(snapshot).free_margin[source])
    refused_at(
        lambda: transfer_margin(snapshot, source, source + count, asset.decimal(free + 1)),
        "amount",
        None,
        "free margin",
    )
    if free:
        moved = transfer_margin(snapshot, source, source + count, asset.decimal(free))
        assert not adl.margin_state(moved).liquidatable[source]
        assert adl.margin_state(moved).free_margin[source] == 0


def test_what_a_wallet_may_withdraw_does_not_hang_on_the_margin_of_another():
    """Ann's initial margin, 2^40 at a leverage of 0.00000001, is no int64; Bob's money is his."""
    books = house_books.snapshot(
        [house_books.linear()],
        [2**50, 2**50, 7],
        [("X", 0, 2**33, 2**40, 1e-8), ("X", 1, -(2**33), -(2**40))],
        {"X": 128},
    )
    assert adl.margin_state(books).free_margin.tolist() == [0, 2**50 - 2**40 // 20 - 2, 7]
    assert withdraw(books, 2, 7).wallets.balance[2] == 0
    refused_at(lambda: withdraw(books, 0, 1), "amount", None, "0 USDT")
    house = house_books.build_house(books, [Uncovered()])
    house.withdraw(2, 1)
    house.place_order(2, "X", 1, 128, locked=6)
    assert house.margin_state().free_margin.tolist() == [0, 2**50 - 2**40 // 20 - 2, 0]


@given(solvent(), st.booleans())
def test_free_margin_wallet_by_wallet_is_that_of_all(columns, inclusive):
    state = adl.margin_state(margin_oracle.snapshot(**columns), inclusive=inclusive)
    each = [free_margin.free_margin_of(state._margin_pass, wallet) for wallet in range(len(state.equity))]
    assert state.free_margin.tolist() == each
