"""What a snapshot refuses: every broken row at once, by the numbers of the rows as they were given."""

import math
import pickle
import warnings
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from support import books
from support.books import ANN_ALONE, UNIT, problems, small_columns, small_snapshot, valued_columns, valued_snapshot
from support.refusals import NOT_BELOW_0, cases, refused, said

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


def row_of(table: str, most: int) -> str:
    return f"must be a row of the {table}, 0 to {most}"


SIGN = "must have the sign of quantity·v(entry price): of the quantity, or for an inverse contract the other"
CHOSEN = "must be above 0 and finite, or 0 where none was chosen"
ISOLATED, BACK = "is an isolated wallet, which holds one position: row", "is the same, one must go"
SIDE = "holds this side of the contract in an earlier row already: add the two up"
POSITIONS = [
    ("wallet", 0, 6, row_of("wallets", 5)),
    ("wallet", 5, -1, row_of("wallets", 5)),
    ("wallet", 6, 2**62, row_of("wallets", 5)),
    ("wallet", 0, books.EVE, "must be a wallet in USDT, in which BTCUSDT settles, and is in BTC"),
    ("wallet", 8, books.BOB, "must be a wallet in BTC, in which BTCUSD settles, and is in USDT"),
    *(("entry_value", row, value, SIGN) for row, value in ((0, -1), (1, 1), (7, UNIT), (8, -UNIT), (8, -(2**63)))),
    ("quantity", 1, -(2**63), "must be above -2^63"),
    *(("leverage", row, value, CHOSEN) for row, value in enumerate((math.nan, -1.0, math.inf, -math.inf))),
]


@pytest.mark.parametrize("order", [range(9), SHUFFLED], ids=["as they are", "shuffled"])
@cases("name row value must", POSITIONS)
def test_a_broken_position_is_named_by_its_row_as_given(name, row, value, must, order):
    columns = shuffled(cells(small_columns, "positions", name, **{f"at_{row}": value}), order)
    with pytest.raises(adl.BrokenSnapshotError) as caught:
        adl.Snapshot(**columns, strict=True)
    place = list(order).index(row)
    # Open interest is not balanced then, which has no row.
    (found,) = [p for p in caught.value.problems if p.argument == f"positions.{name}" and p.row is not None]
    assert str(found) == said(f"positions.{name}", value, must, place)
    assert (found.row, repr(found.value)) == (place, repr(value))


@pytest.mark.parametrize("order", [range(9), SHUFFLED], ids=["as they are", "shuffled"])
@pytest.mark.parametrize("code", [-1, 3, 2**62])
def test_a_position_in_no_contract_is_refused(order, code):
    columns = small_columns()
    columns["positions"]["contract"] = [0, 0, 0, 0, code, 1, 1, 2, 2]
    message = said("positions.contract", code, row_of("contracts", 2), list(order).index(4))
    refused(lambda: adl.Snapshot(**shuffled(columns, order)), message)


def test_a_quantity_of_nothing_costs_nothing():
    rows = {"quantity": [1_000, -1_400, 900, -400, -100, 0, 0, 300, -300]}
    assert problems(lambda: small_snapshot(positions=rows)) == [("positions.entry_value", row) for row in (5, 6)]
    flat = [*small_columns()["positions"]["entry_value"][:5], 0, 0, -1, 1]
    assert small_snapshot(positions={**rows, "entry_value": flat}).positions.quantity.tolist()[5:7] == [0, 0]


def test_an_entry_value_may_round_to_nothing():
    flat = [0] * 9
    assert small_snapshot(positions={"entry_value": flat}).positions.entry_value.tolist() == flat


MODES = "must be one of 'cross', 'isolated', 'multi-asset', 'portfolio', or 0 to 3"
VALUED = "must be a multi-asset or portfolio wallet; others hold one asset, in wallets.balance"

