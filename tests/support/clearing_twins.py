"""The kernels of the clearing house beside their twins on Python integers: cases, and what comes out of both."""

import numpy as np
import pytest
from hypothesis import strategies as st

from adlcore._kernels.reference import clearing as PLAIN
from adlcore._kernels.reference.margin.contracts import Contracts as PlainContracts
from support.twins import BOTTOM, TOP, column

FAST = pytest.importorskip("adlcore._kernels.compiled.clearing", reason="the compiled kernels are not built")
CONTRACTS = {FAST: pytest.importorskip("adlcore._kernels.compiled.margin.contracts").Contracts, PLAIN: PlainContracts}
BOTH = pytest.mark.parametrize("kernels", [FAST, PLAIN], ids=["compiled", "plain"])

EDGES = sorted(
    {0, TOP, BOTTOM, TOP - 1, BOTTOM + 1}
    | {sign * (2**power + step) for power in (31, 52, 53, 61, 62) for step in (-1, 0, 1) for sign in (1, -1)}
)
small = st.integers(-20, 20)
money = st.integers(-(10**6), 10**6)
wild = st.one_of(st.sampled_from(EDGES), money, st.integers(BOTTOM, TOP))
units = st.sampled_from([1.0, 0.5, 0.3, 7.25, 58_000.25, 0.0, -3.5])
wild_units = st.one_of(units, st.sampled_from([2.0**-40, 2.0**40, 1e280, np.inf, np.nan]))
tiers = st.sampled_from([[(0.0, 0.0)], [(0.01, 0.0), (0.05, 3.0), (0.5, 90.0)], [(0.25, -3.0)], [], [(4.0, 0.0)]])


def positive(numbers):
    return numbers.map(lambda x: min(abs(x), TOP) or 1)


def longer(array):
    """The array with a row more."""
    return np.concatenate([array, np.zeros((1, *array.shape[1:]), array.dtype)])


def run(work, arrays):
    """What work on copies of arrays returns or raises, and what it leaves in them."""
    own = {name: array.copy() if isinstance(array, np.ndarray) else array for name, array in arrays.items()}
    try:
        answer = work(own)
    except (ValueError, OverflowError) as error:
        answer = type(error).__name__, error.args
    return answer, {
        name: (array.dtype.name, array.tolist()) for name, array in own.items() if isinstance(array, np.ndarray)
    }


def same_outcome(work, arrays):
    """The outcome of ``work(kernels, arrays)``, alike in both: what was half done too."""
    one, other = (run(lambda own, kernels=kernels: work(kernels, own), arrays) for kernels in (FAST, PLAIN))
    assert repr(one) == repr(other)
    return one[0], {name: column(values, dtype) for name, (dtype, values) in one[1].items()}


def untouched(work, arrays):
    """The answer of what leaves everything as it was."""
    answer, after = same_outcome(work, arrays)
    assert all(np.array_equal(after[name], arrays[name]) for name in after)
    return answer


ROWS = ("quantity", "entry_value", "quantity0", "entry_value0", "slot", "pnl", "margin")


def made(holder, own, *names):
    """A holder of columns, by their names."""
    return holder(*(own[name] for name in names))


def make_books(kernels, own):
    """The rows, slots and contracts of a case; where a contract's rows stand is not asked."""
    rows = kernels.rows
    contracts = CONTRACTS[kernels](np.zeros_like(own["tier_start"]), own["tier_start"], own["rate"], own["amount"])
    slots = made(rows.SlotSums, own, "sums", "cash", "realized_in_sum")
    return rows.PositionBooks(made(rows.Rows, own, *ROWS), slots, contracts, own["value_per_lot"])


@st.composite
def working_rows(draw, sides=(1, -1), tame=False):
    """The columns of a pass in which some lots are closed already, and a contract for each row."""
    numbers, lots = (money, small) if tame else (wild, st.one_of(small, wild))
    slots, contracts = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    n = draw(st.integers(1, 6))
    q0 = [draw(st.sampled_from(sides)) * min(abs(draw(lots)), TOP) for _ in range(n)]
    closed = [0 if draw(st.booleans()) else draw(st.integers(0, abs(q))) for q in q0]
    ev0 = draw(st.lists(numbers, min_size=n, max_size=n))
    q = [q - c if q > 0 else q + c for q, c in zip(q0, closed, strict=True)]
    ev = [PLAIN.rows.cost_left(e, c, abs(q)) if q else e for e, c, q in zip(ev0, closed, q0, strict=True)]
    sheets = [draw(tiers) for _ in range(contracts)]
    lines = [line for sheet in sheets for line in sheet]
    realized = draw(st.one_of(st.none(), st.lists(st.integers(0, 1), min_size=slots, max_size=slots)))
    pair = st.tuples(numbers, numbers)
    return {
        "quantity": column(q),
        "entry_value": column(ev),
        "quantity0": column(q0),
        "entry_value0": column(ev0),
        "slot": column([draw(st.integers(0, slots - 1)) for _ in range(n)]),
        "pnl": column(draw(st.lists(numbers, min_size=n, max_size=n))),
        "margin": column(draw(st.lists(numbers, min_size=n, max_size=n))),
        "sums": column(draw(st.lists(pair, min_size=slots, max_size=slots))),
        "cash": column(draw(st.lists(numbers, min_size=slots, max_size=slots))),
        "realized_in_sum": None if realized is None else column(realized, np.uint8),
        "value_per_lot": column([draw(units if tame else wild_units) for _ in range(contracts)], np.float64),
        "tier_start": column(np.cumsum([0, *map(len, sheets)])),
        "rate": column([rate for rate, _ in lines], np.float64),
        "amount": column([amount for _, amount in lines], np.float64),
    }
