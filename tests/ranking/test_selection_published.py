"""Numbers that others published. Each test names the source of its numbers."""

import csv
from decimal import Decimal

import numpy as np
import pytest

import adlcore as adl
from support.published import to_printed


def test_v11_binance_2019_pnl_percent_and_leverage_pnl():
    # dev.binance.vision/t/how-to-caculating-leverage-pnl-quantile/17801: UPNL 40.2, WB 4.27, margin ratio 0.1342.
    pnl, balance, ratio = 40.2, 4.27, 0.1342
    equity = balance + pnl

    def score(maintenance):
        market = adl.Market(
            "X", mark_price="100", quantity=[1.0], entry_value=[100.0 - pnl],
            equity=[equity], balance=[balance], maintenance_margin=[maintenance],
        )  # fmt: skip
        return market.score("binance-2019")[0]

    # Where MM equals the equity R is 1, and the score is the PnL percentage alone.
    assert to_printed(score(equity), "9.41452") == "9.41452"
    assert to_printed(score(ratio * equity), "1.26343") == "1.26343"
    assert to_printed(score(equity), "9.41") == "9.41"
    assert to_printed(score(ratio * equity), "1.26") == "1.26"


#: delta-exchange/just-the-docs: docs/trading-guide/ADL.md. Longs: name, size n, PnL ratio p, leverage L.
#: The printed order of the losers is not usable.
DELTA = (
    (1, 100, -0.1, 2.0),
    (2, 10, 0.2, 1.5),
    (3, 50, 0.05, 3.0),
    (4, 80, 0.002, 1.6),
    (5, 20, 0.15, 2.2),
    (6, 30, -0.2, 4.0),
    (7, 70, -0.07, 1.8),
)
DELTA_SCORES = {5: ".33", 2: ".30", 3: ".15", 4: ".0032", 7: "-.0389", 1: "-.05", 6: "-.05"}


def delta_market() -> adl.Market:
    """Columns whose p and L are as printed: EV = MV/(1 + p), E = MV/L at a mark of 100."""
    name, size, p, leverage = (np.array(column, np.float64) for column in zip(*DELTA, strict=True))
    worth = size * 100
    return adl.Market(
        "X",
        mark_price="100",
        quantity=size.astype(np.int64),
        entry_value=worth / (1 + p),
        equity=worth / leverage,
        account=name.astype(np.int64),
    )


def test_v25_delta_scores_are_as_printed():
    market = delta_market()
    for account, score in zip(market.account.tolist(), market.score("bitmex").tolist(), strict=True):
        assert to_printed(score, DELTA_SCORES[account]) == str(Decimal(DELTA_SCORES[account]))


def test_v25_delta_order_of_the_first_four():
    market = delta_market()
    by_rank = market.account[np.argsort(market.rank("bitmex"))]
    assert by_rank[:4].tolist() == [5, 2, 3, 4]


@pytest.mark.parametrize(("bankrupt", "closed"), [(15, {5: 15}), (40, {5: 20, 2: 10, 3: 10})])
def test_v25_delta_cases(bankrupt, closed):
    s = delta_market().deleverage(-bankrupt, "bitmex")
    columns = s.columns()
    assert dict(zip(columns["account"].tolist(), columns["closed"].tolist(), strict=True)) == closed
    assert (s.filled, s.shortfall) == (bankrupt, 0)


#: bitmex.com/app/autoDeleveragingExamples. Longs: name, quantity, rank (6 = front), percentile by quantity.
BITMEX = ((1, 10, 3, 80), (2, 10, 6, 20), (3, 20, 1, 100), (4, 30, 4, 60), (5, 20, 5, 40), (6, 10, 2, 80))


def test_v29_bitmex_percentiles_are_levels_by_quantity():
    _, quantity, rank, percentile = (list(column) for column in zip(*BITMEX, strict=True))
    lights = adl.indicator([float(r) for r in rank], levels=5, weights=quantity)
    assert (20 * (6 - lights.astype(int))).tolist() == percentile


