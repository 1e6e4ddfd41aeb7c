"""Where the rows of a market stand, and who is closed: each side by itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from support import zoo

RULES = adl.RankingRule.names()
rules = st.sampled_from(RULES)


def sides(market):
    """Rows of each side."""
    return [(side, np.flatnonzero(market.quantity * side > 0)) for side in (1, -1)]


@given(zoo.markets(), rules)
def test_each_side_ranks_by_itself(columns, rule):
    market = adl.Market(**columns)
    score, by_quantity = market.score(rule), market.indicator(rule, by="quantity")
    for _, rows in sides(market):
        own = score[rows]
        np.testing.assert_array_equal(market.rank(rule)[rows], adl.rank(own, tie=market.tie[rows]))
        np.testing.assert_array_equal(market.quantile(rule)[rows], adl.quantile(own))
        np.testing.assert_array_equal(market.indicator(rule)[rows], adl.indicator(own))
        np.testing.assert_array_equal(market.indicator(rule, levels=3)[rows], adl.indicator(own, levels=3))
        sizes = np.abs(market.quantity[rows])
        np.testing.assert_array_equal(by_quantity[rows], adl.indicator(own, weights=sizes, tie=market.tie[rows]))


@given(zoo.markets(), rules)
def test_a_row_of_quantity_0_is_not_counted(columns, rule):
    market = adl.Market(**columns)
    flat = market.quantity == 0
    assert np.isnan(market.score(rule)[flat]).all()
    assert (market.rank(rule)[flat] == 0).all()
    assert np.isnan(market.quantile(rule)[flat]).all()
    assert (market.indicator(rule)[flat] == 0).all()
    assert (market.indicator(rule, by="quantity")[flat] == 0).all()
    held = np.flatnonzero(~flat)
    fewer = adl.Market(
        **{name: column[held] if isinstance(column, np.ndarray) else column for name, column in columns.items()}
    )
    np.testing.assert_array_equal(market.rank(rule)[held], fewer.rank(rule))
    np.testing.assert_array_equal(market.quantile(rule)[held], fewer.quantile(rule))


def test_a_row_of_score_minus_infinity_is_counted_and_stands_last():
    market = zoo.small_market()
    score = market.score("binance")
    assert score[7] == -np.inf  # its equity is -2
    shorts = market.quantity < 0
    assert market.rank("binance")[7] == shorts.sum() == 4
    assert np.isnan(market.quantile("binance")[7])
    assert market.indicator("binance")[7] == 0
    assert market.indicator("binance", by="quantity")[7] == 0
    assert market.quantile("binance")[shorts & (score > -np.inf)].min() == 2 / 4
    s = market.deleverage(1000, "binance")
    assert 7 not in s.index
    assert s.filled == 17
    assert 7 not in market.queue("long", "binance").take(1000).index


@pytest.mark.parametrize("eligible", ["all", "winners"])
@given(columns=zoo.markets(), rule=rules, data=st.data())
def test_deleverage_is_select_on_the_written_scores(eligible, columns, rule, data):
    market = adl.Market(**columns)
    side, rows = data.draw(st.sampled_from(sides(market)))
    score = market.score(rule)
    size = np.where(market.quantity * side > 0, np.abs(market.quantity), 0).astype(market.quantity.dtype)
    if eligible == "winners":
        score = np.where(market.unrealized_pnl > 0, score, -np.inf)
    target = abs(data.draw(zoo.targets_of(size)))
    options = {
        "ordered": data.draw(st.booleans()),
        "max_counterparties": data.draw(st.sampled_from([None, 0, 2])),
        "exclude": data.draw(st.sampled_from([None, rows[::2], market.quantity > 3])),
        "threads": data.draw(st.sampled_from([1, 2])),
    }
    found = market.deleverage(-side * target, rule, eligible=eligible, **options)
    # A bankrupt of 0 is closed against shorts.
    if target or side < 0:
        zoo.same_selection(found, adl.select(score, size, target, tie=market.tie, **options))


@given(zoo.markets(), rules, st.integers(-400, 400), st.booleans())
def test_delta_brings_each_row_to_what_is_left(columns, rule, bankrupt, ordered):
    market = adl.Market(**columns)
    s = market.deleverage(bankrupt, rule, ordered=ordered)
    side = -1 if bankrupt >= 0 else 1
    held = market.quantity[s.index]
    assert (held * side > 0).all()
    assert (held + s.delta).tolist() == (side * s.left).tolist()
    assert (np.abs(s.delta) == s.quantity).all()
    assert s.delta.dtype == market.quantity.dtype


def test_columns_say_who_where_and_how_much():
    market = zoo.small_market(account=list("abcdefghi"))
    for ordered in (True, False):
        s = market.deleverage(12, "binance", ordered=ordered)
        columns = s.columns()
        assert list(columns) == ["account", "row", "place", "score", "closed", "left"]
        assert columns["account"].tolist() == [list("abcdefghi")[row] for row in s.index.tolist()]
        assert columns["row"].tolist() == s.index.tolist()
        assert columns["place"].tolist() == market.rank("binance")[s.index].tolist()
        assert columns["score"].tolist() == market.score("binance")[s.index].tolist()
        assert columns["closed"].tolist() == s.quantity.tolist()
        assert columns["left"].tolist() == (np.abs(market.quantity[s.index]) - s.quantity).tolist()
    unnamed = zoo.small_market().deleverage(12, "binance").columns()
    assert unnamed["account"].tolist() == unnamed["row"].tolist()


@given(zoo.markets(), rules, st.integers(1, 400))
def test_places_are_ranks(columns, rule, target):
    market = adl.Market(**columns)
    for bankrupt in (target, -target):
        s = market.deleverage(bankrupt, rule, ordered=False)
        assert s.place.tolist() == market.rank(rule)[s.index].tolist()


@given(zoo.markets(), rules, st.integers(-400, 400))
def test_only_winners_are_closed_where_only_winners_are_eligible(columns, rule, bankrupt):
    market = adl.Market(**columns)
    s = market.deleverage(bankrupt, rule, eligible="winners")
    assert (market.unrealized_pnl[s.index] > 0).all()
    everyone = market.deleverage(10**9 if bankrupt >= 0 else -(10**9), rule, eligible="winners")
    side = -1 if bankrupt >= 0 else 1
    may = (market.quantity * side > 0) & (market.unrealized_pnl > 0) & (market.score(rule) > -np.inf)
    assert sorted(everyone.index.tolist()) == np.flatnonzero(may).tolist()


@given(zoo.markets(), rules)
def test_a_winner_never_scores_below_a_loser(columns, rule):
    market = adl.Market(**{**columns, "bankruptcy_value": None})
    score, pnl = market.score(rule), market.unrealized_pnl
    solvent = (market.quantity != 0) & (market.equity > 0) & (market.account_equity > 0) & (score > -np.inf)
    if rule == "binance-2019":
        solvent &= market.maintenance_margin >= 0
    winners, losers = score[solvent & (pnl > 0)], score[solvent & (pnl < 0)]
    assert not len(winners) or not len(losers) or winners.min() >= losers.max()


@given(zoo.markets(), st.sampled_from(["binance", "binance-portfolio", "bitmex", "roi"]))
def test_a_winner_never_ranks_below_a_loser(columns, rule):
    solvent = {name: np.abs(columns[name]) + 1 for name in ("equity", "account_equity")}
    market = adl.Market(**{**columns, **solvent, "bankruptcy_value": None})
    for _, rows in sides(market):
        rank, pnl = market.rank(rule)[rows], market.unrealized_pnl[rows]
        winners, losers = rank[pnl > 0], rank[pnl < 0]
        assert not len(winners) or not len(losers) or winners.max() < losers.min()


@pytest.mark.parametrize("bankrupt", [0, 0.0, -0.0])
def test_a_bankrupt_of_nothing_closes_nobody(bankrupt):
    s = zoo.small_market().deleverage(bankrupt, "binance")
    assert (len(s), s.filled, s.shortfall) == (0, 0, 0)


def test_a_long_is_closed_against_shorts_and_a_short_against_longs():
    market = zoo.small_market()
    assert (market.quantity[market.deleverage(9, "binance").index] < 0).all()
    assert (market.quantity[market.deleverage(-9, "binance").index] > 0).all()
    for long, short in (("long", "short"), (1, -1)):
        assert (market.quantity[market.queue(long, "binance").take(9).index] < 0).all()
        assert (market.quantity[market.queue(short, "binance").take(9).index] > 0).all()


def test_threads_give_the_same_bytes_on_a_large_market():
    n = 70_000
    rng = np.random.default_rng(6)
    columns = {"quantity": rng.integers(-99, 99, n), "entry_price": rng.choice([9.0, 9.5, 10.0, 12.0], n)}
    columns |= {"equity": rng.choice([-5.0, 40.0, 90.0], n), "tie": rng.integers(0, 3, n)}
    market = adl.Market("X", mark_price=10, **columns)
    for rule in ("binance", "roi", "hyperliquid"):
        for ordered in (True, False):
            one = market.deleverage(400_000, rule, ordered=ordered)
            for threads in (2, 3):
                zoo.same_selection(market.deleverage(400_000, rule, ordered=ordered, threads=threads), one)
