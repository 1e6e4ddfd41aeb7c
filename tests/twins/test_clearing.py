"""The kernels of the clearing house equal their twins on Python integers, and both obey the laws of its money."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adlcore._kernels.reference import _deleverage, _funds, _margin, _payments, _rows
from support import zoo

fast_rows = pytest.importorskip("adlcore._kernels._rows", reason="the compiled kernels are not built")
fast_funds = pytest.importorskip("adlcore._kernels._funds")
fast_payments = pytest.importorskip("adlcore._kernels._payments")
fast_deleverage = pytest.importorskip("adlcore._kernels._deleverage")

FAST = SimpleNamespace(rows=fast_rows, funds=fast_funds, payments=fast_payments, deleverage=fast_deleverage)
PLAIN = SimpleNamespace(rows=_rows, funds=_funds, payments=_payments, deleverage=_deleverage)
BOTH = pytest.mark.parametrize("kernels", [FAST, PLAIN], ids=["compiled", "plain"])

TOP, BOTTOM = zoo.INT64_MAX, -(2**63)
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


def column(values, dtype=np.int64):
    return np.array(values, dtype)


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


def same(work, arrays):
    """The outcome of ``work(kernels, arrays)``, alike in both: what was half done too."""
    one, other = (run(lambda own, kernels=kernels: work(kernels, own), arrays) for kernels in (FAST, PLAIN))
    assert repr(one) == repr(other)
    return one[0], {name: column(values, dtype) for name, (dtype, values) in one[1].items()}


# Position rows ----------------------------------------------------------------------------------------

ROWS = (
    "quantity", "entry_value", "quantity0", "entry_value0", "slot", "pnl", "margin", "sums", "cash", "plain", "unit",
    "tier_start", "rate", "amount",
)  # fmt: skip


def make_rows(kernels, own):
    return kernels.rows.Rows(*(own[name] for name in ROWS))


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
    ev = [_rows.cost_left(e, c, abs(q)) if q else e for e, c, q in zip(ev0, closed, q0, strict=True)]
    sheets = [draw(tiers) for _ in range(contracts)]
    lines = [line for sheet in sheets for line in sheet]
    plain = draw(st.one_of(st.none(), st.lists(st.integers(0, 1), min_size=slots, max_size=slots)))
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
        "plain": None if plain is None else column(plain, np.uint8),
        "unit": column([draw(units if tame else wild_units) for _ in range(contracts)], np.float64),
        "tier_start": column(np.cumsum([0, *map(len, sheets)])),
        "rate": column([rate for rate, _ in lines], np.float64),
        "amount": column([amount for _, amount in lines], np.float64),
    }


def close(kernels, own):
    rows = make_rows(kernels, own)
    return rows.close(*(own[name] for name in ("row", "lots", "value", "code", "realized")))


def closing(data, books, tame):
    """Books and closes of their rows: mostly no more than is held."""
    held = np.abs(books["quantity"].astype(object)).tolist()
    fills = []
    for _ in range(data.draw(st.integers(0, 5))):
        r = data.draw(st.integers(0, len(held) - 1))
        c = data.draw(st.integers(1, held[r])) if held[r] else int(not tame)
        if c:
            held[r] -= c if held[r] else 0
            code = data.draw(st.integers(0, len(books["unit"]) - 1))
            fills.append((r, c, data.draw(money if tame else wild), code))
    row, lots, value, code = (column([fill[place] for fill in fills]) for place in range(4))
    return books | {"row": row, "lots": lots, "value": value, "code": code, "realized": np.full(len(row), 7)}


@given(working_rows(), st.data())
def test_closed_rows(books, data):
    same(close, closing(data, books, tame=False))


@given(working_rows(tame=True), st.data())
def test_closed_rows_balance(books, data):
    case = closing(data, books, tame=True)
    bad, after = same(close, case)
    assert bad == -1
    assert after["cash"].sum() - books["cash"].sum() == after["realized"].sum()
    side = np.sign(books["quantity0"][case["row"]])
    gained = (side * case["value"]).sum()
    assert after["realized"].sum() == gained - (books["entry_value"] - after["entry_value"]).sum()
    counted = np.ones(len(after["realized"]), bool) if books["plain"] is None else books["plain"][books["slot"]] != 0
    realized = after["realized"][counted[case["row"]]] if books["plain"] is not None else after["realized"]
    moved = (after["pnl"] - books["pnl"]).sum()
    assert (after["sums"] - books["sums"]).sum(axis=0).tolist() == [
        moved + realized.sum(),
        (after["margin"] - books["margin"]).sum(),
    ]


@given(working_rows(), st.data())
def test_a_closed_row_is_valued_as_the_margin_pass_does(books, data):
    case = closing(data, books, tame=False)
    bad, after = same(close, case)
    assume(bad == -1)
    fast_margin = pytest.importorskip("adlcore._kernels._margin")
    for r in set(case["row"].tolist()):
        k = int(case["code"][case["row"] == r][-1])
        lines = slice(books["tier_start"][k], books["tier_start"][k + 1])
        for kernels in (fast_margin, _margin):
            pnl, margin, sums = column([0]), column([0]), column([[0, 0]])
            one = slice(r, r + 1)
            kernels.new_mark(
                float(books["unit"][k]), books["rate"][lines], books["amount"][lines], after["quantity"][one],
                after["entry_value"][one], column([0]), pnl, margin, sums,
            )  # fmt: skip
            assert (pnl[0], margin[0]) == (after["pnl"][r], after["margin"][r])


@given(working_rows(tame=True), st.data(), st.integers(1, 9), st.integers(1, 9))
def test_closing_in_parts_is_closing_at_once(books, data, above, below):
    r = data.draw(st.integers(0, len(books["quantity"]) - 1))
    held = abs(int(books["quantity"][r]))
    assume(held > 1)
    cut = data.draw(st.integers(1, held - 1))
    worth = [round(Fraction(above, below) * lots) for lots in (cut, held)]
    parts = books | {
        "row": column([r, r]), "lots": column([cut, held - cut]), "value": column([worth[0], worth[1] - worth[0]]),
        "code": column([0, 0]), "realized": column([0, 0]),
    }  # fmt: skip
    whole = books | {
        "row": column([r]), "lots": column([held]), "value": column([worth[1]]), "code": column([0]),
        "realized": column([0]),
    }  # fmt: skip
    (_, one), (_, other) = same(close, parts), same(close, whole)
    assert one["realized"].sum() == other["realized"].sum()
    for name in ("quantity", "entry_value", "pnl", "margin", "sums", "cash"):
        assert one[name].tolist() == other[name].tolist()
    assert one["entry_value"][r] == 0


def one_row(**changed):
    """One row of 10 lots in one slot, of which 4 are closed for 40."""
    books = {
        "quantity": column([10]), "entry_value": column([50]), "quantity0": column([10]),
        "entry_value0": column([50]), "slot": column([0]), "pnl": column([50]), "margin": column([0]),
        "sums": column([[60, 0]]), "cash": column([10]), "plain": None, "unit": column([10.0], np.float64),
        "tier_start": column([0, 0]), "rate": column([], np.float64), "amount": column([], np.float64),
        "row": column([0]), "lots": column([4]), "value": column([40]), "code": column([0]), "realized": column([7]),
    }  # fmt: skip
    return books | {name: column(value) for name, value in changed.items()}


def test_a_close_by_hand():
    bad, after = same(close, one_row())
    assert bad == -1
    assert after["realized"].tolist() == [20]
    assert (after["quantity"].tolist(), after["entry_value"].tolist()) == ([6], [30])
    assert (after["pnl"].tolist(), after["sums"].tolist(), after["cash"].tolist()) == ([30], [[60, 0]], [30])


@pytest.mark.parametrize(
    ("changed", "facts"),
    [
        ({"row": [1]}, ("row", 0, 1, "must be from 0 to 0")),
        ({"row": [-1]}, ("row", 0, -1, "must be from 0 to 0")),
        ({"code": [1]}, ("code", 0, 1, "must be from 0 to 0")),
        ({"code": [BOTTOM]}, ("code", 0, BOTTOM, "must be from 0 to 0")),
        ({"slot": [1]}, ("slot", 0, 1, "must be from 0 to 0")),
        ({"lots": [11]}, ("lots", 0, 11, "must be from 1 to 10")),
        ({"lots": [0]}, ("lots", 0, 0, "must be from 1 to 10")),
        ({"lots": [-1]}, ("lots", 0, -1, "must be from 1 to 10")),
        ({"quantity0": [9]}, ("quantity0", 0, 9, "must have the side of 10, and no fewer lots")),
        ({"quantity0": [-10]}, ("quantity0", 0, -10, "must have the side of 10, and no fewer lots")),
        ({"tier_start": [0, 1]}, ("tier_start", 1, 1, "must rise within 0 to 0")),
    ],
)
def test_a_close_that_cannot_be_touches_nothing(changed, facts):
    case = one_row(**changed)
    answer, after = same(close, case)
    assert answer == ("ValueError", facts)
    assert all(np.array_equal(after[name], case[name]) for name in after)


@pytest.mark.parametrize("changed", [{"value": [TOP], "entry_value": [0]}, {"cash": [TOP]}, {"sums": [[TOP, 0]]}])
def test_a_close_beyond_int64_touches_nothing(changed):
    case = one_row(pnl=[0], **changed)
    bad, after = same(close, case)
    assert bad == 0
    assert all(np.array_equal(after[name], case[name]) for name in after)


@pytest.mark.parametrize("name", [name for name in ROWS if name not in ("plain", "unit")])
def test_columns_of_other_lengths(name):
    case = one_row()
    case[name] = longer(case[name])
    with pytest.raises(ValueError, match="must"):
        make_rows(FAST, case)


# Take-overs -------------------------------------------------------------------------------------------

TAKE_OVER = (
    "fund", "code", "quantity", "price", "value", "lots", "cost", "lots0", "cost0", "cash", "equity", "notional",
    "least", "cap_top", "cap_bottom", "refuses", "parent", "unit", "above", "below", "inverse", "taken", "realized",
    "closing", "closed", "noted", "refusals",
)  # fmt: skip
WRITTEN = ("taken", "realized", "closing", "closed")
WHY = ("closed", "equity", "notional")


def take_over(kernels, own):
    return kernels.funds.take_over(*(own[name] for name in TAKE_OVER))


def worth(lots, price, above, below, inverse):
    """What signed lots are worth at a price, half-even."""
    return round(Fraction(-lots * above, below * price) if inverse else Fraction(lots * price * above, below))


def marks(quantity, unit):
    """What signed lots are worth at the mark."""
    return int(np.rint(float(quantity) * unit))


@st.composite
def offers(draw, tame=False):
    """Rows offered to chains of funds."""
    numbers = money if tame else wild
    lots = st.integers(-9, 9) if tame else st.one_of(small, wild)
    grid = positive(st.integers(1, 30)) if tame else positive(st.one_of(small, wild))
    parties, contracts, m = draw(st.integers(1, 4)), draw(st.integers(1, 2)), draw(st.integers(0, 6))

    def table(strategy, columns=contracts):
        return [[draw(strategy) for _ in range(columns)] for _ in range(parties)]

    held, spent = table(lots), table(numbers)
    fill_lots = lots.filter(bool)
    unit = [draw(units if tame else wild_units) for _ in range(contracts)]
    above, below = ([draw(grid) for _ in range(contracts)] for _ in range(2))
    inverse = [draw(st.integers(0, 1)) for _ in range(contracts)]
    rows = [
        (draw(st.integers(0, parties - 1)), draw(st.integers(0, contracts - 1)), draw(fill_lots), draw(grid))
        for _ in range(m)
    ]
    exact = tame or draw(st.booleans())
    value = [worth(q, p, above[k], below[k], inverse[k]) if exact else draw(numbers) for _, k, q, p in rows]
    assume(all(BOTTOM <= v <= TOP for v in value))
    cash = table(numbers, 1)
    equity, notional = table(numbers, 1), table(numbers, 1)
    if tame:
        worths = [[marks(q, u) for q, u in zip(row, unit, strict=True)] for row in held]
        notional = [[sum(map(abs, row))] for row in worths]
        equity = [[c + sum(w) - sum(e)] for (c,), w, e in zip(cash, worths, spent, strict=True)]
    times = st.integers(1, 3)
    held0 = [[max(min(q * draw(times), TOP), BOTTOM) for q in row] for row in held]
    caps = st.integers(0, 9) if tame else positive(wild)
    return {
        "fund": column([row[0] for row in rows]),
        "code": column([row[1] for row in rows]),
        "quantity": column([row[2] for row in rows]),
        "price": column([row[3] for row in rows]),
        "value": column(value),
        "lots": column(held),
        "cost": column(spent),
        "lots0": column(held0),
        "cost0": column(spent) if tame else column(table(numbers)),
        "cash": column(cash)[:, 0],
        "equity": column(equity)[:, 0],
        "notional": column(notional)[:, 0],
        "least": column(table(st.one_of(st.just(0), st.just(BOTTOM), numbers), 1))[:, 0],
        "cap_top": column(table(caps, 1))[:, 0],
        "cap_bottom": column(table(st.one_of(st.just(0), caps), 1))[:, 0],
        "refuses": column(table(st.sampled_from([0, 0, 0, 1])), np.uint8),
        "parent": column(table(st.integers(-1, parties - 1), 1))[:, 0],
        "unit": column(unit, np.float64),
        "above": column(above),
        "below": column(below),
        "inverse": column(inverse, np.uint8),
        "noted": column(table(st.sampled_from([0, 0, 0, 1])), np.uint8),
        "refusals": np.full((parties * contracts, 5), 7),
    } | {name: np.full(m, 7) for name in WRITTEN}  # fmt: skip


@given(offers())
def test_take_overs(case):
    same(take_over, case)


@given(offers(tame=True))
def test_take_overs_keep_their_books(case):
    case["lots0"], case["cost0"] = case["lots"].copy(), case["cost"].copy()
    (bad, _), after = same(take_over, case)
    assert bad == -1
    took = after["taken"] >= 0
    for k in range(len(case["unit"])):
        mine = took & (case["code"] == k)
        assert (after["lots"] - case["lots"])[:, k].sum() == case["quantity"][mine].sum()
    # Money only changes hands: what a fund pays for rows is what it books as cost or realizes.
    for f in range(len(case["cash"])):
        mine = after["taken"] == f
        assert after["cash"][f] - case["cash"][f] == after["realized"][mine].sum()
        spent = (after["cost"] - case["cost"])[f].sum() - (after["cash"] - case["cash"])[f]
        assert spent == case["value"][mine].sum()
        held = [marks(q, u) for q, u in zip(after["lots"][f], case["unit"], strict=True)]
        assert after["equity"][f] == after["cash"][f] + sum(held) - after["cost"][f].sum()
        assert after["notional"][f] == sum(map(abs, held))
        if mine.any():
            assert after["equity"][f] >= case["least"][f]
    assert (after["closing"] <= np.abs(case["quantity"])).all()
    assert all(after[name][~took].tolist() == [0] * (~took).sum() for name in WRITTEN[1:])


@given(offers(tame=True))
def test_a_row_goes_to_the_first_fund_that_accepts(case):
    """Each row alone, offered to each fund of its chain alone."""
    case["lots0"], case["cost0"] = case["lots"].copy(), case["cost"].copy()
    per_row = {"fund", "code", "quantity", "price", "value", *WRITTEN}
    for i in range(len(case["fund"])):
        alone = {name: array[i : i + 1] if name in per_row else array for name, array in case.items()}
        _, after = same(take_over, alone)
        chain, f = [], int(case["fund"][i])
        while f >= 0 and f not in chain:
            chain.append(f)
            f = int(case["parent"][f])
        accepts = []
        for f in chain:
            single = alone | {"fund": column([f]), "parent": np.full(len(case["parent"]), -1)}
            accepts += [f] if same(take_over, single)[1]["taken"][0] == f else []
        assert after["taken"][0] == (accepts[0] if accepts else -1)


def offered(losses, cash, **changed):
    """Rows of one lot at mark 1,000 that lose a fund so much."""
    m, p = len(losses), len(cash)
    zeros = np.zeros((p, 1), np.int64)
    case = {
        "fund": np.zeros(m, np.int64), "code": np.zeros(m, np.int64), "quantity": np.ones(m, np.int64),
        "price": column(losses) + 1000, "value": column(losses) + 1000, "lots": zeros, "cost": zeros,
        "lots0": zeros, "cost0": zeros, "cash": column(cash), "equity": column(cash), "notional": column([0] * p),
        "least": column([0] * p), "cap_top": column([1] * p), "cap_bottom": column([0] * p),
        "refuses": np.zeros((p, 1), np.uint8), "parent": column([*range(1, p), -1]),
        "unit": column([1000.0], np.float64), "above": column([1]), "below": column([1]),
        "inverse": column([0], np.uint8), "noted": np.zeros((p, 1), np.uint8), "refusals": np.full((p, 5), 7),
    } | {name: np.full(m, 7) for name in WRITTEN}  # fmt: skip
    return case | {name: column(value, case[name].dtype) for name, value in changed.items()}


def test_first_fit_by_hand():
    _, after = same(take_over, offered([70, 60, 30], [100]))
    assert after["taken"].tolist() == [0, -1, 0]
    assert after["equity"].tolist() == [0]
    _, after = same(take_over, offered([70, 60, 30], [100, 60]))
    assert after["taken"].tolist() == [0, 1, 0]
    _, after = same(take_over, offered([70, 60, 30], [100, 60], refuses=[[1], [0]]))
    assert after["taken"].tolist() == [-1, 1, -1]


def test_a_cap_on_net_notional_by_hand():
    # Two lots are 2,000 against 2,000 of equity; the third needs more; the short one shrinks the row.
    case = offered([0, 0, 0, 0], [2000], cap_bottom=[1], quantity=[1, 1, 1, -1], value=[1000, 1000, 1000, -1000])
    _, after = same(take_over, case)
    assert after["taken"].tolist() == [0, 0, -1, 0]
    assert after["closing"].tolist() == [0, 0, 0, 1]
    assert after["closed"].tolist() == [0, 0, 0, -1000]
    assert (after["lots"].tolist(), after["notional"].tolist()) == ([[1]], [1000])


def test_a_fill_through_zero_closes_and_opens():
    case = offered([0], [100], quantity=[-5], price=[3], value=[-8], above=[1], below=[2], lots=[[3]], cost=[[10]],
                   lots0=[[3]], cost0=[[10]], unit=[1.0])  # fmt: skip
    (bad, _), after = same(take_over, case)
    # Three lots at 3/2 are 4.5, rounded to 4; two are left, and open for the other 4.
    assert (bad, after["closed"].tolist(), after["closing"].tolist()) == (-1, [-4], [3])
    assert (after["realized"].tolist(), after["cash"].tolist()) == ([-6], [94])
    assert all(after[name].tolist() == [[-2]] for name in ("lots", "lots0"))
    assert all(after[name].tolist() == [[-4]] for name in ("cost", "cost0"))


@given(offers(tame=True))
def test_the_first_row_that_each_fund_refuses_is_told_with_what_refused_it(case):
    """Every line again, from the funds as they stood before its row; and one for each fund and contract."""
    case["lots0"], case["cost0"] = case["lots"].copy(), case["cost"].copy()
    (_, lines), after = same(take_over, case)
    told = [tuple(line) for line in after["refusals"][:lines].tolist()]
    per_row = {"fund", "code", "quantity", "price", "value", *WRITTEN}
    expected, noted, own = [], case["noted"].copy(), dict(case)
    for i in range(len(case["fund"])):
        f, k, seen = int(case["fund"][i]), int(case["code"][i]), 0
        single = {name: array[i : i + 1] if name in per_row else array for name, array in own.items()}
        _, later = same(take_over, single)
        while f >= 0 and f != later["taken"][0] and seen < len(noted):
            if not noted[f, k]:
                noted[f, k] = 1
                expected.append((i, f, *why(own, f, k, int(case["quantity"][i]), int(case["value"][i]))))
            f, seen = int(case["parent"][f]), seen + 1
        own |= {name: array for name, array in later.items() if name not in per_row}
    assert told == expected
    assert after["noted"].tolist() == noted.tolist()
    assert (after["refusals"][lines:] == 7).all()


def why(case, f, k, q, value):
    """Why a fund refuses a row: the reason, the value and the bound."""
    if case["refuses"][f, k]:
        return WHY.index("closed"), 0, 0
    held, unit = int(case["lots"][f, k]), case["unit"][k]
    left = int(case["equity"][f]) + marks(held + q, unit) - marks(held, unit) - value
    if left < case["least"][f]:
        return WHY.index("equity"), left, int(case["least"][f])
    notional = int(case["notional"][f]) + abs(marks(held + q, unit)) - abs(marks(held, unit))
    return (
        WHY.index("notional"),
        notional,
        int(Fraction(int(case["cap_top"][f]), int(case["cap_bottom"][f])) * left // 1),
    )


def test_refusals_by_hand():
    def told(case):
        (bad, lines), after = same(take_over, case)
        assert bad == -1
        return after["refusals"][:lines].tolist()

    # Of 100 the second row would leave -30; so would the fourth, which nobody needs to hear again.
    assert told(offered([70, 60, 30, 40], [100])) == [[1, 0, 1, -30, 0]]
    # The parent takes it; that the first fund refused is told all the same. Then the parent refuses, too.
    assert told(offered([70, 60, 60], [100, 60])) == [[1, 0, 1, -30, 0], [2, 1, 1, -60, 0]]
    assert told(offered([70], [100, 60], refuses=[[1], [0]], least=[0, 5])) == [[0, 0, 0, 0, 0], [0, 1, 1, -10, 5]]
    # Net notional 3,000 against 2/3 of 1,000, rounded down.
    case = offered([0], [1000], quantity=[3], value=[3000], cap_top=[2], cap_bottom=[3])
    assert told(case) == [[0, 0, 2, 3000, 666]]
    assert told(case | {"noted": column([[1]], np.uint8)}) == []


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"cap_top": [TOP], "equity": [-1]}, [0, 0, 2, 1000, -TOP]),
        ({"cap_top": [TOP], "equity": [-2]}, [0, 0, 2, 1000, BOTTOM]),
        ({"cap_top": [TOP], "equity": [BOTTOM]}, [0, 0, 2, 1000, BOTTOM]),
        ({"cap_top": [1], "cap_bottom": [2], "equity": [-3]}, [0, 0, 2, 1000, -2]),
        ({"cap_bottom": [TOP], "equity": [TOP], "notional": [TOP - 1000]}, [0, 0, 2, TOP, 1]),
        ({"least": [TOP], "equity": [TOP - 1]}, [0, 0, 1, TOP - 1, TOP]),
    ],
)
def test_bounds_at_the_ends_of_int64(changed, line):
    case = offered([0], [100], **{"least": [BOTTOM], "cap_bottom": [1]} | changed)
    (bad, lines), after = same(take_over, case)
    assert (bad, after["refusals"][:lines].tolist()) == (-1, [line])


def test_a_ring_of_parents_ends():
    _, after = same(take_over, offered([70], [10, 10, 10], parent=[1, 0, 2]))
    assert after["taken"].tolist() == [-1]


@pytest.mark.parametrize(
    ("changed", "facts"),
    [
        ({"fund": [1]}, ("fund", 0, 1, "must be from 0 to 0")),
        ({"code": [-1]}, ("code", 0, -1, "must be from 0 to 0")),
        ({"quantity": [0]}, ("quantity", 0, 0, "must not be 0")),
        ({"price": [0]}, ("price", 0, 0, f"must be from 1 to {TOP}")),
        ({"cap_top": [-1]}, ("cap_top", 0, -1, f"must be from 0 to {TOP}")),
        ({"cap_bottom": [-1]}, ("cap_bottom", 0, -1, f"must be from 0 to {TOP}")),
        ({"parent": [1]}, ("parent", 0, 1, "must be from -1 to 0")),
        ({"above": [0]}, ("above", 0, 0, f"must be from 1 to {TOP}")),
        ({"below": [BOTTOM]}, ("below", 0, BOTTOM, f"must be from 1 to {TOP}")),
        ({"lots": [[2]]}, ("lots0", 0, 0, "must have the side of 2, and no fewer lots")),
    ],
)
def test_an_offer_that_cannot_be_touches_nothing(changed, facts):
    case = offered([70], [100], **changed)
    answer, after = same(take_over, case)
    assert answer == ("ValueError", facts)
    assert all(np.array_equal(after[name], case[name]) for name in after)


@pytest.mark.parametrize("name", TAKE_OVER[1:])
def test_offers_of_other_lengths(name):
    case = offered([70], [100])
    case[name] = longer(case[name])
    with pytest.raises(ValueError, match="must"):
        take_over(FAST, case)


# Payments ---------------------------------------------------------------------------------------------

SETTLE = ("amount", "fund", "equity", "cash", "parent", "left", "out_row", "out_fund", "out_amount")


def settle(kernels, own):
    return kernels.payments.settle(*(own[name] for name in SETTLE))


@st.composite
def payments(draw, tame=False):
    numbers = money if tame else wild
    parties, m = draw(st.integers(1, 4)), draw(st.integers(0, 6))
    room = m * parties if tame or draw(st.booleans()) else draw(st.integers(0, 4))

    def of(strategy, n):
        return column(draw(st.lists(strategy, min_size=n, max_size=n)))

    return {
        "amount": of(numbers, m),
        "fund": of(st.integers(0, parties - 1), m),
        "equity": of(numbers, parties),
        "cash": of(numbers, parties),
        "parent": of(st.integers(-1, parties - 1), parties),
        "left": of(st.one_of(st.just(-1), st.integers(0, 10**6)), parties),
    } | {name: np.full(room, 7) for name in SETTLE[6:]}


@given(payments())
def test_payments(case):
    same(settle, case)


@given(payments(tame=True))
def test_payments_change_hands(case):
    (lines, fault), after = same(settle, case)
    assert fault == -1
    row, fund, amount = (after[name][:lines] for name in SETTLE[6:])
    assert (amount != 0).all()
    assert (np.diff(row) >= 0).all()
    for f in range(len(case["cash"])):
        moved = amount[fund == f].sum()
        assert after["cash"][f] - case["cash"][f] == moved
        assert after["equity"][f] - case["equity"][f] == moved
        assert after["equity"][f] >= min(0, case["equity"][f])
        if case["left"][f] < 0:
            assert after["left"][f] == case["left"][f]
        else:
            assert 0 <= after["left"][f] <= case["left"][f]
    for i, asked in enumerate(case["amount"].tolist()):
        given_to = amount[row == i]
        assert (given_to > 0).all() if asked > 0 else (given_to < 0).all()
        assert given_to.sum() == asked if asked >= 0 else asked <= given_to.sum() <= 0


def paying(amounts, equity, left, parent=None):
    p = len(equity)
    return {
        "amount": column(amounts), "fund": np.zeros(len(amounts), np.int64), "equity": column(equity),
        "cash": column(equity), "parent": column([*range(1, p), -1] if parent is None else parent),
        "left": column(left),
    } | {name: np.full(len(amounts) * p, 7) for name in SETTLE[6:]}  # fmt: skip


def test_a_chain_pays_by_hand():
    (lines, fault), after = same(settle, paying([-50, 20, -90, -10], [30, 100, -5, 40], [25, -1, 7, -1]))
    assert fault == -1
    found = list(zip(*(after[name][:lines].tolist() for name in SETTLE[6:]), strict=True))
    # The last takes seven through a parent that has nothing itself.
    assert found == [(0, 0, -30), (0, 1, -20), (1, 0, 20), (2, 0, -20), (2, 1, -5), (2, 3, -7)]
    assert (after["equity"].tolist(), after["left"].tolist()) == ([0, 75, -5, 33], [0, -1, 0, -1])


def test_a_ring_of_parents_pays_once_round():
    (lines, _), after = same(settle, paying([-99], [5, 5], [-1, -1], parent=[1, 0]))
    assert (lines, after["equity"].tolist()) == (2, [0, 0])


def test_payments_without_room():
    case = paying([-9, -9], [20], [-1]) | {name: np.full(1, 7) for name in SETTLE[6:]}
    assert same(settle, case)[0] == ("ValueError", ("out_row", 1, 1, "must have a row for each payment"))


@pytest.mark.parametrize("name", ["fund", "parent", "left"])
def test_payments_that_cannot_be_touch_nothing(name):
    case = paying([5], [20], [-1]) | {name: column([-2])}
    answer, after = same(settle, case)
    assert answer[1][:3] == (name, 0, -2)
    assert after["cash"].tolist() == [20]


# The scan of a ranking --------------------------------------------------------------------------------

SCAN = (
    "code", "side", "need", "ticks", "done", "account", "candidate", "label", "kind", "rest", "loan", "rates", "above",
    "below", "inverse", "loss", "used", "progress", "out_remainder", "out_row", "out_lots", "out_value", "out_realized",
)  # fmt: skip
OUT = SCAN[-5:]
OF_CANDIDATES = ("candidate", "label", "kind", "rest", "loan", "used")


def scan(kernels, own, cuts=()):
    """Serve all remainders from a ranking that is given in pieces; every fill, and how often it ended."""
    rows = make_rows(kernels, own)
    need, count, found, ended = own["need"], len(own["candidate"]), [], 0
    ends = [*sorted(cut for cut in cuts if cut < count), count]
    while own["progress"][0] < len(need):
        end = ends[0]
        part = {name: own[name][:end] if name in OF_CANDIDATES else own[name] for name in SCAN}
        fills = kernels.deleverage.scan(rows, *part.values())
        found += zip(*(own[name][:fills].tolist() for name in OUT), strict=True)
        if own["progress"][0] < len(need):
            assert own["progress"][1] == end
            ended += 1
            if len(ends) > 1:
                ends.pop(0)
            else:
                own["progress"][:2] = own["progress"][0] + 1, 0
    return found, ended


@st.composite
def rankings(draw, tame=False, kinds=(0, 1, 2)):
    """Books, remainders and a ranking of the other side; remainders in ascending loss where tame."""
    side = draw(st.sampled_from([1, -1]))
    books = draw(working_rows(sides=(-side,), tame=tame))
    numbers = money if tame else wild
    grid = st.integers(1, 12) if tame else st.one_of(st.integers(1, 30), positive(wild))
    above, below, inverse = draw(grid), draw(grid), draw(st.booleans())
    top, bottom = draw(st.integers(1, 60)), draw(st.integers(1, 9))  # the mark, in ticks
    rows, remainders = len(books["quantity"]), draw(st.integers(0, 4))
    count = draw(st.integers(0, rows))
    order = draw(st.permutations(range(rows)))[:count]
    ticks = [draw(grid if tame else st.one_of(grid, st.integers(1, 60))) for _ in range(remainders)]
    ticks.sort(reverse=side < 0)
    price_max = max([1, *ticks])
    loss = above * bottom, above * top, below * (top if inverse else bottom)
    assume(_deleverage.fits(loss, price_max, above, below, inverse))
    done = [draw(st.integers(0, 9)) for _ in range(remainders)]
    lots = st.integers(0, 15) if tame else st.one_of(st.integers(0, 15), positive(wild))
    drawn = st.sampled_from(kinds)
    kind = [draw(drawn) for _ in range(count)] if draw(st.booleans()) or kinds == (0,) else []
    rate = st.integers(0, 20) if tame else st.one_of(st.integers(0, 20), positive(wild))
    return (
        books
        | {
            "code": draw(st.integers(0, len(books["unit"]) - 1)),
            "side": side,
            "need": column([min(draw(lots), TOP - before) for before in done]),
            "ticks": column(ticks),
            "done": column(done),
            "account": column([draw(st.integers(-1, 2)) for _ in range(remainders)]),
            "candidate": column(order),
            "label": column([draw(st.integers(0, 2)) for _ in order]),
            "kind": column(kind, np.uint8),
            "rest": column([draw(numbers) for _ in kind]),
            "loan": column([draw(st.one_of(st.just(0), numbers)) for _ in kind]),
            "rates": column([draw(rate if place % 2 == 0 else positive(rate)) for place in range(6)]),
            "above": above,
            "below": below,
            "inverse": inverse,
            "loss": loss,
            "used": column([draw(st.sampled_from([0, 0, 0, 1])) for _ in order], np.uint8),
            "progress": column([0, 0, 0]),
        }
        | {name: np.full(count + remainders, 7) for name in OUT}
    )


@given(rankings())
def test_scans(case):
    same(scan, case)


@given(rankings(tame=True))
def test_tame_scans(case):
    answer, after = same(scan, case)
    assert isinstance(answer[0], list)
    assert (after["used"] >= case["used"]).all()


@given(rankings(tame=True), st.sets(st.integers(0, 6)))
def test_a_scan_in_pieces_is_a_scan_at_once(case, cuts):
    (one, _), after = same(scan, case)
    (other, _), later = same(lambda kernels, own: scan(kernels, own, cuts), case)
    assert one == other
    for name in after.keys() - set(OUT):
        assert after[name].tolist() == later[name].tolist(), name


@given(rankings(tame=True, kinds=(0,)))
def test_scans_by_the_rules(case):
    """Every fill again, one by one: within the lots, the need and the cap of that moment."""
    (found, _), after = same(scan, case)
    own = {name: array.copy() if isinstance(array, np.ndarray) else array for name, array in case.items()}
    rows = make_rows(PLAIN, own)
    a, b, c = case["loss"]
    label = dict(zip(case["candidate"].tolist(), case["label"].tolist(), strict=True))
    for r, row, lots, value, realized in found:
        price = int(case["ticks"][r])
        loss = case["side"] * Fraction(a * price - b, c * (price if case["inverse"] else 1))
        fair = Fraction(-1, 1) / price if case["inverse"] else Fraction(price)
        fair *= Fraction(case["above"], case["below"])
        assert label[row] != case["account"][r] or case["account"][r] < 0
        assert 1 <= lots <= min(abs(own["quantity"][row]), own["need"][r])
        if loss > 0:
            size = abs(int(own["pnl"][row] + own["entry_value"][row]))
            assert lots * loss <= max(0, int(own["sums"][own["slot"][row], 0]) - 2 - (size > 0))
        before = int(own["done"][r])
        assert value == round(fair * (before + lots)) - round(fair * before)
        own["need"][r] -= lots
        own["done"][r] += lots
        booked = column([0])
        assert rows.close(column([row]), column([lots]), column([value]), column([case["code"]]), booked) == -1
        assert booked[0] == realized
    for name in ("need", "done", "quantity", "entry_value", "pnl", "margin", "sums", "cash"):
        assert own[name].tolist() == after[name].tolist(), name
    # No lots are wanted as long as a row that was never passed over has some to give.
    if found and own["need"].any():
        open_rows = case["candidate"][after["used"] == 0]
        passed = [any(case["account"] == label[row]) for row in open_rows.tolist()]
        assert all(passed) or not own["need"][-1]


def ranked(quantity, equity, need, ticks, mark=100, **changed):
    """Short rows of a slot each, one tick a quantum, against long remainders."""
    n, m = len(quantity), len(need)
    q = -column(quantity)
    case = {
        "quantity": q, "entry_value": q * mark, "quantity0": q.copy(), "entry_value0": q * mark,
        "slot": np.arange(n), "pnl": np.zeros(n, np.int64), "margin": np.zeros(n, np.int64),
        "sums": column([[e, 0] for e in equity]), "cash": column(equity), "plain": None,
        "unit": column([mark], np.float64), "tier_start": column([0, 0]), "rate": column([], np.float64),
        "amount": column([], np.float64), "code": 0, "side": 1, "need": column(need), "ticks": column(ticks),
        "done": np.zeros(m, np.int64), "account": np.full(m, -1), "candidate": np.arange(n),
        "label": np.arange(n), "kind": column([], np.uint8), "rest": column([]), "loan": column([]),
        "rates": column([1, 1, 1, 1, 1, 1]), "above": 1, "below": 1, "inverse": False, "loss": (1, mark, 1),
        "used": np.zeros(n, np.uint8), "progress": column([0, 0, 0]),
    } | {name: np.full(n + m, 7) for name in OUT}  # fmt: skip
    dtypes = {"plain": np.uint8, "kind": np.uint8}
    return case | {
        name: column(x, dtypes.get(name, np.int64)) if isinstance(x, list) else x for name, x in changed.items()
    }


def test_caps_by_hand():
    # At 110 a lot loses 10: of 35 and an allowance of 3, three lots; of 13, one; of 12, none.
    (found, ended), after = same(scan, ranked([5, 5, 5, 9], [35, 13, 12, 10**6], [10], [110]))
    assert found == [(0, 0, 3, 330, -30), (0, 1, 1, 110, -10), (0, 3, 6, 660, -60)]
    assert ended == 0
    assert after["used"].tolist() == [1, 1, 1, 0]
    assert after["progress"].tolist() == [1, 0, 3]
    assert after["sums"][:, 0].tolist() == [5, 3, 12, 10**6 - 60]


def test_a_harmless_price_has_no_cap():
    (found, _), _ = same(scan, ranked([5], [-7], [9], [100]))
    assert found == [(0, 0, 5, 500, 0)]


def test_rows_of_the_own_account_are_kept_for_the_next():
    (found, ended), after = same(scan, ranked([5, 5], [10**6] * 2, [4, 4], [100, 101], account=[0, 1]))
    assert [fill[:3] for fill in found] == [(0, 1, 4), (1, 0, 4)]
    assert (ended, after["used"].tolist(), after["progress"].tolist()) == (0, [0, 0], [2, 0, 0])


def test_a_used_up_row_never_comes_again():
    # The row has room for three lots at 110; what the next remainder would lose it more has none left.
    (found, ended), after = same(scan, ranked([9], [35], [5, 5], [110, 111]))
    assert [fill[:3] for fill in found] == [(0, 0, 3)]
    assert (ended, after["progress"].tolist()) == (2, [2, 0, 1])


def test_what_was_done_before_counts_in_the_value():
    # Quarters: two are valued already, as round(1/2) = 0, and four are worth 1.
    (found, _), after = same(scan, ranked([9], [0], [2], [1], done=[2], below=4, loss=(1, 100, 4)))
    assert found == [(0, 0, 2, 1, 199)]
    assert after["done"].tolist() == [4]


def test_kinds_by_hand():
    # Of 10 + 12/2, of 16 + (12 - 2 + 4)/2 and of -4 + 30 goes an allowance of 3, and then ten for each lot.
    case = ranked([5, 5, 5], [0, 4, 30], [9], [110], cash=[12, 12, -4], plain=[0, 0, 0], kind=[1, 2, 1],
                  rest=[10, 16, 0], loan=[0, 2, 0], rates=[1, 1, 1, 2, 1, 1])  # fmt: skip
    (found, ended), after = same(scan, case)
    assert found == [(0, 0, 1, 110, -10), (0, 1, 2, 220, -20), (0, 2, 2, 220, -20)]
    assert (ended, after["cash"].tolist(), after["sums"][:, 0].tolist()) == (1, [2, -8, -24], [0, 4, 30])


@pytest.mark.parametrize(
    ("changed", "facts"),
    [
        ({"side": 0}, ("side", None, 0, "must be 1 or -1")),
        ({"side": -1}, ("candidate", 0, 0, "must be a row of the other side")),
        ({"code": 1}, ("code", None, 1, "must be from 0 to 0")),
        ({"above": 0}, ("above", None, 0, f"must be from 1 to {TOP}")),
        ({"below": 2**63}, ("below", None, 2**63, f"must be from 1 to {TOP}")),
        ({"loss": (1, 1, 0)}, ("loss", None, (1, 1, 0), "must have a denominator above 0")),
        ({"progress": [0, 3, 0]}, ("progress", 1, 3, "must be from 0 to 2")),
        ({"need": [-1]}, ("need", 0, -1, f"must be from 0 to {TOP}")),
        ({"ticks": [0]}, ("ticks", 0, 0, f"must be from 1 to {TOP}")),
        ({"done": [TOP]}, ("done", 0, TOP, "must stay in int64 with 3 more")),
        ({"candidate": [0, 2]}, ("candidate", 1, 2, "must be from 0 to 1")),
        ({"slot": [0, -1]}, ("slot", 1, -1, "must be from 0 to 1")),
        ({"kind": [0, 3], "rest": [0, 0], "loan": [0, 0]}, ("kind", 1, 3, "must be from 0 to 2")),
        (
            {"kind": [0, 1], "rest": [0, 0], "loan": [0, 0], "rates": [1, 1, 1, 0, 1, 1]},
            ("rates", 3, 0, "must be at least 1"),
        ),
        ({name: [7, 7] for name in OUT}, ("out_row", None, 2, "must have 3 rows")),
    ],
)
def test_a_scan_that_cannot_be_touches_nothing(changed, facts):
    case = ranked([5, 5], [99, 99], **{"need": [3], "ticks": [100]} | changed)
    answer, after = same(scan, case)
    assert answer == ("ValueError", facts)
    assert all(np.array_equal(after[name], case[name]) for name in after)


def test_what_the_compiled_scan_cannot_hold():
    case = ranked([5], [99], [3], [100], loss=(2**120, 2**127, 1))
    answer, _ = run(lambda own: scan(FAST, own), case)
    assert answer == ("ValueError", ("loss", None, (2**120, 2**127, 1), "must be what `fits` accepts"))
    (found, _), _ = run(lambda own: scan(PLAIN, own), case)
    assert [fill[:3] for fill in found] == [(0, 0, 3)]


@pytest.mark.parametrize("changed", [{"pnl": [BOTTOM], "cash": [BOTTOM]}, {"above": TOP}])
def test_a_scan_beyond_int64(changed):
    case = ranked([5], [99], [3], [100], **changed)
    assert same(scan, case)[0] == ("OverflowError", ("a fill of position row 0 leaves int64",))


@pytest.mark.parametrize("name", ["ticks", "done", "account", "label", "used", "progress", *OUT])
def test_scans_of_other_lengths(name):
    case = ranked([5], [99], [3], [100])
    case[name] = longer(case[name])
    with pytest.raises(ValueError, match="must"):
        FAST.deleverage.scan(make_rows(FAST, case), *(case[name] for name in SCAN))


sizes = st.tuples(st.integers(0, 128), st.integers(-1, 1), st.sampled_from([1, -1])).map(
    lambda drawn: drawn[2] * (2 ** drawn[0] + drawn[1])
)


@given(st.tuples(sizes, sizes, sizes), sizes, sizes, sizes, st.booleans())
def test_both_say_alike_what_fits(loss, ticks_max, above, below, inverse):
    one, other = (kernels.deleverage.fits(loss, ticks_max, above, below, inverse) for kernels in (FAST, PLAIN))
    assert one is other


@BOTH
def test_what_just_fits(kernels):
    def fits(a=1, b=1, c=1, ticks_max=1, above=1, below=1, inverse=False):
        return kernels.deleverage.fits((a, b, c), ticks_max, above, below, inverse)

    assert fits(a=-(2**126 - 1), b=1 - 2**126, c=2**62 - 1, above=TOP, below=TOP)
    assert fits(a=2**63 - 1, ticks_max=TOP, c=2**62 - 1)
    for beyond in (
        {"a": 2**126}, {"a": 2**64, "ticks_max": 2**62}, {"b": -(2**126)}, {"c": 2**62}, {"c": 0}, {"above": 2**63},
        {"below": 0}, {"ticks_max": 2**63}, {"c": 2**31, "ticks_max": 2**31, "inverse": True},
    ):  # fmt: skip
        assert not fits(**beyond)


@given(st.data())
def test_numbers_that_just_fit(data):
    """One row against the widest losses that the compiled scan accepts."""
    ticks = data.draw(positive(wild))
    inverse = data.draw(st.booleans())
    c = data.draw(st.integers(1, (2**62 - 1) // (ticks if inverse else 1) or 1))
    a, b = (data.draw(st.one_of(st.sampled_from([end, -end]), st.integers(-end, end)))
            for end in ((2**126 - 1) // ticks, 2**126 - 1))  # fmt: skip
    assume(FAST.deleverage.fits((a, b, c), ticks, 1, 1, inverse))
    equity = data.draw(st.one_of(st.sampled_from([TOP, 2, 3, 10**9]), st.integers(0, TOP)))
    need = data.draw(positive(wild))
    held = data.draw(positive(wild))
    same(scan, ranked([held], [equity], [need], [ticks], mark=0, loss=(a, b, c), inverse=inverse))


def test_thousands_of_used_up_rows_are_passed_at_once():
    n = 20_000
    case = ranked([1] * n, [10**6] * n, [1] * n, [100 + i // 100 for i in range(n)])
    found, ended = run(lambda own: scan(FAST, own), case)[0]
    assert (len(found), ended) == (n, 0)
