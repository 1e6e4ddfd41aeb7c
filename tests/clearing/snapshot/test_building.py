"""`Snapshot.build` reads rows and frames of decimal text exactly, and names the cell that it cannot read."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from support import books
from support.books import UNIT
from support.refusals import refused, refused_at

pytestmark = pytest.mark.plain

WALLETS = [{"account": "ann", "balance": "6000"}, {"account": "bob", "balance": "9000.5"}]
POSITIONS = [
    {"account": "ann", "contract": "BTCUSDT", "quantity": "1.25", "entry_price": "60000.1", "leverage": "20"},
    {"account": "bob", "contract": "BTCUSDT", "quantity": "-1.25", "entry_value": "-75000"},
]
MARKS = {"BTCUSDT": "58000", "ETHUSDT": "3000", "BTCUSD": "58000"}
ORDERS = [{"account": "bob", "contract": "ETHUSDT", "quantity": "0.5", "price": "2990.25", "locked": "12.5"}]


def build(wallets=WALLETS, positions=POSITIONS, **more) -> adl.Snapshot:
    return adl.Snapshot.build(books.CONTRACTS, wallets, positions, MARKS, **more)


def with_cell(rows: list[dict], row: int, **cells) -> list[dict]:
    """The rows with some cells of one of them replaced."""
    return [{**cells_, **cells} if number == row else cells_ for number, cells_ in enumerate(rows)]


def by_column(rows: list[dict]) -> dict[str, list]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


# What goes in


def test_rows_of_decimal_text_become_lots_and_quanta():
    snapshot = build(orders=ORDERS)
    assert snapshot.wallets.account.tolist() == ["ann", "bob"]
    assert snapshot.wallets.mode.tolist() == [0, 0]
    assert snapshot.wallets.balance.tolist() == [6_000 * UNIT, 9_000 * UNIT + UNIT // 2]
    assert snapshot.positions.wallet.tolist() == [0, 1]
    assert snapshot.positions.quantity.tolist() == [1_250, -1_250]
    assert snapshot.positions.entry_value.tolist() == [75_000_125 * UNIT // 1000, -75_000 * UNIT]
    assert snapshot.positions.leverage.tolist() == [20.0, 0.0]
    assert snapshot.orders.quantity.tolist() == [50]
    assert snapshot.orders.price.tolist() == [299_025]
    assert snapshot.orders.locked.tolist() == [12 * UNIT + UNIT // 2]


@pytest.mark.parametrize(
    "form",
    [
        lambda rows: (dict(row) for row in rows),
        tuple,
        by_column,
        lambda rows: {name: np.array(column, object) for name, column in by_column(rows).items()},
        lambda rows: pa.table(by_column(rows)),
        lambda rows: pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in by_column(rows)])),
        lambda rows: pa.table({k: pa.chunked_array([[v] for v in c], pa.string()) for k, c in by_column(rows).items()}),
        lambda rows: pa.RecordBatch.from_pylist(rows, pa.schema([(name, pa.string()) for name in by_column(rows)])),
    ],
)
def test_rows_columns_and_frames_are_the_same(form):
    assert build(form(WALLETS), form(POSITIONS), orders=form(ORDERS)) == build(orders=ORDERS)


def test_numbers_are_read_by_their_shortest_decimal():
    numbers = [
        {"account": "ann", "contract": "BTCUSDT", "quantity": 1.25, "entry_price": Decimal("60000.10"), "leverage": 20},
        {"account": "bob", "contract": "BTCUSDT", "quantity": np.float64(-1.25), "entry_value": -75000},
    ]
    assert build({"account": ["ann", "bob"], "balance": [6000, 9000.5]}, numbers) == build()
    decimals = pa.table({"account": ["ann", "bob"], "balance": pa.array([Decimal("6000"), Decimal("9000.5")])})
    assert build(decimals) == build()


@given(
    st.sampled_from(books.CONTRACTS), st.integers(-(10**6), 10**6).filter(bool), st.decimals("0.1", "99999", places=7)
)
def test_entry_values_are_the_exact_fraction_rounded_half_even(contract, lots, price):
    sides = [("ann", lots), ("bob", -lots)]
    rows = [
        {"account": name, "contract": contract.symbol, "quantity": contract.decimal(q), "entry_price": str(price)}
        for name, q in sides
    ]
    snapshot = adl.Snapshot.build(
        [contract], [{"account": n, "asset": str(contract.settle)} for n, _ in sides], rows, {contract.symbol: 1}
    )
    units = Fraction(contract.multiplier) * Fraction(contract.lot) * UNIT
    each = -units / Fraction(price) if contract.kind == "inverse" else units * Fraction(price)
    assert snapshot.positions.quantity.tolist() == [lots, -lots]
    assert snapshot.positions.entry_value.tolist() == [round(lots * each), round(-lots * each)]


@pytest.mark.parametrize(("price", "quanta"), [("0.5", 0), ("1.5", 2), ("2.5", 2), ("2.51", 3), ("0.49", 0)])
def test_halves_of_a_quantum_go_to_the_even_one(price, quanta):
    contract = adl.Contract("X", settle=adl.Asset("COIN", 0))
    rows = [{"account": q, "contract": "X", "quantity": q, "entry_price": price} for q in (1, -1)]
    snapshot = adl.Snapshot.build([contract], {"account": [1, -1]}, rows, {"X": 1}, settle="COIN")
    assert snapshot.positions.entry_value.tolist() == [quanta, -quanta]


def test_an_entry_value_is_kept_to_the_quantum():
    rows = with_cell(POSITIONS, 0, entry_price=None, entry_value="46116860184.27387905")
    assert build(positions=rows).positions.entry_value[0] == 2**62 + 1


# Which wallet


def test_a_position_with_a_margin_has_an_isolated_wallet_of_its_own():
    snapshot = build(positions=[*POSITIONS[:1], {**POSITIONS[1], "margin": "700.5"}])
    assert snapshot.wallets.account.tolist() == ["ann", "bob", "bob"]
    assert snapshot.wallets.mode.tolist() == [0, 0, 1]
    assert snapshot.wallets.balance.tolist()[2] == 700 * UNIT + UNIT // 2
    assert snapshot.positions.wallet.tolist() == [0, 2]
    assert snapshot.wallet("bob", contract="BTCUSDT") == 2


def test_an_isolated_position_needs_no_shared_wallet_and_its_margin_may_be_zero():
    snapshot = build([], [{**row, "margin": "0"} for row in POSITIONS])
    assert snapshot.wallets.mode.tolist() == [1, 1]
    assert snapshot.wallets.balance.tolist() == [0, 0]


def test_hedge_legs_share_the_cross_wallet_or_have_one_each():
    legs = [{**POSITIONS[0], "account": "bob"}, POSITIONS[1]]
    assert build(positions=legs).positions.wallet.tolist() == [1, 1]
    assert build(positions=[{**leg, "margin": "9"} for leg in legs]).positions.wallet.tolist() == [2, 3]
    assert build(positions=[legs[0], {**legs[1], "margin": "9"}]).positions.wallet.tolist() == [1, 2]


def test_wallets_that_name_no_asset_are_in_settle():
    wallets = [{"account": "ann"}, {"account": "bob", "asset": None}, {"account": "bob", "asset": "BTC", "balance": 1}]
    snapshot = build(wallets)
    assert [snapshot.assets[code].name for code in snapshot.wallets.asset] == ["USDT", "USDT", "BTC"]
    rows = [{"account": a, "contract": "BTCUSD", "quantity": q, "entry_price": 1} for a, q in (("ann", 3), ("bob", -3))]
    coins = build({"account": ["ann", "bob"]}, rows, settle="BTC")
    assert [coins.assets[code].name for code in coins.wallets.asset] == ["BTC", "BTC"]


def test_each_wallet_is_read_on_the_grid_of_its_own_asset():
    idr = adl.Asset("IDR", 2)
    wallets = [*WALLETS, {"account": "cid", "asset": "IDR", "balance": "5.25"}]
    snapshot = build(wallets, assets=[idr])
    assert snapshot.wallets.balance.tolist()[2] == 525
    assert idr in snapshot.assets
    refused_at(
        lambda: build([{**wallets[2], "balance": "5.255"}], assets=[idr]), "wallets.balance", 0, ("5.25 ", "5.26 ")
    )


def test_multi_asset_and_portfolio_wallets_hold_balances_and_loans():
    snapshot = build(
        [{"account": "ann", "mode": "multi-asset"}, {"account": "bob", "mode": "portfolio"}],
        balances=[
            {"account": "ann", "asset": "USDT", "amount": "6000"},
            {"account": "bob", "asset": "BTC", "amount": "0.5"},
            {"account": "bob", "asset": "USDC", "amount": "-3.000001", "loan": "7.5"},
        ],
        assets=[adl.Asset("USDC", 6)],
        index_prices={"BTC": "58000", "USDC": "1"},
    )
    assert snapshot.wallets.mode.tolist() == [2, 3]
    assert snapshot.positions.wallet.tolist() == snapshot.balances.wallet.tolist()[:2] == [0, 1]
    assert [snapshot.assets[code].name for code in snapshot.balances.asset] == ["USDT", "BTC", "USDC"]
    assert snapshot.balances.amount.tolist() == [6_000 * UNIT, UNIT // 2, -3_000_001]
    assert snapshot.balances.loan.tolist() == [0, 0, 7_500_000]


def test_an_isolated_position_stands_beside_a_multi_asset_wallet():
    rows = [POSITIONS[0], {**POSITIONS[1], "margin": "8"}]
    wallets = [{"account": "ann", "mode": "multi-asset"}, {"account": "bob", "mode": "multi-asset"}]
    assert build(wallets, rows).wallets.mode.tolist() == [2, 2, 1]


# Orders


@pytest.mark.parametrize(
    ("quantity", "price", "leverage", "quanta"),
    [
        ("0.5", "2990.25", "10", 149_51250000),
        ("-0.5", "2990.25", "10", 149_51250000),
        ("0.01", "0.01", "3", 3334),  # 10,000 quanta over 3
        ("0.01", "0.01", "2.5", 4000),
        ("0.01", "0.01", 0.3, 33334),
        ("0.01", "0.01", "125", 80),
    ],
)
def test_an_order_locks_its_notional_over_its_leverage_rounded_up(quantity, price, leverage, quanta):
    order = {"account": "bob", "contract": "ETHUSDT", "quantity": quantity, "price": price, "leverage": leverage}
    assert build(orders=[order]).orders.locked.tolist() == [quanta]


def test_an_order_belongs_to_the_isolated_wallet_of_its_contract_and_side_if_there_is_one():
    rows = [{**POSITIONS[0], "margin": "5"}, {**POSITIONS[1], "margin": "5"}]
    rows += [{**POSITIONS[1], "account": "ann", "margin": 7}, {**POSITIONS[0], "account": "bob"}]
    both = ("ann", "BTCUSDT", 1), ("ann", "BTCUSDT", -1)
    orders = [
        {"account": account, "contract": contract, "quantity": quantity, "price": 1, "locked": 0}
        for account, contract, quantity in (*both, ("ann", "ETHUSDT", -1), ("bob", "BTCUSDT", 1))
    ]
    snapshot = build(positions=rows, orders=orders)
    one = {side: snapshot.wallet("ann", contract="BTCUSDT", side=side) for side in ("long", "short")}
    assert snapshot.orders.wallet.tolist() == [one["long"], one["short"], 0, snapshot.wallet("bob", contract="BTCUSDT")]


# Empty cells of a frame


NOTHING = [None, "", math.nan, " "]


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize(
    "cell",
    [
        *("wallets.asset", "wallets.mode", "wallets.balance", "positions.margin", "positions.leverage"),
        *("positions.entry_price", "orders.leverage", "balances.loan"),
    ],
)
def test_an_empty_cell_says_nothing(cell, nothing):
    table, _, name = cell.partition(".")
    tables = {
        "wallets": [{"account": "ann"}, WALLETS[1], {"account": "mia", "mode": "multi-asset"}],
        "positions": POSITIONS,
        "orders": ORDERS,
        "balances": [{"account": "mia", "asset": "USDT", "amount": "5"}],
    }
    row = 1 if table == "positions" else 0
    assert build(**{**tables, table: with_cell(tables[table], row, **{name: nothing})}) == build(**tables)


# What is refused


@pytest.mark.parametrize(
    ("table", "row", "cells", "argument", "words"),
    [
        ("wallets", 1, {"balance": "1.000000001"}, "wallets.balance", ("'1.000000001'", "1.00000000 ", "1.00000001 ")),
        ("wallets", 1, {"balance": "1e12"}, "wallets.balance", ("'1e12'", "int64")),
        ("wallets", 1, {"balance": "much"}, "wallets.balance", "'much'"),
        ("wallets", 0, {"mode": "isolated"}, "wallets.mode", ("'isolated'", "cross, multi-asset, portfolio")),
        ("wallets", 1, {"mode": "crossed"}, "wallets.mode", "'crossed'"),
        ("wallets", 1, {"account": "ann"}, "wallets.account", ("'ann'", "one cross wallet in USDT")),
        ("wallets", 1, {"account": "ann", "mode": "portfolio"}, "wallets.account", "'ann'"),
        ("wallets", 0, {"account": None}, "wallets.account", "has no account"),
        ("positions", 1, {"quantity": "-1.2505"}, "positions.quantity", ("'-1.2505'", "-1.251 ", "-1.250 ")),
        ("positions", 0, {"quantity": "nan"}, "positions.quantity", "'nan'"),
        ("positions", 0, {"quantity": math.nan}, "positions.quantity", "has no quantity"),
        ("positions", 0, {"contract": "DOGE"}, "positions.contract", ("'DOGE'", "BTCUSDT, ETHUSDT, BTCUSD")),
        ("positions", 1, {"account": "zoe"}, "positions.account", ("'zoe'", "no wallet in USDT", "margin")),
        ("positions", 0, {"contract": "BTCUSD", "quantity": 1}, "positions.account", ("'ann'", "no wallet in BTC")),
        ("positions", 0, {"entry_price": None}, "positions.entry_price", ("entry_value", "exactly one")),
        ("positions", 0, {"entry_value": "75000"}, "positions.entry_price", ("entry_value", "exactly one")),
        ("positions", 0, {"entry_price": "0"}, "positions.entry_price", "'0'"),
        ("positions", 0, {"entry_price": "-5"}, "positions.entry_price", "'-5'"),
        ("positions", 0, {"entry_price": "1e12"}, "positions.entry_price", ("'1e12'", "int64")),
        ("positions", 1, {"entry_value": "-0.123456789"}, "positions.entry_value", ("-0.12345679 ", "-0.12345678 ")),
        ("positions", 1, {"margin": "0.000000005"}, "positions.margin", ("0.00000000 ", "0.00000001 ")),
        ("positions", 1, {"leverage": "x3"}, "positions.leverage", "'x3'"),
        ("orders", 0, {"contract": "DOGE"}, "orders.contract", "'DOGE'"),
        ("orders", 0, {"account": "zoe"}, "orders.account", "'zoe'"),
        ("orders", 0, {"quantity": "0.005"}, "orders.quantity", ("0.00 ", "0.01 ")),
        ("orders", 0, {"price": "2990.255"}, "orders.price", ("2990.25 ", "2990.26 ")),
        ("orders", 0, {"price": "-1"}, "orders.price", "'-1'"),
        ("orders", 0, {"locked": "1e-9"}, "orders.locked", ("0.00000000 ", "0.00000001 ")),
        ("orders", 0, {"locked": None}, "orders.locked", ("leverage", "exactly one")),
        ("orders", 0, {"leverage": "2"}, "orders.locked", ("leverage", "exactly one")),
        ("orders", 0, {"locked": None, "leverage": "x"}, "orders.leverage", "'x'"),
        ("orders", 0, {"locked": None, "leverage": "0"}, "orders.leverage", "'0'"),
        ("orders", 0, {"locked": None, "leverage": "-2"}, "orders.leverage", "'-2'"),
        ("orders", 0, {"locked": None, "leverage": "2", "price": "-1"}, "orders.price", "'-1'"),
        ("orders", 0, {"locked": None, "leverage": "2", "price": "1e15"}, "orders.price", "'1e15'"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named_by_table_column_and_row(table, row, cells, argument, words):
    tables = {"wallets": WALLETS, "positions": POSITIONS, "orders": ORDERS}
    tables[table] = with_cell(tables[table], row, **cells)
    error = refused_at(lambda: build(**tables), argument, row, words)
    if (name := argument.partition(".")[2]) in cells and cells[name] not in (None, "2") and cells[name] == cells[name]:
        assert error.value == cells[name]


@pytest.mark.parametrize(
    ("cells", "argument", "words"),
    [
        ({"account": "bob"}, "balances.account", ("'bob'", "multi-asset or portfolio")),
        ({"account": "zoe"}, "balances.account", "'zoe'"),
        ({"amount": "0.000000001"}, "balances.amount", ("0.00000000 ", "0.00000001 ")),
        ({"loan": "x"}, "balances.loan", "'x'"),
        ({"asset": ""}, "balances.asset", "has no asset"),
        ({"amount": None}, "balances.amount", "has no amount"),
    ],
)
def test_a_balance_that_cannot_be_read_is_named_by_column_and_row(cells, argument, words):
    row = {"account": "mia", "asset": "USDT", "amount": "5"}
    wallets = [*WALLETS, {"account": "mia", "mode": "multi-asset"}]
    refused_at(lambda: build(wallets, balances=[row, {**row, **cells}]), argument, 1, words)


@pytest.mark.parametrize("table", ["wallets", "positions", "orders", "balances"])
def test_an_unknown_column_is_named_with_those_that_there_are(table):
    rows = {"wallets": WALLETS, "positions": POSITIONS, "orders": ORDERS, "balances": [{"account": "ann"}]}[table]
    error = refused_at(lambda: build(**{table: with_cell(rows, 0, colour="red")}), table, 0, ("'colour'", "account"))
    assert error.value == "colour"


@pytest.mark.parametrize("table", ["wallets", "positions", "orders", "balances"])
@pytest.mark.parametrize("rows", [5, "text", [3], [["account", "ann"]]])
def test_a_table_that_is_none_is_refused(table, rows):
    assert refused_at(lambda: build(**{table: rows})).argument == table


def test_columns_of_different_lengths_are_refused():
    refused_at(lambda: build({"account": ["ann", "bob"], "balance": [1]}), "wallets", None, ("account 2", "balance 1"))


def test_a_second_isolated_position_on_a_side_is_refused():
    rows = [{**row, "margin": "5"} for row in (*POSITIONS, POSITIONS[0])]
    refused_at(lambda: build(positions=rows), "positions.account", 2, ("'ann'", "isolated long in BTCUSDT"))


def test_wallets_beside_a_multi_asset_wallet_are_refused():
    for wallets in (
        [{"account": 1, "mode": "multi-asset"}, {"account": 1}],
        [{"account": 1, "mode": "multi-asset"}, {"account": 1, "asset": "BTC", "mode": "portfolio"}],
        [{"account": 1, "asset": "BTC"}, {"account": 1, "mode": "portfolio"}],
    ):
        refused_at(lambda: build(wallets, []), "wallets.account", 1, ("is 1:", "only one"))


@pytest.mark.parametrize(
    "assets", [[adl.Asset("BTC", 8), adl.Asset("BTC", 6)], [adl.Asset("USDT", 6)]], ids=["listed", "settled"]
)
def test_two_assets_of_a_name_are_refused_as_a_snapshot_refuses_them(assets):
    message = f"assets is {assets[-1]!r}: is {adl.Asset(assets[0].name)!r} elsewhere: must have the same decimals"
    columns = {"contracts": books.CONTRACTS, "wallets": {"account": []}, "positions": {}, "marks": {}}
    for make in (adl.Snapshot.build, adl.Snapshot):
        refused(lambda make=make: make(**columns, assets=assets), message)


def test_what_a_snapshot_refuses_is_refused_with_the_rows_given():
    rows = with_cell(POSITIONS, 1, entry_value="75000")
    assert books.problems(lambda: build(positions=rows[::-1])) == [("positions.entry_value", 0)]
    with pytest.warns(adl.OpenInterestWarning, match="BTCUSDT"):
        build(positions=POSITIONS[:1])
    assert books.problems(lambda: build(positions=POSITIONS[:1], strict=True)) == [("positions.quantity", None)]


def test_a_float32_is_read_by_its_own_shortest_decimal():
    wallets = {"account": ["ann", "bob"], "balance": np.array([0.1, 0.3], np.float32)}
    assert adl.Snapshot.build([], wallets, [], {}).wallets.balance.tolist() == [10_000_000, 30_000_000]
