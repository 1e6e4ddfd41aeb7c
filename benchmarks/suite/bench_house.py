"""Marks of a clearing house, its audit included: quiet ones, one that liquidates, many bankrupts in one market."""

from harness import cases
from harness.asv_class import OnBooks, TimedCase
from harness.books import SIZES
from harness.columns import MOST
from harness.houses import crowded_market, with_margin

#: Bankrupt longs, and shorts.
CROWDS = tuple((shorts // 10, shorts) for shorts in (10**4, 10**5, 10**6) if shorts <= MOST)


class QuietMarks(
    OnBooks,
    case=cases.quiet_marks,
    times="mark_all_contracts mark_one_contract",
    peaks="mark_all_contracts",
    extras={"extra": "mark_all_contracts"},
    size=SIZES,
):
    """Nobody fails."""

    def load(self, size):
        return with_margin(super().load(size))


class Crash(OnBooks, case=cases.crash, times="mark", peaks="mark", extras={"extra": "mark"}, used_up=True, size=SIZES):
    """One wallet of a hundred fails, with deleveraging in every market; a house anew for every mark."""

    def load(self, size):
        return with_margin(super().load(size))


class Crowd(
    TimedCase, case=cases.crowded, times="mark", peaks="mark", extras={"extra": "mark"}, used_up=True, size=CROWDS
):
    """Many bankrupt longs against the shorts of one market; a house anew for every mark."""

    def load(self, size):
        return crowded_market(*size)
