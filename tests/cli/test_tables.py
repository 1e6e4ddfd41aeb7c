"""Tables that fit the terminal, and numbers as people read them."""

import json

import pytest

import adlcore as adl
from adlcore.cli import _tables
from support.commands import EQUITY, fits, table_rows


@pytest.mark.parametrize("width", [60, 80, 120])
def test_long_labels_and_numbers_fit(good, tmp_path, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    path = tmp_path / "long.csv"
    rows = [f"0x{n:040x},-{n}58141.870001,{20000 + n}.12345678,{n}e6" for n in range(1, 30)]
    path.write_text("address,szi,entry_px,equity\n" + "\n".join(rows) + "\n")
    out = good("deleverage", path, "--quantity", "3000000", "--mark", "19000.5", "--price", "19000.5")
    assert fits(out[out.index("place") : out.index("filled")], width)
    assert [row[1][-2:] for row in table_rows(out)] == [fill["account"][-2:] for fill in _fills(good, path)]
    assert fits(good("rank", path, "--mark", "19000.5"), width)


def _fills(good, path):
    return json.loads(good("deleverage", path, "--quantity", "3000000", "--mark", "19000.5", "--json"))["fills"]


def test_numbers_are_never_cut(good, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    path = tmp_path / "narrow.csv"
    path.write_text("user,size,entry_price,equity\nsomebody-with-a-name,-123456789.123456789,25,4\n")
    out = good("deleverage", path, "--quantity", "123456789.123456789", "--mark", "22")
    assert "123456789.123456789" in out[: out.index("filled")]
    assert "…" in out


def test_labels_cannot_move_the_cursor_or_colour_the_table(good, tmp_path):
    path = tmp_path / "evil.csv"
    path.write_text('user,size,entry_price,equity\n"\x1b[2J[bold]x[/]\r",-1,25,4\n')
    out = good("rank", path, "--mark", "22", "--side", "short")
    assert "\x1b" not in out
    assert "\r" not in out
    assert r"\x1b[2J[bold]x[/]\r " in out


def test_a_terminal_without_unicode_gets_digits(in_ascii, file):
    out = in_ascii("rank", file, "--mark", "22", EQUITY, "--side", "short")
    assert out.splitlines()[-1].split()[-1] in "12345"


def test_numbers_as_people_read_them():
    assert _tables.money(1234567.891) == "1,234,567.89"
    assert _tables.money(0.000123456789) == "0.000123457"
    assert _tables.money(0.0) == "0.00"
    assert _tables.money(float("nan")) == "nan"
    assert _tables.percent(0.12345) == "12.35"
    assert _tables.times(float("inf")) == "-"
    assert _tables.score(70096.2) == "70096"
    assert _tables.score(float("-inf")) == "-inf"


def test_amounts_and_prices_as_people_read_them():
    btc, usdt, krw = adl.Asset("BTC"), adl.Asset("USDT", 6), adl.Asset("KRW", 0)
    shown = ["0.00", "0.00000001", "-1.2346", "10.00", "100,000,000.00"]
    assert [_tables.amount(btc, quanta) for quanta in (0, 1, -123_456_789, 10**9 + 1, 10**16)] == shown
    shown = ["0.12346", "10.0000", "10.00"]
    assert [_tables.amount(usdt, quanta) for quanta in (123_456, 9_999_999, 10_000_000)] == shown
    assert [_tables.amount(krw, quanta) for quanta in (0, 7, 123_456)] == ["0", "7", "123,456"]
    contract, free = adl.Contract("X", tick="0.10"), adl.Contract("X")
    inf, nan = float("inf"), float("nan")
    shown = ["5.00", "123456.79", "any", "any", "-"]
    assert [_tables.price(contract, p) for p in (5, 123456.789, inf, 0.0, nan)] == shown
    assert [_tables.price(free, p) for p in (1e9, 1.23456789e-5)] == ["1000000000", "0.000012345679"]
    assert [_tables.shift(p, 100) for p in (110, 90, inf, nan, 0)] == ["+10.00", "-10.00", "-", "-", "-"]
