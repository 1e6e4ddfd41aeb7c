"""The margin of every wallet, column by column, against the oracle; who is liquidatable; nothing wraps."""

import math

import numpy as np
import pytest
from hypothesis import given

import adlcore as adl
from support import margin_oracle as oracle
from support.books import NO_POSITIONS
from support.house_books import linear, orders, snapshot
from support.refusals import refused_for as refused

TOP, BOTTOM = oracle.INT64_MAX, oracle.INT64_MIN
X, Y = linear("X"), linear("Y")


def venue(balance, rows, contracts=(X, Y), **more):
    """Cross wallets with these balances, and rows of contracts that are worth 1 quantum a lot."""
    return snapshot(contracts, balance, rows, {contract.symbol: "1" for contract in contracts}, **more)


def assert_equals_oracle(given, **options):
    books = oracle.snapshot(**given)
    state, wanted = adl.margin_state(books, **options), oracle.SlowMargin(books, **options)
    rows, positions = wanted.rows, state.positions
    assert state.equity.tolist() == wanted.equity
    assert state.maintenance_margin.tolist() == wanted.margin
    assert state.balance.tolist() == wanted.balance
    assert state.free_margin.tolist() == wanted.free
    assert state.margin_ratio.tolist() == wanted.ratio
    assert state.liquidatable.tolist() == wanted.liquidatable(options.get("inclusive", True))
    assert positions.unrealized_pnl.tolist() == [row.pnl for row in rows]
    assert positions.mark_value.tolist() == [row.value for row in rows]
    assert positions.maintenance_margin.tolist() == [row.margin for row in rows]
    assert positions.initial_margin.tolist() == [row.initial for row in rows]


# Against the oracle ---------------------------------------------------------------------------------------------------


@given(oracle.crowd_columns())
def test_every_column_is_the_oracles(given):
    assert_equals_oracle(given)


@given(oracle.border_crowds())
def test_every_column_is_the_oracles_where_equity_is_near_the_margin_or_zero(given):
    assert_equals_oracle(given)
    assert_equals_oracle(given, inclusive=False)


@pytest.mark.parametrize("mode", oracle.MODES)
def test_every_column_is_the_oracles_in_each_mode(mode):
    @given(oracle.crowd_columns((mode,)))
    def law(given):
        assert_equals_oracle(given)

    law()


@given(oracle.crowd_columns())
def test_threads_change_nothing(given):
    books = oracle.snapshot(**given)
    one = oracle.columns_of(adl.margin_state(books))
    for threads in (2, 3, 7):
        assert oracle.columns_of(adl.margin_state(books, threads=threads)) == one


@pytest.mark.parametrize("wallets", [3, 600, 70_000])
def test_many_wallets_in_blocks_and_chunks_are_the_sums_of_their_rows(wallets):
    rng = np.random.default_rng(wallets)
    n = 3 * wallets
    held = {
        "contract": np.repeat(np.arange(3), wallets),
        "wallet": np.tile(np.arange(wallets), 3),
        "quantity": rng.integers(-1000, 1000, n),
        "entry_value": np.zeros(n, np.int64),
    }
    held["entry_value"] = held["quantity"] * rng.integers(50, 200, n)
    tiers = adl.MarginTiers([0, 10_000, 50_000], ["0.004", "0.01", "0.05"])
    listed = [linear(name, tiers) for name in "ABC"]
    balance = {"account": np.arange(wallets), "asset": "USDT", "balance": rng.integers(-1000, 10**5, wallets)}
    books = oracle.snapshot(contracts=listed, wallets=balance, positions=held, marks=["100.5", "99", "130.25"])
    value = np.rint(held["quantity"] * np.repeat([100.5, 99.0, 130.25], wallets))
    # 0.006 of 10,000 is 60, and 0.04 of 50,000 is 2,000 more.
    lines = [np.abs(value) * rate - amount for rate, amount in ((0.004, 0.0), (0.01, 60.0), (0.05, 2060.0))]
    pnl = value.astype(np.int64) - held["entry_value"]
    margin = np.rint(np.max(lines, axis=0)).astype(np.int64)
    for threads in (1, 2, 3, 7):
        state = adl.margin_state(books, threads=threads)
        assert (state.positions.unrealized_pnl == pnl).all()
        assert (state.positions.maintenance_margin == margin).all()
        assert (state.equity == books.wallets.balance + pnl.reshape(3, -1).sum(axis=0)).all()
        assert (state.maintenance_margin == margin.reshape(3, -1).sum(axis=0)).all()


