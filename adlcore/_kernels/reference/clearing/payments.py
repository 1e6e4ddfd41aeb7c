"""What insurance funds receive and pay, in Python integers: the twin of ``payments.pyx``."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from .rows import check_range, int64

Array = npt.NDArray[Any]

__all__ = ["settle"]


def settle(
    amount: Array,
    fund: Array,
    equity: Array,
    cash: Array,
    parent: Array,
    left: Array,
    out_row: Array,
    out_fund: Array,
    out_amount: Array,
) -> tuple[int, int]:
    """Pay amounts > 0 into funds and amounts < 0 out of them, in order.

    A fund pays as far as its equity is above 0, then its parents do, each no more than ``left`` of the
    fund before it (-1: without limit), which is used up by it. What nobody has stays unpaid. A line is
    written for each payment: row, fund, what the fund receives. Returns how many lines, and the first
    row at which a number leaves int64, or -1.
    """
    check_range("fund", fund, len(equity))
    check_range("parent", parent, len(equity), -1)
    check_range("left", left, 2**63, -1)
    lines = 0

    def pay(i: int, f: int, x: int) -> None:
        nonlocal lines
        if lines == len(out_row):
            raise ValueError("out_row", i, len(out_row), "must have a row for each payment")
        money = int64(int(cash[f]) + x)
        equity[f], cash[f] = int64(int(equity[f]) + x), money
        out_row[lines], out_fund[lines], out_amount[lines] = i, f, x
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
                if child >= 0 and left[child] >= 0:
                    most = min(most, int(left[child]))
                if most:
                    pay(i, f, -most)
                    if child >= 0 and left[child] >= 0:
                        left[child] -= most
                    need -= most
                f, child = int(parent[f]), f
        except OverflowError:
            return lines, i
    return lines, -1
