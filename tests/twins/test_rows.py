"""Closed rows equal their twins on Python integers, and both obey the laws of its money."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adlcore._kernels.reference import margin as _margin
from support.clearing_twins import (
    BOTH,
    BOTTOM,
    FAST,
    ROWS,
    TOP,
    column,
    longer,
    made,
    make_books,
    money,
    same_outcome,
    untouched,
    wild,
    working_rows,
)
from support.twins import refusal


def close(kernels, own):
    return made(make_books(kernels, own).close, own, "row", "lots", "value", "contract", "realized")


def closing(data, books, tame):
    """Books and closes of their rows: mostly no more than is held."""
    held = np.abs(books["quantity"].astype(object)).tolist()
    fills = []
    for _ in range(data.draw(st.integers(0, 5))):
        r = data.draw(st.integers(0, len(held) - 1))
        c = data.draw(st.integers(1, held[r])) if held[r] else int(not tame)
        if c:
            held[r] -= c if held[r] else 0
            contract = data.draw(st.integers(0, len(books["value_per_lot"]) - 1))
            fills.append((r, c, data.draw(money if tame else wild), contract))
    row, lots, value, contract = (column([fill[place] for fill in fills]) for place in range(4))
    return books | {"row": row, "lots": lots, "value": value, "contract": contract, "realized": np.full(len(row), 7)}


@given(working_rows(), st.data())
def test_closed_rows(books, data):
    same_outcome(close, closing(data, books, tame=False))


@given(working_rows(tame=True), st.data())
def test_closed_rows_balance(books, data):
    case = closing(data, books, tame=True)
    bad, after = same_outcome(close, case)
    assert bad == -1
    assert after["cash"].sum() - books["cash"].sum() == after["realized"].sum()
    side = np.sign(books["quantity0"][case["row"]])
    gained = (side * case["value"]).sum()
    assert after["realized"].sum() == gained - (books["entry_value"] - after["entry_value"]).sum()
    realized, counts = after["realized"], books["realized_in_sum"]
    if counts is not None:
        realized = realized[counts[books["slot"][case["row"]]] != 0]
    moved = (after["pnl"] - books["pnl"]).sum()
    assert (after["sums"] - books["sums"]).sum(axis=0).tolist() == [
        moved + realized.sum(),
        (after["margin"] - books["margin"]).sum(),
    ]


@given(working_rows(), st.data())
def test_a_closed_row_is_valued_as_the_margin_pass_does(books, data):
    case = closing(data, books, tame=False)
    bad, after = same_outcome(close, case)
    assume(bad == -1)
    fast_margin = pytest.importorskip("adlcore._kernels.compiled.margin")
    for r in set(case["row"].tolist()):
        k = int(case["contract"][case["row"] == r][-1])
        for kernels in (fast_margin, _margin):
            pnl, margin, sums = column([0]), column([0]), column([[0, 0]])
            contracts = kernels.contracts.Contracts(
                column([0, 1]), books["tier_start"][k : k + 2], books["rate"], books["amount"]
            )
            quantity, entry_value = after["quantity"][r : r + 1], after["entry_value"][r : r + 1]
            rows = kernels.positions.Positions(quantity, entry_value, column([0]), pnl, margin)
            slots = kernels.positions.Slots(column([0]), sums)
            kernels.passes.move_mark(contracts, 0, float(books["value_per_lot"][k]), rows, slots)
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
        "contract": column([0, 0]), "realized": column([0, 0]),
    }  # fmt: skip
    whole = books | {
        "row": column([r]), "lots": column([held]), "value": column([worth[1]]), "contract": column([0]),
        "realized": column([0]),
    }  # fmt: skip
    (_, one), (_, other) = same_outcome(close, parts), same_outcome(close, whole)
    assert one["realized"].sum() == other["realized"].sum()
    for name in ("quantity", "entry_value", "pnl", "margin", "sums", "cash"):
        assert one[name].tolist() == other[name].tolist()
    assert one["entry_value"][r] == 0


def one_row(**changed):
    """One row of 10 lots in one slot, of which 4 are closed for 40."""
    books = {
        "quantity": column([10]), "entry_value": column([50]), "quantity0": column([10]),
        "entry_value0": column([50]), "slot": column([0]), "pnl": column([50]), "margin": column([0]),
        "sums": column([[60, 0]]), "cash": column([10]), "realized_in_sum": None,
        "value_per_lot": column([10.0], np.float64),
        "tier_start": column([0, 0]), "rate": column([], np.float64), "amount": column([], np.float64),
        "row": column([0]), "lots": column([4]), "value": column([40]), "contract": column([0]),
        "realized": column([7]),
    }  # fmt: skip
    return books | {name: column(value) for name, value in changed.items()}


def test_a_close_by_hand():
    bad, after = same_outcome(close, one_row())
    assert bad == -1
    assert after["realized"].tolist() == [20]
    assert (after["quantity"].tolist(), after["entry_value"].tolist()) == ([6], [30])
    assert (after["pnl"].tolist(), after["sums"].tolist(), after["cash"].tolist()) == ([30], [[60, 0]], [30])


@pytest.mark.parametrize(
    ("changed", "facts"),
    [
        ({"row": [1]}, ("row", 0, 1, "must be from 0 to 0")),
        ({"row": [-1]}, ("row", 0, -1, "must be from 0 to 0")),
        ({"contract": [1]}, ("contract", 0, 1, "must be from 0 to 0")),
        ({"contract": [BOTTOM]}, ("contract", 0, BOTTOM, "must be from 0 to 0")),
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
    assert untouched(close, one_row(**changed)) == ("ValueError", facts)


@pytest.mark.parametrize("changed", [{"value": [TOP], "entry_value": [0]}, {"cash": [TOP]}, {"sums": [[TOP, 0]]}])
def test_a_close_beyond_int64_touches_nothing(changed):
    assert untouched(close, one_row(pnl=[0], **changed)) == 0


@pytest.mark.parametrize(
    "name", [*ROWS, "sums", "cash", "realized_in_sum", "value_per_lot", "tier_start", "rate", "amount"]
)
def test_columns_of_other_lengths(name):
    case = one_row(realized_in_sum=[1])
    case["realized_in_sum"] = case["realized_in_sum"].astype(np.uint8)
    make_books(FAST, case)
    case[name] = longer(case[name])
    with pytest.raises(ValueError, match="must"):
        make_books(FAST, case)


@pytest.mark.parametrize("name", ["row", "lots", "value", "contract", "realized"])
def test_fills_of_other_lengths(name):
    case = one_row()
    case[name] = longer(case[name])
    with pytest.raises(ValueError, match="must have"):
        close(FAST, case)


@BOTH
def test_values_of_other_contracts(kernels):
    case = one_row() | {"value_per_lot": column([1.0, 2.0], np.float64)}
    assert refusal(lambda: make_books(kernels, case)) == ("value_per_lot", None, 2, "must have 1 rows")


def test_rows_that_change_after_they_are_held():
    """What a holder checked, others may write to: no index leads out of an array."""
    own = one_row()
    books = make_books(FAST, own)
    own["slot"][0] = 1
    fills = [own[name] for name in ("row", "lots", "value", "contract", "realized")]
    assert refusal(lambda: books.close(*fills)) == ("slot", 0, 1, "must be from 0 to 0")
    own["slot"][0], own["quantity0"][0] = 0, 9
    assert refusal(lambda: books.close(*fills))[0] == "quantity0"
    assert own["quantity"].tolist() == [10]
