"""What a snapshot refuses: every broken row at once, by the numbers of the rows as they were given."""

from __future__ import annotations

import math
import pickle
import warnings

import books
import pytest
from books import (
    ANN_ALONE,
    UNIT,
    problems,
    refused,
    small_columns,
    small_snapshot,
    valued_columns,
    valued_snapshot,
)
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl

pytestmark = pytest.mark.plain

#: Position rows of the small snapshot in an order in which a caller may have them.
SHUFFLED = (8, 3, 0, 6, 2, 7, 1, 5, 4)


def cells(make, table: str, name: str, **changes) -> dict:
    """The columns of a snapshot with some cells changed: ``at_3=7``."""
    columns = make()
    column = list(columns[table][name])
    for place, value in changes.items():
        column[int(place.removeprefix("at_"))] = value
    columns[table] = {**columns[table], name: column}
    return columns


def shuffled(columns: dict, order=SHUFFLED) -> dict:
    """The same with the position rows in another order."""
    moved = {name: [column[row] for row in order] for name, column in columns["positions"].items()}
    return {**columns, "positions": moved}


# One broken cell


POSITION_CELLS = [
    ("wallet", 0, 6, "must be a row of the wallets, 0 to 5"),
    ("wallet", 5, -1, "must be a row of the wallets, 0 to 5"),
    ("wallet", 6, 2**62, "must be a row of the wallets, 0 to 5"),
    ("wallet", 0, books.EVE, ("must be a wallet in USDT", "BTCUSDT", "is in BTC")),
    ("wallet", 8, books.BOB, ("must be a wallet in BTC", "BTCUSD", "is in USDT")),
    ("entry_value", 0, -1, "sign"),
    ("entry_value", 1, 1, "sign"),
    ("entry_value", 7, UNIT, ("sign", "inverse")),
    ("entry_value", 8, -UNIT, ("sign", "inverse")),
    ("entry_value", 8, -(2**63), "sign"),
    ("quantity", 1, -(2**63), "-2^63"),
    ("leverage", 0, math.nan, "must be above 0 and finite, or 0"),
    ("leverage", 1, -1.0, "must be above 0 and finite, or 0"),
    ("leverage", 2, math.inf, "must be above 0 and finite, or 0"),
    ("leverage", 3, -math.inf, "must be above 0 and finite, or 0"),
]


@pytest.mark.parametrize("order", [range(9), SHUFFLED])
@pytest.mark.parametrize(("name", "row", "value", "words"), POSITION_CELLS)
def test_a_broken_position_is_named_by_its_row_as_given(name, row, value, words, order):
    columns = shuffled(cells(small_columns, "positions", name, **{f"at_{row}": value}), order)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", adl.OpenInterestWarning)
        error = refused(lambda: adl.Snapshot(**columns), None, None, words)
    found = [p for p in error.problems if p.argument == f"positions.{name}"]
    assert [problem.row for problem in found] == [list(order).index(row)]
    assert found[0].value == value or value != value
    assert f"positions.{name}[{found[0].row}] is {value!r}" in str(found[0])


@pytest.mark.parametrize("order", [range(9), SHUFFLED])
@pytest.mark.parametrize("code", [-1, 3, 2**62])
def test_a_position_in_no_contract_is_refused(order, code):
    columns = small_columns()
    columns["positions"]["contract"] = [0, 0, 0, 0, code, 1, 1, 2, 2]
    assert problems(lambda: adl.Snapshot(**shuffled(columns, order))) == [("positions.contract", list(order).index(4))]


def test_a_quantity_of_nothing_costs_nothing():
    rows = {"quantity": [1_000, -1_400, 900, -400, -100, 0, 0, 300, -300]}
    assert problems(lambda: small_snapshot(positions=rows)) == [("positions.entry_value", row) for row in (5, 6)]
    flat = [*small_columns()["positions"]["entry_value"][:5], 0, 0, -1, 1]
    assert small_snapshot(positions={**rows, "entry_value": flat}).positions.quantity.tolist()[5:7] == [0, 0]


def test_an_entry_value_may_round_to_nothing():
    flat = [0] * 9
    assert small_snapshot(positions={"entry_value": flat}).positions.entry_value.tolist() == flat


