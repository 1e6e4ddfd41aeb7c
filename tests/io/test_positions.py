"""Files to columns: exact lots, names that are found, and errors that say file, column, line and value."""

import pickle
import tempfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from support.position_files import GOOD, HEADER, decimals
from support.refusals import refused_file

# What is read ---------------------------------------------------------------------------------------------------------


def test_a_csv_becomes_the_columns_of_a_market(write):
    positions = adl.read_positions(write(GOOD))
    assert positions.lot == Decimal("0.01")
    assert len(positions) == 3
    columns = positions.columns
    assert list(columns) == ["quantity", "entry_price", "equity", "account"]
    assert columns["quantity"].dtype == np.int64
    np.testing.assert_array_equal(columns["quantity"], [-150, -25, 200])
    assert columns["equity"].dtype == np.float64
    np.testing.assert_array_equal(columns["equity"], [5.0, 6.0, 7.0])
    assert columns["account"].tolist() == ["a", "b", "c"]
    market = adl.Market(positions.contract("X"), mark_price=19, **columns)
    assert market.deleverage(market.contract.lots("1.6"), "binance").index.tolist() == [0, 1]


def test_positions_are_immutable_and_pickle(write):
    positions = adl.read_positions(write(GOOD))
    with pytest.raises(AttributeError, match="immutable"):
        positions.lot = Decimal(1)
    with pytest.raises(ValueError, match="read-only"):
        positions.columns["quantity"][0] = 1
    positions.columns.clear()
    again = pickle.loads(pickle.dumps(positions))
    assert (again.path, again.lot, again.names, again.header) == (
        positions.path,
        positions.lot,
        positions.names,
        positions.header,
    )
    np.testing.assert_array_equal(again.columns["quantity"], [-150, -25, 200])
    assert not again.columns["quantity"].flags.writeable
    assert repr(again) == "<Positions: 3 rows of quantity, entry_price, equity, account; lot 0.01>"
    state = positions.__getstate__() | {"version": 99}
    with pytest.raises(adl.AdlError, match="version 99"):
        again.__setstate__(state)


@pytest.mark.parametrize("text", [GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD, GOOD.replace(",", " , "), "\n\n" + GOOD])
def test_line_ends_byte_order_marks_and_blanks_do_not_matter(write, text):
    positions = adl.read_positions(write(text))
    np.testing.assert_array_equal(positions.columns["quantity"], [-150, -25, 200])
    np.testing.assert_array_equal(positions.columns["equity"], [5.0, 6.0, 7.0])


def test_tabs_quotes_and_line_ends_in_labels(write):
    text = 'account\tquantity\tentry_price\n"a\nb"\t"1"\t2\n"c\td"\t3\t4\n'
    positions = adl.read_positions(write(text, "p.tsv"))
    assert positions.columns["account"].tolist() == ["a\nb", "c\td"]
    assert positions.place(1) == "line 4"


def test_labels_stay_text(write):
    positions = adl.read_positions(write(HEADER + "007,1,2,3\nNA,1,2,3\n,1,2,3\n"))
    assert positions.columns["account"].tolist() == ["007", "NA", ""]


def test_money_is_the_nearest_float_of_what_is_written(write):
    numbers = ["0.1", "1e22", "5.00000000069889e-06", "-0.0", "9007199254740993", "+7", ".5", "3.", "1E-3"]
    text = "quantity,entry_price,equity\n" + "".join(f"1,2,{number}\n" for number in numbers)
    assert adl.read_positions(write(text)).columns["equity"].tolist() == [float(number) for number in numbers]


def test_sums_of_money_are_added_from_left_to_right(write):
    positions = adl.read_positions(write("quantity,entry_price,a,b,c\n1,2,0.1,0.2,0.3\n"), "equity=a+b+c")
    assert positions.columns["equity"].tolist() == [(0.1 + 0.2) + 0.3]
    assert positions.names["equity"] == "a+b+c"


def test_sums_of_quantities_are_exact(write):
    path = write("l,s,entry_price\n0.1,0.2,1\n0.3,-0.45,1\n")
    positions = adl.read_positions(path, {"quantity": ("l", "s")})
    assert positions.lot == Decimal("0.01")
    np.testing.assert_array_equal(positions.columns["quantity"], [30, -15])


