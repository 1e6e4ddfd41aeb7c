"""Cancelled orders as bars."""


def test_bars_hold_every_cancelled_order(fallen_facts, page):
    (cancelled,) = page.figures["orders-plot"]
    assert sum(sum(trace["x"]) for trace in cancelled["data"]) == fallen_facts.record.tally("order-cancelled")
