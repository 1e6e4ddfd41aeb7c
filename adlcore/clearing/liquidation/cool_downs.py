"""Cool-downs of rows that ``BookIOC`` ordered in part: how long each belongs to what it was made for.

A cool-down belongs to an open row of a wallet in distress. It is forgotten as soon as, after any call, its row is
closed or stands on the other side, or its wallet is not liquidatable; who fails again later begins anew
(``docs/waterfall.md``, "Cool-downs").
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..margin.margin_pass import MarginPass
from ..snapshot.snapshot import Snapshot

__all__ = ["CoolDownKey", "CoolDowns", "valid_cool_downs"]

#: What a cool-down belongs to: wallet, contract and side (1 for a long).
CoolDownKey = tuple[int, int, int]

#: When the rest of a row may be ordered.
CoolDowns = dict[CoolDownKey, int]


def valid_cool_downs(cool_downs: Mapping[CoolDownKey, int], books: Snapshot, margin_pass: MarginPass) -> CoolDowns:
    """The cool-downs whose row is open in `books` on that side and whose wallet is liquidatable by `margin_pass`.

    O(cool-downs·log positions).
    """
    return {
        (wallet, code, side): until
        for (wallet, code, side), until in cool_downs.items()
        if margin_pass.verdict[wallet] and _is_open(books, wallet, code, side)
    }


def _is_open(books: Snapshot, wallet: int, code: int, side: int) -> bool:
    """Whether a wallet holds lots of a contract on a side."""
    contract_rows = books.rows(code)
    owner = books.positions.wallet[contract_rows]
    first, last = np.searchsorted(owner, [wallet, wallet + 1]) + contract_rows.start
    return bool((books.positions.quantity[first:last] * side > 0).any())
