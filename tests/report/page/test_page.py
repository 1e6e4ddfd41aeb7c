"""The report as a file: it loads nothing, says what the run says, and shows any text as text."""

import html
import re
import sys
from decimal import Decimal

import numpy as np
import pytest

import adlcore as adl
from adlcore._support.text import visible
from adlcore.report.figures import waterfall_plot
from adlcore.report.figures.waterfall_plot import GAP
from adlcore.report.page.page import templates
from adlcore.report.sections import bearing, fund_balances, insurance, orders, queue, time
from support import report_worlds
from support.report_pages import Page


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


def test_the_same_run_makes_the_same_bytes(fallen, page, tmp_path):
    assert Page.of(fallen, tmp_path).source == page.source


def test_a_folder_that_is_not_there_is_named_and_a_file_that_was_stays(ten_run, tmp_path):
    with pytest.raises(OSError, match="No such file or directory") as failed:
        adl.report.write(ten_run, tmp_path / "nowhere" / "report.html")
    assert failed.value.filename == str(tmp_path / "nowhere" / "report.html")
    kept = tmp_path / "report.html"
    kept.write_text("before")
    with pytest.raises(adl.AdlError, match=r"events.kind\[0\] is 'nothing'"):
        adl.report.write(report_worlds.with_event_value(ten_run, "kind", 0, "nothing"), kept)
    assert kept.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


EVIL = "</script><script>alert(1)</script>"


MARKUP = ("<b>ann</b>", 'b"e&n', "<img src=x onerror=alert(1)>", "d'an", EVIL, "<!--", "{{gus}}", "%{x}", "\u2028ivy")


def test_markup_in_names_is_shown_and_not_run(tmp_path, ten):
    symbol = "<i>SOL</i>&USDT"
    _, run = report_worlds.ten_wallets(MARKUP, symbol)
    run.configuration = {"funds": [{"asset": "USDT", "balance": "100", "name": "USDT"}], EVIL: [EVIL]}
    run.manifest = {"note": EVIL}
    page = Page.of(run, tmp_path, title="<h1>& all")
    count = {tag: sum(name == tag for name, _ in page.elements) for tag in ("script", "b", "i", "img", "h1")}
    assert count == {"script": sum(tag == "script" for tag, _ in ten.elements), "b": 0, "i": 0, "img": 0, "h1": 1}
    assert page.column("Notices of auto-deleveraging", "account") == [MARKUP[6], MARKUP[5], r"\u2028ivy"]
    assert set(page.column("Notices of auto-deleveraging", "contract")) == {symbol}
    assert page.column("Manifest", "value") == [EVIL]
    assert EVIL in page.texts["audit"]
    assert "&lt;i&gt;SOL&lt;/i&gt;&amp;USDT" in str(page.figures)
    (queues,) = page.figures["queue-plot"]
    labels = [text for trace in queues["data"] for text in trace.get("text", [])]
    assert sorted(labels) == sorted(html.escape(visible(name), quote=False) for name in MARKUP[4:])


