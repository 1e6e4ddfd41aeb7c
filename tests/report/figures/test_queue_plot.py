"""The queue as a picture: for notebooks, and in the report."""

import numpy as np
import pytest

import adlcore as adl
from adlcore.report.figures import queue_plot
from adlcore.report.figures.palette import LIGHTS
from support import report_worlds


def test_the_queue_has_a_figure_for_each_contract_that_was_deleveraged(fallen, fallen_facts, page):
    notices = np.flatnonzero(fallen_facts.record.of("adl-notice"))
    codes = set(fallen_facts.record.contract[notices].tolist())
    figures = page.figures["queue-plot"]
    assert {figure["label"] for figure in figures} == {fallen.contracts[code].symbol for code in codes}
    for figure in figures:
        lights = [each for each in figure["data"] if "light" in each["name"] and each["x"] != [None]]
        marks = sum(len(trace["x"]) for trace in lights)
        assert f"Shown: all {marks:,}." in figure["caption"]
        rims = sum(width >= 1.7 for trace in lights for width in trace["marker"]["line"]["width"])
        assert rims > 0


def test_a_queue_is_drawn_with_a_mark_for_each_position():
    market = adl.margin_state(report_worlds.crash(200)[1].before).market("BTCUSDT")
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
    monkeypatch.setattr(queue_plot, "MOST_MARKERS", 3)
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
