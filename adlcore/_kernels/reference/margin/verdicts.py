"""Who is liquidatable, from the sums of the margin pass: the twin of ``verdicts.pyx``."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

__all__ = [
    "LOSERS",
    "WINNERS",
    "Candidates",
    "Wallets",
    "find_liquidatable",
    "find_liquidatable_among",
    "list_counterparties",
    "list_rows",
]

WINNERS, LOSERS = 1, 2


class Wallets:
    """Equity and maintenance margin of each wallet; whether equal ones make it liquidatable."""

    def __init__(self, sums: Array, inclusive: bool) -> None:
        if sums.shape[1] != 2:
            raise ValueError("sums", None, sums.shape[1], "must have two columns")
        self.sums, self.inclusive = sums, inclusive


class Candidates:
    """Position rows of which counterparties are drawn."""

    def __init__(self, quantity: Array, entry_value: Array, pnl: Array, wallet: Array, barred: Array) -> None:
        self.quantity, self.entry_value, self.pnl, self.wallet, self.barred = quantity, entry_value, pnl, wallet, barred
        for name, column in vars(self).items():
            _check_length(name, len(column), len(quantity))


def find_liquidatable(wallets: Wallets, verdicts: Array) -> bool:
    """Write the verdict on every wallet; whether any hangs on its holding a position.

    1: liquidatable, E < 0 or E <= MM with MM > 0 (`inclusive=False`: E < MM). 2: E < 0 with MM = 0, so
    liquidatable if it holds a position. 0: neither.
    """
    _check_length("verdicts", len(verdicts), len(wallets.sums))
    verdicts[:] = _verdicts(wallets, slice(None))
    return bool((verdicts == 2).any())


def find_liquidatable_among(wallets: Wallets, wallet: Array, verdicts: Array) -> bool:
    """Write the verdicts on these wallets only; a wallet out of range is passed over."""
    _check_length("verdicts", len(verdicts), len(wallets.sums))
    known = wallet[(wallet >= 0) & (wallet < len(verdicts))]
    verdicts[known] = _verdicts(wallets, known)
    return bool((verdicts[known] == 2).any())


def _verdicts(wallets: Wallets, places: Array | slice) -> Array:
    """The verdicts on wallets at these places."""
    equity, margin = wallets.sums[places].T
    short = equity <= margin if wallets.inclusive else equity < margin
    found: Array = np.where(margin > 0, short, 2 * (equity < 0))
    return found


def list_counterparties(
    rows: Candidates, wallets: Wallets, first: int, last: int, side: int, which: int, columns: Array, barred: Array
) -> int:
    """Write rows of one side as they are now, and who of them is nobody's counterparty; how many there are."""
    if not 0 <= first <= last <= len(rows.quantity):
        raise ValueError("last", None, last, f"must be from first, {first}, to {len(rows.quantity)}")
    if len(columns) != 5:
        raise ValueError("columns", None, len(columns), "must have five lines")
    _check_length("columns", columns.shape[1], last - first)
    _check_length("barred", len(barred), last - first)
    part = slice(first, last)
    quantity, wallet = rows.quantity[part], rows.wallet[part]
    ours = (quantity > 0 if side > 0 else quantity < 0) & (wallet >= 0) & (wallet < len(wallets.sums))
    asked = np.where(rows.pnl[part] > 0, bool(which & WINNERS), bool(which & LOSERS))
    found = first + np.flatnonzero(ours & asked)
    count, owner = len(found), rows.wallet[found]
    equity, margin = wallets.sums[owner].T
    columns[:, :count] = found, rows.quantity[found], rows.entry_value[found], equity, margin
    barred[:count] = (_verdicts(wallets, owner) != 0) | (equity <= 0) | (rows.barred[found] != 0)
    return count


def list_rows(wallet: Array, wanted: Array, rows: Array, marked: Array) -> int:
    """Write the rows of the wallets that are wanted, ascending, and mark them; how many there are.

    A row whose wallet is out of range is passed over; what stands behind the rows means nothing.
    """
    _check_length("rows", len(rows), len(wallet))
    _check_length("marked", len(marked), len(wallet))
    known = (wallet >= 0) & (wallet < len(wanted))
    found: Array = (
        np.flatnonzero(known & (wanted[np.where(known, wallet, 0)] != 0)) if len(wanted) else np.zeros(0, np.int64)
    )
    rows[: len(found)] = found
    marked[found] = 1
    return len(found)


def _check_length(name: str, rows: int, wanted: int) -> None:
    """Refuse a column of another length."""
    if rows != wanted:
        raise ValueError(name, None, rows, f"must have {wanted} rows")
