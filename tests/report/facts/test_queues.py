"""The queues of a run: who stood in them, and who was closed."""

from collections import Counter

import numpy as np
import pytest

import adlcore as adl
from adlcore.report.facts.queues import busiest_moments, positions_of, queue_at
from support.run_loops import event_rows


def test_the_pass_of_a_queue_is_the_one_with_most_lots_deleveraged(eventful, facts):
    lots = Counter()
    for row in event_rows(eventful):
        if row["kind"] == "adl-notice":
            lots[row["contract"], row["pass"], "long" if row["lots"] < 0 else "short"] += abs(row["lots"])
    moments = busiest_moments(facts.record, len(eventful.contracts))
    assert moments
    for moment in moments:
        symbol = eventful.contracts[moment.contract].symbol
        mine = {key: count for key, count in lots.items() if key[0] == symbol}
        most = max(mine.values())
        assert moment.lots == most
        number, side = int(facts.record.pass_number[moment.pass_index]), "long" if moment.side > 0 else "short"
        assert mine[symbol, number, side] == most


def test_a_queue_holds_those_who_could_be_counterparties_and_marks_those_who_were(eventful, facts):
    moment = busiest_moments(facts.record, len(eventful.contracts))[0]
    found = queue_at(facts.record, eventful, facts.prices, adl.margin_state(eventful.before), facts.rule, moment)
    state = adl.margin_state(eventful.before)
    marks, index = facts.prices.exact(moment.pass_index)
    state.mark(marks, index_prices=index)
    market = state.market(eventful.contracts[moment.contract])
    able = (market.quantity * moment.side > 0) & ~state.liquidatable[market.tie] & (market.equity > 0)
    rows = np.flatnonzero(able)
    assert found.positions.row.tolist() == rows.tolist()
    score = market.score(facts.rule)
    assert found.positions.light.tolist() == adl.indicator(score[rows]).tolist()
    leverage = market.notional[rows] / (market.equity[rows] / 1e8)
    assert found.positions.leverage == pytest.approx(leverage)
    assert found.positions.pnl_ratio == pytest.approx(market.unrealized_pnl[rows] / market.notional[rows])
    closed = {}
    for row in event_rows(eventful):
        if row["kind"] == "adl-notice" and row["contract"] == market.contract.symbol:
            when = np.sign(row["pass"] - int(facts.record.pass_number[moment.pass_index]))
            closed.setdefault(row["row"] - int(eventful.before.start[moment.contract]), set()).add(int(when))
    for position, now, earlier, later in zip(rows.tolist(), found.now, found.earlier, found.later, strict=True):
        ever = closed.get(position, set())
        assert now == (0 in ever)
        assert earlier == (-1 in ever and not now)
        assert later == (1 in ever and not now and not earlier)
    assert found.now.any()
    shown = found.shown(3)
    assert len(shown) == 3
    assert found.now[shown].all() == (found.now.sum() >= 3)


def test_positions_without_lots_equity_or_place_stand_in_no_queue():
    quantity, entry_price, equity = [4, 0, -5, -5, 3], [1.0, 1.0, 3.0, 2.5, 1.5], [5.0, 9.0, 10.0, -1.0, 2.0]
    market = adl.Market("X", mark_price=2, quantity=quantity, entry_price=entry_price, equity=equity)
    held = positions_of(market, adl.RankingRule("binance"))
    assert held.row.tolist() == [0, 2, 4]
    assert held.light.tolist() == [5, 5, 3]
    barred = np.array([True, False, False, False, False])
    longs = positions_of(market, adl.RankingRule("binance"), 1, barred)
    assert (longs.row.tolist(), longs.light.tolist()) == ([4], [5])
