"""The columns of a margin pass, as both implementations take them, and what comes out of both."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import strategies as st

from adlcore._kernels.reference import margin as plain
from support.twins import BOTTOM, TOP
from support.twins import column as lots

fast = pytest.importorskip("adlcore._kernels.compiled.margin", reason="the compiled kernels are not built")

BOTH = pytest.mark.parametrize("kernels", [fast, plain], ids=["compiled", "plain"])
ROW, SUM, STRAY = plain.passes.ROW_OVERFLOW, plain.passes.SUM_OVERFLOW, plain.passes.STRAY_ROW
CHUNK = 1 << 15


@dataclass(frozen=True)
class Books:
    """The columns of a pass."""

    start: np.ndarray
    unit: np.ndarray
    tier_start: np.ndarray
    rate: np.ndarray
    amount: np.ndarray
    quantity: np.ndarray
    entry_value: np.ndarray
    slot: np.ndarray
    balance: np.ndarray

    def blank(self):
        """Columns to write into, none of which looks written."""
        return (*(np.full(len(self.slot), 7) for _ in range(2)), np.full((len(self.balance), 2), 7))

    def holders(self, kernels, out):
        """The columns, and those to write into, as kernels take them."""
        pnl, margin, sums = out
        return (
            kernels.contracts.Contracts(self.start, self.tier_start, self.rate, self.amount),
            kernels.positions.Positions(self.quantity, self.entry_value, self.slot, pnl, margin),
            kernels.positions.Slots(self.balance, sums),
        )

    def run(self, kernels, first, last, out):
        """Flags of a pass over a range of slots."""
        contracts, rows, slots = self.holders(kernels, out)
        return kernels.passes.run_full_pass(contracts, self.unit, rows, slots, first, last)

    def full(self, kernels, cuts=()):
        """Flags, and what is written, of a pass in one range of slots or in several."""
        out, met = self.blank(), 0
        contracts, rows, slots = self.holders(kernels, out)
        for first, last in pairwise([0, *cuts, len(self.balance)]):
            met |= kernels.passes.run_full_pass(contracts, self.unit, rows, slots, first, last)
        return met, out

    def move(self, kernels, k, unit, out):
        """Value contract k anew; rows done and flags."""
        contracts, rows, slots = self.holders(kernels, out)
        return kernels.passes.move_mark(contracts, k, unit, rows, slots)

    def undo(self, kernels, k, done, out):
        """Bring the first rows of contract k back to its unit; rows done and flags."""
        start = lots([*self.start[: k + 1], self.start[k] + done])
        part = replace(self, start=start, tier_start=self.tier_start[: k + 2])
        return part.move(kernels, k, self.unit.item(k), out)

    def at(self, k, unit):
        """The same at another unit of one contract."""
        changed = self.unit.copy()
        changed[k] = unit
        return replace(self, unit=changed)


def alike(one, other) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def same_pass(books: Books, cuts=()):
    """Flags and columns, alike in both; after a row that does not fit the columns mean nothing."""
    (met, out), (met_too, out_too) = (books.full(kernels, cuts) for kernels in (fast, plain))
    assert met & ROW == met_too & ROW
    if not met & ROW:
        assert met == met_too
        assert alike(out, out_too)
    return met, out


def build(contracts, slots: int, balance=None) -> Books:
    """Books of contracts given as (unit, rates, amounts, rows); a row is (slot, quantity, entry value)."""
    rows = [row for *_, rows in contracts for row in sorted(rows, key=lambda row: row[0])]
    slot, quantity, entry = (lots(column) for column in (zip(*rows, strict=True) if rows else ([], [], [])))
    return Books(
        lots(np.cumsum([0, *(len(rows) for *_, rows in contracts)])),
        np.array([unit for unit, *_ in contracts], np.float64),
        lots(np.cumsum([0, *(len(rates) for _, rates, *_ in contracts)])),
        np.array([rate for _, rates, *_ in contracts for rate in rates], np.float64),
        np.array([amount for _, _, amounts, _ in contracts for amount in amounts], np.float64),
        quantity, entry, slot,
        np.zeros(slots, np.int64) if balance is None else lots(balance),
    )  # fmt: skip


def tiers_of(n: int) -> tuple[list[float], list[float]]:
    """Rising rates, and the amounts that go with floors of a thousand times as many."""
    rates = [0.004, 0.01, 0.05, 0.125, 0.5][:n]
    amounts = [0.0]
    for step, (low, high) in enumerate(pairwise(rates), 1):
        amounts.append(amounts[-1] + 10.0 ** (3 * step) * (high - low))
    return rates, amounts[:n]


EDGES = [0, 1, -1, 2**53 + 1, 2**61, 2**62 - 1, 2**62, -(2**62), TOP, BOTTOM, TOP - 1, BOTTOM + 1]
UNITS = [1.0, 0.5, 0.0, 58_000.25, 1e-3, 1e8, -3.5, 2.0**40, 2.0**-40, 1e280]
small = st.integers(-(10**6), 10**6)
wild = st.one_of(small, st.sampled_from(EDGES), st.integers(BOTTOM, TOP))


@st.composite
def books(draw, integers=small, units=st.sampled_from(UNITS[:7]), contracts=st.integers(0, 4)):
    slots = draw(st.integers(0, 9))
    row = st.tuples(st.integers(0, max(slots - 1, 0)), integers, integers)
    made = [
        (draw(units), *tiers_of(draw(st.integers(0, 5))), draw(st.lists(row, max_size=12)) if slots else [])
        for _ in range(draw(contracts))
    ]
    return build(made, slots, draw(st.lists(integers, min_size=slots, max_size=slots)))


def random_books(contracts: int, rows: int, slots: int, seed: int = 1, lowest: int = 0) -> Books:
    rng = np.random.default_rng(seed)
    made = []
    for k in range(contracts):
        slot = rng.integers(lowest, slots, rows)
        columns = slot, rng.integers(-(10**4), 10**4, rows), rng.integers(-(10**8), 10**8, rows)
        made.append((float(rng.lognormal(8.0, 1.0)), *tiers_of(k % 6), list(zip(*map(list, columns), strict=True))))
    return build(made, slots, rng.integers(-(10**9), 10**9, slots))


def one_contract(rows, slots=1, balance=None, unit=1.0, tiers=0) -> Books:
    return build([(unit, *tiers_of(tiers), rows)], slots, balance)
