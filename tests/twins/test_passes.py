"""The margin of every wallet equals its twin on Python integers, and what it notes is what it met."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adlcore._kernels.reference import margin as plain
from support.twins import BOTTOM, TOP, refusal
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


def test_flags_are_named_alike():
    flags = fast.passes.ROW_OVERFLOW, fast.passes.SUM_OVERFLOW, fast.passes.STRAY_ROW
    assert flags == (ROW, SUM, STRAY) == (1, 2, 4)


# A pass over all


@given(books(), st.data())
def test_a_pass_over_any_books(found, data):
    met, whole = same_pass(found)
    assert met == 0
    cuts = sorted(data.draw(st.lists(st.integers(0, len(found.balance)), max_size=4)))
    met, pieces = same_pass(found, cuts)
    assert met == 0
    assert alike(whole, pieces)


@given(books(wild, st.sampled_from(UNITS)), st.data())
def test_a_pass_over_books_at_the_ends_of_int64(found, data):
    met, whole = same_pass(found)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(found.balance)), max_size=4)))
    in_pieces, pieces = same_pass(found, cuts)
    assert in_pieces & ROW == met & ROW
    if not met & ROW:
        assert in_pieces == met
        assert alike(whole, pieces)


@given(books(contracts=st.integers(1, 3)))
def test_rows_are_valued_and_summed_as_documented(found):
    _, (pnl, margin, sums) = found.full(fast)
    wanted = np.stack([found.balance, 0 * found.balance], axis=1)
    for k in range(len(found.unit)):
        tiers = slice(found.tier_start[k], found.tier_start[k + 1])
        lines = list(zip(found.rate[tiers].tolist(), found.amount[tiers].tolist(), strict=True))
        for i in range(found.start[k], found.start[k + 1]):
            worth = round(found.quantity.item(i) * found.unit.item(k))
            assert pnl[i] == worth - found.entry_value[i]
            assert margin[i] == max(0, *(round(abs(worth) * rate - amount) for rate, amount in lines), 0)
            wanted[found.slot[i]] += (pnl[i], margin[i])
    np.testing.assert_array_equal(sums, wanted)


@pytest.mark.parametrize("rows", [0, 1, 511, 512, 513, 1023, 1024, 1025, 4097])
def test_a_pass_around_block_borders(rows):
    for slots in (1, 3, 700):
        found = random_books(3, rows, slots, seed=rows)
        met, whole = same_pass(found)
        assert met == 0
        assert alike(same_pass(found, [slots // 3, slots // 3, slots // 2])[1], whole)


@pytest.mark.parametrize("slots", [CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 5])
def test_a_pass_around_chunk_borders(slots):
    found = random_books(3, 20_000, slots)
    near = random_books(2, 3_000, slots, seed=2, lowest=max(slots - 600, 0))
    for one in (found, near):
        met, whole = same_pass(one)
        assert met == 0
        for cuts in ([1], [slots - 1], [CHUNK - 2, CHUNK - 1], [CHUNK // 2, slots // 2 + CHUNK // 2]):
            in_pieces, pieces = one.full(fast, cuts)
            assert in_pieces == 0
            assert alike(whole, pieces)


def test_other_slots_and_their_rows_are_left_alone():
    found = random_books(2, 600, 40)
    for kernels in (fast, plain):
        pnl, margin, sums = found.blank()
        assert found.run(kernels, 10, 20, (pnl, margin, sums)) == 0
        outside = (found.slot < 10) | (found.slot >= 20)
        assert (pnl[outside] == 7).all()
        assert (margin[outside] == 7).all()
        assert (sums[:10] == 7).all()
        assert (sums[20:] == 7).all()
        assert not (sums[10:20] == 7).all(axis=1).any()
        assert found.run(kernels, 5, 5, (pnl, margin, sums)) == 0
        assert (sums[:10] == 7).all()


def test_without_contracts_a_sum_is_the_balance():
    found = build([], 3, [5, -6, TOP])
    met, (_, _, sums) = same_pass(found)
    assert (met, sums.tolist()) == (0, [[5, 0], [-6, 0], [TOP, 0]])


def test_read_only_columns_are_read():
    found = random_books(2, 600, 40)
    wanted = same_pass(found)
    for column in vars(found).values():
        column.flags.writeable = False
    for kernels in (fast, plain):
        met, out = found.full(kernels)
        assert met == wanted[0]
        assert alike(out, wanted[1])


# What a pass notes


def one_contract(rows, slots=1, balance=None, unit=1.0, tiers=0) -> Books:
    return build([(unit, *tiers_of(tiers), rows)], slots, balance)


@pytest.mark.parametrize("behind", [0, 1, 511, 512, 600])
@pytest.mark.parametrize(
    ("quantity", "entry", "unit", "noted"),
    [
        (2**62, 0, 1.0, ROW),
        (-(2**62), 0, 1.0, ROW),
        (2**62 - 1, 0, 1.0, ROW),  # as a float it is 2^62
        (2**62 - 512, 0, 1.0, 0),
        (2**61, 0, 2.0, ROW),
        (1, 0, 1e300, ROW),
        (TOP, 0, 1e280, ROW),
        (0, BOTTOM, 1.0, ROW),  # 0 less -2^63
        (-1, BOTTOM, 1.0, 0),
        (0, TOP, 1.0, 0),
        (-1, TOP, 1.0, 0),
        (-2, TOP, 1.0, ROW),
        (2**61, -(2**62) - 2**61, 1.0, ROW),
        (2**61, -(2**62) - 2**61 + 1, 1.0, 0),
    ],
)
def test_a_row_whose_value_or_gain_leaves_int64_is_noted(behind, quantity, entry, unit, noted):
    rows = [(0, 1, 1)] * behind
    for place in ([*rows, (1, quantity, entry)], [(0, quantity, entry), *rows]):
        met, _ = same_pass(one_contract(place, slots=2, unit=unit))
        assert met & ROW == noted


@pytest.mark.parametrize(
    ("balance", "gains", "noted"),
    [
        (TOP, [1], SUM),
        (TOP, [1, -1], SUM),  # it fits again at the end
        (TOP, [-1, 1], 0),
        (TOP - 5, [5], 0),
        (BOTTOM, [-1], SUM),
        (BOTTOM, [-1, 2], SUM),
        (BOTTOM + 5, [-5, 9], 0),
        (0, [2**62, 2**62, -1], SUM),
        (0, [2**62, 2**62 - 1, 0], 0),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_a_sum_that_leaves_int64_on_the_way_is_noted(balance, gains, noted, apart):
    # In one contract, or in one each: the order is the same.
    rows = [[(1, 0, -gain)] for gain in gains] if apart else [[(1, 0, -gain) for gain in gains]]
    found = build([(1.0, [], [], part) for part in rows], 3, [0, balance, 0])
    met, (_, _, sums) = same_pass(found)
    assert met == noted
    total = balance + sum(gains)
    assert sums[1, 0] == (total + 2**63) % 2**64 - 2**63


def test_a_sum_of_margins_that_leaves_int64_is_noted():
    # Half of nearly 2^62 each, entered at what they are worth: four fit.
    size = 2**62 - 512
    for rows, noted in ((3, 0), (4, 0), (5, SUM), (9, SUM)):
        found = build([(1.0, [0.5], [0.0], [(0, size, size)] * rows)], 1)
        met, (_, _, sums) = same_pass(found)
        assert met == noted
        total = rows * (size // 2)
        assert sums.tolist() == [[0, (total + 2**63) % 2**64 - 2**63]]


@pytest.mark.parametrize("stray", [-1, 3, 10**9, TOP, BOTTOM])
def test_a_slot_that_the_order_does_not_promise_is_noted_and_passed_over(stray):
    for first in (0, 1):
        found = one_contract([(1, 5, 2)] * 7, slots=3, balance=[10, 20, 30])
        found.slot[2] = stray
        outs = [found.blank() for _ in range(2)]
        for kernels, out in zip((fast, plain), outs, strict=True):
            assert found.run(kernels, first, 3, out) == STRAY
            assert out[2][1:].tolist() == [[20 + 6 * 3, 0], [30, 0]]
        assert alike(*outs)


# A new mark of one contract


@given(books(contracts=st.integers(1, 3)), st.sampled_from(UNITS[:7]), st.data())
def test_a_new_mark_is_a_fresh_pass_and_undoes_itself(found, unit, data):
    k = data.draw(st.integers(0, len(found.unit) - 1))
    for kernels in (fast, plain):
        _, out = found.full(kernels)
        before = [column.copy() for column in out]
        assert found.move(kernels, k, unit, out) == (found.start[k + 1] - found.start[k], 0)
        assert alike(out, found.at(k, unit).full(fast)[1])
        assert found.move(kernels, k, found.unit.item(k), out) == (found.start[k + 1] - found.start[k], 0)
        assert alike(out, before)


@given(books(wild, st.sampled_from(UNITS), st.integers(1, 3)), st.sampled_from(UNITS), st.data())
def test_a_new_mark_at_the_ends_of_int64(found, unit, data):
    k = data.draw(st.integers(0, len(found.unit) - 1))
    met, before = found.full(fast)
    if met & ROW:  # from columns that mean nothing in particular
        before = [column.copy() for column in found.blank()]
    outs = [[column.copy() for column in before] for _ in range(2)]
    (done, met), other = (found.move(kernels, k, unit, out) for kernels, out in zip((fast, plain), outs, strict=True))
    assert (done, met) == other
    assert alike(*outs)
    assert bool(met & ROW) == (done < found.start[k + 1] - found.start[k])


@given(books(wild, st.sampled_from(UNITS[:7]), st.integers(1, 3)), st.sampled_from(UNITS), st.data())
def test_a_new_mark_undoes_itself_though_sums_wrap_and_rows_do_not_fit(found, unit, data):
    k = data.draw(st.integers(0, len(found.unit) - 1))
    met, out = found.full(fast)
    assume(not met & ROW)
    before = [column.copy() for column in out]
    done, met = found.move(fast, k, unit, out)
    if not met & ROW:
        assert alike(out, found.at(k, unit).full(fast)[1])
    assert found.undo(fast, k, done, out)[0] == done
    assert alike(out, before)


@given(st.lists(st.tuples(st.integers(-2, 6), small), max_size=20), st.sampled_from(UNITS[:7]))
def test_a_new_mark_passes_over_rows_of_no_slot(rows, unit):
    found = build([(1.0, *tiers_of(3), [(slot, quantity, 5) for slot, quantity in rows])], 5)
    outs = [found.blank() for _ in range(2)]
    met = [found.move(kernels, 0, unit, out) for kernels, out in zip((fast, plain), outs, strict=True)]
    stray = any(not 0 <= slot < 5 for slot, _ in rows)
    assert met == [(len(rows), STRAY if stray else 0)] * 2
    assert alike(*outs)


@pytest.mark.parametrize("rows", [0, 1, 511, 512, 513, 1024, 1025, 4097])
def test_a_new_mark_around_block_borders(rows):
    found = random_books(2, rows, 300, seed=rows)
    for kernels in (fast, plain):
        _, out = found.full(kernels)
        assert found.move(kernels, 1, 1234.5, out) == (rows, 0)
        assert alike(out, found.at(1, 1234.5).full(fast)[1])


@pytest.mark.parametrize(("place", "done"), [(0, 0), (511, 0), (512, 512), (1023, 512), (1024, 1024)])
def test_a_row_that_does_not_fit_ends_a_new_mark_at_the_start_of_its_block(place, done):
    found = one_contract([(0, 1, 1)] * 1100)
    found.quantity[place] = 2**61
    for kernels in (fast, plain):
        _, out = found.full(kernels)
        before = [column.copy() for column in out]
        assert found.move(kernels, 0, 2.0, out) == (done, ROW)
        assert out[0][:done].tolist() == [1] * done
        assert found.undo(kernels, 0, done, out) == (done, 0)
        assert alike(out, before)


@BOTH
@pytest.mark.parametrize(("before", "change", "noted"), [(TOP, TOP, SUM), (TOP - 2, -TOP, 0), (BOTTOM, TOP - 1, 0)])
def test_a_change_that_leaves_int64_is_noted(kernels, before, change, noted):
    # To -2 from what no pass wrote; -2 less TOP wraps, and the sum alone would not tell.
    found = one_contract([(0, -2, 0)])
    out = lots([before]), lots([0]), lots([[0, 0]])
    assert found.move(kernels, 0, 1.0, out) == (1, noted)
    assert alike(out, ([-2], [0], [[change, 0]]))


# Shapes


@BOTH
@pytest.mark.parametrize(
    ("changed", "facts"),
    [
        ({"unit": np.ones(2)}, ("value_per_lot", None, 2, "must have 1 rows")),
        ({"tier_start": lots([0, 0, 0])}, ("tier_start", None, 3, "must have 2 rows")),
        ({"rate": np.ones(1)}, ("amount", None, 2, "must have 1 rows")),
        ({"entry_value": lots([1])}, ("entry_value", None, 1, "must have 2 rows")),
        ({"slot": lots([0, 0, 0])}, ("slot", None, 3, "must have 2 rows")),
        ({"pnl": lots([1])}, ("pnl", None, 1, "must have 2 rows")),
        ({"margin": lots([1, 1, 1])}, ("margin", None, 3, "must have 2 rows")),
        ({"balance": lots([1, 2, 3])}, ("sums", None, 2, "must have 3 rows of two")),
        ({"sums": np.zeros((2, 3), np.int64)}, ("sums", None, 2, "must have 2 rows of two")),
        ({"first": -1}, ("last", None, 2, "must be from first, -1, to 2")),
        ({"first": 2, "last": 1}, ("last", None, 1, "must be from first, 2, to 2")),
        ({"last": 3}, ("last", None, 3, "must be from first, 0, to 2")),
        ({"start": lots([0, 3])}, ("start", 1, 3, "must rise within 0 to 2")),
        ({"start": lots([3, 4])}, ("start", 0, 3, "must rise within 0 to 2")),
        ({"start": lots([-1, 2])}, ("start", 0, -1, f"must rise within 0 to {TOP}")),
        ({"start": lots([2, 1])}, ("start", 1, 1, f"must rise within 0 to {TOP}")),
        ({"tier_start": lots([0, 3])}, ("tier_start", 1, 3, "must rise within 0 to 2")),
        ({"tier_start": lots([-1, 2])}, ("tier_start", 0, -1, "must rise within 0 to 2")),
    ],
)
def test_a_pass_refuses_what_does_not_fit_together(kernels, changed, facts):
    found = one_contract([(0, 1, 1), (1, 1, 1)], slots=2, tiers=2)
    out = dict(zip(("pnl", "margin", "sums"), found.blank(), strict=True))
    found = replace(found, **{name: value for name, value in changed.items() if hasattr(found, name)})
    written = tuple((out | changed)[name] for name in out)
    assert refusal(lambda: found.run(kernels, changed.get("first", 0), changed.get("last", 2), written)) == facts


@BOTH
def test_a_new_mark_refuses_what_does_not_fit_together(kernels):
    found = one_contract([(0, 1, 1), (1, 1, 1)], slots=2)
    pnl, margin, sums = found.blank()
    for k in (-1, 1):
        assert refusal(lambda k=k: found.move(kernels, k, 1.0, (pnl, margin, sums)))[0] == "contract"
    beyond, bare = replace(found, start=lots([0, 3])), replace(found, balance=lots([]))
    assert refusal(lambda: beyond.move(kernels, 0, 1.0, (pnl, margin, sums)))[:3] == ("start", 1, 3)
    assert refusal(lambda: bare.move(kernels, 0, 1.0, (pnl, margin, sums[:0])))[0] == "sums"


def test_borders_that_are_written_to_while_they_are_held_are_refused():
    found = one_contract([(0, 1, 1), (1, 1, 1)], slots=2, tiers=2)
    contracts, rows, slots = found.holders(fast, found.blank())
    for column, place, value in ((found.start, 1, 3), (found.start, 0, -1), (found.tier_start, 1, 3)):
        before = column[place]
        column[place] = value
        for call in (
            lambda: fast.passes.run_full_pass(contracts, found.unit, rows, slots, 0, 2),
            lambda: fast.passes.move_mark(contracts, 0, 1.0, rows, slots),
        ):
            assert refusal(call)[1:3] == (place, value)
        column[place] = before
