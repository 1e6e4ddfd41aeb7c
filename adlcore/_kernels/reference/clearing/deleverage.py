"""Remainders served from a ranking under caps, in Python integers: the twin of ``deleverage.pyx``."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from .rows import Rows, check_range, fill_value, half_even, int64

Array = npt.NDArray[Any]

__all__ = ["fits", "scan"]


def fits(loss: tuple[int, int, int], ticks_max: int, above: int, below: int, inverse: bool) -> bool:
    """Whether the compiled `scan` can hold the numbers of a side whose prices are at most `ticks_max`."""
    a, b, c = loss
    return (
        0 < above < 2**63
        and 0 < below < 2**63
        and 0 < ticks_max < 2**63
        and abs(a) * ticks_max < 2**126
        and abs(b) < 2**126
        and 0 < c * (ticks_max if inverse else 1) < 2**62
    )


def scan(
    rows: Rows,
    code: int,
    side: int,
    need: Array,
    ticks: Array,
    done: Array,
    account: Array,
    candidate: Array,
    label: Array,
    kind: Array,
    rest: Array,
    loan: Array,
    rates: Array,
    above: int,
    below: int,
    inverse: bool,
    loss: tuple[int, int, int],
    used: Array,
    progress: Array,
    out_remainder: Array,
    out_row: Array,
    out_lots: Array,
    out_value: Array,
    out_realized: Array,
) -> int:
    """Serve remainders of one side of contract `code`, in order, from position rows in the order of a ranking.

    Remainder r wants `need` lots at `ticks`, `done` are valued already, and rows of its `account` are
    passed over (-1: none are). A candidate gives at most its lots, and where a lot at that price
    loses it something, ``floor(max(0, E - eps)/loss)``, with eps = 2 + ceil(|MV|·2^-51). The loss is
    ``side·(A·P - B)/C``, inverse ``side·(A·P - B)/(C·P)``, for `loss` = (A, B, C). A candidate that
    gave all it might is `used` up.

    E is the sum of the row's slot where `kind` is 0 (or has no rows). Else it is
    ``(rest + term)·back_top/back_bottom``: the term is the slot's cash less `loan`, with its unrealized
    PnL where kind is 2, at the plain rate below 0 and at the cut rate above, plus for kind 1 that PnL
    at the plain rate. `rates` are the tops and bottoms of plain, cut and back.

    `progress` is the remainder in turn, the place to look at next for it, the first place not used up.
    Where the ranking ends it stands at the end of the ranking: go on with more candidates, or at
    the next remainder and place 0. Returns the number of fills, which are written with what they are
    worth as a long's and what the candidate realizes; ``len(candidate) + len(need)`` rows hold them.
    OverflowError where a number leaves int64.
    """
    count, wanted = len(candidate), len(need)
    if side not in (1, -1):
        raise ValueError("side", None, side, "must be 1 or -1")
    if not 0 <= code < len(rows.unit):
        raise ValueError("code", None, code, f"must be from 0 to {len(rows.unit) - 1}")
    for name, number in (("above", above), ("below", below)):
        if not 0 < number < 2**63:
            raise ValueError(name, None, number, "must be from 1 to 9223372036854775807")
    if loss[2] < 1:
        raise ValueError("loss", None, loss, "must have a denominator above 0")
    for i, end in enumerate((wanted, count, count)):
        if not 0 <= progress[i] <= end:
            raise ValueError("progress", i, int(progress[i]), f"must be from 0 to {end}")
    check_range("need", need, 2**63)
    check_range("ticks", ticks, 2**63, 1)
    check_range("done", done, 2**63)
    for r, (lots, before) in enumerate(zip(need.tolist(), done.tolist(), strict=True)):
        if lots + before >= 2**63:
            raise ValueError("done", r, before, f"must stay in int64 with {lots} more")
    check_range("candidate", candidate, len(rows.quantity))
    for place, row in enumerate(candidate.tolist()):
        if int(rows.quantity[row]) * side > 0:
            raise ValueError("candidate", place, row, "must be a row of the other side")
        rows.check_slot(row)
    check_range("kind", kind, 3)
    if len(kind):
        for i, rate in enumerate(rates.tolist()):
            if rate < i % 2:
                raise ValueError("rates", i, rate, f"must be at least {i % 2}")
    if len(out_row) < count + wanted:
        raise ValueError("out_row", None, len(out_row), f"must have {count + wanted} rows")

    if not wanted:
        return 0
    fills = 0
    r, place, first = progress.tolist()
    first = _unused(used, first)
    try:
        while r < wanted:
            price = int(ticks[r])
            top = side * (loss[0] * price - loss[1])
            bottom = loss[2] * (price if inverse else 1)
            place = max(place, first)
            while need[r] and place < count:
                if not used[place] and (account[r] < 0 or label[place] != account[r]):
                    row = int(candidate[place])
                    most = held = abs(int(rows.quantity[row]))
                    if top > 0:
                        valued = int(kind[place]) if len(kind) else 0
                        equity = _valued(rows, row, place, valued, rest, loan, rates) if valued else None
                        most = min(held, _room(rows, row, equity) * bottom // top)
                    give = min(most, int(need[r]))
                    if give:
                        before = int(done[r])
                        whole = int64(fill_value(before + give, price, above, below, inverse))
                        value = whole - int64(fill_value(before, price, above, below, inverse))
                        realized = rows.close_row(row, give, value, code)
                        need[r] -= give
                        done[r] += give
                        out_remainder[fills], out_row[fills], out_lots[fills] = r, row, give
                        out_value[fills], out_realized[fills] = value, realized
                        fills += 1
                    if give == most:
                        used[place] = 1
                        first = _unused(used, first)
                place += 1
            if need[r]:
                break
            r, place = r + 1, 0
    except OverflowError:
        raise OverflowError(f"a fill of position row {row} leaves int64") from None
    progress[:] = r, place, first
    return fills


def _unused(used: Array, first: int) -> int:
    """The first place from `first` on that is not used up."""
    while first < len(used) and used[first]:
        first += 1
    return first


def _room(rows: Rows, row: int, equity: int | None) -> int:
    """What a candidate may lose: its equity less an allowance for roundings."""
    size = abs(int(rows.pnl[row]) + int(rows.entry_value[row]))
    if equity is None:
        equity = int(rows.sums[rows.slot[row], 0])
    return max(0, equity - 2 - -(-size // 2**51))


def _valued(rows: Rows, row: int, place: int, kind: int, rest: Array, loan: Array, rates: Array) -> int:
    """Equity of a wallet of several assets, in the contract's."""
    slot = int(rows.slot[row])
    pnl = int(rows.sums[slot, 0])
    plain, plain_bottom, cut, cut_bottom, back, back_bottom = rates.tolist()
    base = int64(int(rows.cash[slot]) - int(loan[place]) + (pnl if kind == 2 else 0))
    term = int64(half_even(base * plain, plain_bottom) if base < 0 else half_even(base * cut, cut_bottom))
    if kind == 1:
        term += int64(half_even(pnl * plain, plain_bottom))
    return int64(half_even(int64(int(rest[place]) + term) * back, back_bottom))
