"""A snapshot reads columns, sorts them, never changes, finds wallets, and hands its positions to a market."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing import margin
from support import books, zoo
from support.books import ANN, ANN_ALONE, CAT, UNIT, refused, small_columns, small_snapshot, valued_snapshot

TABLES = ("wallets", "positions", "orders", "balances")


def columns_of(snapshot) -> list[tuple[str, str, np.ndarray]]:
    return [(table, name, c) for table in TABLES for name, c in getattr(snapshot, table).columns().items()]


def positions_as(order, **changes) -> dict:
    """The small snapshot's columns with the positions in another order."""
    columns = small_columns(**changes)
    columns["positions"] = {name: np.asarray(column)[order] for name, column in columns["positions"].items()}
    return columns


# Reading and sorting


def test_columns_are_kept_as_they_were_given():
    columns = small_columns()
    snapshot = small_snapshot()
    assert snapshot.contracts == books.CONTRACTS
    assert snapshot.assets == (adl.Asset("USDT"), adl.Asset("BTC"))
    assert snapshot.wallets.account.tolist() == columns["wallets"]["account"]
    assert snapshot.wallets.asset.tolist() == [0, 0, 0, 0, 1, 1]
    assert snapshot.wallets.mode.tolist() == [0, 0, 0, 1, 0, 0]
    assert snapshot.wallets.balance.tolist() == columns["wallets"]["balance"]
    for name in ("wallet", "quantity", "entry_value", "leverage"):
        assert getattr(snapshot.positions, name).tolist() == columns["positions"][name], name
    assert snapshot.orders.contract.tolist() == [1, 2]
    for name in ("wallet", "quantity", "price", "locked"):
        assert getattr(snapshot.orders, name).tolist() == columns["orders"][name], name
    assert snapshot.marks == (Decimal(58000), Decimal("3010.55"), Decimal("58010.5"))
    assert snapshot.index_prices == (None, None)
    assert snapshot.haircuts == snapshot.loan_rates == (0, 0)


def test_what_wallets_of_several_assets_hold_is_kept():
    snapshot = valued_snapshot()
    assert snapshot.assets == (adl.Asset("USDT"), adl.Asset("BTC"), adl.Asset("USDC", 6))
    assert snapshot.wallets.mode.tolist() == [2, 3, 0, 0]
    assert snapshot.balances.asset.tolist() == [0, 1, 1, 2]
    assert snapshot.balances.amount.tolist() == [5_000 * UNIT, UNIT // 10, UNIT, -200 * 10**6]
    assert snapshot.balances.loan.tolist() == [0, 0, 0, 10**9]
    assert snapshot.index_prices == (None, 58000, Decimal("0.9999"))
    assert snapshot.haircuts == (0, Decimal("0.05"), 0)
    assert snapshot.loan_rates == (0, 0, Decimal("0.04"))


def test_every_column_is_int64_but_leverage_and_labels():
    for snapshot in (small_snapshot(), valued_snapshot(), adl.Snapshot((), *empty_tables(), {})):
        for table, name, column in columns_of(snapshot):
            wanted = {"leverage": "f8", "account": column.dtype.str[1:]}.get(name, "i8")
            assert column.dtype == np.dtype(wanted), f"{table}.{name}"
            assert column.flags.c_contiguous
        assert snapshot.start.dtype == np.int64


def empty_tables() -> tuple[dict, dict]:
    return {"account": [], "asset": []}, {"contract": [], "wallet": [], "quantity": [], "entry_value": []}


def test_a_snapshot_of_nothing_answers():
    snapshot = adl.Snapshot((), *empty_tables(), {})
    assert repr(snapshot) == "<Snapshot of 0 wallets, 0 positions in 0 contracts, 0 open orders>"
    assert snapshot.start.tolist() == [0]
    assert snapshot == pickle.loads(pickle.dumps(snapshot))


@given(st.permutations(range(9)))
def test_positions_are_sorted_by_contract_then_wallet_a_long_before_a_short(order):
    snapshot = adl.Snapshot(**positions_as(np.array(order)))
    expected = small_snapshot()
    assert snapshot.positions == expected.positions
    assert snapshot.start.tolist() == [0, 5, 7, 9]
    assert snapshot.position_contract.tolist() == [0] * 5 + [1] * 2 + [2] * 2
    assert snapshot == expected


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.sampled_from([-1, 1])), unique=True), st.randoms())
def test_start_offsets_bound_the_rows_of_each_contract(rows, shuffle):
    wanted = sorted(rows, key=lambda row: (row[0], row[1], -row[2]))
    shuffle.shuffle(rows)
    contract, wallet, quantity = np.array(rows, np.int64).reshape(len(rows), 3).T
    snapshot = adl.Snapshot(
        [adl.Contract("A"), adl.Contract("B"), adl.Contract("C")],
        {"account": range(4), "asset": "USDT"},
        {"contract": contract, "wallet": wallet, "quantity": quantity, "entry_value": quantity * 7},
        [1, 1, 1],
        check=False,
    )
    assert snapshot.start.tolist() == [sum(row[0] < code for row in rows) for code in range(4)]
    held = zip(snapshot.position_contract, snapshot.positions.wallet, snapshot.positions.quantity, strict=True)
    assert list(held) == wanted
    assert (snapshot.positions.entry_value == snapshot.positions.quantity * 7).all()


