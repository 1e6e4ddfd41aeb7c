"""Files of marks: what they give, and what they are refused for."""

import math

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import adlcore as adl
from adlcore.io.marks import read_marks
from support.arrow import as_text
from support.refusals import refused_for

pytestmark = pytest.mark.files


def test_marks_of_a_wide_and_of_a_long_table_are_the_same(tmp_path):
    wide, long = tmp_path / "wide.csv", tmp_path / "long.parquet"
    wide.write_text("time,BTCUSDT,ETHUSDT\n1,60000.1,\n2,,2500\n3,59000,2400\n")
    rows = [(1, "BTCUSDT", "60000.1"), (2, "ETHUSDT", "2500"), (3, "BTCUSDT", "59000"), (3, "ETHUSDT", "2400")]
    pq.write_table(pa.table(dict(zip(("time", "symbol", "price"), zip(*rows, strict=True), strict=True))), long)
    known = {"BTCUSDT": 0, "ETHUSDT": 1}
    assert read_marks(wide, known) == read_marks(long, known)
    assert read_marks(wide, known)[1] == (2, {"ETHUSDT": "2500"})


@pytest.mark.parametrize(
    ("text", "argument", "words"),
    [
        ("when,BTCUSDT\n1,2\n", "marks", ("must have a column time",)),
        ("time,BTCUSDT\n", "marks", ("must have a row",)),
        ("time,XRPUSDT\n1,2\n", "marks.symbol", ("'XRPUSDT'", "must be one of BTCUSDT")),
        ("time,BTCUSDT\n1,2\n1.5,2\n", "marks.time", ("'1.5'", "must be a whole number")),
        ("time,BTCUSDT\n5,2\n4,2\n", "marks.time", ("'4'", "must not be before the row above, 5")),
        ("time,BTCUSDT\n1,-2\n", "marks.price", ("'-2'", "must be above 0")),
        ("time,BTCUSDT\n1,2,3\n", "marks", ("must be a whole table",)),
    ],
)
def test_marks_that_cannot_be(tmp_path, text, argument, words):
    path = tmp_path / "marks.csv"
    path.write_text(text)
    refused_for(lambda: read_marks(path, {"BTCUSDT": 0}), argument, *words)
    refused_for(lambda: read_marks(tmp_path / "marks.txt", {}), "marks", "must end in .csv or .parquet")
    refused_for(lambda: read_marks(tmp_path / "none.csv", {}), "marks", "must be a file that is there")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"time": [1], "symbol": as_text([b"\xff"]), "price": ["1"]}, "must be a whole table"),
        ({"time": as_text([b"\xff"]), "X": ["1"]}, "must be a whole table"),
        ({"time": [1], "symbol": [["X"]], "price": ["1"]}, r"marks.symbol\[0\] is \['X'\]: must be one of X"),
        ({"time": [1], "symbol": [{"a": 1}], "price": ["1"]}, r"marks.symbol\[0\] is .*: must be one of X"),
        ({"time": [[1]], "X": ["1"]}, r"marks.time\[0\] is \[1\]: must be a number"),
        ({"time": [True], "X": ["1"]}, r"marks.time\[0\] is True: must be a number"),
        ({"time": [1], "X": [[1]]}, r"marks.price\[0\] is \[1\]: must be a number"),
        ({"time": [1], "X": [float("nan")]}, r"marks.price\[0\] is nan: must be finite"),
    ],
)
def test_marks_of_parquet_that_cannot_be(tmp_path, columns, words):
    path = tmp_path / "marks.parquet"
    pq.write_table(pa.table(columns), path)
    with pytest.raises(adl.AdlError, match=words):
        read_marks(path, {"X": 0})


@pytest.mark.parametrize(
    ("start", "header"),
    [
        ("", "time,symbol,price"),
        ("", '"time","symbol","price"'),
        ("\ufeff", "time,symbol,price"),
        ("\ufeff", '"time",symbol,"price"'),
    ],
)
def test_prices_are_read_as_they_are_written(tmp_path, start, header):
    """Digits that no float holds, in quotation marks or not, under any header that CSV knows."""
    path, price = tmp_path / "marks.csv", "60000.123456789012345678"
    path.write_text(f'{start}{header}\n1,X,{price}\n"2","X","0{price}"\n', encoding="utf-8")
    assert read_marks(path, {"X": 0}) == [(1, {"X": price}), (2, {"X": price})]


def test_a_symbol_may_hold_what_csv_puts_in_quotation_marks(tmp_path):
    path, symbol = tmp_path / "marks.csv", 'a,"b"'
    path.write_text('time,"a,""b"""\n1,0.10000000000000000001\n\n2,\n')
    assert read_marks(path, {symbol: 0}) == [(1, {symbol: "0.10000000000000000001"}), (2, {})]


def test_what_is_no_table_is_said_with_its_line(tmp_path):
    path = tmp_path / "marks.csv"
    for text, told in (
        ("", "is empty: must have a header line and rows"),
        ("time,X\n1,2\n\n3,4,5\n", "line 4 has 3 fields: must have 2, as the header"),
    ):
        path.write_text(text)
        refused_for(lambda: read_marks(path, {"X": 0}), "marks", f"is {str(path)!r}: must be a whole table ({told})")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_marks_of_no_table(tmp_path, suffix):
    path = tmp_path / f"marks.{suffix}"
    for data in (b"", b"\xff\xfe", b"PAR1", b"PAR1" * 9, b"time,X\n\xff,1\n", b"time,time\n1,2\n", b"\0" * 50):
        path.write_bytes(data)
        with pytest.raises(adl.AdlError, match="marks"):
            read_marks(path, {"X": 0})


@pytest.fixture
def marks_of(tmp_path):
    """Write a table of marks, and read it."""

    def read(**table):
        pq.write_table(pa.table(table), tmp_path / "marks.parquet")
        return read_marks(tmp_path / "marks.parquet", {"X": 0, "Y": 1})

    return read


@pytest.mark.parametrize("price", ["", "NaN", "nan", "null", "None", "NA", "-", "0"])
def test_a_row_of_a_file_of_marks_has_a_price(tmp_path, price):
    path = tmp_path / "marks.csv"
    path.write_text(f"time,symbol,price\n1,X,10\n2,X,{price}\n")
    assert refused_for(lambda: read_marks(path, {"X": 0}), "marks.price").row == 1


@pytest.mark.parametrize("price", [None, math.nan])
def test_a_row_of_a_parquet_file_of_marks_has_a_price(marks_of, price):
    assert refused_for(lambda: marks_of(time=[1, 2], symbol=["X", "X"], price=[10.0, price]), "marks.price").row == 1


def test_an_empty_cell_beside_others_is_no_new_mark(marks_of):
    """A row of many contracts cannot leave one out; NaN is no empty cell."""
    assert marks_of(time=[1, 2], X=[10.5, None], Y=["7", "8"]) == [(1, {"X": "10.5", "Y": "7"}), (2, {"Y": "8"})]
    assert refused_for(lambda: marks_of(time=[1, 2], X=[10.0, math.nan]), "marks.price").row == 1


@pytest.mark.parametrize("time", [None, 1.5, True, 2**70])
def test_a_time_of_a_file_of_marks_is_a_whole_number(tmp_path, time):
    path = tmp_path / "marks.csv"
    path.write_text(f"time,X\n{'' if time is None else time},10\n")
    assert refused_for(lambda: read_marks(path, {"X": 0}), "marks.time").row == 0
