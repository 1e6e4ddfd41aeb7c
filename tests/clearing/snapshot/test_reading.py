"""Columns are read and positions sorted, and a snapshot says which contract a row is in."""

import pickle
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from support import books, zoo
from support.books import NOTHING, UNIT, columns_of, small_columns, small_snapshot, valued_snapshot
from support.refusals import refused_at


def positions_as(order, **changes) -> dict:
    """The small snapshot's columns with the positions in another order."""
    columns = small_columns(**changes)
    columns["positions"] = {name: np.asarray(column)[order] for name, column in columns["positions"].items()}
    return columns


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
    for snapshot in (small_snapshot(), valued_snapshot(), adl.Snapshot(**NOTHING)):
        for table, name, column in columns_of(snapshot):
            wanted = {"leverage": "f8", "account": column.dtype.str[1:]}.get(name, "i8")
            assert column.dtype == np.dtype(wanted), f"{table}.{name}"
            assert column.flags.c_contiguous
        assert snapshot.start.dtype == np.int64


def test_a_snapshot_of_nothing_answers():
    snapshot = adl.Snapshot(**NOTHING)
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
    assert adl.Snapshot(**{**small_columns(), "marks": ["58000", 3010.55, Decimal("58010.5")]}) == small_snapshot()


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


def test_contracts_that_are_none_or_there_twice_are_refused():
    refused_at(lambda: small_snapshot(contracts=[books.BTC, "ETHUSDT"]), "contracts", 1, "'ETHUSDT'")
    refused_at(lambda: small_snapshot(contracts=[*books.CONTRACTS, books.BTC]), "contracts", None, "'BTCUSDT'")


def test_an_asset_of_other_decimals_elsewhere_is_refused():
    refused_at(
        lambda: small_snapshot(assets=[adl.Asset("USDT", 6)]), "assets", None, ("Asset('USDT', 6)", "same decimals")
    )


def test_rows_are_in_the_contract_that_their_number_lies_in():
    rows = np.array([8, 0, 4, 5, 6, 0])
    for snapshot in (small_snapshot(), small_snapshot(contracts=[adl.Contract("NONE"), *books.CONTRACTS])):
        assert snapshot.contract_of(rows).tolist() == snapshot.position_contract[rows].tolist()