def test_v29_bitmex_fills_of_a_liquidated_short_of_20():
    name, quantity, rank, _ = (np.array(column) for column in zip(*BITMEX, strict=True))
    s = adl.select(rank, quantity, 20)
    assert dict(zip(name[s.index].tolist(), s.quantity.tolist(), strict=True)) == {2: 10, 5: 10}
    # The same through a market: a rule that ranks by a column of its own.
    market = adl.Market("XBT", mark_price=650, quantity=quantity, entry_price=[600.0] * 6, leverage=rank, account=name)
    rule = adl.RankingRule.custom("rank", lambda leverage: leverage, needs=["leverage"])
    columns = market.deleverage(-20, rule).columns()
    assert dict(zip(columns["account"].tolist(), columns["closed"].tolist(), strict=True)) == {2: 10, 5: 10}
    lights = market.indicator(rule, by="quantity")
    assert (20 * (6 - lights.astype(int))).tolist() == [row[3] for row in BITMEX]


# Hyperliquid, 10 October 2025, 21:16:04.831 UTC: one complete batch of AVAX (ConejoCapital/HyperReplay).


@pytest.fixture(scope="module")
def avax(october10):
    """The rows of the batch: quantities as exact lots of 0.01, cash plus unrealized PnL as equity."""
    with (october10 / "avax_batch.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    contract = adl.Contract("AVAX", lot="0.01")
    market = adl.Market(
        contract,
        mark_price="22.025",
        quantity=[contract.lots(row["position_size"]) for row in rows],
        entry_price=[float(row["entry_price"]) for row in rows],
        equity=[float(row["account_value_realtime"]) + float(row["total_unrealized_pnl"]) for row in rows],
        account=[row["user10"] for row in rows],
    )
    return market, [Decimal(row["adl_size"]) for row in rows]


BANKRUPT = "84454.65"


@pytest.mark.october10
@pytest.mark.parametrize("rule", ["binance", "bitmex", "hyperliquid", "roi"])
def test_october_10_closes_the_bankrupt_long_exactly(avax, rule):
    market, _ = avax
    contract = market.contract
    s = market.deleverage(contract.lots(BANKRUPT), rule)
    closed = [Decimal(contract.decimal(lots)) for lots in s.quantity.tolist()]
    assert sum(closed) == Decimal(BANKRUPT)
    assert contract.decimal(int(s.filled)) == BANKRUPT
    assert s.shortfall == 0
    whole = closed[: s.partial] + closed[s.partial + 1 :] if s.partial >= 0 else closed
    held = [-Decimal(contract.decimal(lots)) for lots in market.quantity[s.index].tolist()]
    assert all(q in held for q in whole)
    assert (market.quantity[s.index] + s.delta <= 0).all()


@pytest.mark.october10
def test_october_10_what_the_venue_closed_is_the_bankrupt_quantity(avax):
    _, closed = avax
    assert sum(closed) == Decimal(BANKRUPT)
    assert len(closed) == 50


@pytest.mark.october10
def test_october_10_shares_of_fully_closed_rows_before_the_partial_one(avax):
    # The README beside these rows: the share of the 49 rows closed in full that score at least the partial one's
    # score. Its four numbers are those at the ADL price, 22.075 (at the mark, 22.025, `binance` gives 0.592).
    market, closed = avax
    market = market.at("22.075", equity=market.equity)
    held = [-Decimal(market.contract.decimal(lots)) for lots in market.quantity.tolist()]
    (partial,) = (row for row in range(50) if closed[row] < held[row])
    assert (held[partial], closed[partial]) == (Decimal("91850.00"), Decimal("58141.87"))
    leverage = adl.RankingRule.custom("leverage", lambda notional, equity: notional / equity, ["notional", "equity"])
    observed = adl.RankingRule.custom(
        "observed",
        lambda notional, equity, unrealized_pnl, entry_value: (
            np.maximum(notional / equity, 1e-8) * np.maximum(np.maximum(unrealized_pnl, 0) / np.abs(entry_value), 1e-8)
        ),
        ["notional", "equity", "unrealized_pnl", "entry_value"],
    )
    full = [row for row in range(50) if row != partial]
    for rule, share in (("binance", "0.571"), (leverage, "0.571"), ("roi", "0.408"), (observed, "0.592")):
        score = market.score(rule)
        found = float((score[full] >= score[partial]).mean())
        assert to_printed(found, share) == share, rule
