"""Scans of a ranking equal their twins on Python integers, and both obey the laws of its money."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from support.clearing_twins import (
    BOTH,
    BOTTOM,
    FAST,
    PLAIN,
    TOP,
    column,
    longer,
    made,
    make_books,
    money,
    positive,
    run,
    same_outcome,
    untouched,
    wild,
    working_rows,
)
from support.twins import refusal

SIDE = ("contract", "side", "numerator", "denominator", "inverse", "loss")
REMAINDERS = ("open_lots", "price", "filled_lots", "account")
COLLATERAL = ("kind", "rest", "loan", "rates")
OUT = ("out_remainder", "out_row", "out_lots", "out_value", "out_realized")


def counterparties(kernels, own, end):
    """Those of the first places of the ranking."""
    end = end if end < len(own["row"]) else None
    part = {name: own[name][:end] for name in ("row", "row_account", "used", *COLLATERAL[:3])}
    part |= {"rates": own["rates"], "collateral": None}
    if len(own["kind"]):
        part["collateral"] = made(kernels.sides.Collateral, part, *COLLATERAL)
    return made(kernels.sides.Counterparties, part, "row", "row_account", "used", "collateral")


def serve(kernels, own, cuts=()):
    """Serve all remainders from a ranking that is given in pieces; every fill, and how often it ended."""
    sides, books = kernels.sides, make_books(kernels, own)
    side, cursor = made(sides.Side, own, *SIDE), sides.Cursor(*own["cursor"].tolist())
    remainders, fills = made(sides.RemainderLots, own, *REMAINDERS), made(sides.Fills, own, *OUT)
    open_lots, count, found, ended = own["open_lots"], len(own["row"]), [], 0
    ends = [*sorted(cut for cut in cuts if cut < count), count]
    while cursor.remainder < len(open_lots):
        end = ends[0]
        offered = counterparties(kernels, own, end)
        made_fills = kernels.deleverage.serve(books, side, remainders, offered, cursor, fills)
        found += zip(*(own[name][:made_fills].tolist() for name in OUT), strict=True)
        if cursor.remainder < len(open_lots):
            assert cursor.place == end
            ended += 1
            if len(ends) > 1:
                ends.pop(0)
            else:
                cursor.skip_remainder()
        own["cursor"][:] = cursor.remainder, cursor.place, cursor.first_unused
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
    assume(PLAIN.deleverage.fits(loss, price_max, above, below, inverse))
    filled_lots = [draw(st.integers(0, 9)) for _ in range(remainders)]
    lots = st.integers(0, 15) if tame else st.one_of(st.integers(0, 15), positive(wild))
    drawn = st.sampled_from(kinds)
    kind = [draw(drawn) for _ in range(count)] if draw(st.booleans()) or kinds == (0,) else []
    rate = st.integers(0, 20) if tame else st.one_of(st.integers(0, 20), positive(wild))
    return (
        books
        | {
            "contract": draw(st.integers(0, len(books["value_per_lot"]) - 1)),
            "side": side,
            "open_lots": column([min(draw(lots), TOP - before) for before in filled_lots]),
            "price": column(ticks),
            "filled_lots": column(filled_lots),
            "account": column([draw(st.integers(-1, 2)) for _ in range(remainders)]),
            "row": column(order),
            "row_account": column([draw(st.integers(0, 2)) for _ in order]),
            "kind": column(kind, np.uint8),
            "rest": column([draw(numbers) for _ in kind]),
            "loan": column([draw(st.one_of(st.just(0), numbers)) for _ in kind]),
            "rates": column([draw(rate if place % 2 == 0 else positive(rate)) for place in range(6)]),
            "numerator": above,
            "denominator": below,
            "inverse": inverse,
            "loss": loss,
            "used": column([draw(st.sampled_from([0, 0, 0, 1])) for _ in order], np.uint8),
            "cursor": column([0, 0, 0]),
        }
        | {name: np.full(count + remainders, 7) for name in OUT}
    )


@given(rankings())
def test_scans(case):
    same_outcome(serve, case)


@given(rankings(tame=True))
def test_tame_scans(case):
    answer, after = same_outcome(serve, case)
    assert isinstance(answer[0], list)
    assert (after["used"] >= case["used"]).all()


@given(rankings(tame=True), st.sets(st.integers(0, 6)))
def test_a_scan_in_pieces_is_a_scan_at_once(case, cuts):
    (one, _), after = same_outcome(serve, case)
    (other, _), later = same_outcome(lambda kernels, own: serve(kernels, own, cuts), case)
    assert one == other
    for name in after.keys() - set(OUT):
        assert after[name].tolist() == later[name].tolist(), name


@given(rankings(tame=True, kinds=(0,)))
def test_scans_by_the_rules(case):
    """Every fill again, one by one: within the lots, the open lots and the cap of that moment."""
    (found, _), after = same_outcome(serve, case)
    own = {name: array.copy() if isinstance(array, np.ndarray) else array for name, array in case.items()}
    books = make_books(PLAIN, own)
    a, b, c = case["loss"]
    label = dict(zip(case["row"].tolist(), case["row_account"].tolist(), strict=True))
    for r, row, lots, value, realized in found:
        price = int(case["price"][r])
        loss = case["side"] * Fraction(a * price - b, c * (price if case["inverse"] else 1))
        fair = Fraction(-1, 1) / price if case["inverse"] else Fraction(price)
        fair *= Fraction(case["numerator"], case["denominator"])
        assert label[row] != case["account"][r] or case["account"][r] < 0
        assert 1 <= lots <= min(abs(own["quantity"][row]), own["open_lots"][r])
        if loss > 0:
            size = abs(int(own["pnl"][row] + own["entry_value"][row]))
            assert lots * loss <= max(0, int(own["sums"][own["slot"][row], 0]) - 2 - (size > 0))
        before = int(own["filled_lots"][r])
        assert value == round(fair * (before + lots)) - round(fair * before)
        own["open_lots"][r] -= lots
        own["filled_lots"][r] += lots
        booked = column([0])
        assert books.close(column([row]), column([lots]), column([value]), column([case["contract"]]), booked) == -1
        assert booked[0] == realized
    for name in ("open_lots", "filled_lots", "quantity", "entry_value", "pnl", "margin", "sums", "cash"):
        assert own[name].tolist() == after[name].tolist(), name
    # No lots are wanted as long as a row that was never passed over has some to give.
    if found and own["open_lots"].any():
        open_rows = case["row"][after["used"] == 0]
        passed = [any(case["account"] == label[row]) for row in open_rows.tolist()]
        assert all(passed) or not own["open_lots"][-1]


def ranked(quantity, equity, open_lots, price, mark=100, **changed):
    """Short rows of a slot each, one tick a quantum, against long remainders."""
    n, m = len(quantity), len(open_lots)
    q = -column(quantity)
    case = {
        "quantity": q, "entry_value": q * mark, "quantity0": q.copy(), "entry_value0": q * mark,
        "slot": np.arange(n), "pnl": np.zeros(n, np.int64), "margin": np.zeros(n, np.int64),
        "sums": column([[e, 0] for e in equity]), "cash": column(equity), "realized_in_sum": None,
        "value_per_lot": column([mark], np.float64), "tier_start": column([0, 0]), "rate": column([], np.float64),
        "amount": column([], np.float64), "contract": 0, "side": 1,
        "open_lots": column(open_lots), "price": column(price),
        "filled_lots": np.zeros(m, np.int64), "account": np.full(m, -1), "row": np.arange(n),
        "row_account": np.arange(n), "kind": column([], np.uint8), "rest": column([]), "loan": column([]),
        "rates": column([1, 1, 1, 1, 1, 1]), "numerator": 1, "denominator": 1, "inverse": False, "loss": (1, mark, 1),
        "used": np.zeros(n, np.uint8), "cursor": column([0, 0, 0]),
    } | {name: np.full(n + m, 7) for name in OUT}  # fmt: skip
    dtypes = {"realized_in_sum": np.uint8, "kind": np.uint8}
    return case | {
        name: column(x, dtypes.get(name, np.int64)) if isinstance(x, list) else x for name, x in changed.items()
    }


def test_caps_by_hand():
    # At 110 a lot loses 10: of 35 and an allowance of 3, three lots; of 13, one; of 12, none.
    (found, ended), after = same_outcome(serve, ranked([5, 5, 5, 9], [35, 13, 12, 10**6], [10], [110]))
    assert found == [(0, 0, 3, 330, -30), (0, 1, 1, 110, -10), (0, 3, 6, 660, -60)]
    assert ended == 0
    assert after["used"].tolist() == [1, 1, 1, 0]
    assert after["cursor"].tolist() == [1, 0, 3]
    assert after["sums"][:, 0].tolist() == [5, 3, 12, 10**6 - 60]


def test_a_harmless_price_has_no_cap():
    (found, _), _ = same_outcome(serve, ranked([5], [-7], [9], [100]))
    assert found == [(0, 0, 5, 500, 0)]


def test_rows_of_the_own_account_are_kept_for_the_next():
    (found, ended), after = same_outcome(serve, ranked([5, 5], [10**6] * 2, [4, 4], [100, 101], account=[0, 1]))
    assert [fill[:3] for fill in found] == [(0, 1, 4), (1, 0, 4)]
    assert (ended, after["used"].tolist(), after["cursor"].tolist()) == (0, [0, 0], [2, 0, 0])


def test_a_used_up_row_never_comes_again():
    # The row has room for three lots at 110; what the next remainder would lose it more has none left.
    (found, ended), after = same_outcome(serve, ranked([9], [35], [5, 5], [110, 111]))
    assert [fill[:3] for fill in found] == [(0, 0, 3)]
    assert (ended, after["cursor"].tolist()) == (2, [2, 0, 1])


def test_what_was_done_before_counts_in_the_value():
    # Quarters: two are valued already, as round(1/2) = 0, and four are worth 1.
    (found, _), after = same_outcome(
        serve, ranked([9], [0], [2], [1], filled_lots=[2], denominator=4, loss=(1, 100, 4))
    )
    assert found == [(0, 0, 2, 1, 199)]
    assert after["filled_lots"].tolist() == [4]


def test_kinds_by_hand():
    # Of 10 + 12/2, of 16 + (12 - 2 + 4)/2 and of -4 + 30 goes an allowance of 3, and then ten for each lot.
    case = ranked([5, 5, 5], [0, 4, 30], [9], [110], cash=[12, 12, -4], realized_in_sum=[0, 0, 0], kind=[1, 2, 1],
                  rest=[10, 16, 0], loan=[0, 2, 0], rates=[1, 1, 1, 2, 1, 1])  # fmt: skip
    (found, ended), after = same_outcome(serve, case)
    assert found == [(0, 0, 1, 110, -10), (0, 1, 2, 220, -20), (0, 2, 2, 220, -20)]
    assert (ended, after["cash"].tolist(), after["sums"][:, 0].tolist()) == (1, [2, -8, -24], [0, 4, 30])


@pytest.mark.parametrize(
    ("changed", "facts"),
    [
        ({"side": 0}, ("side", None, 0, "must be 1 or -1")),
        ({"side": -1}, ("row", 0, 0, "must be a row of the other side")),
        ({"contract": 1}, ("contract", None, 1, "must be from 0 to 0")),
        ({"numerator": 0}, ("numerator", None, 0, f"must be from 1 to {TOP}")),
        ({"denominator": 2**63}, ("denominator", None, 2**63, f"must be from 1 to {TOP}")),
        ({"loss": (1, 1, 0)}, ("loss", None, (1, 1, 0), "must have a denominator above 0")),
        ({"cursor": [0, 3, 0]}, ("place", None, 3, "must be from 0 to 2")),
        ({"cursor": [0, 0, -1]}, ("first_unused", None, -1, "must be from 0 to 2")),
        ({"cursor": [-1, 0, 0]}, ("remainder", None, -1, "must be from 0 to 1")),
        ({"open_lots": [-1]}, ("open_lots", 0, -1, f"must be from 0 to {TOP}")),
        ({"price": [0]}, ("price", 0, 0, f"must be from 1 to {TOP}")),
        ({"filled_lots": [TOP]}, ("filled_lots", 0, TOP, "must stay in int64 with 3 more")),
        ({"row": [0, 2]}, ("row", 1, 2, "must be from 0 to 1")),
        ({"slot": [0, -1]}, ("slot", 1, -1, "must be from 0 to 1")),
        ({"kind": [0, 3], "rest": [0, 0], "loan": [0, 0]}, ("kind", 1, 3, "must be from 0 to 2")),
        (
            {"kind": [0, 1], "rest": [0, 0], "loan": [0, 0], "rates": [1, 1, 1, 0, 1, 1]},
            ("rates", 3, 0, "must be at least 1"),
        ),
        ({name: [7, 7] for name in OUT}, ("fills", None, 2, "must have 3 rows")),
    ],
)
def test_a_scan_that_cannot_be_touches_nothing(changed, facts):
    case = ranked([5, 5], [99, 99], **{"open_lots": [3], "price": [100]} | changed)
    assert untouched(serve, case) == ("ValueError", facts)


def test_what_the_compiled_scan_cannot_hold():
    case = ranked([5], [99], [3], [100], loss=(2**120, 2**127, 1))
    answer, _ = run(lambda own: serve(FAST, own), case)
    assert answer == ("ValueError", ("loss", None, (2**120, 2**127, 1), "must be what `fits` accepts"))
    (found, _), _ = run(lambda own: serve(PLAIN, own), case)
    assert [fill[:3] for fill in found] == [(0, 0, 3)]


@pytest.mark.parametrize("changed", [{"pnl": [BOTTOM], "cash": [BOTTOM]}, {"numerator": TOP}])
def test_a_scan_beyond_int64(changed):
    case = ranked([5], [99], [3], [100], **changed)
    assert same_outcome(serve, case)[0] == ("OverflowError", ("a fill of position row 0 leaves int64",))


@pytest.mark.parametrize(
    "name", ["open_lots", "price", "filled_lots", "account", "row", "row_account", "used", *COLLATERAL, *OUT]
)
def test_scans_of_other_lengths(name):
    case = ranked([5], [99], [3], [100], kind=[1], rest=[0], loan=[0])
    case[name] = longer(case[name])
    with pytest.raises(ValueError, match="must"):
        serve(FAST, case)


@BOTH
@pytest.mark.parametrize(
    ("name", "value"),
    [("open_lots", -1), ("open_lots", TOP), ("filled_lots", -1), ("filled_lots", TOP), ("price", 0), ("price", 101)],
)
def test_remainders_that_change_after_they_are_held(kernels, name, value):
    own = ranked([5], [99], [3], [100], filled_lots=[1])
    books, cursor = make_books(kernels, own), kernels.sides.Cursor()
    remainders, fills = made(kernels.sides.RemainderLots, own, *REMAINDERS), made(kernels.sides.Fills, own, *OUT)
    args = made(kernels.sides.Side, own, *SIDE), remainders, counterparties(kernels, own, 1), cursor, fills
    own[name][0] = value
    facts = "remainders", 0, None, "must not change while they are served"
    assert refusal(lambda: kernels.deleverage.serve(books, *args)) == facts
    assert (cursor.remainder, own["quantity"].tolist(), own["used"].tolist()) == (0, [-5], [0])


@BOTH
def test_rates_and_rows_that_change_after_they_are_held(kernels):
    """Rates are copied, and what leads out of an array is checked again."""
    own = ranked([5], [99], [3], [110], kind=[1], rest=[0], loan=[0])
    books, cursor = make_books(kernels, own), kernels.sides.Cursor()
    remainders, fills = made(kernels.sides.RemainderLots, own, *REMAINDERS), made(kernels.sides.Fills, own, *OUT)
    args = made(kernels.sides.Side, own, *SIDE), remainders, counterparties(kernels, own, 1), cursor, fills
    own["rates"][:] = 0
    own["row"][0] = 1
    assert refusal(lambda: kernels.deleverage.serve(books, *args)) == ("row", 0, 1, "must be from 0 to 0")
    own["row"][0] = 0
    assert kernels.deleverage.serve(books, *args) == 1


sizes = st.tuples(st.integers(0, 128), st.integers(-1, 1), st.sampled_from([1, -1])).map(
    lambda drawn: drawn[2] * (2 ** drawn[0] + drawn[1])
)


@given(st.tuples(sizes, sizes, sizes), sizes, sizes, sizes, st.booleans())
def test_both_say_alike_what_fits(loss, ticks_max, above, below, inverse):
    one, other = (kernels.deleverage.fits(loss, ticks_max, above, below, inverse) for kernels in (FAST, PLAIN))
    assert one is other


@BOTH
def test_what_just_fits(kernels):
    def fits(a=1, b=1, c=1, ticks_max=1, numerator=1, denominator=1, inverse=False):
        return kernels.deleverage.fits((a, b, c), ticks_max, numerator, denominator, inverse)

    assert fits(a=-(2**126 - 1), b=1 - 2**126, c=2**62 - 1, numerator=TOP, denominator=TOP)
    assert fits(a=2**63 - 1, ticks_max=TOP, c=2**62 - 1)
    for beyond in (
        {"a": 2**126}, {"a": 2**64, "ticks_max": 2**62}, {"b": -(2**126)}, {"c": 2**62}, {"c": 0},
        {"numerator": 2**63}, {"denominator": 0}, {"ticks_max": 2**63},
        {"c": 2**31, "ticks_max": 2**31, "inverse": True},
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
    open_lots = data.draw(positive(wild))
    held = data.draw(positive(wild))
    same_outcome(serve, ranked([held], [equity], [open_lots], [ticks], mark=0, loss=(a, b, c), inverse=inverse))


def test_thousands_of_used_up_rows_are_passed_at_once():
    n = 20_000
    case = ranked([1] * n, [10**6] * n, [1] * n, [100 + i // 100 for i in range(n)])
    found, ended = run(lambda own: serve(FAST, own), case)[0]
    assert (len(found), ended) == (n, 0)


@pytest.mark.parametrize("loss", [(), (1,), (1, 2), (1, 2, 3, 4), (1, 2, 2.5), (None, 2, 3)])
def test_a_loss_that_is_not_three_whole_numbers(loss):
    for kernels in (FAST, PLAIN):
        refused = refusal(lambda: kernels.sides.Side(0, 1, 1, 1, False, loss))
        assert refused == ("loss", None, loss, "must be three whole numbers")
