"""Marks as lines from 100, and bars of who took what."""

import pytest

from adlcore.clearing.closings import STAGES


def test_lines_hold_the_marks_from_100_and_as_they_are(fallen, fallen_facts, page):
    (prices,) = page.figures["prices"]
    assert {trace["name"] for trace in prices["data"]} == {contract.symbol for contract in fallen.contracts}
    for trace in prices["data"]:
        marks = fallen_facts.prices.mark[:, fallen.before.symbols[trace["name"]]]
        assert trace["y"] == pytest.approx((100 * marks / marks[0]).tolist())
        assert trace["customdata"] == pytest.approx(marks.tolist())


def test_bars_hold_what_each_stage_took_in_each_pass(fallen_facts, page):
    by_pass = fallen_facts.closings.by_pass(fallen_facts.views[0])
    (bars,) = page.figures["stages"]
    drawn = {trace["name"]: trace["y"] for trace in bars["data"] if trace["type"] == "bar"}
    assert set(drawn) == {name for name, total in zip(STAGES, by_pass.sum(axis=0), strict=True) if total}
    for name, heights in drawn.items():
        assert heights == pytest.approx(by_pass[:, STAGES.index(name)], rel=1e-6)