#: Table, column, row, what stands there, and what must.
CELLS = [
    ("wallets", "mode", 0, 4, MODES),
    ("wallets", "mode", 5, -1, MODES),
    ("wallets", "asset", 0, 2, row_of("assets", 1)),
    ("wallets", "asset", 5, -1, row_of("assets", 1)),
    ("wallets", "asset", 4, 2**62, row_of("assets", 1)),
    ("orders", "contract", 0, 3, row_of("contracts", 2)),
    ("orders", "contract", 1, -1, row_of("contracts", 2)),
    ("orders", "wallet", 1, 6, row_of("wallets", 5)),
    ("orders", "wallet", 0, books.DAN, "must be a wallet in USDT, in which ETHUSDT settles"),
    ("orders", "quantity", 0, 0, "must not be 0 lots"),
    ("orders", "price", 1, 0, "must be at least 1 tick"),
    ("orders", "price", 0, -5, "must be at least 1 tick"),
    ("orders", "locked", 1, -1, NOT_BELOW_0),
    ("balances", "wallet", 3, 9, row_of("wallets", 3)),
    ("balances", "wallet", 0, -1, row_of("wallets", 3)),
    ("balances", "wallet", 0, 2, VALUED),
    ("balances", "asset", 1, 3, row_of("assets", 2)),
    ("balances", "loan", 0, 5, "must be 0: only portfolio margin knows loans"),
    ("balances", "loan", 3, -5, NOT_BELOW_0),
]


@cases("table name row value must", CELLS)
def test_a_broken_cell_is_named_and_nothing_else(table, name, row, value, must):
    make = valued_snapshot if table == "balances" else small_snapshot
    coded = {
        key: column.tolist()
        for key, column in getattr(make(), table).columns().items()
        if key == name or table != "wallets"
    }
    coded[name][row] = value
    error = refused(lambda: make(**{table: coded}), said(f"{table}.{name}", value, must, row))
    assert (len(error.problems), error.value) == (1, value)


@pytest.mark.parametrize("row", [0, 1, 2, 3])
def test_a_wallet_in_no_asset_is_named_whatever_refers_to_it(row):
    asset = valued_snapshot().wallets.asset.copy()
    asset[row] = 99
    assert ("wallets.asset", row) in problems(lambda: valued_snapshot(wallets={"asset": asset}))


# Rows that contradict each other


@pytest.mark.parametrize("order", [range(9), SHUFFLED], ids=["as they are", "shuffled"])
@cases("moved to before must", [(6, ANN_ALONE, 4, f"{ISOLATED} {{}} {BACK}"), (2, books.ANN, 0, SIDE)])
def test_two_positions_where_one_may_be(order, moved, to, before, must):
    """In an isolated wallet, and two rows of one side in any."""
    columns = shuffled(cells(small_columns, "positions", "wallet", **{f"at_{moved}": to}), order)
    first, later = sorted(list(order).index(row) for row in (before, moved))
    error = refused(lambda: adl.Snapshot(**columns), said("positions.wallet", to, must.format(first), later))
    assert (len(error.problems), error.value) == (1, to)


CROSS = {"account": ["ann", "ann", "cat", "ann", "eve", "eve"]}
TWICE = cells(valued_columns, "balances", "asset", at_1="USDT", at_3="BTC")
NUMERAIRE, ITSELF = "a snapshot has one numeraire", "must be 1 for the numeraire itself"
UNMARKED = "has no mark price and 5 positions: must have one"
UNPRICED = "has no index price and stands in multi-asset or portfolio wallets: must have one"
ALONE = {"wallet": [0, 1], "asset": ["USDT", "USDT"], "amount": [UNIT, UNIT], "loan": [0, 0]}

FIRST, ELSEWHERE = f"row 0 {BACK}", "must be 0: what a multi-asset or portfolio wallet holds stands in the balances"
SPOILT, TWO = [0, -5, 50_000 * UNIT, 2 * UNIT], ["USDT", "BTC", "USDT", "BTC"]

