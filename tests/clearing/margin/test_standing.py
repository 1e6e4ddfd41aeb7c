"""Where one position stands: its wallet, its prices and its place, against the library's own numbers."""

from __future__ import annotations

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing.margin.standing import Standing
from support.explained_books import small

RULE = adl.RankingRule("binance")


def ahead_of(state, market, place):
    """The lots of its side that would be closed before a row; those of liquidatable wallets never are."""
    score, size = market.score(RULE), np.abs(market.quantity)
    side = np.sign(market.quantity) == np.sign(market.quantity[place])
    order = np.lexsort((np.arange(len(market)), market.tie, -score))
    before = order[: int(np.flatnonzero(order == place)[0])]
    counted = side & ~state.liquidatable[market.tie] & (score > -np.inf)
    return int(size[before[counted[before]]].sum())


@pytest.mark.parametrize("row", range(9))
def test_a_position_stands_behind_those_that_would_be_closed_before_it(row):
    snapshot = small()
    code, wallet = int(snapshot.position_contract[row]), int(snapshot.positions.wallet[row])
    state = adl.margin_state(snapshot)
    market, place = state.market(snapshot.contracts[code]), row - int(snapshot.start[code])
    found = Standing.of(snapshot, row, wallet, code, RULE)
    assert found.ahead == ahead_of(state, market, place)
    assert found.why == market.explain(place, RULE)
    assert found.entry_price == pytest.approx(found.why.terms["entry_price"], rel=1e-12)
    assert (found.quantity, found.equity) == (snapshot.positions.quantity[row], state.equity[wallet])
    hedged = wallet == 2
    roots = ("lower", "upper") if hedged else ("nearest",)
    prices = [float(state.positions.liquidation_price([row], root=root)[0]) for root in roots]
    np.testing.assert_array_equal(found.liquidation_prices, prices)
    away = [price / float(found.mark_price) - 1 if 0 < price < np.inf else np.nan for price in prices]
    np.testing.assert_array_equal(found.distances, away)


def test_without_a_row_it_is_the_wallet_alone():
    found = Standing.of(small(), None, 0, 0, RULE)
    assert (found.quantity, found.why, found.in_units, found.distances) == (0, None, None, [])
    assert found.equity == adl.margin_state(small()).equity[0]
