"""The report as a file: it loads nothing, says what the run says, and shows any text as text."""

from __future__ import annotations

import html
import re
import sys
from decimal import Decimal
from itertools import combinations

import numpy as np
import pytest

import adlcore as adl
from adlcore._support.text import visible
from adlcore.report.facts.run_facts import Facts
from adlcore.report.figures.waterfall_plot import GAP
from support import report_worlds

pytest.importorskip("plotly", reason="the report needs the cli extra")

from adlcore.clearing.closings import STAGES
from adlcore.report.figures import palette, queue_plot
from adlcore.report.figures.palette import LIGHTS, THEMES
from adlcore.report.page.blocks import script_json
from adlcore.report.page.html_tables import numbers, table, texts
from adlcore.report.sections import bearing, fund_balances, insurance, orders, queue, story, time, waterfall
from support.report_pages import Page

pytestmark = pytest.mark.files


def written(run, folder, **terms):
    """The report of a run, read back."""
    path = folder / "report.html"
    adl.report.write(run, path, **terms)
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def ten(folder):
    """README's crash."""
    return written(report_worlds.ten_wallets()[1], folder)


@pytest.fixture(scope="module")
def fallen():
    return report_worlds.crash()[1]


@pytest.fixture(scope="module")
def page(fallen, folder):
    return written(fallen, folder)


# It stands alone ------------------------------------------------------------------------------------------------------


def test_the_file_loads_nothing(page):
    assert not [attributes for _, attributes in page.elements if "src" in attributes or "srcset" in attributes]
    links = [attributes["href"] for tag, attributes in page.elements if "href" in attributes]
    assert all(link.startswith(("data:image/svg+xml,", "#")) for link in links)
    assert not [tag for tag, _ in page.elements if tag in ("iframe", "object", "embed", "img", "base", "form")]
    assert not re.search(r"url\(|@import|https?:", "".join(page.styles))
    own = [script for script in page.scripts if "plotly.js v" not in script]
    assert len(own) == len(page.scripts) - 1  # plotly is there once
    assert not re.search(r"https?:|\bfetch\(|XMLHttpRequest|\bimport\(", "".join(own))
    policy = next(a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


def test_every_section_is_there_in_order_and_linked(page):
    keys = ["story", "waterfall", "time", "funds", "queue", "bearing", "orders", "insurance", "audit"]
    assert list(page.texts) == keys
    assert [a["href"] for tag, a in page.elements if tag == "a"] == [f"#{key}" for key in keys]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_the_same_run_makes_the_same_bytes(fallen, tmp_path):
    for name in ("one", "two"):
        adl.report.write(fallen, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_folder_that_is_not_there_is_named_and_a_file_that_was_stays(tmp_path):
    _, run = report_worlds.ten_wallets()
    with pytest.raises(OSError, match="No such file or directory") as failed:
        adl.report.write(run, tmp_path / "nowhere" / "report.html")
    assert failed.value.filename == str(tmp_path / "nowhere" / "report.html")
    kept = tmp_path / "report.html"
    kept.write_text("before")
    kind = run.events()["kind"].astype("U20")
    kind[0] = "nothing"
    with pytest.raises(adl.AdlError, match=r"events.kind\[0\] is 'nothing'"):
        adl.report.write(report_worlds.Altered(run, kind=kind), kept)
    assert kept.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("pass", 99, "marks.pass[0] is 99: must be a pass of the run"),
        ("name", "XRP", "marks.name[0] is 'XRP': must be one of "),
        ("price", "x", "marks.price[0] is 'x': must be a number"),
        ("price", "-1", "marks.price[0] is '-1': must be above 0"),
    ],
)
def test_marks_that_no_run_has_are_refused(tmp_path, column, value, told):
    _, run = report_worlds.ten_wallets()
    marks = {name: list(cells) for name, cells in run.marks().items()}
    marks[column][0] = value
    changed = report_worlds.Altered(run)
    changed.marks = lambda: marks
    with pytest.raises(adl.AdlError) as caught:
        adl.report.write(changed, tmp_path / "report.html")
    assert str(caught.value).startswith(told)


