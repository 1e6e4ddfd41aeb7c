"""Cancelled orders as bars."""

from adlcore.report.facts.run_facts import Facts


def test_bars_hold_every_cancelled_order(fallen, page):
    (cancelled,) = page.figures["orders-plot"]
    assert sum(sum(trace["x"]) for trace in cancelled["data"]) == Facts(fallen).record.tally("order-cancelled")
