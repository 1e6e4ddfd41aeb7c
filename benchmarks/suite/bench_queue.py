"""``market.queue``: a side ranked once, consumed little by little or whole."""

import numpy as np
from harness.columns import ROWS, Cached

BANKRUPTS = 1000


class Queue(Cached):
    """The queue is made anew every time: a second take of the same queue finds it sorted."""

    params = (ROWS, ("float64", "lots"))
    param_names = ("rows", "kind")

    def setup(self, rows, kind):
        if rows > 10**6 and kind == "lots":
            raise NotImplementedError("10^7 rows in float64 only")
        columns = self.load(rows, kind=kind)
        self.market = columns.market()
        self.little, self.all = columns.target(0.001), columns.target(1.0)
        share = np.full(BANKRUPTS, columns.target(0.3) / BANKRUPTS)
        self.targets = share if kind == "float64" else np.maximum(share.astype(np.int64), 1)

    def time_make(self, rows, kind):
        self.market.queue("long", "binance")

    def time_take_little(self, rows, kind):
        self.market.queue("long", "binance").take(self.little)

    def time_take_all(self, rows, kind):
        self.market.queue("long", "binance").take(self.all)

    def time_assign(self, rows, kind):
        self.market.queue("long", "binance").assign(self.targets)

    def peakmem_take_little(self, rows, kind):
        self.market.queue("long", "binance").take(self.little)


class QueueTakes(Cached):
    """A thousand small takes of one queue."""

    params = ((10**5, 10**6),)
    param_names = ("rows",)

    def setup(self, rows):
        columns = self.load(rows)
        self.market, self.each = columns.market(), columns.target(0.01) / BANKRUPTS

    def time_takes(self, rows):
        queue = self.market.queue("long", "binance")
        for _ in range(BANKRUPTS):
            queue.take(self.each)
