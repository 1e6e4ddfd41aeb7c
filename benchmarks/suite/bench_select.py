"""``adl.select`` on a given column of scores."""

from harness.columns import ROWS, SHAPES, SHARES, Cached, scored
from harness.memory import extra_bytes

import adlcore as adl


class Select(Cached):
    """Every size and share, on random scores."""

    params = (ROWS, SHARES, ("ordered", "unordered"), ("float64", "lots"))
    param_names = ("rows", "share", "order", "kind")

    def setup(self, rows, share, order, kind):
        columns = self.load(rows, kind=kind)
        self.score, self.size = scored(columns)
        self.target, self.ordered = columns.target(share), order == "ordered"

    def time_select(self, rows, share, order, kind):
        adl.select(self.score, self.size, self.target, ordered=self.ordered)


class SelectShapes(Cached):
    """The shapes that make a threshold, a histogram or a heap slow."""

    params = ((10**5, 10**6), SHARES, SHAPES)
    param_names = ("rows", "share", "shape")

    def setup(self, rows, share, shape):
        columns = self.load(rows, shape)
        self.score, self.size = scored(columns)
        self.target = columns.target(share)

    def time_select(self, rows, share, shape):
        adl.select(self.score, self.size, self.target)

    def peakmem_select(self, rows, share, shape):
        adl.select(self.score, self.size, self.target)

    def track_extra(self, rows, share, shape):
        return extra_bytes(lambda: adl.select(self.score, self.size, self.target))

    track_extra.unit = "bytes"


class SelectThreads(Cached):
    """The same bytes from two threads."""

    params = ((10**6, 10**7), SHARES, (1, 2))
    param_names = ("rows", "share", "threads")

    def setup(self, rows, share, threads):
        columns = self.load(rows)
        self.score, self.size = scored(columns)
        self.target = columns.target(share)

    def time_select(self, rows, share, threads):
        adl.select(self.score, self.size, self.target, threads=threads)