@pytest.mark.parametrize(
    ("name", "row", "value", "words"),
    [
        ("mode", 0, 4, "'cross', 'isolated', 'multi-asset', 'portfolio'"),
        ("mode", 5, -1, "'cross', 'isolated', 'multi-asset', 'portfolio'"),
        ("asset", 0, 2, "must be a row of the assets, 0 to 1"),
        ("asset", 5, -1, "must be a row of the assets, 0 to 1"),
        ("asset", 4, 2**62, "must be a row of the assets, 0 to 1"),
    ],
)
def test_a_broken_wallet_is_named(name, row, value, words):
    coded = small_snapshot().wallets
    column = getattr(coded, name).copy()
    column[row] = value
    error = refused(lambda: small_snapshot(wallets={name: column}), f"wallets.{name}", row, words)
    assert error.value == value
    if name == "mode":
        assert len(error.problems) == 1


@pytest.mark.parametrize("row", [0, 1, 2, 3])
def test_a_wallet_in_no_asset_is_named_whatever_refers_to_it(row):
    asset = valued_snapshot().wallets.asset.copy()
    asset[row] = 99
    assert ("wallets.asset", row) in problems(lambda: valued_snapshot(wallets={"asset": asset}))


@pytest.mark.parametrize(
    ("name", "row", "value", "words"),
    [
        ("contract", 0, 3, "must be a row of the contracts, 0 to 2"),
        ("contract", 1, -1, "must be a row of the contracts, 0 to 2"),
        ("wallet", 1, 6, "must be a row of the wallets, 0 to 5"),
        ("wallet", 0, books.DAN, ("must be a wallet in USDT", "ETHUSDT")),
        ("quantity", 0, 0, "must not be 0"),
        ("price", 1, 0, "at least 1 tick"),
        ("price", 0, -5, "at least 1 tick"),
        ("locked", 1, -1, "must be 0 or above"),
    ],
)
def test_a_broken_order_is_named(name, row, value, words):
    coded = {name: column.tolist() for name, column in small_snapshot().orders.columns().items()}
    coded[name][row] = value
    error = refused(lambda: small_snapshot(orders=coded), f"orders.{name}", row, words)
    assert error.value == value


@pytest.mark.parametrize(
    ("name", "row", "value", "words"),
    [
        ("wallet", 3, 9, "must be a row of the wallets, 0 to 3"),
        ("wallet", 0, -1, "must be a row of the wallets, 0 to 3"),
        ("wallet", 0, 2, "must be a multi-asset or portfolio wallet"),
        ("asset", 1, 3, "must be a row of the assets, 0 to 2"),
        ("loan", 0, 5, "only portfolio margin"),
        ("loan", 3, -5, "must be 0 or above"),
    ],
)
def test_a_broken_balance_is_named_and_nothing_else(name, row, value, words):
    coded = {name: column.tolist() for name, column in valued_snapshot().balances.columns().items()}
    coded[name][row] = value
    error = refused(lambda: valued_snapshot(balances=coded), f"balances.{name}", row, words)
    assert error.value == value
    assert len(error.problems) == 1


# Rows that contradict each other


@pytest.mark.parametrize("order", [range(9), SHUFFLED])
def test_two_positions_in_an_isolated_wallet_are_refused(order):
    columns = shuffled(cells(small_columns, "positions", "wallet", at_6=ANN_ALONE), order)
    later = max(list(order).index(4), list(order).index(6))
    assert problems(lambda: adl.Snapshot(**columns)) == [("positions.wallet", later)]
    error = refused(lambda: adl.Snapshot(**columns), "positions.wallet", later, "one position")
    assert error.value == ANN_ALONE


@pytest.mark.parametrize("order", [range(9), SHUFFLED])
def test_two_rows_of_one_side_in_a_wallet_are_refused(order):
    columns = shuffled(cells(small_columns, "positions", "wallet", at_2=books.ANN), order)
    later = max(list(order).index(0), list(order).index(2))
    assert problems(lambda: adl.Snapshot(**columns)) == [("positions.wallet", later)]
    refused(lambda: adl.Snapshot(**columns), "positions.wallet", later, "this side of the contract")


def test_two_cross_wallets_of_an_account_in_one_asset_are_refused():
    accounts = {"account": ["ann", "ann", "cat", "ann", "eve", "eve"]}
    assert problems(lambda: small_snapshot(wallets=accounts)) == [("wallets.account", 1), ("wallets.account", 5)]
    refused(lambda: small_snapshot(wallets=accounts), "wallets.account", 1, ("'ann'", "row 0"))


def test_any_number_of_isolated_wallets_of_an_account_is_allowed():
    wallets = {"account": ["ann"] * 4 + ["dan", "eve"], "mode": ["cross"] + ["isolated"] * 3 + ["cross"] * 2}
    positions = {"wallet": [0, 1, 2, 2, 3, 0, 0, 4, 5]}
    named = problems(lambda: small_snapshot(wallets=wallets, positions=positions))
    assert named == [("positions.wallet", 3)]  # one of two in wallet 2; both legs of Ann's own are welcome


