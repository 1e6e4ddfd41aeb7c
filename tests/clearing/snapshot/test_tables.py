"""Columns of tables: what is read, and wrong types, lengths and names that cannot be."""

import numpy as np
import pytest

import adlcore as adl
from support.books import NO_POSITIONS, small_columns, small_snapshot, valued_columns, valued_snapshot
from support.refusals import refused_at


@pytest.mark.parametrize(
    ("table", "columns", "argument", "words"),
    [
        ("wallets", {"balance": [1.5] * 6}, "wallets.balance", ("float64", "integers")),
        ("wallets", {"balance": [1] * 5}, "wallets.balance", ("5 rows", "must have 6")),
        ("wallets", {"balance": [2**63] * 6}, "wallets.balance", str(2**63)),
        ("wallets", {"balance": [[1] * 6]}, "wallets.balance", "2 dimensions"),
        ("wallets", {"balance": ["1"] * 6}, "wallets.balance", "<U1"),
        ("wallets", {"asset": ["USDT"]}, "wallets.asset", "(1,)"),
        ("wallets", {"mode": ["cross"] * 5 + ["crossed"]}, "wallets.mode", ("[5]", "'crossed'", "multi-asset")),
        ("wallets", {"account": [["a", "b"]]}, "wallets.account", "1-D"),
        ("wallets", {"balanse": [1]}, "wallets", ("'balanse'", "did you mean 'balance'?")),
        ("wallets", {"zebra": [1]}, "wallets", ("'zebra'", "account, asset, balance, mode")),
        ("positions", {"quantity": [1.0] * 9}, "positions.quantity", ("float64", "integers")),
        ("positions", {"quantity": [1] * 8}, "positions.quantity", ("8 rows", "must have 9")),
        ("positions", {"contract": ["BTCUSDT"] * 8 + ["DOGE"]}, "positions.contract", ("[8]", "'DOGE'", "ETHUSDT")),
        ("positions", {"leverage": ["x"] * 9}, "positions.leverage", "<U1"),
        ("positions", {"entry_price": [1] * 9}, "positions", ("'entry_price'", "did you mean 'entry_value'?")),
        ("orders", {"lock": [1, 1]}, "orders", ("'lock'", "did you mean 'locked'?")),
        ("orders", {"price": [1.5, 1.5]}, "orders.price", "float64"),
        ("balances", {"amont": [1]}, "balances", ("'amont'", "did you mean 'amount'?")),
    ],
)
def test_columns_of_a_wrong_type_length_or_name_are_refused(table, columns, argument, words):
    assert refused_at(lambda: small_snapshot(**{table: columns}), words=words).argument == argument


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("wallets", "account asset"),
        ("positions", "contract wallet quantity entry_value"),
        ("orders", "contract wallet quantity price locked"),
        ("balances", "wallet asset amount"),
    ],
)
def test_a_missing_column_is_named(table, names):
    for name in names.split():
        columns = valued_columns()
        del columns[table][name]
        assert refused_at(lambda: adl.Snapshot(**columns), words=f"{table} have no column {name!r}").argument == name


@pytest.mark.parametrize("table", ["wallets", "positions", "orders", "balances"])
def test_a_table_that_is_no_mapping_is_refused(table):
    refused_at(lambda: adl.Snapshot(**{**small_columns(), table: [{"account": 1}]}), table, None, "mapping of columns")


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


def test_numbers_and_texts_are_no_accounts_of_one_snapshot():
    for accounts, row in (([1, "1"], 1), (["1", 1], 1), ([None], 0), ([1.5], 0), ([True], 0)):
        with pytest.raises(adl.AdlError) as caught:
            adl.Snapshot([], {"account": accounts, "asset": "USDT"}, NO_POSITIONS, {})
        assert (caught.value.argument, caught.value.row) == ("wallets.account", row)


def test_wallets_of_several_assets_are_valued():
    wallets = valued_snapshot().wallets
    assert wallets.is_valued().tolist() == [True, True, False, False]
    assert wallets.is_valued(np.array([3, 1, 1])).tolist() == [False, True, True]
    assert [bool(wallets.is_valued(row)) for row in (0, 2)] == [True, False]
    assert not small_snapshot().wallets.is_valued().any()


def test_a_row_more_stands_after_the_last():
    held = valued_snapshot().balances
    more = held.with_row(wallet=1, asset=0, amount=-5, loan=0)
    assert more.taken(np.arange(4)) == held
    assert [column[-1] for column in more.columns().values()] == [1, 0, -5, 0]
    assert (len(held), {column.dtype for column in more.columns().values()}) == (4, {np.dtype(np.int64)})
