"""Take-overs equal their twins on Python integers, and both obey the laws of its money."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from support.clearing_twins import (
    BOTTOM,
    FAST,
    TOP,
    column,
    longer,
    made,
    money,
    positive,
    same_outcome,
    small,
    units,
    untouched,
    wild,
    wild_units,
)

WRITTEN = ("taken", "realized", "closing_lots", "closing_value")
HOLDERS = {
    "FundBooks": ("lots", "cost", "lots0", "cost0", "cash", "equity", "notional"),
    "FundTerms": ("least_equity", "cap_numerator", "cap_denominator", "refuses", "parent"),
    "LotValues": ("value_per_lot", "numerator", "denominator", "inverse"),
    "Offers": ("fund", "contract", "quantity", "price", "value"),
    "Takings": WRITTEN,
    "Refusals": ("has_refused", "lines"),
}


def take_over(kernels, own):
    holders = [made(getattr(kernels.fund_books, name), own, *names) for name, names in HOLDERS.items()]
    return kernels.funds.take_over(*holders)


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
        "contract": column([row[1] for row in rows]),
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
        "least_equity": column(table(st.one_of(st.just(0), st.just(BOTTOM), numbers), 1))[:, 0],
        "cap_numerator": column(table(caps, 1))[:, 0],
        "cap_denominator": column(table(st.one_of(st.just(0), caps), 1))[:, 0],
        "refuses": column(table(st.sampled_from([0, 0, 0, 1])), np.uint8),
        "parent": column(table(st.integers(-1, parties - 1), 1))[:, 0],
        "value_per_lot": column(unit, np.float64),
        "numerator": column(above),
        "denominator": column(below),
        "inverse": column(inverse, np.uint8),
        "has_refused": column(table(st.sampled_from([0, 0, 0, 1])), np.uint8),
        "lines": np.full((parties * contracts, 5), 7),
    } | {name: np.full(m, 7) for name in WRITTEN}  # fmt: skip


@given(offers())
def test_take_overs(case):
    same_outcome(take_over, case)


@given(offers(tame=True))
def test_take_overs_keep_their_books(case):
    case["lots0"], case["cost0"] = case["lots"].copy(), case["cost"].copy()
    (bad, _), after = same_outcome(take_over, case)
    assert bad == -1
    took = after["taken"] >= 0
    for k in range(len(case["value_per_lot"])):
        mine = took & (case["contract"] == k)
        assert (after["lots"] - case["lots"])[:, k].sum() == case["quantity"][mine].sum()
    # Money only changes hands: what a fund pays for rows is what it books as cost or realizes.
    for f in range(len(case["cash"])):
        mine = after["taken"] == f
        assert after["cash"][f] - case["cash"][f] == after["realized"][mine].sum()
        spent = (after["cost"] - case["cost"])[f].sum() - (after["cash"] - case["cash"])[f]
        assert spent == case["value"][mine].sum()
        held = [marks(q, u) for q, u in zip(after["lots"][f], case["value_per_lot"], strict=True)]
        assert after["equity"][f] == after["cash"][f] + sum(held) - after["cost"][f].sum()
        assert after["notional"][f] == sum(map(abs, held))
        if mine.any():
            assert after["equity"][f] >= case["least_equity"][f]
    assert (after["closing_lots"] <= np.abs(case["quantity"])).all()
    assert all(after[name][~took].tolist() == [0] * (~took).sum() for name in WRITTEN[1:])


@given(offers(tame=True))
def test_a_row_goes_to_the_first_fund_that_accepts(case):
    """Each row alone, offered to each fund of its chain alone."""
    case["lots0"], case["cost0"] = case["lots"].copy(), case["cost"].copy()
    per_row = {"fund", "contract", "quantity", "price", "value", *WRITTEN}
    for i in range(len(case["fund"])):
        alone = {name: array[i : i + 1] if name in per_row else array for name, array in case.items()}
        _, after = same_outcome(take_over, alone)
        chain, f = [], int(case["fund"][i])
        while f >= 0 and f not in chain:
            chain.append(f)
            f = int(case["parent"][f])
        accepts = []
        for f in chain:
            single = alone | {"fund": column([f]), "parent": np.full(len(case["parent"]), -1)}
            accepts += [f] if same_outcome(take_over, single)[1]["taken"][0] == f else []
        assert after["taken"][0] == (accepts[0] if accepts else -1)


def offered(losses, cash, **changed):
    """Rows of one lot at mark 1,000 that lose a fund so much."""
    m, p = len(losses), len(cash)
    zeros = np.zeros((p, 1), np.int64)
    case = {
        "fund": np.zeros(m, np.int64), "contract": np.zeros(m, np.int64), "quantity": np.ones(m, np.int64),
        "price": column(losses) + 1000, "value": column(losses) + 1000, "lots": zeros, "cost": zeros,
        "lots0": zeros, "cost0": zeros, "cash": column(cash), "equity": column(cash), "notional": column([0] * p),
        "least_equity": column([0] * p), "cap_numerator": column([1] * p), "cap_denominator": column([0] * p),
        "refuses": np.zeros((p, 1), np.uint8), "parent": column([*range(1, p), -1]),
        "value_per_lot": column([1000.0], np.float64), "numerator": column([1]), "denominator": column([1]),
        "inverse": column([0], np.uint8), "has_refused": np.zeros((p, 1), np.uint8), "lines": np.full((p, 5), 7),
    } | {name: np.full(m, 7) for name in WRITTEN}  # fmt: skip
    return case | {name: column(value, case[name].dtype) for name, value in changed.items()}


def test_first_fit_by_hand():
    _, after = same_outcome(take_over, offered([70, 60, 30], [100]))
    assert after["taken"].tolist() == [0, -1, 0]
    assert after["equity"].tolist() == [0]
    _, after = same_outcome(take_over, offered([70, 60, 30], [100, 60]))
    assert after["taken"].tolist() == [0, 1, 0]
    _, after = same_outcome(take_over, offered([70, 60, 30], [100, 60], refuses=[[1], [0]]))
    assert after["taken"].tolist() == [-1, 1, -1]


def test_a_cap_on_net_notional_by_hand():
    # Two lots are 2,000 against 2,000 of equity; the third needs more; the short one shrinks the row.
    case = offered([0, 0, 0, 0], [2000], cap_denominator=[1], quantity=[1, 1, 1, -1], value=[1000, 1000, 1000, -1000])
    _, after = same_outcome(take_over, case)
    assert after["taken"].tolist() == [0, 0, -1, 0]
    assert after["closing_lots"].tolist() == [0, 0, 0, 1]
    assert after["closing_value"].tolist() == [0, 0, 0, -1000]
    assert (after["lots"].tolist(), after["notional"].tolist()) == ([[1]], [1000])


def test_a_fill_through_zero_closes_and_opens():
    case = offered([0], [100], quantity=[-5], price=[3], value=[-8], numerator=[1], denominator=[2], lots=[[3]],
                   cost=[[10]], lots0=[[3]], cost0=[[10]], value_per_lot=[1.0])  # fmt: skip
    (bad, _), after = same_outcome(take_over, case)
    # Three lots at 3/2 are 4.5, rounded to 4; two are left, and open for the other 4.
    assert (bad, after["closing_value"].tolist(), after["closing_lots"].tolist()) == (-1, [-4], [3])
    assert (after["realized"].tolist(), after["cash"].tolist()) == ([-6], [94])
    assert all(after[name].tolist() == [[-2]] for name in ("lots", "lots0"))
    assert all(after[name].tolist() == [[-4]] for name in ("cost", "cost0"))


WHY = ("closed", "equity", "notional")


def why(case, f, k, q, value):
    """Why a fund refuses a row: the reason, the value and the bound."""
    if case["refuses"][f, k]:
        return WHY.index("closed"), 0, 0
    held, unit = int(case["lots"][f, k]), case["value_per_lot"][k]
    left = int(case["equity"][f]) + marks(held + q, unit) - marks(held, unit) - value
    if left < case["least_equity"][f]:
        return WHY.index("equity"), left, int(case["least_equity"][f])
    notional = int(case["notional"][f]) + abs(marks(held + q, unit)) - abs(marks(held, unit))
    cap = Fraction(int(case["cap_numerator"][f]), int(case["cap_denominator"][f]))
    return WHY.index("notional"), notional, int(cap * left // 1)


@given(offers(tame=True))
def test_the_first_row_that_each_fund_refuses_is_told_with_what_refused_it(case):
    """Every line again, from the funds as they stood before its row; and one for each fund and contract."""
    case["lots0"], case["cost0"] = case["lots"].copy(), case["cost"].copy()
    (_, lines), after = same_outcome(take_over, case)
    told = [tuple(line) for line in after["lines"][:lines].tolist()]
    per_row = {"fund", "contract", "quantity", "price", "value", *WRITTEN}
    expected, noted, own = [], case["has_refused"].copy(), dict(case)
    for i in range(len(case["fund"])):
        f, k, seen = int(case["fund"][i]), int(case["contract"][i]), 0
        single = {name: array[i : i + 1] if name in per_row else array for name, array in own.items()}
        _, later = same_outcome(take_over, single)
        while f >= 0 and f != later["taken"][0] and seen < len(noted):
            if not noted[f, k]:
                noted[f, k] = 1
                expected.append((i, f, *why(own, f, k, int(case["quantity"][i]), int(case["value"][i]))))
            f, seen = int(case["parent"][f]), seen + 1
        own |= {name: array for name, array in later.items() if name not in per_row}
    assert told == expected
    assert after["has_refused"].tolist() == noted.tolist()
    assert (after["lines"][lines:] == 7).all()


def test_refusals_by_hand():
    def told(case):
        (bad, lines), after = same_outcome(take_over, case)
        assert bad == -1
        return after["lines"][:lines].tolist()

    # Of 100 the second row would leave -30; so would the fourth, which nobody needs to hear again.
    assert told(offered([70, 60, 30, 40], [100])) == [[1, 0, 1, -30, 0]]
    # The parent takes it; that the first fund refused is told all the same. Then the parent refuses, too.
    assert told(offered([70, 60, 60], [100, 60])) == [[1, 0, 1, -30, 0], [2, 1, 1, -60, 0]]
    assert told(offered([70], [100, 60], refuses=[[1], [0]], least_equity=[0, 5])) == [
        [0, 0, 0, 0, 0],
        [0, 1, 1, -10, 5],
    ]
    # Net notional 3,000 against 2/3 of 1,000, rounded down.
    case = offered([0], [1000], quantity=[3], value=[3000], cap_numerator=[2], cap_denominator=[3])
    assert told(case) == [[0, 0, 2, 3000, 666]]
    assert told(case | {"has_refused": column([[1]], np.uint8)}) == []


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"cap_numerator": [TOP], "equity": [-1]}, [0, 0, 2, 1000, -TOP]),
        ({"cap_numerator": [TOP], "equity": [-2]}, [0, 0, 2, 1000, BOTTOM]),
        ({"cap_numerator": [TOP], "equity": [BOTTOM]}, [0, 0, 2, 1000, BOTTOM]),
        ({"cap_numerator": [1], "cap_denominator": [2], "equity": [-3]}, [0, 0, 2, 1000, -2]),
        ({"cap_denominator": [TOP], "equity": [TOP], "notional": [TOP - 1000]}, [0, 0, 2, TOP, 1]),
        ({"least_equity": [TOP], "equity": [TOP - 1]}, [0, 0, 1, TOP - 1, TOP]),
    ],
)
def test_bounds_at_the_ends_of_int64(changed, line):
    case = offered([0], [100], **{"least_equity": [BOTTOM], "cap_denominator": [1]} | changed)
    (bad, lines), after = same_outcome(take_over, case)
    assert (bad, after["lines"][:lines].tolist()) == (-1, [line])


def test_a_ring_of_parents_ends():
    _, after = same_outcome(take_over, offered([70], [10, 10, 10], parent=[1, 0, 2]))
    assert after["taken"].tolist() == [-1]


@pytest.mark.parametrize(
    ("changed", "facts"),
    [
        ({"fund": [1]}, ("fund", 0, 1, "must be from 0 to 0")),
        ({"contract": [-1]}, ("contract", 0, -1, "must be from 0 to 0")),
        ({"quantity": [0]}, ("quantity", 0, 0, "must not be 0")),
        ({"price": [0]}, ("price", 0, 0, f"must be from 1 to {TOP}")),
        ({"cap_numerator": [-1]}, ("cap_numerator", 0, -1, f"must be from 0 to {TOP}")),
        ({"cap_denominator": [-1]}, ("cap_denominator", 0, -1, f"must be from 0 to {TOP}")),
        ({"parent": [1]}, ("parent", 0, 1, "must be from -1 to 0")),
        ({"numerator": [0]}, ("numerator", 0, 0, f"must be from 1 to {TOP}")),
        ({"denominator": [BOTTOM]}, ("denominator", 0, BOTTOM, f"must be from 1 to {TOP}")),
        ({"lots": [[2]]}, ("lots0", 0, 0, "must have the side of 2, and no fewer lots")),
    ],
)
def test_an_offer_that_cannot_be_touches_nothing(changed, facts):
    assert untouched(take_over, offered([70], [100], **changed)) == ("ValueError", facts)


@pytest.mark.parametrize("name", [name for names in HOLDERS.values() for name in names])
def test_offers_of_other_lengths(name):
    case = offered([70], [100])
    case[name] = longer(case[name])
    with pytest.raises(ValueError, match="must"):
        take_over(FAST, case)