def test_positions_that_are_sorted_already_are_not_copied_and_all_else_is():
    columns = small_columns()
    for table in ("wallets", "positions", "orders"):
        for name, column in columns[table].items():
            if name not in ("account", "asset", "mode", "contract"):
                columns[table][name] = np.array(column)
    snapshot = adl.Snapshot(**columns)
    for table in ("wallets", "positions", "orders"):
        for name, column in columns[table].items():
            if isinstance(column, np.ndarray):
                shared = np.shares_memory(getattr(getattr(snapshot, table), name), column)
                assert shared == (table == "positions"), f"{table}.{name}"
                assert column.flags.writeable


def test_unsorted_rows_leave_the_callers_arrays_as_they_were():
    columns = positions_as(np.arange(9)[::-1])
    before = {name: column.copy() for name, column in columns["positions"].items()}
    snapshot = adl.Snapshot(**columns)
    for name, column in columns["positions"].items():
        np.testing.assert_array_equal(column, before[name])
        assert column.flags.writeable
        if name != "contract":
            assert not np.shares_memory(getattr(snapshot.positions, name), column)


@pytest.mark.parametrize(("table", "name"), [("wallets", "balance"), ("positions", "quantity"), ("orders", "locked")])
def test_every_layout_of_a_column_gives_the_same_snapshot(table, name):
    column = np.array(small_columns()[table][name])
    for layout, form in zoo.layouts(column).items():
        assert small_snapshot(**{table: {name: form}}) == small_snapshot(), layout


def test_names_and_numbers_of_names_are_the_same():
    coded = small_snapshot(
        wallets={"asset": [0, 0, 0, 0, 1, 1], "mode": np.array([0, 0, 0, 1, 0, 0], np.uint8)},
        positions={"contract": [0] * 5 + [1] * 2 + [2] * 2},
        orders={"contract": np.array([1, 2], np.int32)},
    )
    assert coded == small_snapshot()
    objects = np.array(small_columns()["positions"]["contract"], object)
    assert small_snapshot(positions={"contract": objects}) == small_snapshot()


def test_marks_may_be_listed_in_the_order_of_the_contracts():
    columns = small_columns()
    assert adl.Snapshot(**{**columns, "marks": ["58000", 3010.55, Decimal("58010.5")]}) == small_snapshot()


def test_optional_columns_have_a_meaning_when_absent():
    snapshot = adl.Snapshot(
        [books.BTC],
        {"account": ["a", "b"], "asset": "USDT"},
        {"contract": ["BTCUSDT"] * 2, "wallet": [0, 1], "quantity": [1, -1], "entry_value": [5, -5]},
        {"BTCUSDT": 1},
    )
    assert snapshot.wallets.mode.tolist() == snapshot.wallets.balance.tolist() == [0, 0]
    assert snapshot.positions.leverage.tolist() == [0.0, 0.0]
    assert len(snapshot.orders) == len(snapshot.balances) == 0