def test_every_column_of_a_market_can_be_read(write):
    names = "balance,maintenance_margin,bankruptcy_value,account_equity,leverage,tie"
    positions = adl.read_positions(write(f"quantity,entry_value,equity,{names}\n-5,-100,9,1,2,-99,4,20,7\n"))
    market = adl.Market("X", mark_price=19, **positions.columns)
    assert (market.balance[0], market.maintenance_margin[0], market.bankruptcy_value[0]) == (1.0, 2.0, -99.0)
    assert (market.account_equity[0], market.leverage[0], market.tie[0]) == (4.0, 20.0, 7)
    assert market.tie.dtype == np.int64
    assert market.entry_value[0] == -100.0


# Names ----------------------------------------------------------------------------------------------------------------


def test_a_side_column_signs_sizes(write):
    rows = "size,side,entry_price\n1,Long,1\n2,SHORT,1\n3,buy,1\n4,Sell,1\n-5,both,1\n-6,short,1\n0,,1\n"
    assert adl.read_positions(write(rows)).columns["quantity"].tolist() == [1, -2, 3, -4, -5, -6, 0]
    message, error = refused_file(write("size,side,entry_price\n1,long,1\n-0.5,long,1\n"))
    assert "line 3: side is 'long': must agree with the sign of its quantity, -0.5" in message
    assert (error.argument, error.row) == ("side", 1)
    assert "line 3: side is 'up'" in refused_file(write("size,side,entry_price\n1,long,1\n2,up,1\n"))[0]
    assert adl.read_positions(write(rows), "side=").columns["quantity"].tolist() == [1, 2, 3, 4, -5, -6, 0]


# Lots -----------------------------------------------------------------------------------------------------------------


@given(st.lists(decimals(), min_size=1, max_size=10))
def test_a_file_gives_back_its_decimals(texts):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "p.csv")
        path.write_text("quantity,entry_price\n" + "".join(f"{text},1\n" for text in texts))
        positions = adl.read_positions(path)
    held = [Decimal(int(lots)) * positions.lot for lots in positions.columns["quantity"]]
    assert held == [Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("lot", "lots"),
    [("0.01", [150, -25, 200]), ("0.05", [30, -5, 40]), ("0.250", [6, -1, 8]), (0.001, [1500, -250, 2000])],
)
def test_a_given_lot(write, lot, lots):
    path = write("quantity,entry_price\n1.5,1\n-0.25,1\n2,1\n")
    positions = adl.read_positions(path, lot=lot)
    assert positions.columns["quantity"].tolist() == lots
    assert positions.contract("X").decimal(lots[1]).rstrip("0") == "-0.25"


def test_a_lot_above_one(write):
    path = write("quantity,entry_price\n500,1\n-1e3,1\n")
    assert adl.read_positions(path).lot == 1
    assert adl.read_positions(path, lot=100).columns["quantity"].tolist() == [5, -10]


def test_a_quantity_between_lots_is_named(write):
    message, error = refused_file(write(GOOD), lot="0.1")
    assert "p.csv, line 3: quantity is '-0.25': is between lots of 0.1" in message
    assert (error.argument, error.row, error.value) == ("quantity", 1, "-0.25")


@pytest.mark.parametrize("lot", ["0", "-1", "nan", "x", "1e99", "1e-999999999"])
def test_a_lot_must_be_a_number_above_0(write, lot):
    assert "lot is" in refused_file(write(GOOD), lot=lot)[0]