def test_a_wallet_that_holds_an_asset_twice_is_refused():
    columns = cells(valued_columns, "balances", "asset", at_1="USDT", at_3="BTC")
    assert problems(lambda: adl.Snapshot(**columns))[:2] == [("balances.wallet", 1), ("balances.wallet", 3)]
    refused(lambda: adl.Snapshot(**columns), "balances.wallet", 1, ("twice", "row 0"))


def test_a_wallet_of_several_assets_has_no_balance_of_its_own():
    balance = {"balance": [0, -5, 50_000 * UNIT, 2 * UNIT]}
    assert problems(lambda: valued_snapshot(wallets=balance)) == [("wallets.balance", 1)]
    refused(lambda: valued_snapshot(wallets=balance), "wallets.balance", 1, ("is -5", "balances"))


def test_two_numeraires_are_refused():
    asset = {"asset": ["USDT", "BTC", "USDT", "BTC"]}
    refused(lambda: valued_snapshot(wallets=asset), "wallets.asset", 1, ("'BTC'", "must be USDT", "one numeraire"))


# Prices


def test_a_contract_that_somebody_holds_needs_a_mark():
    marks = {"marks": {"BTCUSDT": None, "BTCUSD": None}}
    assert problems(lambda: small_snapshot(**marks)) == [("marks", None), ("marks", None)]
    refused(lambda: small_snapshot(**marks), "marks", None, ("'BTCUSDT'", "5 positions"))
    assert valued_snapshot().marks[1] is None


def test_assets_of_valued_wallets_need_an_index_price():
    error = refused(lambda: valued_snapshot(index_prices={"BTC": None, "USDC": None}))
    assert [(p.argument, p.value) for p in error.problems] == [("index_prices", "BTC"), ("index_prices", "USDC")]
    assert small_snapshot().index_prices == (None, None)


def test_the_settle_asset_of_a_position_in_a_valued_wallet_needs_an_index_price():
    only = {"wallet": [0, 1], "asset": ["USDT", "USDT"], "amount": [UNIT, UNIT], "loan": [0, 0]}
    error = refused(lambda: valued_snapshot(balances=only, index_prices={"BTC": None}), "index_prices", None, "'BTC'")
    assert len(error.problems) == 1


def test_the_numeraire_is_worth_one():
    assert valued_snapshot(index_prices={"USDT": "1.0"}).index_prices[0] == 1
    refused(lambda: valued_snapshot(index_prices={"USDT": "0.999"}), "index_prices", None, ("0.999", "must be 1"))


# Open interest


def unbalanced(**more) -> dict:
    return {**cells(small_columns, "positions", "quantity", at_0=1_007, at_8=-2_300), **more}


def test_unbalanced_open_interest_warns_of_contract_and_difference():
    with pytest.warns(adl.OpenInterestWarning) as caught:
        adl.Snapshot(**unbalanced())
    first, second = (str(warning.message) for warning in caught)
    assert "BTCUSDT " in first
    assert "7 lots more are longs" in first
    assert "BTCUSD " in second
    assert "2,000 lots more are shorts" in second


def made():
    return adl.Snapshot(**unbalanced())


def built():
    return adl.Snapshot.build([books.BTC], {"account": [1]}, [LONG], {"BTCUSDT": 1})


def validated():
    return adl.Snapshot(**unbalanced(), check=False).validate()


LONG = {"account": 1, "contract": "BTCUSDT", "quantity": 1, "entry_price": 1}


@pytest.mark.parametrize("call", [made, built, validated])
def test_the_warning_points_at_the_line_of_the_call(call):
    with pytest.warns(adl.OpenInterestWarning) as caught:
        call()
    assert (caught[0].filename, caught[0].lineno) == (__file__, call.__code__.co_firstlineno + 1)


def test_strict_refuses_unbalanced_open_interest():
    for call in (
        lambda: adl.Snapshot(**unbalanced(strict=True)),
        lambda: adl.Snapshot(**unbalanced(), check=False).validate(strict=True),
    ):
        assert problems(call) == [("positions.quantity", None)] * 2
        assert refused(call, words=("BTCUSDT", "7 lots", "and 1 more")).value == 7