@pytest.mark.parametrize(
    ("labels", "dtype", "kept"),
    [
        ([7, 8, 9, 7, 2, 3], "int64", [7, 8, 9, 7, 2, 3]),
        (np.array([7, 8, 9, 7, 2, 3], np.uint16), "int64", [7, 8, 9, 7, 2, 3]),
        (np.array([7, 8, 9, 7, 2, 3], object), "int64", [7, 8, 9, 7, 2, 3]),
        (["ann", "bob", "cat", "ann", "dan", "eve"], "<U3", ["ann", "bob", "cat", "ann", "dan", "eve"]),
        (np.array(["a", "b", "c", "a", "d", "é"], "<U40"), "<U1", ["a", "b", "c", "a", "d", "é"]),
        (np.array(["a", "b", "c", "a", "d", "xyz"], object), "<U3", ["a", "b", "c", "a", "d", "xyz"]),
        (np.array([b"a", b"b", b"c", b"a", b"d", b"e"]), "<U1", ["a", "b", "c", "a", "d", "e"]),
    ],
)
def test_accounts_are_int64_or_text_no_wider_than_the_longest(labels, dtype, kept):
    snapshot = small_snapshot(wallets={"account": labels})
    assert snapshot.wallets.account.dtype == np.dtype(dtype)
    assert snapshot.wallets.account.tolist() == kept
    assert snapshot.wallet(kept[1]) == 1


# It never changes


def test_nothing_of_a_snapshot_can_be_set_or_written():
    for snapshot in (small_snapshot(), valued_snapshot(), pickle.loads(pickle.dumps(small_snapshot()))):
        for name in (*snapshot.PICKLED, "new"):
            with pytest.raises(AttributeError, match="immutable"):
                setattr(snapshot, name, None)
        for table, name, column in columns_of(snapshot):
            assert not column.flags.writeable, f"{table}.{name}"
            with pytest.raises(AttributeError, match="immutable"):
                setattr(getattr(snapshot, table), name, column)
        assert not snapshot.start.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            snapshot.positions.quantity[0] = 1


def test_a_pickle_is_an_equal_snapshot():
    for snapshot in (small_snapshot(), valued_snapshot()):
        for twin in (pickle.loads(pickle.dumps(snapshot)), copy.copy(snapshot), copy.deepcopy(snapshot)):
            assert twin == snapshot
            assert twin.hash == snapshot.hash
            assert repr(twin) == repr(snapshot)
            np.testing.assert_array_equal(
                margin.market(twin, "BTCUSDT").equity, margin.market(snapshot, "BTCUSDT").equity
            )


@pytest.mark.parametrize("version", [0, 2, None, "1"])
def test_a_pickle_of_an_unknown_version_is_refused_by_number(version):
    snapshot = small_snapshot()
    for thing in (snapshot, snapshot.positions):
        state = {**thing.__getstate__(), "version": version}
        fresh = object.__new__(type(thing))
        error = refused(lambda: fresh.__setstate__(state), words=f"version {version}")
        assert error.value == version


def test_snapshots_are_equal_when_they_hold_the_same():
    one, same = small_snapshot(), small_snapshot()
    other = small_snapshot(marks={"BTCUSDT": "58000.1"})
    assert one == same
    assert one != other
    assert one != one.hash
    assert len({one, same, other}) == 2
    assert one.positions == same.positions
    assert one.positions != one.wallets


def test_reprs_count_what_is_there():
    assert repr(small_snapshot()) == "<Snapshot of 6 wallets, 9 positions in 3 contracts, 2 open orders>"
    assert repr(small_snapshot().positions) == "<9 positions: wallet, quantity, entry_value, leverage>"


def test_threads_read_one_snapshot_alike():
    snapshot = small_snapshot()
    with ThreadPoolExecutor(8) as pool:
        hashes = set(pool.map(lambda _: snapshot.hash, range(32)))
        scores = [tuple(m.score("binance")) for m in pool.map(lambda _: margin.market(snapshot, "BTCUSDT"), range(32))]
    assert hashes == {small_snapshot().hash}
    assert len(set(scores)) == 1


# Finding a wallet


def test_a_wallet_is_found_by_account_asset_contract_and_side():
    snapshot = small_snapshot()
    assert snapshot.wallet("ann") == snapshot.wallet("ann", "USDT") == ANN
    assert snapshot.wallet("ann", contract="BTCUSDT") == ANN_ALONE
    assert snapshot.wallet("ann", "USDT", contract="BTCUSDT", side="short") == ANN_ALONE
    assert snapshot.wallet("cat") == CAT
    assert valued_snapshot().wallet("bob", "BTC") == 3
    assert valued_snapshot().wallet("mia") == 0