@pytest.mark.parametrize(("lot", "last"), [(None, "2305843009213693952"), ("4", "9223372036854775808")])
def test_lots_reach_to_the_end_of_int64(write, lot, last):
    top = 2**63 - 1 if lot is None else (2**63 - 1) // 4 * 4
    path = write(f"quantity,entry_price\n{top},1\n-{top},1\n")
    step = int(lot or 1)
    assert adl.read_positions(path, lot=lot).columns["quantity"].tolist() == [top // step, -top // step]
    # Beyond int64 in units of the lot's digits, yet not in lots: read the slow way.
    if lot:
        wide = adl.read_positions(write(f"quantity,entry_price\n{last},1\n"), lot=lot)
        assert wide.columns["quantity"].tolist() == [int(last) // 4]


def test_lots_that_leave_int64_are_named(write):
    message, error = refused_file(write("quantity,entry_price\n1,1\n9223372036854775808,1\n"))
    assert "line 3: quantity is '9223372036854775808': leaves int64 in lots of 1" in message
    assert error.row == 1
    message, _ = refused_file(write("quantity,entry_price\n0.000000001,1\n99999999999,1\n"))
    assert "line 3" in message
    assert "lots of 0.000000001" in message
    message, _ = refused_file(write("a,b,entry_price\n9e18,9e18,1\n"), "quantity=a+b")
    assert "quantity (column 'a+b') is '18000000000000000000': leaves int64" in message


# Bad values -----------------------------------------------------------------------------------------------------------

NOT_NUMBERS = ["abc", "", "1_000", "0x10", "1,5", "--1", "1e", ".", "12 3", "None", "٣"]


@pytest.mark.parametrize("name", ["quantity", "entry_price", "equity", "tie"])
@pytest.mark.parametrize("bad", [*NOT_NUMBERS, "nan", "inf", "-Infinity", "NaN"])
def test_a_value_that_does_not_parse_names_its_line(write, name, bad):
    columns = ["quantity", "entry_price", "equity", "tie"]
    rows = [["1"] * 4 for _ in range(4)]
    rows[2][columns.index(name)] = f'"{bad}"'
    text = ",".join(columns) + "\n" + "\n".join(map(",".join, rows)) + "\n"
    message, error = refused_file(write(text))
    assert message.startswith(str(error.args[0]))
    assert f"p.csv, line 4: {name} is {bad!r}: must be " in message
    assert (error.argument, error.row, error.value) == (name, 2, bad)


def test_the_first_bad_line_is_named_through_blank_lines_and_long_records(write):
    message, error = refused_file(write('account,quantity,entry_price\n\n"a\nb",1,1\n\n\n"c\nd",x,1\ne,y,1\n'))
    assert "line 7: quantity is 'x'" in message
    assert error.row == 1


def test_the_column_of_the_file_is_named(write):
    message, _ = refused_file(write("q,e,cash,pnl\n1,2,3,4\n1,2,3,?\n"), "quantity=q,entry_price=e,equity=cash+pnl")
    assert "line 3: equity (column 'pnl') is '?': must be a number" in message
    message, _ = refused_file(write("q,entry_price,a,b\n1,2,1e308,1e308\n"), "quantity=q,equity=a+b")
    assert "equity (column 'a+b') is '1e+308+1e+308': must have a finite sum" in message
    assert "must be finite" in refused_file(write("quantity,entry_price\n1,1e400\n"))[0]


def test_long_values_are_shortened(write):
    message, error = refused_file(write("quantity,entry_price\n" + "x" * 500 + ",1\n"))
    assert len(message) < 250
    assert len(error.value) == 500


def test_ties_are_whole(write):
    assert "tie is '1.5': must be a whole number" in refused_file(write("quantity,entry_price,tie\n1,1,1.5\n"))[0]
    assert "must be a whole number" in refused_file(write("quantity,entry_price,tie\n1,1,9223372036854775808\n"))[0]


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ("", "p.csv", "is empty"),
        ("\n\n", "p.csv", "is empty"),
        (HEADER, "p.csv", "has a header and no rows"),
        (HEADER + "\n\n", "p.csv", "has a header and no rows"),
        (HEADER + "a,1,2,3\nb,1,2\n", "p.csv", "line 3 has 3 fields: must have 4"),
        (HEADER + "a,1,2,3\nb,1,2,3,4\n", "p.csv", "line 3 has 5 fields: must have 4"),
        (HEADER + 'a,1,2,3\n"b,1,2,3\n', "p.csv", "line 3 has 1 field: must have 4"),
        (HEADER.encode() + b"a,1,2,3\n\xff\xfe,1,2,3\n", "p.csv", "line 3 is not UTF-8 text"),
        (b"\xff\xfea,b\n", "p.csv", "line 1 is not UTF-8 text"),
        ("", "p.parquet", "is empty"),
        ("no parquet at all, however long", "p.parquet", "cannot be read as Parquet"),
        (GOOD, "p.xlsx", "has suffix '.xlsx': must be one of .csv"),
        (GOOD, "p", "has suffix ''"),
    ],
)
def test_files_that_do_not_do(write, content, name, words):
    message, _ = refused_file(write(content, name))
    assert words in message
    assert name in message


