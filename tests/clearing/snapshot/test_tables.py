"""Columns and terms that a snapshot cannot read: wrong types, lengths and names, prices that cannot be."""

from __future__ import annotations

import math

import pytest

import adlcore as adl
from support import books
from support.books import refused, small_columns, small_snapshot, valued_columns


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
    assert refused(lambda: small_snapshot(**{table: columns}), words=words).argument == argument


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
        error = refused(lambda: adl.Snapshot(**columns), words=f"{table} have no column {name!r}")
        assert error.argument == name


@pytest.mark.parametrize("table", ["wallets", "positions", "orders", "balances"])
def test_a_table_that_is_no_mapping_is_refused(table):
    refused(lambda: adl.Snapshot(**{**small_columns(), table: [{"account": 1}]}), table, None, "mapping of columns")


def test_contracts_that_are_none_or_there_twice_are_refused():
    refused(lambda: small_snapshot(contracts=[books.BTC, "ETHUSDT"]), "contracts", 1, "'ETHUSDT'")
    refused(lambda: small_snapshot(contracts=[*books.CONTRACTS, books.BTC]), "contracts", None, "'BTCUSDT'")


def test_an_asset_of_other_decimals_elsewhere_is_refused():
    refused(
        lambda: small_snapshot(assets=[adl.Asset("USDT", 6)]), "assets", None, ("Asset('USDT', 6)", "same decimals")
    )


# Prices and shares


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"marks": {"BTCUSDT": "0"}}, "marks['BTCUSDT']"),
        ({"marks": {"BTCUSDT": -1}}, "marks['BTCUSDT']"),
        ({"marks": {"BTCUSDT": math.nan}}, "marks['BTCUSDT']"),
        ({"marks": {"BTCUSDT": "high"}}, "marks['BTCUSDT']"),
        ({"marks": {"DOGE": 1}}, "marks"),
        ({"marks": ["1", "2"]}, "marks"),
        ({"index_prices": {"BTC": 0}}, "index_prices['BTC']"),
        ({"index_prices": {"DOGE": 1}}, "index_prices"),
        ({"haircuts": {"BTC": "1.01"}}, "haircuts['BTC']"),
        ({"haircuts": {"BTC": "-0.1"}}, "haircuts['BTC']"),
        ({"loan_rates": {"BTC": "1.5"}}, "loan_rates['BTC']"),
        ({"loan_rates": {"DOGE": 0}}, "loan_rates"),
    ],
)
def test_a_price_or_share_that_cannot_be_is_refused_by_name(changes, argument):
    assert refused(lambda: small_snapshot(**changes)).argument == argument
