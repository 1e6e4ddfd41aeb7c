"""Selections in files: whole or not there, exact, and as what the path is."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import adlcore as adl
from adlcore.io.selections import SELECTION_COLUMNS, write_selection


@pytest.fixture
def selection():
    columns = {"quantity": [-5, -150, -300], "entry_price": [3.0, 2.0, 1.5], "equity": [1.0, 1.0, 1.0]}
    market = adl.Market(adl.Contract("X", lot="0.01"), mark_price=1, account=["a,b", 'c"d', "é"], **columns)
    return market.contract, market.deleverage(454, "binance")


def test_a_selection_is_written_whole_or_not_at_all(selection, tmp_path):
    contract, chosen = selection
    path = tmp_path / "fills.csv"
    path.write_text("before")
    with pytest.raises(ValueError, match=r"zip\(\) argument"):
        write_selection(path, chosen, contract, np.zeros(1))
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["fills.csv"]
    with pytest.raises(OSError, match=r"fills\.csv") as caught:
        write_selection(tmp_path / "absent" / "fills.csv", chosen, contract)
    assert caught.value.filename == str(tmp_path / "absent" / "fills.csv")


def test_what_is_written(selection, tmp_path):
    contract, chosen = selection
    path = tmp_path / "fills.csv"
    write_selection(path, chosen, contract, np.array([1.5, 2.5, 3.5]))
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == ",".join(SELECTION_COLUMNS) == "account,row,place,score,closed,left,realized_pnl"
    assert lines[1] == '"c""d",1,1,1.5,1.50,0.00,1.5'
    assert lines[3].startswith('"a,b",0,3,0.')
    assert lines[3].endswith(",0.04,0.01,3.5")
    table = tmp_path / "fills.parquet"
    write_selection(table, chosen, contract)
    read = pq.read_table(table)
    assert read.column_names == list(SELECTION_COLUMNS)
    assert read.schema.field("closed").type == pa.decimal128(38, 2)
    assert sum(read["closed"].to_pylist()) == Decimal("4.54")
    assert read["realized_pnl"].null_count == 3
    assert read["account"].to_pylist() == ['c"d', "é", "a,b"]


def test_only_whole_lots_are_written(tmp_path):
    chosen = adl.select([1.0], [1.5], 1.0)
    with pytest.raises(adl.AdlError, match="whole lots"):
        write_selection(tmp_path / "x.csv", chosen, adl.Contract("X"))
    with pytest.raises(adl.AdlError, match=r"suffix '\.txt'"):
        write_selection(tmp_path / "x.txt", chosen, adl.Contract("X"))