def test_a_file_that_is_absent_is_an_os_error(tmp_path):
    for name in ("absent.csv", "absent.parquet"):
        with pytest.raises(FileNotFoundError):
            adl.read_positions(tmp_path / name)


# Parquet --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "quantity",
    [
        pa.array([Decimal("-1.50"), Decimal("-0.25"), Decimal("2.00")], pa.decimal128(30, 18)),
        pa.array([Decimal("-1.50"), Decimal("-0.25"), Decimal("2.00")], pa.decimal256(60, 30)),
        pa.array([-1.5, -0.25, 2.0]),
        pa.array([-1.5, -0.25, 2.0], pa.float32()),
        pa.array(["-1.50", "-0.25", "2"]),
        pa.array(["-1.50", "-0.25", "2"]).dictionary_encode(),
        pa.array(["-1.50", "-0.25", "2"], pa.large_string()),
    ],
    ids=lambda array: str(array.type).split("<")[0],
)
def test_parquet_quantities_of_every_kind(parquet, quantity):
    path = parquet(quantity=quantity, entry_price=[20.0, 21.0, 22.0])
    positions = adl.read_positions(path)
    assert positions.lot == Decimal("0.01")
    assert positions.columns["quantity"].tolist() == [-150, -25, 200]
    assert positions.place(2) == "row 2 (counted from 0)"


def test_parquet_floats_are_the_decimals_people_see(parquet):
    positions = adl.read_positions(parquet(quantity=[0.1, 0.2, -58141.87], entry_price=[1.0] * 3))
    assert positions.lot == Decimal("0.01")
    assert positions.columns["quantity"].tolist() == [10, 20, -5814187]
    narrow = adl.read_positions(parquet(quantity=pa.array([0.1, 1e-7], pa.float32()), entry_price=[1.0] * 2))
    assert narrow.columns["quantity"].tolist() == [1_000_000, 1]


@pytest.mark.parametrize("kind", [pa.int8(), pa.int32(), pa.int64(), pa.uint16(), pa.uint64()])
def test_parquet_integers_are_exact(parquet, kind):
    positions = adl.read_positions(
        parquet(quantity=pa.array([7, 100], kind), entry_price=[1, 2], user=pa.array([5, 6]))
    )
    assert positions.lot == 1
    assert positions.columns["quantity"].tolist() == [7, 100]
    assert positions.columns["entry_price"].dtype == np.float64
    assert positions.columns["account"].dtype == np.int64
    big = adl.read_positions(parquet(quantity=pa.array([2**62 + 1]), entry_price=[1]))
    assert big.columns["quantity"].tolist() == [2**62 + 1]
    assert "leaves int64" in refused_file(parquet(quantity=pa.array([2**63], pa.uint64()), entry_price=[1]))[0]