def test_mark_values_are_rounded_half_even():
    half = linear("X", multiplier="0.5")
    books = venue([0, 0, 0, 0], [(0, w, q, 0) for w, q in enumerate((1, 3, 5, -5))], (half,))
    assert adl.margin_state(books).positions.mark_value.tolist() == [0, 2, 2, -2]


def test_maintenance_margin_is_rounded_half_even_and_never_below_zero():
    # 5 % of 10, 30, 50 is 0.5, 1.5, 2.5; an amount of 9 given to the one tier takes the first two below zero.
    rows = [(0, w, q, 0) for w, q in enumerate((10, 30, -50))]
    assert adl.margin_state(venue([0] * 3, rows)).maintenance_margin.tolist() == [0, 2, 2]
    listed = (linear("X", adl.MarginTiers([0], ["0.05"], ["2"], check=False)),)
    assert adl.margin_state(venue([0] * 3, rows, listed)).maintenance_margin.tolist() == [0, 0, 0]
    rows = [(0, w, q, 0) for w, q in enumerate((100, -40, 39))]
    assert adl.margin_state(venue([0] * 3, rows, listed)).maintenance_margin.tolist() == [3, 0, 0]


# Who is liquidatable --------------------------------------------------------------------------------------------------


def test_margin_ratio_is_infinite_without_equity():
    books = venue([5, 0, -1, 10, 0], [(0, 0, 100, 100), (0, 1, 100, 100), (0, 2, 100, 100), (0, 3, 100, 100)])
    assert adl.margin_state(books).margin_ratio.tolist() == [1.0, math.inf, math.inf, 0.5, math.inf]


def test_equity_equal_to_the_margin_is_liquidatable_unless_the_venue_waits():
    books = venue([4, 5, 6], [(0, wallet, 100, 100) for wallet in range(3)])
    assert adl.margin_state(books).liquidatable.tolist() == [True, True, False]
    assert adl.margin_state(books, inclusive=False).liquidatable.tolist() == [True, False, False]


@pytest.mark.parametrize("inclusive", [True, False])
def test_below_zero_a_wallet_is_liquidatable_only_if_it_holds_a_position(inclusive):
    # Nine lots have a margin of 0.45, rounded to 0. E = 0 and -1 with lots, -1 without, -1 with a row of 0 lots.
    books = venue([0, -1, -1, -1], [(0, 0, 9, 9), (0, 1, 9, 9), (0, 3, 0, 0)])
    state = adl.margin_state(books, inclusive=inclusive)
    assert state.equity.tolist() == [0, -1, -1, -1]
    assert state.maintenance_margin.tolist() == [0, 0, 0, 0]
    assert state.liquidatable.tolist() == [False, True, False, False]


def test_a_wallet_without_positions_is_its_balance():
    state = adl.margin_state(venue([7, -3, 0], []))
    assert state.equity.tolist() == state.balance.tolist() == [7, -3, 0]
    assert state.maintenance_margin.tolist() == [0, 0, 0]
    assert state.free_margin.tolist() == [7, 0, 0]
    assert state.margin_ratio.tolist() == [0.0, math.inf, math.inf]
    assert not state.liquidatable.any()


def test_a_portfolio_wallet_without_positions_is_not_liquidatable_whatever_it_owes():
    # docs/waterfall.md: liquidatable iff it holds a position and (...). E = 110 - 100, MM = 100·0.2 = 20.
    owed = {"wallet": [0], "asset": "USDT", "amount": [110], "loan": [100]}
    state = adl.margin_state(venue([("ann", "portfolio", 0)], [], balances=owed, loan_rates={"USDT": "0.2"}))
    assert (state.equity.tolist(), state.maintenance_margin.tolist()) == ([10], [20])
    assert state.liquidatable.tolist() == [False]


