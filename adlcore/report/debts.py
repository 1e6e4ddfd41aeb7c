"""Losses that nobody paid: open entries of money, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .record import KIND_CODES, Record

__all__ = ["Debt", "debts"]


@dataclass(frozen=True)
class Debt:
    """An open entry of a wallet without positions.

    Attributes
    ----------
    event : int
        Place of the ``uncovered-money`` event in the record.
    wallet, asset : int
    amount : int
        What it was, in quanta.
    left : int
        What is open at the end; 0 once it is paid.
    """

    event: int
    wallet: int
    asset: int
    amount: int
    left: int


def debts(record: Record) -> list[Debt]:
    """Every open entry, in the order in which they were made; what came in since has been taken off.

    Notes
    -----
    O(events), and a loop over the events of the wallets that owe.
    """
    made = np.flatnonzero(record.of("uncovered-money"))
    if not len(made):
        return []
    inflow = record.of("deposit", "moved") & (record.amount > 0)
    mine = np.isin(record.wallet, np.unique(record.wallet[made]))
    looked = np.flatnonzero(record.of("uncovered-money", "uncovered-paid") | (inflow & mine))
    found: list[Debt] = []
    open_at: dict[tuple[int, int], int] = {}
    new, paid = KIND_CODES["uncovered-money"], KIND_CODES["uncovered-paid"]
    columns = (record.kind, record.wallet, record.asset, record.amount)
    for event, kind, wallet, asset, amount in zip(
        looked.tolist(), *(column[looked].tolist() for column in columns), strict=True
    ):
        key = wallet, asset
        if kind == new:
            open_at[key] = len(found)
            found.append(Debt(event, wallet, asset, amount, amount))
        elif key in open_at:
            debt = found[open_at[key]]
            left = 0 if kind == paid else max(0, debt.left - amount)
            found[open_at[key]] = Debt(debt.event, wallet, asset, debt.amount, left)
            if kind == paid:
                del open_at[key]
    return found
