"""Ranks, quantiles and indicator lights, of a column and of a market."""

from harness.columns import ROWS, SHAPES, Cached

import adlcore as adl


class Ranks(Cached):
    """Every size, on random scores."""

    params = (ROWS,)
    param_names = ("rows",)

    def setup(self, rows):
        columns = self.load(rows)
        self.market = columns.market()
        self.score, self.weights = self.market.score("binance"), abs(columns.quantity)

    def time_rank(self, rows):
        adl.rank(self.score)

    def time_quantile(self, rows):
        adl.quantile(self.score)

    def time_indicator_by_count(self, rows):
        adl.indicator(self.score)

    def time_indicator_by_weight(self, rows):
        adl.indicator(self.score, weights=self.weights)

    def time_market_rank(self, rows):
        self.market.rank("binance")

    def time_market_quantile(self, rows):
        self.market.quantile("binance")

    def time_market_indicator(self, rows):
        self.market.indicator("binance")

    def peakmem_rank(self, rows):
        adl.rank(self.score)

    def peakmem_indicator_by_count(self, rows):
        adl.indicator(self.score)


class RanksShapes(Cached):
    """Sorted, reversed and tied scores."""

    params = ((10**6,), SHAPES)
    param_names = ("rows", "shape")

    def setup(self, rows, shape):
        self.score = self.load(rows, shape).market().score("binance")

    def time_rank(self, rows, shape):
        adl.rank(self.score)

    def time_quantile(self, rows, shape):
        adl.quantile(self.score)

    def time_indicator_by_count(self, rows, shape):
        adl.indicator(self.score)


class Explain(Cached):
    """One row's terms and place."""

    params = ((10**4, 10**6),)
    param_names = ("rows",)

    def setup(self, rows):
        self.market = self.load(rows).market()

    def time_explain(self, rows):
        self.market.explain(rows // 2, "binance")
