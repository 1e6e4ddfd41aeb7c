"""Who is liquidatable, from the sums of the margin pass: the twin of ``verdicts.pyx``."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

__all__ = ["of_all", "of_side", "of_some", "rows_of"]


def of_all(sums: Array, inclusive: bool, out: Array) -> bool:
    """Write the verdict on every wallet; whether any hangs on its holding a position.

    1: liquidatable, E < 0 or E <= MM with MM > 0 (`inclusive=False`: E < MM). 2: E < 0 with MM = 0, so
    liquidatable if it holds a position. 0: neither.
    """
    equity, margin = sums[:, 0], sums[:, 1]
    short = equity <= margin if inclusive else equity < margin
    out[:] = np.where(margin > 0, short, 2 * (equity < 0))
    return bool((out == 2).any())


def of_some(sums: Array, wallet: Array, inclusive: bool, out: Array) -> bool:
    """The verdicts on these wallets only; a wallet out of range is passed over."""
    rows = wallet[(wallet >= 0) & (wallet < len(out))]
    found = np.empty(len(rows), np.uint8)
    hangs = of_all(sums[rows], inclusive, found)
    out[rows] = found
    return hangs


def of_side(
    quantity: Array,
    entry_value: Array,
    pnl: Array,
    side: int,
    winners: bool,
    losers: bool,
    wallet: Array,
    sums: Array,
    out_of_it: Array,
    inclusive: bool,
    found: Array,
    barred: Array,
) -> int:
    """Write the rows of one side as they are now, and who of them is nobody's counterparty.

    `winners` are rows with a PnL above 0, `losers` all others: either or both. `found` gets five lines: place,
    quantity, entry value, equity and margin of the row's wallet. Barred are rows that are `out_of_it`, and
    those of wallets that are liquidatable or have no equity; a row whose wallet is out of range is passed
    over. Returns how many rows there are; what stands behind them means nothing.
    """
    ours = (quantity > 0 if side > 0 else quantity < 0) & (wallet >= 0) & (wallet < len(sums))
    rows = np.flatnonzero(ours & np.where(pnl > 0, winners, losers))
    count = len(rows)
    short = np.empty(count, np.uint8)
    of_all(sums[wallet[rows]], inclusive, short)
    equity, margin = sums[wallet[rows]].T
    found[:, :count] = rows, quantity[rows], entry_value[rows], equity, margin
    barred[:count] = (short != 0) | (equity <= 0) | (out_of_it[rows] != 0)
    return count


def rows_of(wallet: Array, wanted: Array, rows: Array, marked: Array) -> int:
    """Write the rows of the wallets that are wanted, ascending, and mark them; how many there are.

    A row whose wallet is out of range is passed over; what stands behind the rows means nothing.
    """
    known = (wallet >= 0) & (wallet < len(wanted))
    found: Array = (
        np.flatnonzero(known & (wanted[np.where(known, wallet, 0)] != 0)) if len(wanted) else np.zeros(0, np.int64)
    )
    rows[: len(found)] = found
    marked[found] = 1
    return len(found)
