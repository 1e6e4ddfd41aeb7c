"""The margin of whole venues: full passes, marks, liquidation prices, and the snapshots that they start from."""

import itertools
from pathlib import Path

from harness.books import KINDS, LARGE, SIZES, CachedVenue
from harness.memory import extra_bytes

import adlcore as adl


class Margin(CachedVenue):
    """One pass over every position."""

    params = (SIZES, KINDS, (1, 2))
    param_names = ("size", "kind", "threads")

    def setup(self, size, kind, threads):
        if size == LARGE and kind != "linear":
            raise NotImplementedError("the largest venue is linear only")
        self.venue = self.load(size, kind)
        self.snapshot = self.venue.snapshot()

    def time_read_columns(self, size, kind, threads):
        self.venue.read()

    def time_margin_state(self, size, kind, threads):
        adl.margin_state(self.snapshot, threads=threads)


class Marks(CachedVenue):
    """One contract between two marks: over and over, and each contract in its turn."""

    params = (SIZES, KINDS)
    param_names = ("size", "kind")

    def setup(self, size, kind):
        if size == LARGE and kind != "linear":
            raise NotImplementedError("the largest venue is linear only")
        venue = self.load(size, kind)
        self.state = adl.margin_state(venue.snapshot())
        self.one = itertools.cycle([venue.nudged(0, "1.01"), venue.nudged(0, "0.99")])
        self.each = itertools.cycle([venue.nudged(k, f) for f in ("1.01", "0.99") for k in range(size[2])])
        self.all = itertools.cycle([venue.moved("1.01"), venue.moved("0.99")])

    def time_mark_one_contract(self, size, kind):
        self.state.mark(next(self.one))

    def time_mark_in_turn(self, size, kind):
        self.state.mark(next(self.each))

    def time_mark_all_contracts(self, size, kind):
        self.state.mark(next(self.all))


class LiquidationPrices(CachedVenue):
    """By columns, and of every position of a venue."""

    params = (SIZES, KINDS)
    param_names = ("size", "kind")

    def setup(self, size, kind):
        if size == LARGE and kind != "linear":
            raise NotImplementedError("the largest venue is linear only")
        venue = self.load(size, kind)
        self.positions = adl.margin_state(venue.snapshot()).positions
        self.contract, self.columns = venue.price_columns(min(size[1], 10**6))

    def time_liquidation_price(self, size, kind):
        adl.liquidation_price(self.contract, *self.columns)

    def time_positions_liquidation_price(self, size, kind):
        self.positions.liquidation_price()

    def time_positions_bankruptcy_price(self, size, kind):
        self.positions.bankruptcy_price()


class Snapshots(CachedVenue):
    """Made by columns, hashed, written and read."""

    params = (SIZES,)
    param_names = ("size",)
    path = Path("snapshot.npz")

    def setup(self, size):
        self.venue = self.load(size)
        self.snapshot = self.venue.snapshot()
        self.snapshot.to_npz(self.path)
        self.shuffled = self.venue.shuffled()

    def teardown(self, size):
        self.path.unlink(missing_ok=True)

    def time_unchecked(self, size):
        self.venue.snapshot()

    def time_checked(self, size):
        self.venue.snapshot(check=True)

    def time_checked_out_of_order(self, size):
        self.shuffled.snapshot(check=True)

    def time_hash(self, size):
        self.venue.snapshot().hash  # of a new snapshot: it is kept by one that was asked

    def time_to_npz(self, size):
        self.snapshot.to_npz(self.path)

    def time_from_npz(self, size):
        adl.Snapshot.from_npz(self.path)


class MarginMemory(CachedVenue):
    """Peak of the process, and what a state adds: two int64 a position, two int64 and a byte a wallet."""

    params = (SIZES,)
    param_names = ("size",)

    def setup(self, size):
        self.venue = self.load(size)
        self.snapshot = self.venue.snapshot()

    def peakmem_margin_state(self, size):
        adl.margin_state(self.snapshot)

    def track_extra(self, size):
        return extra_bytes(lambda: adl.margin_state(self.snapshot))

    def track_extra_of_a_mark(self, size):
        state = adl.margin_state(self.snapshot)
        marks = itertools.cycle([self.venue.nudged(0, "1.01"), self.venue.nudged(0, "0.99")])
        return extra_bytes(lambda: state.mark(next(marks)))

    track_extra.unit = track_extra_of_a_mark.unit = "bytes"
