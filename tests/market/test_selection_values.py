"""What a selection closes of a market: rows as a market, exact money, the notional in all."""

from decimal import Decimal

import numpy as np
import pytest

import adlcore as adl
from adlcore.market.selection_values import closed_notional, realized_pnl, submarket

ENTRY = [28.885, 27.676, 27.884]


@pytest.mark.parametrize("target", [2853, 3000, 49_474, 10**6])
def test_realized_pnl_is_exact_money_for_full_and_partial_closes(target):
    contract = adl.Contract("AVAX", lot="0.01")
    market = adl.Market(
        contract,
        mark_price="22.025",
        quantity=[-2853, -1804, -44_817],
        entry_price=ENTRY,
        equity=[295.72, 501.64, 8648],
    )
    selection = market.deleverage(target, "binance")
    rows = submarket(market, selection.index)
    assert rows.entry_value.tolist() == market.entry_value[selection.index].tolist()
    assert rows.score("binance").tolist() == selection.score.tolist()
    exact = [
        float((Decimal(str(ENTRY[row])) - Decimal("22.075")) * Decimal(contract.decimal(lots)))
        for row, lots in zip(selection.index.tolist(), selection.quantity.tolist(), strict=True)
    ]
    np.testing.assert_allclose(realized_pnl(market, selection, "22.075"), exact, rtol=0, atol=1e-8)
    assert closed_notional(market, selection) == float(Decimal("22.025") * Decimal(contract.decimal(selection.filled)))