def strings(value):
    """Every text in what JSON holds."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(inner)


def test_what_turns_text_around_or_is_not_seen_stands_nowhere_in_the_page(tmp_path):
    names = ["\u202eann\u2066", "b\x1b[2Jen", "\u200bgus", "d\x00an", "\ufefffay"]
    names += ["\x7feve", "i\u061cvy", "hal\u3164", "\u115fcyd"]
    _, run = report_worlds.ten_wallets(names, "SOL\u202dUSDT")
    run.configuration = {"\u202e": ["\x9b"]}
    run.manifest = {"\u2067note": "\u202e", "adlcore": "1\u202e"}
    page = Page.of(run, tmp_path, title="all\u202e\x1b of it")
    own = page.source.index("<script>")  # what follows is plotly's and the page's own
    assert {c for c in page.source[:own] if c != visible(c)} == {"\n"}
    assert set(page.column("Notices of auto-deleveraging", "account")) <= set(map(visible, names))
    assert page.column("Manifest", "value")[0] == r"\u202e"
    assert set(page.column("Notices of auto-deleveraging", "contract")) == {r"SOL\u202dUSDT"}
    drawn = set(strings(page.figures))
    assert r"SOL\u202dUSDT" in {text[:13] for text in drawn}
    assert [text for text in drawn if text.replace(GAP, " ") != visible(text.replace(GAP, " "))] == []
    assert r"<title>all\u202e\x1b of it</title>" in page.source


def json_of(value):
    """Data as a script of the page holds it."""
    return templates().from_string("{{ value|tojson }}").render(value=value)


def test_json_in_a_script_cannot_end_it():
    text = json_of({"a": "</SCRIPT>", "b": ["<!--", "\u2028", np.arange(2), np.float64(1.5)]})
    assert not re.search("[<>&\u2028]", text)
    assert text == '{"a":"\\u003c/SCRIPT\\u003e","b":["\\u003c!--","\\u2028",[0,1],1.5]}'
    with pytest.raises(TypeError, match="Decimal is not for JSON"):
        json_of(Decimal(1))
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_of(float("nan"))


def test_runs_in_which_nothing_happened_are_told_too(ten_run, tmp_path):
    calm = adl.ClearingHouse(ten_run.before, venue=adl.venues.BINANCE_USDM)
    for passes, told in (([], "no passes"), ([(1, {"SOLUSDT": "100.1"}, None)], "SOLUSDT rose by 0.1 %")):
        page = Page.of(report_worlds.record_passes(calm, passes), tmp_path)
        assert "Nobody was liquidated." in page.texts["story"]
        assert told in page.texts["time"]
        assert "Nobody paid for anybody." in page.texts["waterfall"]
        assert "No queue was touched." in page.texts["queue"]
        assert "Nobody was auto-deleveraged." in page.texts["bearing"]
        assert "No order was cancelled." in page.texts["orders"]
        assert "there were no movements" in page.texts["audit"]


def test_an_open_run_says_so(ten_run, tmp_path):
    ten_run.manifest = {**ten_run.manifest, "status": "open"}
    assert "The run was still open: later passes are not in it." in Page.of(ten_run, tmp_path).source


#: Of each module its caps, at next to nothing.
CAPS = {
    time: {"MOST_BARS": 3, "MOST_LINES": 2, "MOST_POINTS": 5},
    fund_balances: {"MOST_POINTS": 5},
    queue: {"MOST_CONTRACTS": 1, "MOST_MARKERS": 40},
    bearing: {"MOST_POINTS": 20, "MOST_ROWS": 7},
    orders: {"MOST_CONTRACTS": 1},
    insurance: {"MOST_ROWS": 2},
    waterfall_plot: {"MOST_SOURCES": 2},
}


def test_captions_say_how_much_is_shown_of_how_much(monkeypatch, fallen, fallen_facts, tmp_path):
    for module, caps in CAPS.items():
        for name, value in caps.items():
            monkeypatch.setattr(module, name, value)
    page = Page.of(fallen, tmp_path)
    notices = fallen_facts.record.tally("adl-notice")
    assert len(page.tables[f"Notices of auto-deleveraging: the 7 largest of {notices:,}"]) == 8
    prices = page.figures["prices"][0]["caption"]
    assert "Shown: the 2 with most liquidated of 3. Shown: 5 of 9 points of each." in prices
    assert "Each bar adds 3 passes up." in page.figures["stages"][0]["caption"]
    assert "Shown: the 1 contracts with most of it, of" in page.texts["queue"]
    (queue_figure,) = page.figures["queue-plot"]
    assert re.search(r"Shown: 40 of \d+, those closed first, then the largest\.", queue_figure["caption"])
    assert re.search(r"Shown: 20 of \d+ points\.", page.figures["lorenz"][0]["caption"])
    assert "of 3." in page.figures["orders-plot"][0]["caption"]
    labels = page.figures["flow"][0]["data"][0]["node"]["label"]
    assert sum("others" in label for label in labels) == 1


@pytest.mark.parametrize("package", ["plotly", "jinja2"])
def test_without_its_packages_the_extra_is_named(ten_run, monkeypatch, tmp_path, package):
    market = adl.margin_state(ten_run.before).market("SOLUSDT")
    monkeypatch.setitem(sys.modules, package, None)
    calls = [lambda: adl.report.write(ten_run, tmp_path / "report.html")]
    if package == "plotly":
        calls += [
            lambda: adl.report.plot_queue(market, "binance"),
            lambda: adl.report.plot_events(ten_run.passes_made[0].events),
        ]
    for call in calls:
        with pytest.raises(adl.MissingExtraError, match=r"pip install 'adlcore\[report\]'"):
            call()
    assert not list(tmp_path.iterdir())