#: The call, column and rows of the first problems, how many more there are than one, and of the first what is wrong.
TABLES = [
    (lambda: small_snapshot(wallets=CROSS), "wallets.account", [1, 5], 1, "ann", f"has two cross wallets: {FIRST}"),
    (lambda: adl.Snapshot(**TWICE), "balances.wallet", [1, 3], 1, 0, f"holds this asset twice: {FIRST}"),
    (lambda: valued_snapshot(wallets={"balance": SPOILT}), "wallets.balance", [1], 0, -5, ELSEWHERE),
    (lambda: valued_snapshot(wallets={"asset": TWO}), "wallets.asset", [1], 1, "BTC", f"must be USDT: {NUMERAIRE}"),
    (lambda: small_snapshot(marks=[None, "2500", None]), "marks", [None, None], 1, "BTCUSDT", UNMARKED),
    (lambda: valued_snapshot(index_prices=None), "index_prices", [None, None], 1, "BTC", UNPRICED),
    (lambda: valued_snapshot(balances=ALONE, index_prices=None), "index_prices", [None], 0, "BTC", UNPRICED),
    (lambda: valued_snapshot(index_prices={"USDT": "0.999"}), "index_prices", [None], 0, Decimal("0.999"), ITSELF),
]


@cases("call argument rows more value must", TABLES)
def test_tables_that_contradict_themselves(call, argument, rows, more, value, must):
    error = refused(call, said(argument, value, must, rows[0]) + (f"; and {more} more" if more else ""))
    assert [(p.argument, p.row) for p in error.problems][: len(rows)] == [(argument, row) for row in rows]
    assert len(error.problems) == 1 + more


def test_every_asset_without_an_index_price_is_named():
    error = refused(TABLES[5][0], said("index_prices", "BTC", f"{UNPRICED}; and 1 more"))
    assert [problem.value for problem in error.problems] == ["BTC", "USDC"]


def test_any_number_of_isolated_wallets_of_an_account_is_allowed():
    wallets = {"account": ["ann"] * 4 + ["dan", "eve"], "mode": ["cross"] + ["isolated"] * 3 + ["cross"] * 2}
    positions = {"wallet": [0, 1, 2, 2, 3, 0, 0, 4, 5]}
    # One of two in wallet 2; both legs of Ann's own are welcome.
    refused(
        lambda: small_snapshot(wallets=wallets, positions=positions),
        said("positions.wallet", 2, f"{ISOLATED} 2 {BACK}", 3),
    )


def test_prices_that_need_not_be_there():
    assert valued_snapshot().marks[1] is None
    assert small_snapshot().index_prices == (None, None)
    assert valued_snapshot(index_prices={"USDT": "1.0"}).index_prices[0] == 1


# Open interest

EQUAL = "the longs and shorts of {} must be equal"


def unbalanced(**more) -> dict:
    return {**cells(small_columns, "positions", "quantity", at_0=1_007, at_8=-2_300), **more}


def test_unbalanced_open_interest_warns_of_contract_and_difference():
    with pytest.warns(adl.OpenInterestWarning) as caught:
        adl.Snapshot(**unbalanced())
    assert [str(warning.message) for warning in caught] == [
        said("positions.quantity", 7, f"{EQUAL.format('BTCUSDT')}; 7 lots more are longs"),
        said("positions.quantity", -2000, f"{EQUAL.format('BTCUSD')}; 2,000 lots more are shorts"),
    ]


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
        refused(call, said("positions.quantity", 7, f"{EQUAL.format('BTCUSDT')}; 7 lots more are longs; and 1 more"))


def test_the_difference_is_exact_beyond_int64():
    rows = {"contract": [0] * 4, "wallet": [0, 1, 2, 3], "quantity": [2**62] * 4, "entry_value": [1] * 4}
    columns = {"account": range(4), "asset": "USDT"}
    message = said("positions.quantity", 2**64, f"{EQUAL.format('BTCUSDT')}; {2**64:,} lots more are longs")
    refused(lambda: adl.Snapshot([books.BTC], columns, rows, {"BTCUSDT": 1}, strict=True), message)


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
    message = said("wallets.account", "ann", f"has two cross wallets: row 0 {BACK}", 1)
    assert str(refused(lambda: adl.Snapshot(**broken_columns()), f"{message}; and 7 more").problems[0]) == message


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
    with pytest.raises(adl.BrokenSnapshotError) as caught:
        adl.Snapshot(**broken_columns())
    error = caught.value
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