def test_parquet_money_of_every_kind(parquet):
    columns = {
        "equity": pa.array([Decimal("0.1"), Decimal("123456789012345678.9")], pa.decimal128(38, 18)),
        "balance": pa.array([1, 2**53 + 1]),
        "maintenance_margin": pa.array(["1.5", "2"]),
    }
    held = adl.read_positions(parquet(quantity=[1, 2], entry_price=[1.0, 2.0], **columns)).columns
    assert held["equity"].tolist() == [0.1, 123456789012345678.9]
    assert held["balance"].tolist() == [1.0, float(2**53 + 1)]
    assert held["maintenance_margin"].tolist() == [1.5, 2.0]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"quantity": [1.0, None]}, "row 1 (counted from 0): quantity is None: must not be missing"),
        ({"quantity": [1, 2, float("nan")]}, "row 2 (counted from 0): quantity is 'nan': must be finite"),
        (
            {"quantity": [1, 2], "equity": [1.0, float("inf")]},
            "row 1 (counted from 0): equity is 'inf': must be finite",
        ),
        ({"quantity": [1, 2], "equity": [1.0, None]}, "equity is None: must not be missing"),
        ({"quantity": [1, 2], "user": ["a", None]}, "account (column 'user') is None: must not be missing"),
        ({"quantity": [True, False]}, "quantity is 'true': must be a number"),
        ({"quantity": [[1], [2]]}, "quantity (column 'quantity') has type list"),
        ({"quantity": pa.nulls(2)}, "has type null"),
    ],
)
def test_bad_parquet_values_name_their_row(parquet, columns, words):
    n = len(columns["quantity"])
    assert words in refused_file(parquet(entry_price=[1.0] * n, **columns))[0]


def test_a_parquet_file_without_rows(parquet):
    empty = pa.array([], pa.int64())
    assert "no rows" in refused_file(parquet(quantity=empty, entry_price=empty))[0]


# Progress -------------------------------------------------------------------------------------------------------------


def test_progress_ends_at_all(write, parquet):
    seen = []
    path = write(HEADER + "a,1,2,3\n" * 200_000)
    adl.read_positions(path, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (path.stat().st_size,) * 2
    assert len(seen) > 2
    assert seen == sorted(seen)
    rows = []
    adl.read_positions(parquet(quantity=[1] * 5, entry_price=[2] * 5), progress=lambda *step: rows.append(step))
    assert rows == [(2, 5), (4, 5), (5, 5)]


# Real rows ------------------------------------------------------------------------------------------------------------


@pytest.mark.october10
def test_the_avax_batch_of_october_10(october10):
    columns = "equity=account_value_realtime+total_unrealized_pnl,account=user10"
    positions = adl.read_positions(october10 / "avax_batch.csv", columns)
    assert (len(positions), positions.lot) == (50, Decimal("0.01"))
    assert positions.names["quantity"] == "position_size"
    contract = positions.contract("AVAX")
    market = adl.Market(contract, mark_price="22.025", **positions.columns)
    selection = market.deleverage(contract.lots("84454.65"), "binance")
    assert sum(Decimal(contract.decimal(lots)) for lots in selection.quantity.tolist()) == Decimal("84454.65")
    assert selection.shortfall == 0


@pytest.mark.october10
def test_the_480_fills_need_no_mapping(october10):
    positions = adl.read_positions(october10 / "adl_fills_high_leverage.csv")
    assert len(positions) == 480
    assert positions.names == {
        "quantity": "position_size",
        "entry_price": "entry_price",
        "equity": "total_equity",  # and not account_value_realtime, which is cash
        "account": "user",
    }
    assert positions.columns["quantity"][0] * positions.lot == Decimal("-0.00153")


def test_what_a_market_refuses_is_named_by_the_line_of_the_file(write):
    path = write("user,quantity,entry_price\na,1,5\n\nb,-1,0\n")
    positions = adl.read_positions(path)
    with pytest.raises(adl.AdlError) as caught:
        positions.market(positions.contract("X"), 5)
    assert str(caught.value).startswith(f"{path}, line 4: entry_price[1] is 0.0: ")
    assert (caught.value.argument, caught.value.row) == ("entry_price", 1)
    good = adl.read_positions(write(GOOD))
    with pytest.raises(adl.AdlError, match=r"^mark_price is 0: "):
        good.market(good.contract("X"), 0)


def test_a_market_is_of_the_lot_of_the_file(write):
    positions = adl.read_positions(write("quantity,entry_price\n1.5,5\n-1.5,5\n"))
    assert positions.market(positions.contract("X"), 5).quantity.tolist() == [15, -15]
    for contract in (adl.Contract("X"), "X"):
        with pytest.raises(adl.AdlError, match=r"must be a Contract of lot 0\.1, as the file's"):
            positions.market(contract, 5)