def test_nothing_at_all_has_a_state():
    state = adl.margin_state(venue([], []))
    assert len(state.equity) == len(state.liquidatable) == len(state.positions.unrealized_pnl) == 0
    books = adl.Snapshot([], {"account": [0], "asset": "USDT", "balance": [3]}, NO_POSITIONS, {})
    assert adl.margin_state(books, threads=5).equity.tolist() == [3]


# Tiers ----------------------------------------------------------------------------------------------------------------


def test_a_contract_that_somebody_holds_needs_tiers():
    bare = linear("BARE", None)
    books = venue([50], [(0, 0, 10, 10), (1, 0, 10, 10)], (X, bare))
    refused(lambda: adl.margin_state(books), "contracts", "contracts[1] is 'BARE': must have margin tiers")
    assert adl.margin_state(venue([50], [(0, 0, 10, 10)], (X, bare))).equity.tolist() == [50]


# Nothing wraps --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("quantity", [2**62, -(2**62), 2**62 + 2**10, TOP, -TOP])
def test_a_value_beyond_two_to_the_62_is_refused_by_name(quantity, threads):
    books = venue([0, 0], [(0, 0, 5, 5), (1, 0, 1, 1), (1, 1, quantity, 0)])
    error = refused(lambda: adl.margin_state(books, threads=threads), "positions.quantity", "its value in Y")
    assert (error.row, error.value) == (2, quantity)
    below = int(math.copysign(2**62 - 2**9, quantity))
    books = venue([0, 0], [(0, 0, 5, 5), (1, 0, 1, 1), (1, 1, below, 0)])
    assert adl.margin_state(books, threads=threads).equity.tolist() == [0, below]


def test_a_value_less_its_cost_beyond_int64_is_refused_by_name():
    # 0 - (-2^63) leaves int64 by one; the cost is within it. Half a quantum rounds to none.
    half = linear("X", multiplier="0.5")
    books = venue([0, 0], [(0, 0, 1, 1), (0, 1, -1, BOTTOM)], (half,))
    refused(lambda: adl.margin_state(books), "positions.quantity", "[1] is -1: its value in X must", " less its cost")
    assert adl.margin_state(venue([0], [(0, 0, -1, -TOP)], (half,))).equity.tolist() == [TOP]


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_sum_beyond_int64_is_refused_by_the_wallets_account(sign, threads):
    end = TOP if sign > 0 else BOTTOM
    rows = [(0, 1, sign * 7, 0), (1, 1, 8, 8)]
    books = venue([0, end - sign * 6, end], rows)
    error = refused(lambda: adl.margin_state(books, threads=threads), "wallets.account", "the equity of this wallet")
    assert (error.row, error.value) == (1, "account-1")
    assert adl.margin_state(venue([0, end - sign * 7, end], rows)).equity.tolist() == [0, end, end]


def test_a_sum_of_margins_beyond_int64_is_refused():
    most = adl.MarginTiers([0], ["0.999"])
    listed = [linear(f"C{k}", most) for k in range(3)]
    size = 2**62 - 2**10
    rows = [(code, 0, size, size) for code in range(3)]
    sum_of_margins = "the maintenance margin of this wallet must fit int64"
    refused(lambda: adl.margin_state(venue([0], rows, listed)), "wallets.account", sum_of_margins)
    assert adl.margin_state(venue([0], rows[:2], listed)).maintenance_margin[0] == 2 * round(float(size) * 0.999)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_sum_that_only_passes_through_the_end_is_fine(sign, threads):
    end = TOP if sign > 0 else BOTTOM
    books = venue([end, 0], [(0, 0, sign * 1000, 0), (1, 0, -sign * 1001, 0), (0, 1, 1, 1)])
    assert adl.margin_state(books, threads=threads).equity.tolist() == [end - sign, 0]


