"""Where one position stands: its wallet, its prices and its place, against the library's own numbers."""

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing.margin.standing import Standing
from support.explained_books import small


def ahead_of(state, market, place, rule):
    """The lots of its side that would be closed before a row; those of liquidatable wallets never are."""
    score, size = market.score(rule), np.abs(market.quantity)
    side = np.sign(market.quantity) == np.sign(market.quantity[place])
    order = np.lexsort((np.arange(len(market)), market.tie, -score))
    before = order[: int(np.flatnonzero(order == place)[0])]
    counted = side & ~state.liquidatable[market.tie] & (score > -np.inf)
    return int(size[before[counted[before]]].sum())


@pytest.mark.parametrize("row", range(9))
@pytest.mark.parametrize("rule", adl.RankingRule.names())
def test_a_position_stands_behind_those_that_would_be_closed_before_it(row, rule):
    snapshot = small()
    code, wallet = int(snapshot.position_contract[row]), int(snapshot.positions.wallet[row])
    state = adl.margin_state(snapshot)
    market, place = state.market(snapshot.contracts[code]), row - int(snapshot.start[code])
    found = Standing(snapshot, row, wallet, code, adl.RankingRule(rule))
    assert found.ahead == ahead_of(state, market, place, rule)
    assert repr(found.why) == repr(market.explain(place, rule))
    assert found.entry_price == pytest.approx(found.why.terms["entry_price"], rel=1e-12)
    assert found.quantity == snapshot.positions.quantity[row]
    assert found.unrealized_pnl == state.positions.unrealized_pnl[row]
    for name in ("equity", "maintenance_margin", "free_margin", "margin_ratio", "liquidatable"):
        assert getattr(found, name) == getattr(state, name)[wallet]
    assert found.mark_price == snapshot.marks[code]
    np.testing.assert_array_equal(found.bankruptcy_price, state.positions.bankruptcy_price([row])[0])
    hedged = wallet == 2
    roots = ("lower", "upper") if hedged else ("nearest",)
    prices = [float(state.positions.liquidation_price([row], root=root)[0]) for root in roots]
    np.testing.assert_array_equal(found.liquidation_prices, prices)
    away = [price / float(found.mark_price) - 1 if 0 < price < np.inf else np.nan for price in prices]
    np.testing.assert_array_equal(found.distances, away)


def test_without_a_row_it_is_the_wallet_alone():
    found = Standing(small(), None, 0, 0, adl.RankingRule("binance"))
    assert (found.quantity, found.why, found.in_units, found.distances) == (0, None, None, [])
    assert found.equity == adl.margin_state(small()).equity[0]
