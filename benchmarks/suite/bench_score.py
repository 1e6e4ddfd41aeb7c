"""``Market.score``: one pass over the columns that a rule needs."""

import numpy as np
from harness.columns import ROWS, Cached


class Score(Cached):
    """Into a buffer that is there already."""

    params = (ROWS, ("binance", "bitmex", "hyperliquid", "roi"), ("float64", "lots"))
    param_names = ("rows", "rule", "kind")

    def setup(self, rows, rule, kind):
        self.market = self.load(rows, kind=kind).market()
        self.out = np.zeros(rows)

    def time_score(self, rows, rule, kind):
        self.market.score(rule, out=self.out)


class ScoreMemory(Cached):
    """One column of float64 where none is given."""

    params = ((10**6, 10**7),)
    param_names = ("rows",)

    def setup(self, rows):
        self.market = self.load(rows).market()

    def peakmem_score(self, rows):
        self.market.score("binance")
