"""``Market.deleverage`` under ``binance``: scoring and selection in one."""

from harness.columns import ROWS, SHAPES, SHARES, Cached
from harness.memory import extra_bytes


class Deleverage(Cached):
    """Every size and share, on random scores."""

    params = (ROWS, SHARES, ("ordered", "unordered"), ("float64", "lots"))
    param_names = ("rows", "share", "order", "kind")

    def setup(self, rows, share, order, kind):
        columns = self.load(rows, kind=kind)
        self.market, self.target, self.ordered = columns.market(), columns.target(share), order == "ordered"

    def time_deleverage(self, rows, share, order, kind):
        self.market.deleverage(self.target, "binance", ordered=self.ordered)


class DeleverageShapes(Cached):
    """The shapes that make a threshold, a histogram or a heap slow."""

    params = ((10**5, 10**6), SHARES, SHAPES)
    param_names = ("rows", "share", "shape")

    def setup(self, rows, share, shape):
        columns = self.load(rows, shape)
        self.market, self.target = columns.market(), columns.target(share)

    def time_deleverage(self, rows, share, shape):
        self.market.deleverage(self.target, "binance")

    def time_deleverage_unordered(self, rows, share, shape):
        self.market.deleverage(self.target, "binance", ordered=False)


class DeleverageThreads(Cached):
    """The same bytes from two threads."""

    params = ((10**5, 10**6, 10**7), SHARES, (1, 2))
    param_names = ("rows", "share", "threads")

    def setup(self, rows, share, threads):
        columns = self.load(rows)
        self.market, self.target = columns.market(), columns.target(share)

    def time_deleverage(self, rows, share, threads):
        self.market.deleverage(self.target, "binance", threads=threads)


class DeleverageRules(Cached):
    """Rules that need no more than equity."""

    params = ((10**6,), ("binance", "bitmex", "hyperliquid", "roi"))
    param_names = ("rows", "rule")

    def setup(self, rows, rule):
        columns = self.load(rows)
        self.market, self.target = columns.market(), columns.target(0.01)

    def time_deleverage(self, rows, rule):
        self.market.deleverage(self.target, rule)


class DeleverageMemory(Cached):
    """Peak of the process, and what one call adds to the columns: O(selected), also where all scores are equal."""

    params = ((10**6, 10**7), SHARES, ("random", "ascending", "equal"))
    param_names = ("rows", "share", "shape")

    def setup(self, rows, share, shape):
        if rows > 10**6 and shape != "random":
            raise NotImplementedError("10^7 rows of random shape only")
        columns = self.load(rows, shape)
        self.market, self.target = columns.market(), columns.target(share)

    def peakmem_deleverage(self, rows, share, shape):
        self.market.deleverage(self.target, "binance")

    def track_extra(self, rows, share, shape):
        return extra_bytes(lambda: self.market.deleverage(self.target, "binance"))

    track_extra.unit = "bytes"
