"""The position rows that a margin pass values, and the slots that it sums them in: the twin of ``positions.pyx``."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]

__all__ = ["Positions", "Slots"]


class Positions:
    """Rows sorted by contract and slot; a pass writes `pnl` and `margin`."""

    def __init__(self, quantity: Array, entry_value: Array, slot: Array, pnl: Array, margin: Array) -> None:
        self.quantity, self.entry_value, self.slot, self.pnl, self.margin = quantity, entry_value, slot, pnl, margin
        for name, column in vars(self).items():
            if len(column) != len(quantity):
                raise ValueError(name, None, len(column), f"must have {len(quantity)} rows")


class Slots:
    """What each slot starts from; a pass writes `sums`."""

    def __init__(self, balance: Array, sums: Array) -> None:
        if sums.shape != (len(balance), 2):
            raise ValueError("sums", None, len(sums), f"must have {len(balance)} rows of two")
        self.balance, self.sums = balance, sums
