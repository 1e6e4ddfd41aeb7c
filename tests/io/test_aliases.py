"""Which column of a file is which column of a market: what is found by its name, and what must be given."""

import pytest

import adlcore as adl
from adlcore.io.aliases import find_columns, parse_columns
from support.position_files import GOOD
from support.refusals import refused_file


@pytest.mark.parametrize(
    "quantity", ["quantity", "position_size", "positionAmt", "szi", "size", "qty", "Position Size"]
)
@pytest.mark.parametrize("entry", ["entry_price", "entryPrice", "entryPx", "avg_entry_price", "avgPx"])
def test_common_names_are_found(quantity, entry):
    found = find_columns("p", ["User", quantity, entry, "totalEquity"], None)
    assert found == {"quantity": (quantity,), "entry_price": (entry,), "equity": ("totalEquity",), "account": ("User",)}


@pytest.mark.parametrize(
    "cash",
    [
        "account_value_realtime",
        "account_value",
        "accountValue",
        "balance",
        "wallet_balance",
        "cash",
        "margin",
        "collateral",
    ],
)
def test_cash_is_never_taken_for_equity(cash):
    found = find_columns("p", ["quantity", "entry_price", cash], None)
    assert "equity" not in found
    assert "account_equity" not in found


def test_account_equity_is_not_equity():
    found = find_columns("p", ["quantity", "entry_price", "account_equity"], None)
    assert found["account_equity"] == ("account_equity",)
    assert "equity" not in found


def test_the_price_is_read_where_a_file_has_price_and_value():
    header = ["quantity", "entry_price", "entry_value"]
    assert "entry_value" not in find_columns("p", header, None)
    assert "entry_price" not in find_columns("p", header, "entry_value=entry_value")


def test_columns_as_text_or_mapping(write):
    path = write("q,e,a,b\n-1,2,3,4\n")
    text = adl.read_positions(path, " quantity = q, entry_price=e , equity=a + b,")
    mapping = adl.read_positions(path, {"quantity": "q", "entry_price": "e", "equity": ["a", "b"]})
    assert text.columns["equity"].tolist() == mapping.columns["equity"].tolist() == [7.0]


def test_a_name_with_a_plus_is_one_column(write):
    assert adl.read_positions(write("quantity,entry_price,a+b\n1,2,3\n"), "equity=a+b").columns["equity"].tolist() == [
        3.0
    ]


def test_a_column_is_left_out(write):
    path = write("quantity,entry_price,leverage\n1,2,20x\n")
    assert "leverage" not in adl.read_positions(path, "leverage=").columns
    assert "leverage" not in adl.read_positions(path, {"leverage": None}).columns


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("quantity", "must be NAME=COLUMN"),
        ("equty=a", "nearest: equity"),
        ("equity=a,equity=b", "must be given once"),
        ("equity=acount", "no column 'acount' (for equity); nearest: account"),
        ("equity=quantity+nothing", "no column 'nothing'"),
        ("account=account+quantity", "account is not a sum"),
    ],
)
def test_bad_mappings_are_refused(write, columns, words):
    assert words in refused_file(write(GOOD), columns)[0]


def test_parse_columns_of_nothing():
    assert parse_columns(None) == parse_columns("") == {}


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("user,entry_price", "no column that is known as quantity"),
        ("user,quantity", "no column that is known as entry_price"),
        ("quantity,quantity,entry_price", "two columns 'quantity'"),
        ("quantity,Quantity,entry_price", "'quantity' and 'Quantity'"),
    ],
)
def test_headers_that_do_not_do(write, header, words):
    message, _ = refused_file(write(f"{header}\n{','.join('1' for _ in header.split(','))}\n"))
    assert words in message
    assert "p.csv" in message
