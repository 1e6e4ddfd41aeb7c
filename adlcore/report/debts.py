"""Losses that nobody paid: open entries of money, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    """Every open entry, in the order in which they were made, with what the last event about it says is open.

    Notes
    -----
    O(events), and a loop over those of open entries.
    """
    found: list[Debt] = []
    open_at: dict[tuple[int, int], int] = {}
    new, paid = KIND_CODES["uncovered-money"], KIND_CODES["uncovered-paid"]
    told = np.flatnonzero(record.of("uncovered-money", "uncovered-reduced", "uncovered-paid"))
    columns = (record.kind, record.wallet, record.asset, record.amount)
    for event, kind, wallet, asset, amount in zip(
        told.tolist(), *(column[told].tolist() for column in columns), strict=True
    ):
        key = wallet, asset
        if kind == new:
            open_at[key] = len(found)
            found.append(Debt(event, wallet, asset, amount, amount))
        elif key in open_at:
            found[open_at[key]] = replace(found[open_at[key]], left=0 if kind == paid else amount)
            if kind == paid:
                del open_at[key]
    return found