def test_the_difference_is_exact_beyond_int64():
    rows = {"contract": [0] * 4, "wallet": [0, 1, 2, 3], "quantity": [2**62] * 4, "entry_value": [1] * 4}
    columns = {"account": range(4), "asset": "USDT"}
    error = refused(lambda: adl.Snapshot([books.BTC], columns, rows, {"BTCUSDT": 1}, strict=True), words=f"{2**64:,}")
    assert error.value == 2**64


def test_open_interest_that_is_balanced_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small_snapshot(strict=True)
        valued_snapshot(strict=True)


# All at once


def broken_columns() -> dict:
    columns = small_columns()
    columns["wallets"] |= {"account": ["ann", "ann", "cat", "ann", "dan", "eve"]}
    columns["positions"] |= {"leverage": [20.0, -1, 0, 0, math.nan, 0, 25, 0, 3]}
    columns["positions"]["entry_value"] = [-1, *columns["positions"]["entry_value"][1:]]
    columns["orders"] |= {"price": [0, 0], "locked": [-1, 0]}
    columns["marks"] = {"BTCUSDT": 1, "ETHUSDT": 1}
    return columns


def test_every_broken_row_of_every_table_is_named():
    row = SHUFFLED.index
    expected = [
        *(("wallets.account", 1), ("positions.entry_value", row(0))),
        *(("positions.leverage", row(1)), ("positions.leverage", row(4))),
        *(("orders.price", 0), ("orders.price", 1), ("orders.locked", 0), ("marks", None)),
    ]
    found = problems(lambda: adl.Snapshot(**shuffled(broken_columns())))
    assert sorted(found, key=str) == sorted(expected, key=str)
    error = refused(lambda: adl.Snapshot(**broken_columns()), "wallets.account", 1, "and 7 more")
    assert str(error).startswith(str(error.problems[0]))


@given(st.permutations(range(9)), st.sets(st.integers(0, 8), min_size=1))
def test_broken_rows_keep_the_callers_numbers_in_any_order(order, broken):
    columns = cells(small_columns, "positions", "leverage", **{f"at_{row}": -1.0 for row in broken})
    expected = sorted(order.index(row) for row in broken)
    assert sorted(row for _, row in problems(lambda: adl.Snapshot(**shuffled(columns, order)))) == expected


def test_rows_that_point_nowhere_are_all_named_and_nothing_that_follows_from_them():
    columns = cells(small_columns, "positions", "wallet", at_0=77, at_4=-3, at_7=6)
    columns["positions"]["leverage"] = [-1.0] * 9
    columns["wallets"] |= {"mode": [0, 0, -1, 1, 4, 0], "asset": [0, 9, 0, 0, 1, 1]}
    columns["orders"] |= {"wallet": [99, books.EVE], "contract": [1, 3]}
    expected = [("positions.wallet", SHUFFLED.index(row)) for row in (0, 4, 7)]
    expected += [("wallets.mode", 2), ("wallets.mode", 4), ("wallets.asset", 1), ("orders.wallet", 0)]
    expected += [("orders.contract", 1), *(("positions.leverage", row) for row in range(9))]
    assert sorted(problems(lambda: adl.Snapshot(**shuffled(columns)))) == sorted(expected)


def test_the_error_and_its_problems_pickle():
    error = refused(lambda: adl.Snapshot(**broken_columns()))
    copy = pickle.loads(pickle.dumps(error))
    assert isinstance(copy, adl.BrokenSnapshotError)
    assert (str(copy), copy.argument, copy.row, copy.value) == (str(error), error.argument, error.row, error.value)
    facts = [(str(p), p.argument, p.row, str(p.value), p.must) for p in error.problems]
    assert [(str(p), p.argument, p.row, str(p.value), p.must) for p in copy.problems] == facts


# Without a check


def test_unchecked_rows_are_let_in_and_refused_by_validate():
    for columns in (broken_columns(), unbalanced(strict=True), cells(small_columns, "positions", "wallet", at_4=99)):
        snapshot = adl.Snapshot(**columns, check=False)
        if "strict" in columns:
            with pytest.warns(adl.OpenInterestWarning):
                snapshot.validate()
        else:
            expected = problems(lambda: adl.Snapshot(**columns))
            assert problems(snapshot.validate) == expected


@pytest.mark.parametrize("code", [-1, 3])
def test_validate_refuses_an_unchecked_position_in_no_contract(code):
    columns = small_columns()
    columns["positions"]["contract"] = [0, 0, 0, 0, code, 1, 1, 2, 2]
    snapshot = adl.Snapshot(**columns, check=False)
    assert [name for name, _ in problems(snapshot.validate)] == ["positions.contract"]
