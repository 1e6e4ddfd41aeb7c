"""What insurance funds receive and pay, in Python integers: the twin of ``payments.pyx``."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from .rows import check_range, int64

Array = npt.NDArray[Any]

__all__ = ["Payments", "Purses", "settle"]


class Purses:
    """Money of the funds, who stands behind whom, and what a parent may still pay for each (-1: without limit)."""

    def __init__(self, equity: Array, cash: Array, parent: Array, parent_remaining: Array) -> None:
        check_range("parent", parent, len(equity), -1)
        check_range("parent_remaining", parent_remaining, 2**63, -1)
        self.equity, self.cash, self.parent, self.parent_remaining = equity, cash, parent, parent_remaining


class Payments:
    """Who received what: row, fund, amount."""

    def __init__(self, row: Array, fund: Array, amount: Array) -> None:
        self.row, self.fund, self.amount = row, fund, amount


def settle(purses: Purses, amount: Array, fund: Array, payments: Payments) -> tuple[int, int]:
    """Pay amounts > 0 into funds and amounts < 0 out of them, in order.

    A fund pays as far as its equity is above 0, then its parents do, each no more than what it may still pay for
    the fund before it, which is used up by it. What nobody has stays unpaid. A line is written for each payment.
    Returns how many lines, and the first row at which a number leaves int64, or -1.
    """
    equity, cash, remaining = purses.equity, purses.cash, purses.parent_remaining
    check_range("fund", fund, len(equity))
    lines = 0

    def pay(i: int, f: int, x: int) -> None:
        nonlocal lines
        if lines == len(payments.row):
            raise ValueError("payments", i, len(payments.row), "must have a row for each payment")
        money = int64(int(cash[f]) + x)
        equity[f], cash[f] = int64(int(equity[f]) + x), money
        payments.row[lines], payments.fund[lines], payments.amount[lines] = i, f, x
        lines += 1

    for i, (x, head) in enumerate(zip(amount.tolist(), fund.tolist(), strict=True)):
        try:
            if x > 0:
                pay(i, head, x)
            need, f, child = max(0, -x), head, -1
            for _ in range(len(equity)):
                if f < 0 or not need:
                    break
                most = min(need, max(0, int(equity[f])))
                if child >= 0 and remaining[child] >= 0:
                    most = min(most, int(remaining[child]))
                if most:
                    pay(i, f, -most)
                    if child >= 0 and remaining[child] >= 0:
                        remaining[child] -= most
                    need -= most
                f, child = int(purses.parent[f]), f
        except OverflowError:
            return lines, i
    return lines, -1
