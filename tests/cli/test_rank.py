"""``adlcore rank``: both sides, as a table and as JSON, and what is refused."""

import json
from decimal import Decimal

import numpy as np
import pytest

import adlcore as adl
from support.commands import EQUITY, fits, refused_lines, table_rows


def test_rank_shows_both_sides(good, file):
    out = good("rank", file, "--rule", "binance", "--mark", "22.025", EQUITY)
    assert fits(out)
    assert "Longs, by binance at mark 22.025: all 1" in out
    shorts = out[out.index("Shorts") :]
    assert [row[1] for row in table_rows(shorts)] == ["alice", "carol", "bob", "erin"]
    assert "●●●●●" in shorts


def test_rank_side_and_top(good, file):
    out = good("rank", file, "--mark", "22.025", EQUITY, "--side", "short", "--top", "2")
    assert "Longs" not in out
    assert "the first 2 of 4" in out
    assert [row[:2] for row in table_rows(out)] == [["1", "alice"], ["2", "carol"]]
    assert len(table_rows(good("rank", file, "--mark", "22.025", EQUITY, "--side", "short", "--top", "0"))) == 4


def test_rank_agrees_with_the_library(good, file):
    document = json.loads(good("rank", file, "--mark", "22.025", EQUITY, "--json"))
    positions = adl.read_positions(file, "equity=cash+upnl")
    market = adl.Market(positions.contract("X"), mark_price="22.025", **positions.columns)
    assert document["positions"] == {"long": 1, "short": 4}
    assert (document["lot"], document["mark"], document["rule"]) == ("0.01", "22.025", "binance")
    for fill in document["queue"]["short"] + document["queue"]["long"]:
        told = market.explain(fill["row"], "binance")
        assert (fill["place"], fill["indicator"], fill["account"]) == (told.rank, told.indicator, told.account)
        assert fill["score"] == told.score
        assert fill["pnl_ratio"] == told.terms["pnl_ratio"]
        assert fill["effective_leverage"] == told.terms["effective_leverage"]
        assert Decimal(fill["quantity"]) == int(market.quantity[fill["row"]]) * positions.lot


def test_a_short_of_hyperliquid_may_be_taken_by_the_letter(good, file):
    positions = adl.read_positions(file, "equity=cash+upnl")
    market = adl.Market(positions.contract("X"), mark_price="22.025", **positions.columns)
    for short in ("mirrored", "literal"):
        words = ("--mark", "22.025", EQUITY, "--json", "--rule", "hyperliquid", "--short", short, "--side", "short")
        scores = [fill["score"] for fill in json.loads(good("rank", file, *words))["queue"]["short"]]
        told = market.score(adl.RankingRule("hyperliquid", short=short))[market.quantity < 0]
        assert [score for score in scores if score is not None] == sorted(told[told > -np.inf], reverse=True)


def test_a_side_without_positions_is_said_to_be_empty(good, tmp_path):
    path = tmp_path / "shorts.csv"
    path.write_text("quantity,entry_price,equity\n-1,2.0,5.0\n")
    assert "Longs, by binance at mark 1: none" in good("rank", path, "--mark", "1")


RULE_COLUMNS = {
    "binance": ["pnl_ratio", "effective_leverage"],
    "binance-portfolio": ["pnl_ratio", "account_leverage"],
    "binance-2019": ["gain_on_balance", "margin_ratio"],
    "bitmex": ["entry_return", "bankruptcy_leverage"],
    "hyperliquid": ["price_ratio", "effective_leverage"],
    "roi": ["entry_return"],
}


@pytest.mark.parametrize("rule", adl.RankingRule.names())
def test_every_rule_shows_its_terms(good, tmp_path, rule):
    path = tmp_path / "all.csv"
    head = "quantity,entry_price,equity,account_equity,balance,maintenance_margin,bankruptcy_value"
    path.write_text(head + "\n-10,25,40,80,50,5,-260\n-10,24,40,80,50,6,-270\n10,20,90,90,50,5,130\n")
    document = json.loads(good("rank", path, "--mark", "22", "--rule", rule, "--json"))
    fills = document["queue"]["short"]
    names = list(fills[0])
    assert names[names.index("score") + 1 : names.index("quantity")] == RULE_COLUMNS[rule]
    for fill in fills + document["queue"]["long"]:
        first, *rest = (fill[name] for name in RULE_COLUMNS[rule])
        assert fill["score"] == pytest.approx(first * (rest[0] if rest else 1))
    assert fits(good("rank", path, "--mark", "22", "--rule", rule))


def test_scores_that_stand_last_are_null(good, tmp_path):
    path = tmp_path / "broke.csv"
    path.write_text("quantity,entry_price,equity\n-1,25,-4\n-1,25,4\n")
    fills = json.loads(good("rank", path, "--mark", "22", "--json"))["queue"]["short"]
    assert [fill["score"] for fill in fills] == [0.75, None]
    assert [fill["account"] for fill in fills] == [1, 0]
    text = good("rank", path, "--mark", "22", "--side", "short")
    assert "-inf" in text
    assert "○○○○○" in text
    assert " row " in text


test_bad_options = refused_lines(
    "file",
    "rank FILE --mark 22 --columns=equity=cash+upnl",
    ("--top -1", "--top"),
    ("--top x", "--top"),
    ("--nope", "No such option"),
    ("--side up", "side is 'up': must be long or short"),
    ("--rule binanse", "nearest: binance"),
    ("--mark 0", "mark is '0': must be above 0"),
    ("--mark nan", "mark is 'nan': must be finite"),
    ("--mark x", "mark is 'x': must be a number"),
    ("--mark 1e999999999", "mark is '1e999999999': must lie between"),
    ("--multiplier 1e-999999999", "multiplier is '1e-999999999': must lie between"),
    ("--lot 1e999999999", "lot is '1e999999999': must lie between"),
    ("--kind spot", "kind is 'spot': must be one of linear, inverse, quanto"),
    ("--multiplier 0", "multiplier is '0': must be above 0"),
    ("--settle ''", "settle is ''"),
    ("--lot 0.1", "avax.csv, line 2: quantity (column 'position_size') is '-28.53': is between lots of 0.1"),
    ("--lot -1", "lot is '-1': must be above 0"),
    ("--columns equity", "must be NAME=COLUMN"),
    ("--columns equity=chash", "no column 'chash' (for equity); nearest: cash"),
    ("--columns eqity=cash", "nearest: equity"),
    ("--columns quantity=user", "line 2: quantity (column 'user') is 'alice': must be a number"),
    ("--columns ''", "no column that is known as equity, which the rule 'binance' needs: give columns 'equity="),
    ("--rule binance-2019", "no column that is known as balance"),
)

NEEDED = (("", "Missing argument 'FILE'"), ("FILE", "Missing option '--mark'"))
test_what_is_needed = refused_lines("file", "rank", *NEEDED)