@given(oracle.extreme())
def test_a_state_is_refused_exactly_where_something_does_not_fit(given):
    books = oracle.snapshot(**given)
    wanted = oracle.SlowMargin(books)
    if wanted.fits:
        assert adl.margin_state(books).equity.tolist() == wanted.equity
        assert adl.margin_state(books).maintenance_margin.tolist() == wanted.margin
    else:
        with pytest.raises(adl.AdlError, match=r"must (be below 2\^62 quanta|fit int64 quanta)"):
            adl.margin_state(books)


def test_a_free_margin_far_below_zero_does_not_wrap():
    books = venue([BOTTOM + 100, BOTTOM], [(0, 0, 100, 100, 0.1)], orders=orders(("X", 1, 1, 1, TOP)))
    state = adl.margin_state(books)
    assert state.positions.initial_margin.tolist() == [1000]
    assert state.free_margin.tolist() == [0, 0]


def valued(amount, rows=(), mode="multi-asset"):
    """One wallet in USDT that holds COIN, of which 1 is worth 1.5 USDT and half is cut off."""
    coin = {"assets": [adl.Asset("COIN", 0)], "index_prices": {"COIN": "1.5"}, "haircuts": {"COIN": "0.5"}}
    return venue([("ann", mode, 0)], rows, balances={"wallet": [0], "asset": "COIN", "amount": [amount]}, **coin)


@pytest.mark.parametrize("mode", ["multi-asset", "portfolio"])
def test_collateral_beyond_int64_is_refused(mode):
    with pytest.raises(adl.AdlError, match="its collateral, -9000000000000000000, must fit int64"):
        adl.margin_state(valued(-9 * 10**18, mode=mode))
    # 6e18·1.5·0.5 = 4.5e18, and 5e18 of profit.
    with pytest.raises(adl.AdlError, match=r"wallets\[0\]: its equity must fit int64"):
        adl.margin_state(valued(6 * 10**18, [(0, 0, 10**18, 0), (1, 0, 4 * 10**18, 0)], mode))
    books = valued(6 * 10**18, [(0, 0, 10**17, 0), (1, 0, 4 * 10**18, 0)], mode)
    assert adl.margin_state(books).equity.tolist() == [8_600_000_000_000_000_000]


@pytest.mark.parametrize("mode", ["multi-asset", "portfolio"])
def test_collateral_that_fits_after_its_haircut_is_not_refused(mode):
    # 9e18 at 1.5 and half of it cut off: 6.75e18 is an int64; 13.5e18 would not be, and is nobody's number.
    assert adl.margin_state(valued(9 * 10**18, mode=mode)).equity.tolist() == [6_750_000_000_000_000_000]


# What is handed out ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["equity", "maintenance_margin", "liquidatable"])
def test_views_of_wallets_are_read_only_and_follow_the_marks(name):
    state = adl.margin_state(venue([5, 9], [(0, 0, 100, 100), (0, 1, -100, -100)]))
    view = getattr(state, name)
    before = view.tolist()
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1
    state.mark({"X": "1.2"})
    assert view.tolist() == getattr(state, name).tolist() != before


@pytest.mark.parametrize("name", ["unrealized_pnl", "maintenance_margin", "mark_value", "initial_margin"])
def test_views_of_positions_are_read_only(name):
    state = adl.margin_state(venue([5, 9], [(0, 0, 100, 100), (0, 1, -100, -100)]))
    with pytest.raises(ValueError, match="read-only"):
        getattr(state.positions, name)[0] = 1


def test_what_is_written_to_a_computed_column_changes_no_state():
    state = adl.margin_state(venue([5, 9], [(0, 0, 100, 100), (0, 1, -100, -100)]))
    before = oracle.columns_of(state)
    for name in ("balance", "free_margin", "margin_ratio"):
        column = getattr(state, name)
        if column.flags.writeable:
            column[:] = -77
    assert oracle.columns_of(state) == before


def test_the_repr_says_how_many_are_liquidatable():
    state = adl.margin_state(venue([5, 9], [(0, 0, 100, 100), (0, 1, -100, -100)]))
    assert repr(state) == "<MarginState of 2 wallets and 2 positions: 1 liquidatable>"