def test_a_wallet_that_no_run_has_is_refused(tmp_path):
    _, run = report_worlds.ten_wallets()
    wallet = np.array(run.events()["wallet"])
    for number in (10, -2):
        wallet[3] = number
        with pytest.raises(adl.AdlError, match=rf"events.wallet\[3\] is {number}: must be a wallet of the run, or -1"):
            adl.report.write(report_worlds.Altered(run, wallet=wallet), tmp_path / "report.html")


# Any text is text -----------------------------------------------------------------------------------------------------

EVIL = "</script><script>alert(1)</script>"
MARKUP = ("<b>ann</b>", 'b"e&n', "<img src=x onerror=alert(1)>", "d'an", EVIL, "<!--", "{{gus}}", "%{x}", "\u2028ivy")


def test_markup_in_names_is_shown_and_not_run(tmp_path, ten):
    symbol = "<i>SOL</i>&USDT"
    _, run = report_worlds.ten_wallets(MARKUP, symbol)
    run.configuration = {"funds": [{"asset": "USDT", "balance": "100", "name": "USDT"}], EVIL: [EVIL]}
    run.manifest = {"note": EVIL}
    page = written(run, tmp_path, title="<h1>& all")
    count = {tag: sum(name == tag for name, _ in page.elements) for tag in ("script", "b", "i", "img", "h1")}
    assert count == {"script": sum(tag == "script" for tag, _ in ten.elements), "b": 0, "i": 0, "img": 0, "h1": 1}
    assert page.column("Notices of auto-deleveraging", "account") == [MARKUP[6], MARKUP[5], r"\u2028ivy"]
    assert set(page.column("Notices of auto-deleveraging", "contract")) == {symbol}
    assert page.column("Manifest", "value") == [EVIL]
    assert EVIL in page.texts["audit"]
    drawn = str(page.figures)
    assert "&lt;i&gt;SOL&lt;/i&gt;&amp;USDT" in drawn
    labels = [
        text for figure in page.figures["queue-plot"] for trace in figure["data"] for text in trace.get("text", [])
    ]
    assert sorted(labels) == sorted(html.escape(visible(name), quote=False) for name in MARKUP[4:])


