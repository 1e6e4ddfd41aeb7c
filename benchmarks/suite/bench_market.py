"""Making a market, and moving it to a new mark; beside both, R: NumPy reading the columns once."""

from harness.columns import MARK, ROWS, Cached

import adlcore as adl


class Construction(Cached):
    """From entry values and from entry prices."""

    params = (ROWS, ("float64", "lots"))
    param_names = ("rows", "kind")

    def setup(self, rows, kind):
        self.columns = self.load(rows, kind=kind)
        self.prices = self.columns.entry_price()
        self.market = self.columns.market()

    def time_read_columns(self, rows, kind):
        self.columns.read()

    def time_entry_value(self, rows, kind):
        self.columns.market()

    def time_entry_price(self, rows, kind):
        c = self.columns
        adl.Market(c.contract, mark_price=MARK, quantity=c.quantity, entry_price=self.prices, equity=c.equity)

    def time_at(self, rows, kind):
        self.market.at("101", equity=self.columns.equity)

    def peakmem_entry_value(self, rows, kind):
        self.columns.market()


class Quanta(Cached):
    """Money in int64 quanta."""

    params = ((10**4, 10**6),)
    param_names = ("rows",)

    def setup(self, rows):
        self.columns = self.load(rows, kind="quanta")
        self.market = self.columns.market()
        self.target = self.columns.target(0.01)

    def time_entry_value(self, rows):
        self.columns.market()

    def time_deleverage(self, rows):
        self.market.deleverage(self.target, "binance")