def test_two_isolated_sides_are_told_apart():
    snapshot = adl.Snapshot(
        [books.BTC],
        {"account": [5, 5, 5], "asset": "USDT", "mode": ["cross", "isolated", "isolated"]},
        {"contract": [0, 0], "wallet": [2, 1], "quantity": [3, -3], "entry_value": [9, -9]},
        {"BTCUSDT": 1},
    )
    assert snapshot.wallet(5, contract="BTCUSDT", side="long") == 2
    assert snapshot.wallet(5, contract="BTCUSDT", side="short") == 1
    refused(lambda: snapshot.wallet(5, contract="BTCUSDT"), "account", None, ("row 1", "row 2", "isolated"))


@pytest.mark.parametrize(
    ("wanted", "argument", "words"),
    [
        ({"account": "zoe"}, "account", "'zoe'"),
        ({"account": "bob"}, "account", ("'bob'", "in USDT (row 2)", "in BTC (row 3)")),
        ({"account": "bob", "asset": "USDC"}, "account", "found none"),
        ({"account": "mia", "contract": "BTCUSDT"}, "account", "found none"),
        ({"account": "mia", "contract": "DOGE"}, "contract", "'DOGE'"),
        ({"account": "mia", "contract": "BTCUSDT", "side": "buy"}, "side", "'buy'"),
    ],
)
def test_where_no_wallet_or_more_than_one_fits_the_error_lists_them(wanted, argument, words):
    refused(lambda: valued_snapshot().wallet(**wanted), argument, None, words)


def test_a_wallet_is_named_by_account_mode_and_asset():
    assert small_snapshot().wallet_name(ANN_ALONE) == "ann's isolated wallet in USDT (row 3)"


# As a market


def test_a_market_shares_the_memory_of_the_snapshot():
    snapshot = small_snapshot()
    for symbol, code in (("BTCUSDT", 0), ("ETHUSDT", 1), ("BTCUSD", 2)):
        market = margin.market(snapshot, symbol)
        assert market.contract == snapshot.contracts[code]
        assert market.mark_price == snapshot.marks[code]
        for name, table in (("quantity", "quantity"), ("entry_value", "entry_value"), ("tie", "wallet")):
            column = getattr(snapshot.positions, table)
            assert np.shares_memory(getattr(market, name), column), name
            np.testing.assert_array_equal(getattr(market, name), column[snapshot.rows(code)])


def test_money_of_a_market_is_that_of_each_rows_wallet():
    market = margin.market(small_snapshot(), "BTCUSDT")
    assert market.account.tolist() == ["ann", "bob", "cat", "cat", "ann"]
    # By hand: Ann −2,000 and +789 beside, Bob 0 and +211, Cat +900 and +400; Ann's isolated short alone −100.
    assert market.equity.tolist() == [q * UNIT for q in (4_789, 9_211, 5_300, 5_300, 600)]
    assert market.account_equity.tolist() == market.equity.tolist()
    assert market.balance.tolist() == [q * UNIT for q in (6_000, 9_000, 4_000, 4_000, 700)]
    # Ann: 58,000·0.5 % − 50 and 60,211·0.5 % − 50; Bob: 81,200·0.5 % − 50 and the same of 60,211; and so on.
    assert market.maintenance_margin.tolist() == [
        q * UNIT // 1000 for q in (491_055, 607_055, 303_800, 303_800, 23_200)
    ]
    assert market.unrealized_pnl.tolist() == [-2_000.0, 0.0, 900.0, 400.0, -100.0]


def test_a_market_has_leverage_only_where_somebody_chose_one():
    snapshot = small_snapshot(positions={"leverage": [20.0, 0, 0, 0, 20.0, 0, 0, 0, 3.0]})
    market = margin.market(snapshot, "BTCUSDT")
    assert market.leverage.tolist() == [20.0, 0.0, 0.0, 0.0, 20.0]
    assert np.shares_memory(market.leverage, snapshot.positions.leverage)
    assert margin.market(snapshot, "ETHUSDT").leverage is None


