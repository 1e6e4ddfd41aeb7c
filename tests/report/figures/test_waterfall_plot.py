"""The flow from positions in liquidation to who took them."""

import numpy as np
import pytest

from adlcore.report.figures import waterfall_plot


def test_the_flow_holds_what_was_closed(fallen_facts, page):
    ((flow,),) = (figure["data"] for figure in page.figures["flow"])
    notional = fallen_facts.closings.by_stage(fallen_facts.views[0])
    assert sum(flow["link"]["value"]) == pytest.approx(notional.sum(), rel=1e-5)


def test_what_has_no_name_of_its_own_is_one_source(monkeypatch):
    monkeypatch.setattr(waterfall_plot, "MOST_SOURCES", 1)
    taken = np.array([[[8, 0], [4, 0]], [[1, 1], [0, 0]]], float)
    (flow,) = waterfall_plot.flow_figure(["A", "<B>"], taken, "USDT").data
    assert [label.replace(waterfall_plot.GAP, " ") for label in flow.node.label] == [
        *("A longs 8.00", "2 others 6.00", "order book 13.00", "own opposite leg 1.00")
    ]