def strings(value):
    """Every text in what JSON holds."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(inner)


def test_what_turns_text_around_or_is_not_seen_stands_nowhere_in_the_page(tmp_path):
    names = (
        "\u202eann\u2066",
        "b\x1b[2Jen",
        "\u200bgus",
        "d\x00an",
        "\ufefffay",
        "\x7feve",
        "i\u061cvy",
        "hal\u3164",
        "\u115fcyd",
    )
    _, run = report_worlds.ten_wallets(names, "SOL\u202dUSDT")
    run.configuration = {"\u202e": ["\x9b"]}
    run.manifest = {"\u2067note": "\u202e", "adlcore": "1\u202e"}
    page = written(run, tmp_path, title="all\u202e\x1b of it")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    own = text.index("<script>")  # what follows is plotly's and the page's own
    assert {c for c in text[:own] if c != visible(c)} == {"\n"}
    shown = [visible(name) for name in names]
    assert set(page.column("Notices of auto-deleveraging", "account")) <= set(shown)
    assert page.column("Manifest", "value")[0] == r"\u202e"
    assert set(page.column("Notices of auto-deleveraging", "contract")) == {r"SOL\u202dUSDT"}
    drawn = set(strings(page.figures))
    assert r"SOL\u202dUSDT" in {text[:13] for text in drawn}
    assert [text for text in drawn if text.replace(GAP, " ") != visible(text.replace(GAP, " "))] == []
    assert r"<title>all\u202e\x1b of it</title>" in text


def test_json_in_a_script_cannot_end_it():
    text = script_json({"a": "</SCRIPT>", "b": ["<!--", "\u2028", np.arange(2), np.float64(1.5)]})
    assert not re.search("[<>&\u2028]", text)
    assert text == '{"a":"\\u003c/SCRIPT\\u003e","b":["\\u003c!--","\\u2028",[0,1],1.5]}'
    with pytest.raises(TypeError, match="Decimal is not for JSON"):
        script_json(Decimal(1))
    with pytest.raises(ValueError, match="not JSON compliant"):
        script_json(float("nan"))


# It says what the run says --------------------------------------------------------------------------------------------


def test_the_crash_of_ten_wallets_is_told_in_its_own_numbers(ten):
    story_text = ten.texts["story"]
    assert (
        "2 wallets were liquidated, and 10,805 USDT of their positions closed: 69.2 % of that against 3 other users"
        in story_text
    )
    for told in ("3,325 USDT", "7,480 USDT", "3 users", "132.47 USDT", "100.00 at the start", "exactly", "8 movements"):
        assert told in story_text
    assert "Of 10,805 USDT of positions in liquidation 69.2 % went to other users and 30.8 %" in ten.texts["waterfall"]
    assert "SOLUSDT fell by 20.0 %, from 100 to 80; the worst pass was number 0" in ten.texts["time"]
    assert "The USDT fund rose from 100.00 to 132.47 USDT." in ten.texts["funds"]
    assert "85 SOLUSDT of 3 shorts, of 5 in the queue; 11.8 % of that had five lights." in ten.texts["queue"]
    assert "3 users bore 7,480 USDT, the one with most 47.1 % of it." in ten.texts["bearing"]
    assert "1 open order was cancelled: 1 of counterparties that were deleveraged." in ten.texts["orders"]
    assert "Nothing stayed uncovered" in ten.texts["insurance"]
    assert "Conserved exactly: the two legs of each of 8 movements sum to 0" in ten.texts["audit"]


def test_tables_of_ten_wallets_hold_every_number(ten):
    sums = dict(
        zip(*(ten.column("Sums by settle asset", name) for name in ("notional, and money moved", "USDT")), strict=True)
    )
    assert sums == {
        "closed: order book": "3,325.00",
        "closed: other users": "7,480.00",
        "received by one leg": "11,637.47",
        "given by the other": "−11,637.47",
        "sum of all legs": "0",
    }
    head, *rows = ten.tables["Notices of auto-deleveraging"]
    assert head[:4] == ["account", "contract", "side", "pass"]
    end = "no fee was charged; a new position may be opened at once"
    assert rows[0] == [
        *("gus", "SOLUSDT", "short", "0", "40", "88.0", "3,520.00", "+400.00", "USDT", "0.22500", "2.8571", "0.64286"),
        f"closed 40 SOLUSDT at 88.0; realized +400.00 USDT; {end}",
    ]
    assert [row[0] for row in rows] == ["gus", "fay", "ivy"]
    assert ten.tables["Money beside positions"][1:] == [
        ["fees of liquidation orders, to funds", "32.47"],
        ["profit or loss that deleveraged users realized", "+1,125.00"],
    ]
    assert ten.tables["Funds"][1] == ["USDT", "USDT", "100.00", "100.00", "132.47", "+32.47", "132.47", "none"]
    assert ten.tables["Cancelled orders"][1] == ["SOLUSDT", "1", "1", "22.00", "USDT"]
    assert ten.tables["Legs of all movements"][1] == ["USDT", "16", "+11,637.47", "−11,637.47", "0", "0"]


def test_the_manifest_and_its_hashes_are_printed(ten):
    _, run = report_worlds.ten_wallets()
    printed = dict(ten.tables["Manifest"][1:])
    assert printed["digest"] == run.manifest["digest"]
    assert printed["before"] == run.before.hash
    assert printed["adlcore"] == adl.__version__
    assert "configuration" not in str(list(printed))
    assert '"balance": "100"' in ten.texts["audit"]


def test_figures_hold_the_sums_of_the_run(fallen, page):
    facts = Facts(fallen)
    (view,) = facts.views
    stage = facts.stage_worth(view)
    (flow,) = page.figures["flow"]
    sankey = flow["data"][0]
    assert sum(sankey["link"]["value"]) == pytest.approx(stage.sum(), rel=1e-5)
    (bars,) = page.figures["stages"]
    drawn = {trace["name"]: sum(trace["y"]) for trace in bars["data"] if trace["type"] == "bar"}
    assert drawn == pytest.approx({name: total for name, total in zip(STAGES, stage, strict=True) if total}, rel=1e-5)
    (prices,) = page.figures["prices"]
    assert {trace["name"] for trace in prices["data"]} == {contract.symbol for contract in fallen.contracts}
    for trace in prices["data"]:
        code = fallen.before.symbols[trace["name"]]
        marks = facts.prices.mark[:, code]
        assert trace["y"] == pytest.approx((100 * marks / marks[0]).tolist())
        assert trace["customdata"] == pytest.approx(marks.tolist())
    for code, asset in enumerate(fallen.assets):
        (fund,) = [fund for fund in facts.funds if fund.asset == code]
        if f"fund-{code}" in page.figures:
            cash = page.figures[f"fund-{code}"][0]["data"][0]
            assert cash["y"] == pytest.approx((fund.cash / asset.quanta_per_unit).tolist())
    (lorenz,) = page.figures["lorenz"]
    assert lorenz["data"][1]["y"][-1] == 100
    (cancelled,) = page.figures["orders-plot"]
    assert sum(sum(trace["x"]) for trace in cancelled["data"]) == facts.record.tally("order-cancelled")


def test_the_queue_has_a_figure_for_each_contract_that_was_deleveraged(fallen, page):
    facts = Facts(fallen)
    notices = np.flatnonzero(facts.record.of("adl-notice"))
    codes = set(facts.record.contract[notices].tolist())
    figures = page.figures["queue-plot"]
    assert {figure["label"] for figure in figures} == {fallen.contracts[code].symbol for code in codes}
    for figure in figures:
        lights = [
            trace for trace in figure["data"] if trace["name"].endswith(("light", "lights")) and trace["x"] != [None]
        ]
        marks = sum(len(trace["x"]) for trace in lights)
        assert f"Shown: all {marks:,}." in figure["caption"]
        rims = sum(width >= 1.7 for trace in lights for width in trace["marker"]["line"]["width"])
        assert rims > 0


def test_every_colour_of_a_figure_has_a_dark_form(page):
    found = set(re.findall(r"'(#[0-9a-f]{6})'", str(page.figures)))
    assert found
    assert found <= set(THEMES)


#: How colours look with deuteranopia, protanopia and tritanopia, in linear RGB: Machado, Oliveira and Fernandes, "A
#: Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE TVCG 15(6), 2009, severity 1.0.
EYES = {
    "all colours": np.eye(3),
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour, eyes):
    """CIE L*a*b* of a colour as eyes see it."""
    sent = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    light = np.where(sent <= 0.04045, sent / 12.92, ((sent + 0.055) / 1.055) ** 2.4)
    x, y, z = np.cbrt(XYZ @ np.clip(np.array(eyes) @ light, 0, 1) / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("dark", [False, True])
def test_colours_side_by_side_stay_apart_for_every_reader(eyes, dark):
    for group in (palette.STAGES, palette.LIGHTS, palette.CONTRACTS[:4], palette.CONTRACTS[4:]):
        seen = [lab(THEMES[colour] if dark else colour, EYES[eyes]) for colour in group]
        apart = [float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)]
        assert min(apart) > 12


def test_runs_in_which_nothing_happened_are_told_too(tmp_path):
    _, run = report_worlds.ten_wallets()
    calm = adl.ClearingHouse(run.before, venue=adl.venues.BINANCE_USDM)
    for passes, told in (([], "no passes"), ([(1, {"SOLUSDT": "100.1"}, None)], "SOLUSDT rose by 0.1 %")):
        page = written(report_worlds.made(calm, passes), tmp_path)
        assert "Nobody was liquidated." in page.texts["story"]
        assert told in page.texts["time"]
        assert "Nobody paid for anybody." in page.texts["waterfall"]
        assert "No queue was touched." in page.texts["queue"]
        assert "Nobody was auto-deleveraged." in page.texts["bearing"]
        assert "No order was cancelled." in page.texts["orders"]
        assert "there were no movements" in page.texts["audit"]


def test_without_index_prices_every_asset_is_told_apart(tmp_path):
    _, run = report_worlds.crash(modes=("cross", "isolated"))
    page = written(run, tmp_path)
    facts = Facts(run)
    for view in facts.views:
        total = float(facts.stage_worth(view).sum())
        assert total > 0
        assert f"{story.sums(facts, [total if v is view else 0.0 for v in facts.views])[0]}" in page.texts["story"]
    assert [figure["label"] for figure in page.figures["flow"]] == ["USDT", "BTC"]
    assert [tag for tag, _ in page.elements].count("select") >= 2
    assert "all, in USDT" not in page.tables["Sums by settle asset"][0]


def test_a_run_that_is_not_conserved_is_called_so(tmp_path):
    _, run = report_worlds.ten_wallets()
    amount = run.events()["amount"].copy()
    amount[2] += 5
    page = written(report_worlds.Altered(run, amount=amount), tmp_path)
    assert "Not conserved: 2 legs and their other legs have amounts that are not opposite." in page.texts["audit"]
    assert "the legs in USDT sum to 5 quanta" in page.texts["audit"]
    assert "Conserved no" in re.sub(r"\s+", " ", page.texts["story"])


def test_what_stays_uncovered_is_listed(tmp_path):
    stages = [adl.clearing.BookIOC(fee="0.01"), adl.clearing.TakeOver(), adl.clearing.Deleverage(below="0")]
    _, run = report_worlds.crash(600, 3, 5, fall=0.25, seed=8, cash="200", stages=stages)
    facts = Facts(run)
    page = written(run, tmp_path)
    name = "Positions that a pass left without a taker"
    assert page.column(name, "state").count("open at the end") == len(facts.left.event)
    assert f"{len(facts.left.event)} positions worth" in page.texts["insurance"]
    assert any(trace["name"].startswith("left uncovered") for trace in page.figures["stages"][0]["data"])


def test_debts_are_listed_with_what_is_open(tmp_path):
    stages = [adl.clearing.BookIOC(fee="0.01"), adl.clearing.TakeOver(), adl.clearing.Deleverage()]
    _, run = report_worlds.crash(600, 3, 6, cash="0", stages=stages)
    facts = Facts(run)
    page = written(run, tmp_path)
    name = "Wallets without positions that owe money"
    assert facts.debts
    assert len(page.tables[name]) == 1 + len(facts.debts)
    assert page.column(name, "account")[0] in {str(run.before.wallets.account[debt.wallet]) for debt in facts.debts}
    assert "that nobody has paid" in page.texts["insurance"]


def test_an_open_run_says_so(tmp_path):
    _, run = report_worlds.ten_wallets()
    run.manifest = {**run.manifest, "status": "open"}
    path = tmp_path / "report.html"
    adl.report.write(run, path)
    assert "The run was still open: later passes are not in it." in path.read_text(encoding="utf-8")


def test_the_rule_is_the_one_that_is_given_or_the_configurations_or_binance(tmp_path):
    _, run = report_worlds.ten_wallets()
    assert "Ranked by the rule binance." in written(run, tmp_path).texts["queue"]
    assert "Ranked by the rule roi." in written(run, tmp_path, rule="roi").texts["queue"]
    run.configuration = {**run.configuration, "rule": "bitmex"}
    assert "Ranked by the rule bitmex." in written(run, tmp_path).texts["queue"]
    with pytest.raises(adl.AdlError, match="roy"):
        written(run, tmp_path, rule="roy")


def test_funds_without_a_known_opening_are_shown_as_changes(tmp_path):
    _, run = report_worlds.ten_wallets()
    run.configuration, run.opening_funds = {}, None
    page = written(run, tmp_path)
    assert "The cash of the USDT fund changed by +32.47 USDT." in page.texts["funds"]
    assert page.tables["Funds"][1] == ["USDT", "USDT", "–", "–", "–", "+32.47", "–", "none"]
    told = written(run, tmp_path, funds=[adl.InsuranceFund("USDT", "40")])
    assert "rose from 40.00 to 72.47 USDT" in told.texts["funds"]


# No more than a screen shows ------------------------------------------------------------------------------------------


@pytest.fixture
def small_caps(monkeypatch):
    """Every cap at next to nothing."""
    for module, name, value in (
        (time, "MOST_BARS", 3),
        (time, "MOST_LINES", 2),
        (time, "MOST_POINTS", 5),
        (fund_balances, "MOST_POINTS", 5),
        (queue, "MOST_CONTRACTS", 1),
        (queue, "MOST_MARKS", 40),
        (bearing, "MOST_POINTS", 20),
        (bearing, "MOST_ROWS", 7),
        (orders, "MOST_CONTRACTS", 1),
        (insurance, "MOST_ROWS", 2),
        (waterfall.run_figures, "MOST_SOURCES", 2),
    ):
        monkeypatch.setattr(module, name, value)


def test_captions_say_how_much_is_shown_of_how_much(small_caps, fallen, tmp_path):
    facts = Facts(fallen)
    page = written(fallen, tmp_path)
    notices = facts.record.tally("adl-notice")
    assert f"Notices of auto-deleveraging: the 7 largest of {notices:,}" in page.tables
    assert len(page.tables[f"Notices of auto-deleveraging: the 7 largest of {notices:,}"]) == 8
    assert (
        "Shown: the 2 with most liquidated of 3. Shown: 5 of 9 points of each." in page.figures["prices"][0]["caption"]
    )
    assert "Each bar adds 3 passes up." in page.figures["stages"][0]["caption"]
    assert "Shown: the 1 contracts with most of it, of" in page.texts["queue"]
    (queue_figure,) = page.figures["queue-plot"]
    assert re.search(r"Shown: 40 of \d+, those closed first, then the largest\.", queue_figure["caption"])
    assert re.search(r"Shown: 20 of \d+ points\.", page.figures["lorenz"][0]["caption"])
    assert "of 3." in page.figures["orders-plot"][0]["caption"]
    labels = page.figures["flow"][0]["data"][0]["node"]["label"]
    assert sum("others" in label for label in labels) == 1


# Plots for notebooks --------------------------------------------------------------------------------------------------


def test_a_queue_is_drawn_with_a_mark_for_each_position():
    state = adl.margin_state(report_worlds.crash(200)[1].before)
    market = state.market("BTCUSDT")
    figure = adl.report.plot_queue(market, "binance")
    able = (market.equity > 0) & (market.quantity != 0)
    light = market.indicator("binance")
    assert [trace.name for trace in figure.data] == ["1 light", "2 lights", "3 lights", "4 lights", "5 lights"]
    for number, trace in enumerate(figure.data, start=1):
        rows = np.flatnonzero(able & (light == number))
        rows = rows[np.argsort(market.quantity[rows] < 0, kind="stable")]
        leverage = market.notional[rows] / (market.equity[rows] / 1e8)
        assert trace.x == pytest.approx(leverage, rel=1e-6)
        assert trace.y == pytest.approx(100 * market.unrealized_pnl[rows] / market.notional[rows], rel=1e-6, abs=1e-9)
        assert trace.customdata == pytest.approx(market.notional[rows], rel=1e-6)
        assert list(trace.marker.symbol) == ["circle" if q > 0 else "diamond" for q in market.quantity[rows]]
        assert trace.marker.color == LIGHTS[number - 1]
        assert list(trace.text) == [str(name) for name in market.account[rows].tolist()]
    assert f"shown: {int(able.sum()):,} positions" in figure.layout.title.subtitle.text


def test_areas_of_marks_are_in_proportion_to_notional():
    market = adl.Market("X", mark_price=2, quantity=[-100, -25], entry_price=[3.0, 2.5], equity=[10.0, 2.0])
    sizes = [trace.marker.size[0] for trace in adl.report.plot_queue(market, "binance").data]
    assert max(sizes) == 2 * min(sizes)


def test_of_many_positions_the_largest_are_drawn_and_the_title_says_so(monkeypatch):
    monkeypatch.setattr(queue_plot, "MOST_MARKS", 3)
    quantity = [-1, -50, -7, -20, -3]
    market = adl.Market("<X>", mark_price=2, quantity=quantity, entry_price=[3.0] * 5, equity=[10.0] * 5)
    figure = adl.report.plot_queue(market, adl.RankingRule("roi"))
    assert sorted(value for trace in figure.data for value in trace.customdata) == [14, 40, 100]
    assert "shown: the 3 largest of 5 positions" in figure.layout.title.subtitle.text
    assert "&lt;X&gt; at 2" in figure.layout.title.text


def test_a_queue_needs_equity():
    market = adl.Market("X", mark_price=2, quantity=[-5], entry_price=[3.0])
    with pytest.raises(adl.AdlError, match=r"market.equity is None: must be given"):
        adl.report.plot_queue(market, "roi")
    with pytest.raises(adl.AdlError, match="market is 'str': must be a Market"):
        adl.report.plot_queue("X", "roi")


def test_events_of_one_call_are_drawn_by_kind_and_of_several_in_time():
    house, run = report_worlds.ten_wallets()
    events = run.told[0][1]
    figure = adl.report.plot_events(events)
    assert dict(zip(figure.data[0].y, figure.data[0].x, strict=True)) == events.counts()
    assert list(figure.data[0].x) == sorted(figure.data[0].x, reverse=True)
    later = house.mark({"SOLUSDT": "79"}, time=9)
    several = adl.report.plot_events([events, later])
    assert all(list(trace.x) == [1, 9] for trace in several.data)
    total = np.sum([trace.y for trace in several.data], axis=0)
    assert total.tolist() == [len(events), len(later)]
    assert len(several.data) == 8
    kinds = {*events.counts(), *later.counts()}
    assert several.data[-1].name == f"{len(kinds) - 7} other kinds"


def test_calls_at_one_time_are_counted():
    house, _ = report_worlds.ten_wallets()
    calls = [house.deposit(0, 5), house.deposit(1, 6)]
    figure = adl.report.plot_events(calls)
    assert [(trace.name, trace.x, trace.y) for trace in figure.data] == [("deposit", (1, 2), (1, 1))]
    assert adl.report.plot_events([]).data == ()


@pytest.mark.parametrize(
    ("given", "told"), [("events", "events is 'events'"), ([3], r"events\[0\] is 'int'"), (7, "events is 7")]
)
def test_what_is_no_event_is_refused(given, told):
    with pytest.raises(adl.AdlError, match=told):
        adl.report.plot_events(given)


def test_without_plotly_the_extra_is_named(monkeypatch, tmp_path):
    _, run = report_worlds.ten_wallets()
    market = adl.margin_state(run.before).market("SOLUSDT")
    monkeypatch.setitem(sys.modules, "plotly", None)
    for call in (
        lambda: adl.report.plot_queue(market, "binance"),
        lambda: adl.report.plot_events(run.told[0][1]),
        lambda: adl.report.write(run, tmp_path / "report.html"),
    ):
        with pytest.raises(adl.MissingExtraError, match=r"pip install 'adlcore\[report\]'"):
            call()
    assert not list(tmp_path.iterdir())


# Tables ---------------------------------------------------------------------------------------------------------------


def test_a_table_is_sortable_from_two_rows_and_filtered_from_nine():
    for rows, sortable, filtered in ((1, False, False), (2, True, False), (8, True, False), (9, True, True)):
        made = table("some", [texts("name", ["<x>"] * rows), numbers("n", ["1"] * rows, range(rows))], "a < b")
        assert ("aria-sort" in made) == sortable
        assert ('type="search"' in made) == filtered
        assert made.count("&lt;x&gt;") == rows
        assert "a &lt; b" in made
    assert 'data-key=""' in table("t", [numbers("n", ["–"], [float("nan")])])
