"""Payments of funds equal their twins on Python integers, and both obey the laws of its money."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.clearing_twins import FAST, column, longer, made, money, same_outcome, wild

PURSES = ("equity", "cash", "parent", "parent_remaining")
OUT = ("out_row", "out_fund", "out_amount")


def settle(kernels, own):
    purses, payments = made(kernels.payments.Purses, own, *PURSES), made(kernels.payments.Payments, own, *OUT)
    return kernels.payments.settle(purses, own["amount"], own["fund"], payments)


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
        "parent_remaining": of(st.one_of(st.just(-1), st.integers(0, 10**6)), parties),
    } | {name: np.full(room, 7) for name in OUT}


@given(payments())
def test_payments(case):
    same_outcome(settle, case)


@given(payments(tame=True))
def test_payments_change_hands(case):
    (lines, fault), after = same_outcome(settle, case)
    assert fault == -1
    row, fund, amount = (after[name][:lines] for name in OUT)
    assert (amount != 0).all()
    assert (np.diff(row) >= 0).all()
    for f in range(len(case["cash"])):
        moved = amount[fund == f].sum()
        assert after["cash"][f] - case["cash"][f] == moved
        assert after["equity"][f] - case["equity"][f] == moved
        assert after["equity"][f] >= min(0, case["equity"][f])
        if case["parent_remaining"][f] < 0:
            assert after["parent_remaining"][f] == case["parent_remaining"][f]
        else:
            assert 0 <= after["parent_remaining"][f] <= case["parent_remaining"][f]
    for i, asked in enumerate(case["amount"].tolist()):
        given_to = amount[row == i]
        assert (given_to > 0).all() if asked > 0 else (given_to < 0).all()
        assert given_to.sum() == asked if asked >= 0 else asked <= given_to.sum() <= 0


def paying(amounts, equity, left, parent=None):
    p = len(equity)
    return {
        "amount": column(amounts), "fund": np.zeros(len(amounts), np.int64), "equity": column(equity),
        "cash": column(equity), "parent": column([*range(1, p), -1] if parent is None else parent),
        "parent_remaining": column(left),
    } | {name: np.full(len(amounts) * p, 7) for name in OUT}  # fmt: skip


def test_a_chain_pays_by_hand():
    (lines, fault), after = same_outcome(settle, paying([-50, 20, -90, -10], [30, 100, -5, 40], [25, -1, 7, -1]))
    assert fault == -1
    found = list(zip(*(after[name][:lines].tolist() for name in OUT), strict=True))
    # The last takes seven through a parent that has nothing itself.
    assert found == [(0, 0, -30), (0, 1, -20), (1, 0, 20), (2, 0, -20), (2, 1, -5), (2, 3, -7)]
    assert (after["equity"].tolist(), after["parent_remaining"].tolist()) == ([0, 75, -5, 33], [0, -1, 0, -1])


def test_a_ring_of_parents_pays_once_round():
    (lines, _), after = same_outcome(settle, paying([-99], [5, 5], [-1, -1], parent=[1, 0]))
    assert (lines, after["equity"].tolist()) == (2, [0, 0])


def test_payments_without_room():
    case = paying([-9, -9], [20], [-1]) | {name: np.full(1, 7) for name in OUT}
    assert same_outcome(settle, case)[0] == ("ValueError", ("payments", 1, 1, "must have a row for each payment"))


@pytest.mark.parametrize("name", ["fund", "parent", "parent_remaining"])
def test_payments_that_cannot_be_touch_nothing(name):
    case = paying([5], [20], [-1]) | {name: column([-2])}
    answer, after = same_outcome(settle, case)
    assert answer[1][:3] == (name, 0, -2)
    assert after["cash"].tolist() == [20]


@pytest.mark.parametrize("name", ["fund", *PURSES, *OUT])
def test_payments_of_other_lengths(name):
    case = paying([5], [20], [-1])
    case[name] = longer(case[name])
    with pytest.raises(ValueError, match="must have"):
        settle(FAST, case)