@pytest.mark.parametrize("rule", [rule for rule in adl.RankingRule.names() if rule not in ("gate", "bitget", "bybit")])
def test_ranks_are_those_of_a_market_made_by_hand(rule):
    by_hand = adl.Market(
        books.BTC,
        mark_price="58000",
        quantity=[1_000, -1_400, 900, -400, -100],
        entry_value=np.array([60_000, -81_200, 51_300, -23_600, -5_700]) * UNIT,
        equity=np.array([4_789, 9_211, 5_300, 5_300, 600]) * UNIT,
        account_equity=np.array([4_789, 9_211, 5_300, 5_300, 600]) * UNIT,
        balance=np.array([6_000, 9_000, 4_000, 4_000, 700]) * UNIT,
        maintenance_margin=np.array([491_055, 607_055, 303_800, 303_800, 23_200]) * (UNIT // 1000),
        tie=[0, 1, 2, 2, 3],
        account=["ann", "bob", "cat", "cat", "ann"],
    )
    market = margin.market(small_snapshot(), books.BTC)
    np.testing.assert_array_equal(market.score(rule), by_hand.score(rule))
    np.testing.assert_array_equal(market.rank(rule), by_hand.rank(rule))
    zoo.same_selection(market.deleverage(1_000, rule), by_hand.deleverage(1_000, rule))


def test_a_valued_wallet_is_converted_to_the_settle_asset():
    snapshot = valued_snapshot()
    linear, inverse = margin.market(snapshot, "BTCUSDT"), margin.market(snapshot, "BTCUSD")
    # Mia: 5,000 + 0.1·58,000·0.95 = 10,510, and 1,000 unrealized.
    assert (linear.balance[0], linear.equity[0]) == (10_510 * UNIT, 11_510 * UNIT)
    pia = int(linear.equity[1])
    assert inverse.equity[0] == round(pia / 58_000)
    assert inverse.equity.tolist()[1] == 2 * UNIT + UNIT * 200 * 100 // 58_000 + 1 - UNIT // 3


def test_a_market_of_an_unknown_or_unmarked_contract_is_refused():
    refused(lambda: margin.market(small_snapshot(), "DOGE"), "contract", None, ("'DOGE'", "BTCUSDT, ETHUSDT, BTCUSD"))
    refused(lambda: margin.market(valued_snapshot(), "ETHUSDT"), "marks", None, "'ETHUSDT'")


def test_a_market_of_a_contract_without_tiers_has_no_maintenance_margin():
    plain = [adl.Contract("BTCUSDT", lot="0.001"), *books.CONTRACTS[1:]]
    market = margin.market(small_snapshot(contracts=plain), "BTCUSDT")
    assert market.maintenance_margin is None
    assert market.deleverage(1, "binance").filled == 1


def test_a_market_has_no_maintenance_margin_where_that_of_another_contract_is_not_known():
    tiers = adl.MarginTiers([0], ["0.05"])
    rows = [("ann", "X", 1), ("ann", "Y", 1), ("bob", "X", -1), ("bob", "Y", -1)]
    snapshot = adl.Snapshot.build(
        [adl.Contract("X", tiers=tiers), adl.Contract("Y")],
        {"account": ["ann", "bob"], "balance": ["100", "100"]},
        [{"account": a, "contract": c, "quantity": q, "entry_price": 10} for a, c, q in rows],
        {"X": "10", "Y": "10"},
    )
    assert margin.market(snapshot, "X").maintenance_margin is None
    with pytest.raises(adl.AdlError, match="'Y': must have margin tiers"):
        adl.margin_state(snapshot)
    with pytest.raises(adl.AdlError, match="'Y': must have margin tiers"):
        margin.withdraw(snapshot, 0, "1")


def test_numbers_and_texts_are_no_accounts_of_one_snapshot():
    for accounts, row in (([1, "1"], 1), (["1", 1], 1), ([None], 0), ([1.5], 0), ([True], 0)):
        with pytest.raises(adl.AdlError) as caught:
            adl.Snapshot([], {"account": accounts, "asset": "USDT"}, NO_POSITIONS, {})
        assert (caught.value.argument, caught.value.row) == ("wallets.account", row)


NO_POSITIONS = {"contract": [], "wallet": [], "quantity": [], "entry_value": []}
