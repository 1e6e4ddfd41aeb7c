"""Marks of a clearing house, its audit included: quiet ones, one that liquidates, many bankrupts in one market."""

import itertools

from harness.books import SIZES, CachedVenue
from harness.columns import MARK, MOST
from harness.houses import CRASH, CROWDED, QUIET, crowd, lifted, opened, running
from harness.memory import extra_bytes

#: Bankrupt longs, and shorts.
CROWDS = tuple((shorts // 10, shorts) for shorts in (10**4, 10**5, 10**6) if shorts <= MOST)


class QuietMarks(CachedVenue):
    """Nobody fails."""

    params = (SIZES,)
    param_names = ("size",)

    def setup(self, size):
        venue = lifted(self.load(size))
        self.house = running(opened(venue))
        self.all = itertools.cycle([venue.moved(QUIET), venue.moved("1")])
        self.one = itertools.cycle([venue.nudged(0, QUIET), venue.nudged(0, "1")])

    def time_mark_all_contracts(self, size):
        self.house.mark(next(self.all))

    def time_mark_one_contract(self, size):
        self.house.mark(next(self.one))

    def peakmem_mark_all_contracts(self, size):
        self.house.mark(next(self.all))

    def track_extra(self, size):
        return extra_bytes(lambda: self.house.mark(next(self.all)))

    track_extra.unit = "bytes"


class Crash(CachedVenue):
    """One wallet of a hundred fails, with deleveraging in every market; a house anew for every mark."""

    params = (SIZES,)
    param_names = ("size",)
    number = 1

    def setup(self, size):
        venue = lifted(self.load(size))
        self.state, self.marks = opened(venue), venue.moved(CRASH)
        self.house = running(self.state)

    def time_mark(self, size):
        self.house.mark(self.marks)

    def peakmem_mark(self, size):
        self.house.mark(self.marks)

    def track_extra(self, size):
        houses = iter([self.house, running(self.state)])
        return extra_bytes(lambda: next(houses).mark(self.marks))

    track_extra.unit = "bytes"


class Crowd:
    """Many bankrupt longs against the shorts of one market; a house anew for every mark."""

    params = (CROWDS,)
    param_names = ("size",)
    number = 1

    def setup(self, size):
        self.state = opened(crowd(*size), CROWDED)
        self.house = running(self.state, CROWDED)

    def time_mark(self, size):
        self.house.mark({"CROWD": MARK})

    def peakmem_mark(self, size):
        self.house.mark({"CROWD": MARK})

    def track_extra(self, size):
        houses = iter([self.house, running(self.state, CROWDED)])
        return extra_bytes(lambda: next(houses).mark({"CROWD": MARK}))

    track_extra.unit = "bytes"
